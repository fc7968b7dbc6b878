import { signRequest } from '../src/device.ts';
import { fromB64u, toB64u, utf8 } from '../src/encoding.ts';
import { bytes } from './cases.ts';
import { importScalar, produceDevice } from './produce.ts';
import type { DeviceVector } from './vector-types.ts';

const REQUEST = { origin: 'https://secrets.example.com', path: '/v1/secrets/claim', body: '{"id":"…","秘密":true}' };
const SCALAR = bytes(32, 3);
/** 2023-11-14T22:13:20.999Z: the milliseconds show that seconds are rounded down. */
const CHALLENGE = toB64u(Uint8Array.from([...new Uint8Array(8), ...fromB64u(bytes(32, 9))]).map(timeByte));

function timeByte(byte: number, i: number): number {
  return i < 8 ? Number((1_700_000_000_999n >> BigInt(56 - 8 * i)) & 0xffn) : byte;
}

async function device(name: string, more: Partial<DeviceVector>, signed: Partial<DeviceVector> = more): Promise<DeviceVector> {
  const given = { name, private_key: SCALAR, ...REQUEST, challenge: CHALLENGE, ...more } as DeviceVector;
  const original = { ...given, ...REQUEST, challenge: CHALLENGE, ...signed };
  const key = await importScalar(fromB64u(SCALAR));
  const url = original.origin + original.path;
  const headers = await signRequest(key, { url, body: utf8(original.body), challenge: fromB64u(original.challenge) });
  const verifier = await produceDevice(given);
  return {
    name,
    private_key: SCALAR,
    public_key: more.public_key ?? verifier.public_key,
    thumbprint: more.thumbprint ?? verifier.thumbprint,
    origin: given.origin,
    path: given.path,
    body: given.body,
    challenge: given.challenge,
    content_digest: headers['Content-Digest'],
    signature_input: headers['Signature-Input'],
    signature: headers.Signature,
    base: verifier.base,
    valid: more === signed,
  };
}

const spoilSignature = (given: DeviceVector): DeviceVector => {
  const raw = Uint8Array.from(atob(given.signature.slice(5, -1)), (c) => c.charCodeAt(0));
  raw[63]! ^= 1;
  return { ...given, signature: `sig=:${btoa(String.fromCharCode(...raw))}:`, valid: false };
};

/** The cases of `device.json`; signatures differ from one run to the next. */
export async function devices(): Promise<DeviceVector[]> {
  return [
    await device('claim', {}),
    await device('empty body on another port', { origin: 'http://secrets.acme.localhost:8080', path: '/v1/secrets/ack', body: '' }),
    await device('body changed after signing', { body: REQUEST.body + ' ' }, {}),
    await device('sent to another route', { path: '/v1/secrets/recover' }, {}),
    await device('sent to another host', { origin: 'https://secrets.example.org' }, {}),
    await device('another challenge', { challenge: toB64u(fromB64u(CHALLENGE).map((b, i) => (i === 39 ? b ^ 1 : b))) }, {}),
    spoilSignature(await device('signature with a bit flipped', {})),
  ];
}
