/** Bytes that WebCrypto accepts: backed by an ArrayBuffer, never by a SharedArrayBuffer. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** What stopped the reader. The names are those of `tests/vectors/README.md`. */
export type RefusedCode =
  | 'link-malformed'
  | 'link-damaged'
  | 'passphrase'
  | 'params'
  | 'header'
  | 'unwrap'
  | 'commit'
  | 'content'
  | 'manifest'
  | 'encoding'
  | 'text'
  | 'channel'
  | 'handover'
  | 'passkey';

/** Input that is refused. Nothing was consumed; the code says which check failed first. */
export class Refused extends Error {
  override readonly name = 'Refused';
  declare readonly code: RefusedCode;

  constructor(code: RefusedCode) {
    super(code);
    this.code = code;
  }
}

/** By its name, since scripts that are loaded on demand bring a class of their own. */
export function isRefused(error: unknown): error is Refused {
  return error instanceof Error && error.name === 'Refused';
}

/** `Refused` with the given code, if the condition does not hold. */
export function ensure(condition: boolean, code: RefusedCode): asserts condition {
  if (!condition) throw new Refused(code);
}

/** `fromCharCode` takes its bytes as arguments, and engines limit how many there may be. */
const CHUNK = 0x8000;

/** Bytes in the standard alphabet with padding (RFC 4648 §4), as structured fields write them. */
export function toBase64(bytes: Bytes): string {
  let binary = '';
  for (let i = 0; i < bytes.length; i += CHUNK) {
    binary += String.fromCharCode(...bytes.subarray(i, i + CHUNK));
  }
  return btoa(binary);
}

/** Bytes as base64url without padding (RFC 4648 §5). */
export function toB64u(bytes: Bytes): string {
  return toBase64(bytes).replace(/\+/g, '-').replace(/\//g, '_').replace(/=/g, '');
}

/**
 * Reads base64url strictly. `atob` forgives white space, padding and trailing bits, so the bytes are written again and
 * compared: there is one spelling for every byte string.
 */
export function fromB64u(text: string, length?: number): Bytes {
  let binary: string;
  try {
    binary = atob(text.replace(/-/g, '+').replace(/_/g, '/'));
  } catch {
    throw new Refused('encoding');
  }
  // A megabyte arrives this way: a loop is several times faster than `Uint8Array.from` with a function.
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  ensure(toB64u(bytes) === text && (length ?? bytes.length) === bytes.length, 'encoding');
  return bytes;
}

/** Refuses lone surrogates, which `TextEncoder` would turn into another text without a word. */
export function utf8(text: string): Bytes {
  ensure(!/\p{Cs}/u.test(text), 'encoding');
  return new TextEncoder().encode(text);
}

/** Strict: throws a TypeError on anything that is not UTF-8, and keeps a leading byte order mark as the text it is. */
export function fromUtf8(bytes: Bytes): string {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
}

export function concat(...parts: (Bytes | number[])[]): Bytes {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export function u32be(n: number): Bytes {
  return Uint8Array.of(n >>> 24, n >>> 16, n >>> 8, n);
}

/** `u32be(length) ‖ x`: how every field of variable length stands in a concatenation. */
export function lp(x: Bytes): Bytes {
  return concat(u32be(x.length), x);
}

/** Equality of public values (ids, commitments). Not constant-time: nothing here is compared against a stored secret. */
export function equal(a: Bytes, b: Bytes): boolean {
  return a.join() === b.join();
}
