import { utf8, type Bytes } from './encoding.ts';
import type { Kind } from './header.ts';
import type { Argon2Params } from './passphrase.ts';

/** Where the plaintext was turned into ciphertext. */
export type SealedBy = 'client' | 'server';

/** The sender's rules. Ranges: `docs/protocol.md` §4. */
export interface Policy {
  kind: Kind;
  /** 1 to 1,000. */
  views: number;
  /** Seconds from the server's clock, or a UTC time in milliseconds. */
  expires: { after_s: number } | { at_ms: number };
  passphrase: Argon2Params | null;
  sealed: SealedBy;
}

/** Serialises a policy once. Everybody else handles exactly these bytes, because the wrapped key is bound to them. */
export function encodePolicy({ kind, views, expires, passphrase, sealed }: Policy): Bytes {
  return utf8(JSON.stringify({ kind, views, expires, passphrase, sealed }));
}
