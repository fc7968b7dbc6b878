import { toB64u, toBase64, utf8, type Bytes } from './encoding.ts';
import { sha256 } from './keys.ts';

const P256: EcKeyGenParams = { name: 'ECDSA', namedCurve: 'P-256' };

/** A key pair made for one secret, whose private half cannot be read: one pair for all would link what a person opens. */
export interface Device {
  privateKey: CryptoKey;
  /** Uncompressed point, 65 bytes. */
  publicKey: Bytes;
}

export async function newDevice(): Promise<Device> {
  const pair = await crypto.subtle.generateKey(P256, false, ['sign', 'verify']);
  const point = await crypto.subtle.exportKey('raw', pair.publicKey);
  return { privateKey: pair.privateKey, publicKey: new Uint8Array(point) };
}

/** RFC 7638 over the public key's required members in lexical order, 32 bytes. */
export function thumbprint(publicKey: Bytes): Promise<Bytes> {
  const [x, y] = [toB64u(publicKey.slice(1, 33)), toB64u(publicKey.slice(33))];
  return sha256(utf8(`{"crv":"P-256","kty":"EC","x":"${x}","y":"${y}"}`));
}

export interface SignedRequest {
  /** Origin and path, as the server will rebuild them. */
  url: string;
  /** The exact body that is sent: what a channel made of the request. */
  body: Bytes;
  /** 40 bytes from the server. Its time stands in for the device's clock. */
  challenge: Bytes;
}

/** The three headers that §5 asks for. */
export interface SignatureHeaders {
  'Content-Digest': string;
  'Signature-Input': string;
  Signature: string;
}

/** `sha-256=:…:` of a body (RFC 9530 §2). */
export async function contentDigest(body: Bytes): Promise<string> {
  return `sha-256=:${toBase64(await sha256(body))}:`;
}

/** The parameters of the one signature, from its challenge: created (whole seconds), nonce and key id. */
export function signatureParams(challenge: Bytes): string {
  const ms = new DataView(challenge.buffer, challenge.byteOffset).getBigUint64(0);
  const covered = '("@method" "@target-uri" "content-digest")';
  return `${covered};created=${ms / 1000n};nonce="${toB64u(challenge)}";keyid="device"`;
}

/** The signature base of RFC 9421 §2.5: one line per component, no line feed at the end. */
export function signatureBase(url: string, digest: string, params: string): string {
  return `"@method": POST\n"@target-uri": ${url}\n"content-digest": ${digest}\n"@signature-params": ${params}`;
}

/** Signs a POST. WebCrypto's ECDSA signature is `r ‖ s`, which is what RFC 9421 §3.3.4 wants. */
export async function signRequest(key: CryptoKey, { url, body, challenge }: SignedRequest): Promise<SignatureHeaders> {
  const digest = await contentDigest(body);
  const params = signatureParams(challenge);
  const base = utf8(signatureBase(url, digest, params));
  const signature = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, key, base);
  return {
    'Content-Digest': digest,
    'Signature-Input': 'sig=' + params,
    Signature: `sig=:${toBase64(new Uint8Array(signature))}:`,
  };
}
