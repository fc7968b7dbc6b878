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

/** The content key's bytes, which whoever asks for them overwrites. Refuses with `unwrap`. */
export async function unwrapBytes({ ikm, id, header, policy }: Wrapping, wrapped: Bytes): Promise<Bytes> {
  ensure(wrapped.length === WRAPPED_BYTES, 'unwrap');
  const iv = wrapped.subarray(0, NONCE_BYTES);
  const aes = { name: 'AES-GCM', iv, additionalData: await wrapAad(header, id, policy) };
  try {
    const key = await wrappingKey(ikm, id);
    return new Uint8Array(await crypto.subtle.decrypt(aes, key, wrapped.subarray(NONCE_BYTES)));
  } catch {
    throw new Refused('unwrap');
  }
}

/** The content key as an HKDF base key. Refuses with `header`, `unwrap` or `commit`, in this order. */
export async function unwrap(wrapping: Wrapping, wrapped: Bytes): Promise<CryptoKey> {
  const { commit } = decodeHeader(wrapping.header);
  const raw = await unwrapBytes(wrapping, wrapped);
  const cek = await baseKey(raw);
  raw.fill(0);
  ensure(equal(commit, await commitment(cek, wrapping.id)), 'commit');
  return cek;
}
