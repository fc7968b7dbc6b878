import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { equal, Refused, toB64u, type Bytes } from '../src/encoding.ts';
import { baseKey, partKey } from '../src/keys.ts';
import { formatLink, parseLink, tokenKey } from '../src/link.ts';
import { open, type OpenInput } from '../src/open.ts';
import { passphraseBytes, plainIkm, stretch, type Argon2id } from '../src/passphrase.ts';
import { encodePolicy } from '../src/policy.ts';
import { drawRandomness, seal } from '../src/seal.ts';
import { openStream, RECORD, sealStream } from '../src/stream.ts';

/** Hundreds of sealings take their time on a busy machine. */
vi.setConfig({ testTimeout: 60_000 });

const RUNS = { numRuns: 60 };
const ORIGIN = 'https://secrets.example.com';
const POLICY = encodePolicy({ kind: 'one_time', views: 1, expires: { after_s: 60 }, passphrase: null, sealed: 'client' });
const PARAMS = { m_kib: 65_536, t: 3, p: 1 };

/** Stands in for Argon2id where only the mixing is in question: a KDF all the same, but a fast one. */
const quick: Argon2id = async (password, salt) =>
  new Uint8Array(await crypto.subtle.digest('SHA-256', new Uint8Array([...salt, ...password])));

const bytes = (n: number) => fc.uint8Array({ minLength: n, maxLength: n }).map((b) => new Uint8Array(b));
const randomness = fc.record({ token: bytes(32), receipt: bytes(32), cek: bytes(32), manifestSalt: bytes(16), wrapNonce: bytes(12) });
const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 3_000 });

async function sealed(given: typeof randomness extends fc.Arbitrary<infer R> ? R : never, plain: string): Promise<OpenInput> {
  const { id, header, wrappedKey, content } = await seal({
    randomness: given,
    kind: 'one_time',
    policy: POLICY,
    text: plain,
    passphrase: null,
  });
  return { ikm: await baseKey(plainIkm(given.token)), id, header, policy: POLICY, wrappedKey, content };
}

/** Where a position between 0 and 1 falls, as a flipped bit. */
function flipBit(given: Bytes, where: number): Bytes {
  const bit = Math.floor(where * given.length * 8);
  return given.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
}

const position = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const refuses = (opening: Promise<unknown>) => expect(opening).rejects.toBeInstanceOf(Refused);

describe('a sealed text', () => {
  it('opens to itself', async () => {
    const property = fc.asyncProperty(randomness, text, async (given, plain) => {
      expect((await open(await sealed(given, plain))).text).toBe(plain);
    });
    await fc.assert(property, RUNS);
  });

  it('does not open with any bit flipped, anywhere', async () => {
    const member = fc.constantFrom('id', 'header', 'policy', 'wrappedKey', 'content');
    const property = fc.asyncProperty(randomness, member, position, async (given, name, where) => {
      const delivery = await sealed(given, 'text');
      await refuses(open({ ...delivery, [name]: flipBit(delivery[name as 'id'], where) }));
    });
    await fc.assert(property, { numRuns: 300 });
  });

  it('does not open when any member is cut short', async () => {
    const member = fc.constantFrom('id', 'header', 'policy', 'wrappedKey', 'content');
    const property = fc.asyncProperty(randomness, member, position, async (given, name, where) => {
      const delivery = await sealed(given, 'text');
      const whole = delivery[name as 'id'];
      await refuses(open({ ...delivery, [name]: whole.slice(0, Math.floor(where * whole.length)) }));
    });
    await fc.assert(property, { numRuns: 150 });
  });

  it('does not open with what belongs to another secret', async () => {
    const member = fc.constantFrom('ikm', 'id', 'header', 'wrappedKey', 'content');
    const property = fc.asyncProperty(randomness, randomness, member, async (one, other, name) => {
      fc.pre(!equal(one.token, other.token) && !equal(one.cek, other.cek) && !equal(one.manifestSalt, other.manifestSalt));
      const [delivery, stranger] = [await sealed(one, 'text'), await sealed(other, 'text')];
      await refuses(open({ ...delivery, [name]: stranger[name as 'id'] }));
    });
    await fc.assert(property, RUNS);
  });
});

describe('a passphrase', () => {
  const key = async (given: { token: Bytes }, id: Bytes, passphrase: string, params = PARAMS) =>
    baseKey(await stretch({ token: given.token, tokenKey: await baseKey(given.token), id, passphrase, params, argon2id: quick }));

  it('opens only when it is the same after NFKC', async () => {
    const property = fc.asyncProperty(randomness, text, text, async (given, right, wrong) => {
      fc.pre(right.normalize('NFKC') !== wrong.normalize('NFKC') && Math.max(right.length, wrong.length) < 200);
      const made = await seal({
        randomness: given,
        kind: 'one_time',
        policy: POLICY,
        text: 'text',
        passphrase: { text: right, params: PARAMS, argon2id: quick },
      });
      const decomposed = await key(given, made.id, right.normalize('NFKD'));
      expect((await open({ ...made, ikm: decomposed })).text).toBe('text');
      await refuses(open({ ...made, ikm: await key(given, made.id, wrong) }));
      await refuses(open({ ...made, ikm: await key(given, made.id, right, { ...PARAMS, t: 4 }) }));
      await refuses(open({ ...made, ikm: await baseKey(plainIkm(given.token)) }));
    });
    await fc.assert(property, RUNS);
  });

  it('is 1 to 1,024 bytes after NFKC and never trimmed', () => {
    expect(passphraseBytes(' a ')).toHaveLength(3);
    expect(passphraseBytes('x'.repeat(1_024))).toHaveLength(1_024);
    for (const refused of ['', 'x'.repeat(1_025), 'あ'.repeat(342)]) expect(() => passphraseBytes(refused)).toThrow(Refused);
    // One code point that NFKC makes 18 of: the limit counts what is hashed.
    expect(() => passphraseBytes('\ufdfa'.repeat(32))).toThrow(Refused);
  });
});

describe('a stream', () => {
  const make = async () => partKey(await baseKey(new Uint8Array(32)), new Uint8Array(16), 0);
  const random = (n: number) => new Uint8Array(n).map((_, i) => (i * 31) & 0xff);

  it('opens to itself around every record boundary', async () => {
    const size = fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: -1, max: 1 })).map(([n, d]) => Math.max(0, n * RECORD + d));
    const property = fc.asyncProperty(size, async (length) => {
      const key = await make();
      const opened = await openStream(key, await sealStream(key, random(length)));
      expect(Buffer.compare(opened, random(length))).toBe(0);
    });
    await fc.assert(property, { numRuns: 24 });
  });

  it('does not open with records cut off, repeated or in another order', async () => {
    const key = await make();
    const whole = await sealStream(key, random(3 * RECORD + 5));
    const size = RECORD + 16;
    const records = [0, 1, 2, 3].map((n) => whole.slice(n * size, (n + 1) * size));
    const orders = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 5 });
    const property = fc.asyncProperty(orders, async (order) => {
      fc.pre(order.join() !== '0,1,2,3');
      await refuses(openStream(key, new Uint8Array(order.flatMap((n) => [...records[n]!]))));
    });
    await fc.assert(property, { numRuns: 30 });
  });

  it('has one spelling: an empty last record after a full one is refused', async () => {
    const key = await make();
    const record = async (n: number, last: number, plain: Bytes) => {
      const iv = new Uint8Array(12);
      iv[10] = n;
      iv[11] = last;
      return new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, key, plain));
    };
    const full = await record(0, 0, random(RECORD));
    await refuses(openStream(key, new Uint8Array([...full, ...(await record(1, 1, new Uint8Array()))])));
    const honest = await openStream(key, new Uint8Array([...full, ...(await record(1, 1, random(1)))]));
    expect(honest).toHaveLength(RECORD + 1);
  });
});

describe('a link', () => {
  it('reads back as written, and is found damaged with any character changed', async () => {
    const property = fc.asyncProperty(randomness, position, bytes(1), async (given, where, [n]) => {
      const { id } = await sealed(given, 'text');
      const link = formatLink(ORIGIN, id, given.token);
      const read = parseLink(link);
      expect(toB64u(read.token!)).toBe(toB64u(given.token));
      await tokenKey(read.id, read.token!);
      const secretPart = ORIGIN.length + 3;
      const at = secretPart + Math.floor(where * (link.length - secretPart));
      const spoiled = link.slice(0, at) + 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_#?/ '[n! % 68] + link.slice(at + 1);
      fc.pre(spoiled !== link);
      const reading = async () => {
        const { id, token } = parseLink(spoiled);
        return tokenKey(id, token!);
      };
      await refuses(reading());
    });
    await fc.assert(property, { numRuns: 200 });
  });

  it('is plain http only on this machine', async () => {
    const { id } = await sealed(drawRandomness(), 'text');
    const tail = `/s/${toB64u(id)}`;
    for (const origin of ['http://secrets.acme.localhost:8080', 'http://localhost', 'https://a.example:8443']) {
      expect(parseLink(origin + tail)).toEqual({ origin, id, token: null });
    }
    for (const origin of ['http://secrets.example.com', 'http://localhost.example.com', 'https://me@host', 'ftp://localhost']) {
      expect(() => parseLink(origin + tail), origin).toThrow(Refused);
    }
  });
});
