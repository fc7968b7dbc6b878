import { utf8, type Bytes } from './encoding.ts';
import { contentDigest, signatureBase, signatureParams, type SignatureHeaders, type SignedRequest } from './device.ts';

const SIGNATURE = /^sig=:([A-Za-z0-9+/]{86}==):$/;

/**
 * The server's side of `signRequest`: rebuilds every header that can be rebuilt and verifies the rest. Browsers never
 * load it; it is what vectors and server doubles check signatures with.
 */
export async function verifyRequest(
  publicKey: Bytes,
  { url, body, challenge }: SignedRequest,
  headers: SignatureHeaders,
): Promise<boolean> {
  const digest = await contentDigest(body);
  const params = signatureParams(challenge);
  const signature = SIGNATURE.exec(headers.Signature)?.[1];
  if (headers['Content-Digest'] !== digest || headers['Signature-Input'] !== 'sig=' + params || !signature) return false;
  const curve = { name: 'ECDSA', namedCurve: 'P-256' };
  const key = await crypto.subtle.importKey('raw', publicKey, curve, true, ['verify']);
  const bytes = Uint8Array.from(atob(signature), (c) => c.charCodeAt(0));
  const base = utf8(signatureBase(url, digest, params));
  return crypto.subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, key, bytes, base);
}
