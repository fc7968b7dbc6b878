import { concat, ensure, equal, fromUtf8, lp, Refused, u32be, utf8, type Bytes } from './encoding.ts';
import { suite } from './hpke.ts';
import { label, sha256 } from './keys.ts';

/** The media type of what is sealed, in both directions. */
export const CHANNEL_TYPE = 'application/waxseal-channel';

/** Plaintexts are padded to a multiple of this many bytes. */
const STEP = 1_024;
const ID_BYTES = 8;
const POINT_BYTES = 65;
const NONCE_BYTES = 16;
const TAG_BYTES = 16;
/** The largest plaintext, 2 MiB + 2 KiB, and its tag. */
const MAX_RECORD_BYTES = 2_099_200 + TAG_BYTES;

/** A server's public key of the day. */
export interface ChannelKey {
  /** 8 bytes. */
  id: Bytes;
  /** Uncompressed point, 65 bytes. */
  publicKey: Bytes;
  /** Host, with its port where the link has one. */
  host: string;
}

/** A request as it goes over the wire, and what opens its answer. */
export interface SealedRequest {
  body: Bytes;
  /** 65 bytes. */
  enc: Bytes;
  /** 16 bytes, exported from the request's context. */
  secret: Bytes;
}

/**
 * Reads the bytes of a channel's configuration, or refuses with `channel`. Its time is not looked at: a device's clock
 * decides nothing, and the server itself says when a key is too old.
 */
export async function readChannelConfig(config: Bytes, host: string): Promise<ChannelKey> {
  const head = concat(lp(label('channel-config')), lp(utf8(host)));
  const [id, point] = [head.length, head.length + ID_BYTES];
  const key = { id: config.slice(id, point), publicKey: config.slice(point, point + POINT_BYTES), host };
  ensure(config.length === point + POINT_BYTES + 16 && equal(config.slice(0, id), head), 'channel');
  ensure(equal(key.id, (await sha256(key.publicKey)).slice(0, ID_BYTES)), 'channel');
  return key;
}

/** What both sides put into the key schedule. */
export function channelInfo({ id, host }: Pick<ChannelKey, 'id' | 'host'>): Bytes {
  return concat(lp(label('channel')), id, lp(utf8(host)));
}

export function channelAad(path: string): Bytes {
  return concat(lp(utf8('POST')), lp(utf8(path)));
}

/** `u32be(length) ‖ body ‖ zeros` to a multiple of 1,024 bytes. */
export function pad(body: Bytes): Bytes {
  const padded = new Uint8Array(Math.ceil((4 + body.length) / STEP) * STEP);
  padded.set(u32be(body.length));
  padded.set(body, 4);
  return padded;
}

/** The inverse of `pad`; refuses with `channel` what `pad` does not make. */
export function unpad(padded: Bytes): Bytes {
  ensure(padded.length > 0 && padded.length % STEP === 0, 'channel');
  const end = 4 + new DataView(padded.buffer, padded.byteOffset).getUint32(0);
  const exact = Math.ceil(end / STEP) * STEP === padded.length;
  ensure(exact && padded.subarray(end).every((byte) => byte === 0), 'channel');
  return padded.slice(4, end);
}

/** Seals the body of a POST to `path`. `ephemeral` is a fresh key pair unless a vector says otherwise. */
export async function sealRequest(
  key: ChannelKey,
  path: string,
  body: string,
  ephemeral?: CryptoKeyPair,
): Promise<SealedRequest> {
  const context = await suite.createSenderContext({
    recipientPublicKey: await suite.kem.deserializePublicKey(key.publicKey),
    info: channelInfo(key),
    ...(ephemeral && { ekm: ephemeral }),
  });
  const enc = new Uint8Array(context.enc);
  const sealed = await context.seal(pad(utf8(body)), channelAad(path));
  const secret = await context.export(label('channel-answer'), NONCE_BYTES);
  return { body: concat(key.id, enc, new Uint8Array(sealed)), enc, secret: new Uint8Array(secret) };
}

/** What the records of one answer are sealed with. */
export interface AnswerKey {
  key: CryptoKey;
  /** 12 bytes; the record's number is added to it by exclusive or. */
  nonce: Bytes;
}

/** The answer's key, as in RFC 9458 §4.4. `random` is the answer's first 16 bytes. */
export async function answerKey({ enc, secret }: Omit<SealedRequest, 'body'>, random: Bytes): Promise<AnswerKey> {
  const base = await crypto.subtle.importKey('raw', secret, 'HKDF', false, ['deriveBits', 'deriveKey']);
  const from = (name: string) => ({ name: 'HKDF', hash: 'SHA-256', salt: concat(enc, random), info: label(name) });
  const aes = { name: 'AES-GCM', length: 128 };
  return {
    key: await crypto.subtle.deriveKey(from('channel-key'), base, aes, false, ['encrypt', 'decrypt']),
    nonce: new Uint8Array(await crypto.subtle.deriveBits(from('channel-nonce'), base, 96)),
  };
}

/** Parameters of record `number`: a record that is missing, repeated or moved does not open. */
export function recordParams({ nonce }: AnswerKey, number: number): AesGcmParams {
  const iv = nonce.slice();
  const low = new DataView(iv.buffer, 8);
  low.setUint32(0, low.getUint32(0) ^ number);
  return { name: 'AES-GCM', iv };
}

/** Cuts a stream into the lengths that are asked for; null where it ends between two of them. */
function taker(body: AsyncIterable<Uint8Array>): (length: number) => Promise<Bytes | null> {
  const chunks = body[Symbol.asyncIterator]();
  let rest: Bytes = new Uint8Array(0);
  return async (length) => {
    const waiting: Bytes[] = [rest];
    let have = rest.length;
    while (have < length) {
      const { done, value } = await chunks.next();
      if (done) break;
      waiting.push(value as Bytes);
      have += value.length;
    }
    const all = concat(...waiting);
    rest = all.slice(length);
    if (all.length === 0) return null;
    ensure(all.length >= length, 'channel');
    return all.slice(0, length);
  };
}

/** Opens an answer's records as they arrive, or refuses with `channel`. */
export async function* openAnswer(
  sealed: Omit<SealedRequest, 'body'>,
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<string> {
  const take = taker(body);
  const random = await take(NONCE_BYTES);
  ensure(random !== null, 'channel');
  const key = await answerKey(sealed, random);
  for (let number = 0; ; number++) {
    const length = await take(4);
    if (!length) return;
    const record = await take(recordBytes(length));
    ensure(record !== null, 'channel');
    yield openRecord(key, number, record);
  }
}

/** The length of a record, if one can have it: checked before so much is waited for. */
function recordBytes(length: Bytes): number {
  const bytes = new DataView(length.buffer).getUint32(0);
  ensure(bytes > TAG_BYTES && bytes % STEP === TAG_BYTES && bytes <= MAX_RECORD_BYTES, 'channel');
  return bytes;
}

async function openRecord(key: AnswerKey, number: number, record: Bytes): Promise<string> {
  try {
    const plaintext = await crypto.subtle.decrypt(recordParams(key, number), key.key, record);
    return fromUtf8(unpad(new Uint8Array(plaintext)));
  } catch {
    throw new Refused('channel');
  }
}
