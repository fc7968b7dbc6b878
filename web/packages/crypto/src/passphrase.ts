import { concat, ensure, u32be, utf8, type Bytes } from './encoding.ts';
import { derive, label } from './keys.ts';
import type { SealedBy } from './policy.ts';

/** Argon2id (RFC 9106): memory in KiB, passes, lanes. */
export interface Argon2Params {
  m_kib: number;
  t: number;
  p: number;
}

/** Argon2id, version 0x13, 32 bytes of output. */
export type Argon2id = (password: Bytes, salt: Bytes, params: Argon2Params) => Promise<Bytes>;

/** What senders use. */
export const SENDER_PARAMS: Argon2Params = { m_kib: 65_536, t: 3, p: 1 };

export const MAX_PASSPHRASE_BYTES = 1_024;

/** A passphrase as bytes: NFKC, so that full-width and composed spellings agree; not trimmed; 1 to 1,024 bytes. */
export function passphraseBytes(passphrase: string): Bytes {
  const bytes = utf8(passphrase.normalize('NFKC'));
  ensure(bytes.length >= 1 && bytes.length <= MAX_PASSPHRASE_BYTES, 'passphrase');
  return bytes;
}

const within = (n: number, low: number, high: number) => Number.isInteger(n) && n >= low && n <= high;

/**
 * Refuses parameters that cost the reader too much or protect too little. They come from the server before anything
 * proves them, so they are checked before Argon2id runs.
 */
export function checkParams({ m_kib, t, p }: Argon2Params, sealed: SealedBy): void {
  const least = sealed === 'server' ? 19_456 : SENDER_PARAMS.m_kib;
  ensure(within(m_kib, least, 262_144) && within(t, 2, 10) && p === 1, 'params');
}

/** The input key material of a link without a passphrase. */
export function plainIkm(token: Bytes): Bytes {
  return concat([0x00], token);
}

export function passphraseSalt(tokenKey: CryptoKey, id: Bytes): Promise<Bytes> {
  return derive(tokenKey, id, label('pw-salt'));
}

/** The input key material of a link with a passphrase. Changed parameters give other keys, which open nothing. */
export function passphraseIkm(token: Bytes, { m_kib, t, p }: Argon2Params, pw: Bytes): Bytes {
  return concat([0x01], u32be(m_kib), u32be(t), [p], token, pw);
}

export interface Stretching {
  token: Bytes;
  tokenKey: CryptoKey;
  id: Bytes;
  passphrase: string;
  params: Argon2Params;
  argon2id: Argon2id;
}

/** Mixes the passphrase into the key material. Takes a second or so: run `argon2id` in a worker. */
export async function stretch({ token, tokenKey, id, passphrase, params, argon2id }: Stretching): Promise<Bytes> {
  const salt = await passphraseSalt(tokenKey, id);
  const pw = await argon2id(passphraseBytes(passphrase), salt, params);
  return passphraseIkm(token, params, pw);
}
