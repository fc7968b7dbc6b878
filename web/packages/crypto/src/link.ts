import { equal, fromB64u, Refused, ensure, toB64u, type Bytes } from './encoding.ts';
import { baseKey, peekKey, receiptId, secretId, sha256 } from './keys.ts';

/**
 * Both links. Origin: `https`, or plain `http` on `*.localhost`, which never leaves the machine (RFC 6761 §6.3). Then
 * the door (`s` or `r`), the id, and in the fragment the version (for `s`) and 32 bytes.
 */
const LINK =
  /^(https:\/\/[^/?#\s@]+|http:\/\/(?:[^/?#\s@:]+\.)?localhost(?::\d+)?)\/([sr])\/([\w-]{22})(?:#(1?)([\w-]{43}))?$/;

/** A link as text says it: checked for form, not yet for damage. */
export interface Link {
  /** Scheme, host and port. */
  origin: string;
  /** 16 bytes. */
  id: Bytes;
  /** `T`, 32 bytes; null once the page has taken the fragment out of the address bar. */
  token: Bytes | null;
}

export interface ReceiptLink {
  origin: string;
  /** 16 bytes. */
  rid: Bytes;
  /** `R`, 32 bytes. */
  receipt: Bytes;
}

export function formatLink(origin: string, id: Bytes, token: Bytes): string {
  return `${origin}/s/${toB64u(id)}#1${toB64u(token)}`;
}

export function formatReceiptLink(origin: string, rid: Bytes, receipt: Bytes): string {
  return `${origin}/r/${toB64u(rid)}#${toB64u(receipt)}`;
}

function read(href: string, door: 's' | 'r'): [origin: string, id: Bytes, secret: Bytes | null] {
  const [, origin, found, id, version, secret] = LINK.exec(href) ?? [];
  ensure(!!origin && !!id && found === door && (!secret || version === (door === 's' ? '1' : '')), 'link-malformed');
  try {
    return [origin, fromB64u(id), secret ? fromB64u(secret) : null];
  } catch {
    throw new Refused('link-malformed');
  }
}

/** Reads `https://<host>/s/<id>#1<T>`, or the same without its fragment. */
export function parseLink(href: string): Link {
  const [origin, id, token] = read(href, 's');
  return { origin, id, token };
}

/** The HKDF base key of `T`, if the id follows from it: a damaged link is found before any request. */
export async function tokenKey(id: Bytes, token: Bytes): Promise<CryptoKey> {
  const key = await baseKey(token);
  ensure(equal(id, await secretId(await sha256(await peekKey(key)))), 'link-damaged');
  return key;
}

/** Reads `https://<host>/r/<rid>#<R>` and checks that one follows from the other. */
export async function parseReceiptLink(href: string): Promise<ReceiptLink> {
  const [origin, rid, receipt] = read(href, 'r');
  ensure(receipt !== null, 'link-malformed');
  ensure(equal(rid, await receiptId(await sha256(receipt))), 'link-damaged');
  return { origin, rid, receipt };
}
