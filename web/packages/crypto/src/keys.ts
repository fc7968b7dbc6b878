import { concat, lp, u32be, utf8, type Bytes } from './encoding.ts';

const NO_SALT: Bytes = new Uint8Array(0);

/** A label of protocol version 1 as ASCII bytes. */
export function label(name: string): Bytes {
  return utf8('waxseal/v1/' + name);
}

export async function sha256(bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}

/**
 * Input key material as a key that can be derived from and never be read again. Browsers keep such keys in IndexedDB,
 * so a stolen profile holds no token.
 */
export function baseKey(bytes: Bytes): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', bytes, 'HKDF', false, ['deriveBits', 'deriveKey']);
}

function hkdf(salt: Bytes, info: Bytes): HkdfParams {
  return { name: 'HKDF', hash: 'SHA-256', salt, info };
}

/** HKDF-SHA-256 (RFC 5869), extract and expand, 32 bytes. */
export async function derive(base: CryptoKey, salt: Bytes, info: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.deriveBits(hkdf(salt, info), base, 256));
}

/** The same 32 bytes as an AES-256-GCM key that cannot be exported. */
export function deriveAes(base: CryptoKey, salt: Bytes, info: Bytes): Promise<CryptoKey> {
  const aes = { name: 'AES-GCM', length: 256 };
  return crypto.subtle.deriveKey(hkdf(salt, info), base, aes, false, ['encrypt', 'decrypt']);
}

/** 32 bytes as an AES-256-GCM key that cannot be exported. */
export function importAes(bytes: Bytes): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', bytes, 'AES-GCM', false, ['decrypt']);
}

/** The key of stream `index`; `salt` is drawn anew for every attempt at sealing it. */
export function partKey(cek: CryptoKey, salt: Bytes, index: number): Promise<CryptoKey> {
  return deriveAes(cek, salt, partInfo(index));
}

export function partInfo(index: number): Bytes {
  return concat(lp(label('part')), u32be(index));
}

/** The proof of knowing the link. Derived without the passphrase, so a peek needs none. */
export function peekKey(token: CryptoKey): Promise<Bytes> {
  return derive(token, NO_SALT, label('peek'));
}

/** Names a public id after what the server stores: nobody can choose one. */
async function idFrom(name: string, digest: Bytes): Promise<Bytes> {
  return (await sha256(concat(lp(label(name)), digest))).slice(0, 16);
}

/** A secret's id from `H(peek)`. */
export function secretId(peekSha256: Bytes): Promise<Bytes> {
  return idFrom('id', peekSha256);
}

/** A receipt's id from `H(R)`. */
export function receiptId(receiptSha256: Bytes): Promise<Bytes> {
  return idFrom('rid', receiptSha256);
}
