import { concat, ensure, equal, Refused, type Bytes } from './encoding.ts';
import { decodeHeader, wrapAad } from './header.ts';
import { baseKey, derive, deriveAes, label } from './keys.ts';

const NONCE_BYTES = 12;
const WRAPPED_BYTES = 60;

/** Proves to the server that the holder could unwrap the content key. */
export function claimKey(ikm: CryptoKey, id: Bytes): Promise<Bytes> {
  return derive(ikm, id, label('claim'));
}

/** What the header says about the content key: AES-GCM alone does not commit to a key. */
export function commitment(cek: CryptoKey, id: Bytes): Promise<Bytes> {
  return derive(cek, id, label('commit'));
}

/** The preimage that an acknowledgement reveals: only who unwrapped the content key has it. */
export function ackPreimage(cek: CryptoKey, id: Bytes): Promise<Bytes> {
  return derive(cek, id, label('ack'));
}

function wrappingKey(ikm: CryptoKey, id: Bytes): Promise<CryptoKey> {
  return deriveAes(ikm, id, label('wrap'));
}

export interface Wrapping {
  ikm: CryptoKey;
  id: Bytes;
  header: Bytes;
  policy: Bytes;
}

/** Wraps the 32 bytes of the content key, bound to id, header fields and policy. */
export async function wrap({ ikm, id, header, policy }: Wrapping, nonce: Bytes, cek: Bytes): Promise<Bytes> {
  const aes = { name: 'AES-GCM', iv: nonce, additionalData: await wrapAad(header, id, policy) };
  return concat(nonce, new Uint8Array(await crypto.subtle.encrypt(aes, await wrappingKey(ikm, id), cek)));
}

/** The content key as an HKDF base key. Refuses with `header`, `unwrap` or `commit`, in this order. */
export async function unwrap({ ikm, id, header, policy }: Wrapping, wrapped: Bytes): Promise<CryptoKey> {
  const { commit } = decodeHeader(header);
  ensure(wrapped.length === WRAPPED_BYTES, 'unwrap');
  const iv = wrapped.subarray(0, NONCE_BYTES);
  const aes = { name: 'AES-GCM', iv, additionalData: await wrapAad(header, id, policy) };
  let raw: Bytes;
  try {
    const key = await wrappingKey(ikm, id);
    raw = new Uint8Array(await crypto.subtle.decrypt(aes, key, wrapped.subarray(NONCE_BYTES)));
  } catch {
    throw new Refused('unwrap');
  }
  const cek = await baseKey(raw);
  raw.fill(0);
  ensure(equal(commit, await commitment(cek, id)), 'commit');
  return cek;
}
