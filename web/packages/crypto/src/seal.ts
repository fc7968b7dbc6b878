import type { Bytes } from './encoding.ts';
import { encodeHeader, type Kind } from './header.ts';
import { baseKey, partKey, peekKey, receiptId, secretId, sha256 } from './keys.ts';
import { encodeManifest } from './manifest.ts';
import { plainIkm, stretch, type Argon2id, type Argon2Params } from './passphrase.ts';
import { MANIFEST, sealStream } from './stream.ts';
import { ackPreimage, claimKey, commitment, wrap } from './wrap.ts';

/** Every random value of one sealing. */
export interface Randomness {
  /** `T`, 32 bytes: whoever holds it holds the secret. */
  token: Bytes;
  /** `R`, 32 bytes: the sender's receipt. */
  receipt: Bytes;
  /** Content key, 32 bytes. */
  cek: Bytes;
  manifestSalt: Bytes;
  wrapNonce: Bytes;
}

/** Draws what one sealing needs. `random` is the platform's generator unless a test says otherwise. */
export function drawRandomness(random = (n: number) => crypto.getRandomValues(new Uint8Array(n))): Randomness {
  return {
    token: random(32),
    receipt: random(32),
    cek: random(32),
    manifestSalt: random(16),
    wrapNonce: random(12),
  };
}

export interface SealInput {
  randomness: Randomness;
  kind: Kind;
  /** The exact bytes that the server will store and recipients will see. */
  policy: Bytes;
  text: string;
  passphrase: { text: string; params: Argon2Params; argon2id: Argon2id } | null;
}

/** What the server gets, and the two ids. Token and receipt stay with the sender. */
export interface Sealed {
  id: Bytes;
  rid: Bytes;
  peekSha256: Bytes;
  claimKey: Bytes;
  ackSha256: Bytes;
  receiptSha256: Bytes;
  header: Bytes;
  wrappedKey: Bytes;
  policy: Bytes;
  content: Bytes;
}

/** Seals a text of 1 to `MAX_TEXT_BYTES` bytes. The same input gives the same output. */
export async function seal({ randomness, kind, policy, text, passphrase }: SealInput): Promise<Sealed> {
  const { token, receipt, manifestSalt, wrapNonce } = randomness;
  const plaintext = encodeManifest(text);
  const tokenKey = await baseKey(token);
  const peekSha256 = await sha256(await peekKey(tokenKey));
  const id = await secretId(peekSha256);
  const ikm = await baseKey(
    passphrase
      ? await stretch({ token, tokenKey, id, ...passphrase, passphrase: passphrase.text })
      : plainIkm(token),
  );
  const cek = await baseKey(randomness.cek);
  const header = encodeHeader(kind, manifestSalt, await commitment(cek, id));
  const receiptSha256 = await sha256(receipt);
  return {
    id,
    rid: await receiptId(receiptSha256),
    peekSha256,
    claimKey: await claimKey(ikm, id),
    ackSha256: await sha256(await ackPreimage(cek, id)),
    receiptSha256,
    header,
    wrappedKey: await wrap({ ikm, id, header, policy }, wrapNonce, randomness.cek),
    policy,
    content: await sealStream(await partKey(cek, manifestSalt, MANIFEST), plaintext),
  };
}
