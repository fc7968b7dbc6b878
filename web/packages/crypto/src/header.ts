import { concat, ensure, u32be, type Bytes } from './encoding.ts';
import { sha256 } from './keys.ts';

const VERSION = 0x01;
/** HKDF-SHA-256, AES-256-GCM, 64 KiB records. */
const SUITE = 0x01;
const KINDS = { one_time: 0x01, device_bound: 0x02 } as const;
const HEADER_BYTES = 55;

export type Kind = keyof typeof KINDS;

export interface Header {
  /** Salt of the manifest, 16 bytes. */
  salt: Bytes;
  /** 32 bytes. */
  commit: Bytes;
}

export function encodeHeader(kind: Kind, salt: Bytes, commit: Bytes): Bytes {
  return concat([VERSION, SUITE, KINDS[kind]], u32be(0), salt, commit);
}

/** Reads a header of this version and suite. The number of parts is bound by the wrapped key and needs no check here. */
export function decodeHeader(bytes: Bytes): Header {
  const [version, suite, kind] = bytes;
  const known = version === VERSION && suite === SUITE && (kind === KINDS.one_time || kind === KINDS.device_bound);
  ensure(known && bytes.length === HEADER_BYTES, 'header');
  return { salt: bytes.slice(7, 23), commit: bytes.slice(23) };
}

/** What the wrapped key is bound to: the header's first fields, the id and the exact bytes of the policy. */
export async function wrapAad(header: Bytes, id: Bytes, policy: Bytes): Promise<Bytes> {
  return concat(header.subarray(0, 2), id, header.subarray(2, 7), await sha256(policy));
}
