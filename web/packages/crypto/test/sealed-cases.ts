import { createECDH } from 'node:crypto';
import { channelServer, type ChannelServer } from '../src/channel.server.ts';
import { sealRequest } from '../src/channel.ts';
import { concat, fromB64u, lp, toB64u, type Bytes } from '../src/encoding.ts';
import { sealHandover } from '../src/handover.ts';
import { suite } from '../src/hpke.ts';
import { baseKey, label, sha256 } from '../src/keys.ts';
import { manifestKey } from '../src/open.ts';
import { bytes, flip } from './cases.ts';
import type { BoundVector, ChannelVector, HandoverVector, SealVector } from './vector-types.ts';

/** A P-256 pair from its scalar, for ECDH. */
export async function pairOf(scalar: string): Promise<{ pair: CryptoKeyPair; point: Bytes }> {
  const ecdh = createECDH('prime256v1');
  ecdh.setPrivateKey(fromB64u(scalar, 32));
  const point = Uint8Array.from(ecdh.getPublicKey());
  const jwk = { kty: 'EC', crv: 'P-256', d: scalar, x: toB64u(point.slice(1, 33)), y: toB64u(point.slice(33)) };
  const p256 = { name: 'ECDH', namedCurve: 'P-256' };
  const [privateKey, publicKey] = await Promise.all([
    crypto.subtle.importKey('jwk', jwk, p256, true, ['deriveBits']),
    crypto.subtle.importKey('raw', point, p256, true, []),
  ]);
  return { pair: { privateKey, publicKey }, point };
}

export const ephemeral = (ikm: string): Promise<CryptoKeyPair> => suite.kem.deriveKeyPair(fromB64u(ikm, 32));

export async function vectorServer({ host, private_key }: Pick<ChannelVector, 'host' | 'private_key'>): Promise<ChannelServer> {
  return channelServer(host, (await pairOf(private_key)).pair);
}

/** `request` and `answer` of a case from its inputs. */
export async function produceChannel(given: ChannelVector): Promise<Pick<ChannelVector, 'request' | 'answer'>> {
  const server = await vectorServer(given);
  const sealed = await sealRequest(server.key, given.path, given.body, await ephemeral(given.ikm));
  const seal = await (await server.open(given.path, sealed.body)).answer(fromB64u(given.salt, 16));
  const records: Bytes[] = [];
  for (const record of given.records) records.push(await seal(record));
  return { request: toB64u(sealed.body), answer: toB64u(concat(...records)) };
}

type Input = Pick<ChannelVector, 'host' | 'path' | 'body' | 'records'>;

const SMALL: Input = { host: 'secrets.example.com', path: '/v1/secrets/peek', body: '{"鍵":"値"}', records: ['{"state":"ready"}'] };
const REQUESTS: Record<string, Input> = {
  'a small request': SMALL,
  'a port in the host': { ...SMALL, host: 'secrets.example.com:8443', path: '/v1/secrets/claim' },
  'a body that fills its padding': { ...SMALL, body: 'a'.repeat(1_020) },
  'a body of one byte more': { ...SMALL, body: 'a'.repeat(1_021), records: ['b'.repeat(5_000)] },
  'a stream with an empty line': { ...SMALL, path: '/v1/secrets/status', records: ['{"state":"ready"}\n', '\n', '{"state":"burned"}\n'] },
};

async function channelCase(name: string, input: Input, seed: number): Promise<ChannelVector> {
  const private_key = bytes(32, seed);
  const { key } = await vectorServer({ host: input.host, private_key });
  const keys = { private_key, public_key: toB64u(key.publicKey), key_id: toB64u(key.id) };
  const given = { name, expect: null, ...input, ...keys, ikm: bytes(32, seed + 1), salt: bytes(16, seed + 2), request: '', answer: '' };
  return { ...given, ...(await produceChannel(given)) };
}

/** The cases of `channel.json`. */
export async function channels(): Promise<ChannelVector[]> {
  const good: ChannelVector[] = [];
  for (const [name, input] of Object.entries(REQUESTS)) good.push(await channelCase(name, input, 3 + 10 * good.length));
  const [small, , , , stream] = good as [ChannelVector, ChannelVector, ChannelVector, ChannelVector, ChannelVector];
  const spoiled = (member: 'request' | 'answer', at: number) => ({ [member]: toB64u(flip(at)(fromB64u(small[member]))) });
  const [, empty, last] = recordsOf(fromB64u(stream.answer)) as [Bytes, Bytes, Bytes];
  const head = fromB64u(stream.answer).slice(0, 16);
  return [
    ...good,
    { ...small, name: 'sent to another path', expect: 'request', path: '/v1/secrets/burn' },
    { ...small, name: 'sent to another host', expect: 'request', host: 'secrets.example.org' },
    { ...small, name: 'key id with a bit flipped', expect: 'request', ...spoiled('request', 0) },
    { ...small, name: 'ciphertext with a bit flipped', expect: 'request', ...spoiled('request', 100) },
    { ...small, name: 'answer with a bit flipped', expect: 'answer', ...spoiled('answer', 40) },
    { ...small, name: 'answer to another request', expect: 'answer', answer: stream.answer },
    { ...stream, name: 'stream without its first record', expect: 'answer', answer: toB64u(concat(head, empty, last)) },
  ];
}

function recordsOf(answer: Bytes): Bytes[] {
  const records: Bytes[] = [];
  for (let at = 16; at < answer.length; ) {
    const end = at + 4 + new DataView(answer.buffer).getUint32(at);
    records.push(answer.slice(at, end));
    at = end;
  }
  return records;
}

/** Six digits that both screens show; the server computes them. */
export async function handoverCode({ nonce, id, to, receive }: HandoverVector): Promise<string> {
  const parts = [nonce, id, to, receive].map((part) => fromB64u(part));
  const digest = await sha256(concat(lp(label('handover-code')), ...parts));
  return String(new DataView(digest.buffer).getUint32(0) % 1_000_000).padStart(6, '0');
}

export async function produceHandover(given: HandoverVector): Promise<Pick<HandoverVector, 'keys' | 'code'>> {
  const [id, from, to] = [fromB64u(given.id, 16), fromB64u(given.from, 32), fromB64u(given.to, 32)];
  const keys = await sealHandover({ id, from, to }, fromB64u(given.receive, 65), fromB64u(given.part_key, 32), await ephemeral(given.ikm));
  return { keys: toB64u(keys), code: await handoverCode(given) };
}

/** The cases of `handover.json`, for the secret of `bound.json`. */
export async function handovers(bound: BoundVector): Promise<HandoverVector[]> {
  const receive_private = bytes(32, 7);
  const given = {
    name: 'a hand-over',
    expect: null,
    id: bound.id,
    from: bytes(32, 121),
    to: bytes(32, 122),
    receive_private,
    receive: toB64u((await pairOf(receive_private)).point),
    nonce: bytes(16, 123),
    ikm: bytes(32, 124),
    part_key: bound.part_key,
    code: '',
    keys: '',
  };
  const good: HandoverVector = { ...given, ...(await produceHandover(given)) };
  const elsewhere = async (name: string, change: Partial<HandoverVector>): Promise<HandoverVector> => {
    const moved = { ...good, ...change, name, expect: 'keys' as const };
    return { ...moved, code: await handoverCode(moved) };
  };
  return [
    good,
    await elsewhere('for another secret', { id: bytes(16, 125) }),
    await elsewhere('to another device', { to: bytes(32, 126) }),
    await elsewhere('keys with a bit flipped', { keys: toB64u(flip(100)(fromB64u(good.keys))) }),
  ];
}

/** The cases of `bound.json`: what a device opens with what it kept. */
export async function bounds({ input, output }: SealVector): Promise<BoundVector[]> {
  const cek = await baseKey(fromB64u(input.cek));
  const good: BoundVector = {
    name: 'opened again with the content key',
    expect: null,
    id: output.id,
    cek: input.cek,
    part_key: toB64u(await manifestKey(cek, fromB64u(output.header))),
    header: output.header,
    content: output.content,
    text: input.text,
  };
  const spoil = (member: 'header' | 'content' | 'cek', at: number) => ({ [member]: toB64u(flip(at)(fromB64u(good[member]))) });
  return [
    good,
    { ...good, name: 'another content key', expect: 'commit', ...spoil('cek', 0) },
    { ...good, name: 'content with a bit flipped', expect: 'content', ...spoil('content', 100) },
  ];
}
