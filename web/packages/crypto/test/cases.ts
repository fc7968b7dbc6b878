import { fromB64u, toB64u, type Bytes } from '../src/encoding.ts';
import { encodeManifest } from '../src/manifest.ts';
import { encodePolicy, type Policy } from '../src/policy.ts';
import type { RefuseVector, SealInputVector, StreamVector } from './vector-types.ts';

/** Bytes that look random and are the same every time. */
export function bytes(length: number, seed: number): string {
  return toB64u(Uint8Array.from({ length }, (_, i) => ((i + 1) * 167 + seed * 73 + ((i * seed) >> 2)) & 0xff));
}

const POLICY: Policy = { kind: 'one_time', views: 1, expires: { after_s: 86_400 }, passphrase: null, sealed: 'client' };
const SENDER = { m_kib: 65_536, t: 3, p: 1 };
const SERVER = { m_kib: 19_456, t: 2, p: 1 };

function sealInput(seed: number, text: string, more: Partial<SealInputVector> = {}, policy = POLICY): SealInputVector {
  return {
    host: 'secrets.example.com',
    token: bytes(32, seed),
    receipt: bytes(32, seed + 1),
    cek: bytes(32, seed + 2),
    manifest_salt: bytes(16, seed + 3),
    wrap_nonce: bytes(12, seed + 4),
    kind: policy.kind,
    passphrase: null,
    params: null,
    policy: toB64u(encodePolicy(policy)),
    text,
    text_repeat: null,
    ...more,
  };
}

const withParams = (params: typeof SENDER, sealed: Policy['sealed'] = 'client') =>
  ({ ...POLICY, passphrase: params, sealed }) satisfies Policy;

export const SEAL_INPUTS: Record<string, SealInputVector> = {
  'one letter': sealInput(11, 'x'),
  'japanese text with a byte order mark and line ends': sealInput(21, '\ufeff合言葉は「山」\r\n返事は「川」\n🗻🌊'),
  'port in the host': sealInput(31, 'correct horse', { host: 'secrets.example.com:8443' }),
  'a hundred views until a fixed time': sealInput(41, 'guest wifi', {}, {
    ...POLICY,
    views: 100,
    expires: { at_ms: 1_800_000_000_000 },
  }),
  'device-bound': sealInput(51, 'kept', {}, { ...POLICY, kind: 'device_bound' }),
  'text that fills the smallest padding exactly': sealInput(61, 'a', { text_repeat: 1_019 }),
  'text one byte longer': sealInput(71, 'a', { text_repeat: 1_020 }),
  'text of two records': sealInput(81, 'é', { text_repeat: 40_000 }),
  'full-width passphrase with spaces around it': sealInput(
    91,
    'with a passphrase',
    { passphrase: '　Ｐａｓｓ ｗｏｒｄ１２３ ', params: SENDER },
    withParams(SENDER),
  ),
  'half-width katakana and a ligature': sealInput(
    101,
    'with a passphrase',
    { passphrase: 'ｶﾞｷﾞｸﾞ ﬁ é', params: SENDER },
    withParams(SENDER),
  ),
  'sealed by the server with less memory': sealInput(
    111,
    'from the server',
    { passphrase: 'family 👩‍👩‍👧‍👦', params: SERVER },
    withParams(SERVER, 'server'),
  ),
};

export const STREAMS: Omit<StreamVector, 'part_key' | 'sealed'>[] = [
  ['empty', 0, 0, 5],
  ['one byte', 1, 0, 5],
  ['one byte less than a record', 65_535, 1, 6],
  ['exactly one record', 65_536, 1, 7],
  ['one byte more than a record', 65_537, 2, 8],
  ['exactly two records', 131_072, 0xffff_ffff, 9],
].map(([name, size, index, seed]) => ({
  name: String(name),
  cek: bytes(32, Number(seed)),
  salt: bytes(16, Number(seed) + 1),
  index: Number(index),
  plaintext_bytes: Number(size),
}));
const EQUAL = { cek: bytes(32, 77), plaintext_bytes: 300 };
STREAMS.push(
  { name: 'equal plaintext, part 0', ...EQUAL, salt: bytes(16, 78), index: 0 },
  { name: 'equal plaintext, part 1, the same salt', ...EQUAL, salt: bytes(16, 78), index: 1 },
  { name: 'equal plaintext, part 0 again, another salt', ...EQUAL, salt: bytes(16, 79), index: 0 },
);

type Spoil = (given: Bytes) => Bytes;

export const flip =
  (at: number): Spoil =>
  (given) =>
    given.map((byte, i) => (i === at ? byte ^ 1 : byte));
const set =
  (at: number, to: number): Spoil =>
  (given) =>
    given.map((byte, i) => (i === at ? to : byte));
const cut =
  (count: number): Spoil =>
  (given) =>
    given.slice(0, given.length - count);
const swapRecords: Spoil = (given) => {
  const size = 65_552;
  return Uint8Array.from([...given.slice(size, 2 * size), ...given.slice(0, size), ...given.slice(2 * size)]);
};

const reuse = (member: string, spoil: Spoil) => (given: RefuseVector) => ({
  [member]: toB64u(spoil(fromB64u(String(given[member as keyof RefuseVector])))),
});
const link = (edit: (link: string) => string) => (given: RefuseVector) => ({ link: edit(given.link) });

/** name, what must be found, the case it starts from, and what is changed in it. */
export const SPOILED: [string, RefuseVector['expect'], string, (given: RefuseVector) => object][] = [
  ['no fragment', 'link-malformed', 'one letter', link((l) => l.split('#')[0]!)],
  ['version 2 in the fragment', 'link-malformed', 'one letter', link((l) => l.replace('#1', '#2'))],
  ['a query', 'link-malformed', 'one letter', link((l) => l.replace('#', '?utm_source=mail#'))],
  ['a full stop after the link', 'link-malformed', 'one letter', link((l) => l + '.')],
  ['a receipt path', 'link-malformed', 'one letter', link((l) => l.replace('/s/', '/r/'))],
  ['token one character short', 'link-malformed', 'one letter', link((l) => l.slice(0, -1))],
  ['trailing bits of the token set', 'link-malformed', 'one letter', link((l) => l.slice(0, -1) + trailing(l.at(-1)!))],
  ['a character of the token changed', 'link-damaged', 'one letter', link((l) => swapCase(l, l.indexOf('#') + 5))],
  ['a character of the id changed', 'link-damaged', 'one letter', link((l) => swapCase(l, l.indexOf('/s/') + 6))],
  ['empty passphrase', 'passphrase', 'sealed by the server with less memory', () => ({ passphrase: '' })],
  ['passphrase of 1,026 bytes', 'passphrase', 'sealed by the server with less memory', () => ({ passphrase: 'あ'.repeat(342) })],
  ['little memory, said to be from a client', 'params', 'sealed by the server with less memory', () => ({ sealed: 'client' })],
  ['too many passes', 'params', 'sealed by the server with less memory', () => ({ params: { ...SERVER, t: 11 } })],
  ['two lanes', 'params', 'sealed by the server with less memory', () => ({ params: { ...SERVER, p: 2 } })],
  ['too much memory', 'params', 'sealed by the server with less memory', () => ({ params: { ...SERVER, m_kib: 262_145 } })],
  ['wrong passphrase', 'unwrap', 'sealed by the server with less memory', () => ({ passphrase: 'Family 👩‍👩‍👧‍👦' })],
  ['changed passes', 'unwrap', 'sealed by the server with less memory', () => ({ params: { ...SERVER, t: 3 } })],
  ['passphrase where there was none', 'unwrap', 'one letter', () => ({ passphrase: 'x', params: SERVER, sealed: 'server' })],
  ['header version 2', 'header', 'one letter', reuse('header', set(0, 2))],
  ['header suite 2', 'header', 'one letter', reuse('header', set(1, 2))],
  ['header kind 3', 'header', 'one letter', reuse('header', set(2, 3))],
  ['header one byte short', 'header', 'one letter', reuse('header', cut(1))],
  ['header of another number of parts', 'unwrap', 'one letter', reuse('header', set(6, 1))],
  ['header of the other kind', 'unwrap', 'one letter', reuse('header', set(2, 2))],
  ['a space in the policy', 'unwrap', 'one letter', reuse('policy', (p) => Uint8Array.from([...p, 0x20]))],
  ['another policy', 'unwrap', 'one letter', () => ({ policy: toB64u(encodePolicy({ ...POLICY, views: 2 })) })],
  ['wrapped key with a bit flipped', 'unwrap', 'one letter', reuse('wrapped_key', flip(30))],
  ['wrapped key with another nonce', 'unwrap', 'one letter', reuse('wrapped_key', flip(0))],
  ['wrapped key one byte short', 'unwrap', 'one letter', reuse('wrapped_key', cut(1))],
  ['commitment with a bit flipped', 'commit', 'one letter', reuse('header', flip(54))],
  ['another salt', 'content', 'one letter', reuse('header', flip(7))],
  ['content with a bit flipped', 'content', 'one letter', reuse('content', flip(100))],
  ['content one byte short', 'content', 'one letter', reuse('content', cut(1))],
  ['content without its last record', 'content', 'text of two records', (given) => ({ content: toB64u(fromB64u(given.content).slice(0, 65_552)) })],
  ['records in another order', 'content', 'text of two records', reuse('content', swapRecords)],
  ['no content', 'content', 'one letter', () => ({ content: '' })],
];

const B64U = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** The next character: it differs in the last character's lowest bit, which carries no data. */
function trailing(character: string): string {
  return B64U[B64U.indexOf(character) ^ 1]!;
}

function swapCase(text: string, at: number): string {
  return text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);
}

/** Plaintexts that are no manifest, to be sealed with the right keys. */
export const NO_MANIFESTS: Record<string, Bytes> = {
  'a manifest of an unknown type': set(4, 2)(encodeManifest('text')),
  'a text without a byte': set(3, 1)(encodeManifest('x')),
  'a body of no bytes': new Uint8Array(1_024),
  'a byte after the text': set(1_023, 1)(encodeManifest('text')),
  'a body longer than the plaintext': set(0, 0xff)(encodeManifest('text')),
  'padding longer than the rule': Uint8Array.from([...encodeManifest('text'), ...new Uint8Array(1_024)]),
  'padding shorter than the rule': encodeManifest('text').slice(0, 512),
  'a text that is not UTF-8': set(5, 0xff)(encodeManifest('text')),
  'three bytes': Uint8Array.from([0, 0, 0]),
};
