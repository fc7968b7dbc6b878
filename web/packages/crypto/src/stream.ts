import { concat, ensure, Refused, u32be, type Bytes } from './encoding.ts';

/** Plaintext bytes in every record but the last. */
export const RECORD = 65_536;
const TAG = 16;

/** The stream index of the manifest. */
export const MANIFEST = 0xffff_ffff;

/** 11 bytes of counter, then whether this is the last record: records can neither be reordered nor cut off. */
function nonce(n: number, last: boolean): AesGcmParams {
  const iv = new Uint8Array(12);
  // A part holds at most 8 MiB, so the counter's low four bytes are enough.
  iv.set(u32be(n), 7);
  iv[11] = Number(last);
  return { name: 'AES-GCM', iv };
}

/** Cuts into pieces of `size`; only an empty stream has an empty piece. */
async function eachRecord(
  bytes: Bytes,
  size: number,
  work: (params: AesGcmParams, piece: Bytes) => Promise<ArrayBuffer>,
): Promise<Bytes> {
  const count = Math.max(1, Math.ceil(bytes.length / size));
  const done: Bytes[] = [];
  for (let n = 0; n < count; n++) {
    const piece = bytes.subarray(n * size, (n + 1) * size);
    done.push(new Uint8Array(await work(nonce(n, n === count - 1), piece)));
  }
  return concat(...done);
}

/** Seals `plaintext` as AES-256-GCM records. */
export function sealStream(key: CryptoKey, plaintext: Bytes): Promise<Bytes> {
  return eachRecord(plaintext, RECORD, (params, piece) => crypto.subtle.encrypt(params, key, piece));
}

/** Opens a sealed stream whole, or refuses it whole. */
export async function openStream(key: CryptoKey, sealed: Bytes): Promise<Bytes> {
  let plaintext: Bytes;
  try {
    plaintext = await eachRecord(sealed, RECORD + TAG, (params, piece) => crypto.subtle.decrypt(params, key, piece));
  } catch {
    throw new Refused('content');
  }
  // An empty last record after a full one would be a second spelling of the same plaintext.
  ensure(plaintext.length === 0 || sealed.length % (RECORD + TAG) !== TAG, 'content');
  return plaintext;
}
