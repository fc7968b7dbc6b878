import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { channelServer } from '../src/channel.server.ts';
import { openAnswer, pad, readChannelConfig, sealRequest, unpad } from '../src/channel.ts';
import { concat, fromB64u, Refused, type Bytes } from '../src/encoding.ts';
import { newReceiver, openHandover, receiverPoint, sealHandover } from '../src/handover.ts';

const HOST = 'secrets.example.com:8443';
const PATH = '/v1/secrets/peek';

/** What a promise refuses with, or what it gives. */
const code = (promise: Promise<unknown>) =>
  promise.catch((error: unknown) => (error instanceof Refused ? error.code : error));

async function* pieces(bytes: Bytes, size = bytes.length): AsyncGenerator<Bytes> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
}

async function texts(records: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const text of records) all.push(text);
  return all;
}

async function exchange(body = '{}') {
  const server = await channelServer(HOST);
  const key = await readChannelConfig(fromB64u(server.view.config), HOST);
  return { server, key, sealed: await sealRequest(key, PATH, body) };
}

describe('a channel', () => {
  it('brings any request and any answer across, and tells nobody between their length to the byte', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme' }), fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1 }), async (body, answers) => {
        const { server, sealed } = await exchange(body);
        expect((sealed.body.length - 8 - 65 - 16) % 1_024).toBe(0);
        const opened = await server.open(PATH, sealed.body);
        expect(opened.body).toBe(body);
        const seal = await opened.answer();
        const records: Bytes[] = [];
        for (const answer of answers) records.push(await seal(answer));
        expect(await texts(openAnswer(sealed, pieces(concat(...records), 7)))).toEqual(answers);
      }),
      { numRuns: 20 },
    );
  });

  it('gives each record as soon as it has arrived', async () => {
    const { server, sealed } = await exchange();
    const seal = await (await server.open(PATH, sealed.body)).answer();
    const first = await seal('first');
    const records = openAnswer(sealed, (async function* () {
      yield first;
      await new Promise(() => {});
    })());
    expect((await records.next()).value).toBe('first');
  });

  it('opens no request at another path, to another host or with a bit changed', async () => {
    const { server, key, sealed } = await exchange();
    expect(await code(server.open('/v1/secrets/claim', sealed.body))).toBe('channel');
    const elsewhere = await sealRequest({ ...key, host: 'secrets.example.com' }, PATH, '{}');
    expect(await code(server.open(PATH, elsewhere.body))).toBe('channel');
    for (const at of [0, 40, 80, sealed.body.length - 1]) {
      const spoiled = sealed.body.map((byte, i) => (i === at ? byte ^ 1 : byte));
      expect(await code(server.open(PATH, spoiled)), `byte ${at}`).toBe('channel');
    }
  });

  it('opens no answer that is cut off, reordered, repeated, for another request, or no answer at all', async () => {
    const { server, sealed } = await exchange();
    const seal = await (await server.open(PATH, sealed.body)).answer();
    const [first, second] = [await seal('first'), await seal('second')];
    const other = await (await exchange()).sealed;
    const opened = (bytes: Bytes, request = sealed) => code(texts(openAnswer(request, pieces(bytes))));
    expect(await opened(concat(first, second))).toEqual(['first', 'second']);
    expect(await opened(first.slice(0, -1))).toBe('channel');
    expect(await opened(concat(first, second.slice(0, 2)))).toBe('channel');
    expect(await opened(concat(first.slice(0, 16), second, first.slice(16)))).toBe('channel');
    expect(await opened(concat(first, first.slice(16)))).toBe('channel');
    expect(await opened(first, other)).toBe('channel');
    expect(await opened(new Uint8Array(0))).toBe('channel');
    expect(await opened(new TextEncoder().encode('{"title":"a page of a proxy in between"}'))).toBe('channel');
  });

  it('refuses a length that no record has before it waits for so much', async () => {
    const { server, sealed } = await exchange();
    const seal = await (await server.open(PATH, sealed.body)).answer();
    const random = (await seal('')).slice(0, 16);
    for (const length of [0, 15, 16, 17, 1_039, 1_041, 2_099_216 + 1_024, 0xffff_fc10]) {
      const head = new Uint8Array(4);
      new DataView(head.buffer).setUint32(0, length);
      const endless = async function* () {
        yield concat(random, head);
        await new Promise(() => {});
      };
      expect(await code(texts(openAnswer(sealed, endless()))), `${length} bytes`).toBe('channel');
    }
  });

  it('takes only a configuration for this host whose id is its key’s', async () => {
    const { view } = await channelServer(HOST);
    const config = fromB64u(view.config);
    expect(await code(readChannelConfig(config, 'secrets.example.com'))).toBe('channel');
    expect(await code(readChannelConfig(config.slice(0, -1), HOST))).toBe('channel');
    expect(await code(readChannelConfig(new Uint8Array(0), HOST))).toBe('channel');
    const [idAt, keyAt] = [config.length - 16 - 65 - 8, config.length - 16 - 1];
    for (const at of [0, idAt, keyAt]) {
      const spoiled = config.map((byte, i) => (i === at ? byte ^ 1 : byte));
      expect(await code(readChannelConfig(spoiled, HOST)), `byte ${at}`).toBe('channel');
    }
  });

  it('has one padding for every body', () => {
    for (const length of [0, 1, 1_020, 1_021, 2_044, 2_045]) {
      const body = new Uint8Array(length).fill(7);
      expect(unpad(pad(body))).toEqual(body);
      expect(pad(body).length).toBe(length <= 1_020 ? 1_024 : length <= 2_044 ? 2_048 : 3_072);
    }
    const spoiled = [new Uint8Array(0), new Uint8Array(1_023), new Uint8Array(2_048), pad(new Uint8Array(2_045)).slice(0, 1_024)];
    for (const bytes of [...spoiled, pad(new Uint8Array(3)).fill(1, 1_000)]) expect(() => unpad(bytes)).toThrow('channel');
  });
});

describe('a hand-over', () => {
  const bytes = (length: number, fill: number) => new Uint8Array(length).fill(fill);
  const handover = { id: bytes(16, 1), from: bytes(32, 2), to: bytes(32, 3) };

  it('brings the part key to the device that asked, and to no other', async () => {
    const receiver = await newReceiver();
    const keys = await sealHandover(handover, await receiverPoint(receiver), bytes(32, 9));
    expect(keys).toHaveLength(113);
    expect(await openHandover(handover, receiver, keys)).toEqual(bytes(32, 9));
    expect(receiver.privateKey.extractable).toBe(false);
    expect(await code(openHandover(handover, await newReceiver(), keys))).toBe('handover');
  });

  it('is for one secret and one pair of devices', async () => {
    const receiver = await newReceiver();
    const keys = await sealHandover(handover, await receiverPoint(receiver), bytes(32, 9));
    for (const other of [{ id: bytes(16, 4) }, { from: bytes(32, 4) }, { to: bytes(32, 4) }]) {
      expect(await code(openHandover({ ...handover, ...other }, receiver, keys))).toBe('handover');
    }
    expect(await code(openHandover(handover, receiver, keys.slice(1)))).toBe('handover');
    expect(await code(openHandover(handover, receiver, keys.map((byte, i) => (i === 100 ? byte ^ 1 : byte))))).toBe('handover');
  });
});
