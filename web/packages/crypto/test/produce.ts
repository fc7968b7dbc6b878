import { createECDH } from 'node:crypto';
import { argon2id } from '../src/argon2.ts';
import { contentDigest, signatureBase, signatureParams, thumbprint } from '../src/device.ts';
import { fromB64u, Refused, toB64u, utf8, type Bytes } from '../src/encoding.ts';
import { decodeHeader } from '../src/header.ts';
import { baseKey, derive, label, partInfo, partKey, peekKey } from '../src/keys.ts';
import { formatLink, formatReceiptLink, parseLink, tokenKey } from '../src/link.ts';
import { open, type Opened } from '../src/open.ts';
import { checkParams, passphraseBytes, passphraseIkm, passphraseSalt, plainIkm, stretch } from '../src/passphrase.ts';
import { seal } from '../src/seal.ts';
import { sealStream } from '../src/stream.ts';
import type { DeviceVector, RefuseVector, SealInputVector, SealOutputVector, StreamVector } from './vector-types.ts';

export function textOf({ text, text_repeat }: SealInputVector): string {
  return text.repeat(text_repeat ?? 1);
}

/** The passphrase's intermediate values, or nulls. */
async function stretched(input: SealInputVector, token: Bytes, key: CryptoKey, id: Bytes) {
  const { passphrase, params } = input;
  if (passphrase === null || params === null) return { passphrase_nfkc: null, pw_salt: null, pw: null, ikm: plainIkm(token) };
  const nfkc = passphraseBytes(passphrase);
  const salt = await passphraseSalt(key, id);
  const pw = await argon2id(nfkc, salt, params);
  const ikm = passphraseIkm(token, params, pw);
  return { passphrase_nfkc: toB64u(nfkc), pw_salt: toB64u(salt), pw: toB64u(pw), ikm };
}

/** `output` of `seal.json` from its `input`. */
export async function produceSeal(input: SealInputVector): Promise<SealOutputVector> {
  const [token, receipt] = [fromB64u(input.token, 32), fromB64u(input.receipt, 32)];
  const cek = fromB64u(input.cek, 32);
  const sealed = await seal({
    randomness: {
      token,
      receipt,
      cek,
      manifestSalt: fromB64u(input.manifest_salt, 16),
      wrapNonce: fromB64u(input.wrap_nonce, 12),
    },
    kind: input.kind,
    policy: fromB64u(input.policy),
    text: textOf(input),
    passphrase: input.passphrase === null ? null : { text: input.passphrase, params: input.params!, argon2id },
  });
  const { id, rid } = sealed;
  const key = await tokenKey(id, token);
  const { ikm, ...stretching } = await stretched(input, token, key, id);
  const [ikmKey, cekKey] = [await baseKey(ikm), await baseKey(cek)];
  const origin = `https://${input.host}`;
  return {
    link: formatLink(origin, id, token),
    receipt_link: formatReceiptLink(origin, rid, receipt),
    id: toB64u(id),
    rid: toB64u(rid),
    peek: toB64u(await peekKey(key)),
    peek_sha256: toB64u(sealed.peekSha256),
    ...stretching,
    ikm: toB64u(ikm),
    wrap: toB64u(await derive(ikmKey, id, label('wrap'))),
    claim: toB64u(sealed.claimKey),
    commit: toB64u(decodeHeader(sealed.header).commit),
    ack: toB64u(await derive(cekKey, id, label('ack'))),
    ack_sha256: toB64u(sealed.ackSha256),
    receipt_sha256: toB64u(sealed.receiptSha256),
    header: toB64u(sealed.header),
    wrapped_key: toB64u(sealed.wrappedKey),
    content: toB64u(sealed.content),
  };
}

export type Received = Omit<RefuseVector, 'name' | 'expect'>;

/** Everything a recipient does with what was received, in the order of `docs/protocol.md` §10. */
export async function openReceived(given: Received): Promise<Opened> {
  const { id, token } = parseLink(given.link);
  if (!token) throw new Refused('link-malformed');
  const key = await tokenKey(id, token);
  return open({
    ikm: await baseKey(await receivedIkm(given, id, token, key)),
    id,
    header: fromB64u(given.header),
    policy: fromB64u(given.policy),
    wrappedKey: fromB64u(given.wrapped_key),
    content: fromB64u(given.content),
  });
}

async function receivedIkm({ passphrase, params, sealed }: Received, id: Bytes, token: Bytes, key: CryptoKey) {
  if (params === null) return plainIkm(token);
  passphraseBytes(passphrase ?? '');
  checkParams(params, sealed);
  return stretch({ token, tokenKey: key, id, passphrase: passphrase ?? '', params, argon2id });
}

export function streamPlaintext(bytes: number): Bytes {
  return Uint8Array.from({ length: bytes }, (_, i) => i % 251);
}

export async function produceStream(
  given: Omit<StreamVector, 'part_key' | 'sealed'>,
): Promise<Pick<StreamVector, 'part_key' | 'sealed'>> {
  const [cek, salt] = [await baseKey(fromB64u(given.cek, 32)), fromB64u(given.salt, 16)];
  const key = await partKey(cek, salt, given.index);
  return {
    part_key: toB64u(await derive(cek, salt, partInfo(given.index))),
    sealed: toB64u(await sealStream(key, streamPlaintext(given.plaintext_bytes))),
  };
}

/** The public half of a P-256 scalar, which WebCrypto does not compute. */
export function publicKeyOf(scalar: Bytes): Bytes {
  const ecdh = createECDH('prime256v1');
  ecdh.setPrivateKey(scalar);
  return Uint8Array.from(ecdh.getPublicKey());
}

export function importScalar(scalar: Bytes): Promise<CryptoKey> {
  const point = publicKeyOf(scalar);
  const [x, y] = [toB64u(point.slice(1, 33)), toB64u(point.slice(33))];
  const jwk = { kty: 'EC', crv: 'P-256', d: toB64u(scalar), x, y };
  return crypto.subtle.importKey('jwk', jwk, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign']);
}

/** What a producer makes again of `device.json`: all but the signature, which is random. */
export async function produceDevice(given: DeviceVector) {
  const publicKey = publicKeyOf(fromB64u(given.private_key, 32));
  const challenge = fromB64u(given.challenge, 40);
  const content_digest = await contentDigest(utf8(given.body));
  const params = signatureParams(challenge);
  return {
    public_key: toB64u(publicKey),
    thumbprint: toB64u(await thumbprint(publicKey)),
    content_digest,
    signature_input: `sig=${params}`,
    base: signatureBase(given.origin + given.path, content_digest, params),
  };
}

