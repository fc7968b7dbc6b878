import { concat, fromUtf8, Refused, ensure, u32be, utf8, type Bytes } from './encoding.ts';

const ONE_TEXT = 0x01;
const SMALLEST = 1_024;
const LARGEST = 1_048_576;

/** Bytes of the longest text: what 1 MiB of plaintext holds beside the length and the type. */
export const MAX_TEXT_BYTES = LARGEST - 5;

/** Padmé (Nikitin et al., PETS 2019) for `length` ≥ 2: hides the length, costs at most 12 %. */
export function padme(length: number): number {
  const e = 31 - Math.clz32(length);
  const s = 32 - Math.clz32(e);
  const mask = 2 ** (e - s) - 1;
  return (length + mask) & ~mask;
}

/** Bytes of the padded plaintext for a body of `bodyBytes`. */
export function paddedSize(bodyBytes: number): number {
  return Math.min(LARGEST, Math.max(SMALLEST, padme(4 + bodyBytes)));
}

/** `u32be(length of body) ‖ body ‖ zeros`. A text has 1 to `MAX_TEXT_BYTES` bytes of UTF-8. */
export function encodeManifest(text: string): Bytes {
  const bytes = utf8(text);
  ensure(bytes.length >= 1 && bytes.length <= MAX_TEXT_BYTES, 'text');
  const plaintext = new Uint8Array(paddedSize(1 + bytes.length));
  plaintext.set(concat(u32be(1 + bytes.length), [ONE_TEXT], bytes));
  return plaintext;
}

/** The text, if every byte is where the format puts it: type, length, padding size and zeros. */
export function decodeManifest(plaintext: Bytes): string {
  ensure(plaintext.length >= SMALLEST, 'manifest');
  const body = new DataView(plaintext.buffer, plaintext.byteOffset).getUint32(0);
  const end = 4 + body;
  ensure(
    body >= 2 &&
      end <= plaintext.length &&
      plaintext.length === paddedSize(body) &&
      plaintext[4] === ONE_TEXT &&
      plaintext.subarray(end).every((byte) => byte === 0),
    'manifest',
  );
  try {
    return fromUtf8(plaintext.subarray(5, end));
  } catch {
    throw new Refused('manifest');
  }
}
