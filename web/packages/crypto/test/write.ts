import { mkdirSync, writeFileSync } from 'node:fs';
import { fromB64u, toB64u } from '../src/encoding.ts';
import { baseKey, partKey } from '../src/keys.ts';
import { paddedSize } from '../src/manifest.ts';
import type { Policy } from '../src/policy.ts';
import { MANIFEST, sealStream } from '../src/stream.ts';
import { NO_MANIFESTS, SEAL_INPUTS, SPOILED, STREAMS } from './cases.ts';
import { devices } from './device-cases.ts';
import { copies } from './passkey-cases.ts';
import { bounds, channels, handovers } from './sealed-cases.ts';
import { produceSeal, produceStream } from './produce.ts';
import { vectorPath, type RefuseVector, type SealVector, type Vectors } from './vector-types.ts';

export function received(name: string, expect: RefuseVector['expect'], { input, output }: SealVector): RefuseVector {
  return {
    name,
    expect,
    link: output.link,
    passphrase: input.passphrase,
    params: input.params,
    sealed: (JSON.parse(new TextDecoder().decode(fromB64u(input.policy))) as Policy).sealed,
    policy: input.policy,
    header: output.header,
    wrapped_key: output.wrapped_key,
    content: output.content,
  };
}

/** `like` with a plaintext that is no manifest, sealed with the right keys. */
async function noManifests(like: SealVector): Promise<RefuseVector[]> {
  const cek = await baseKey(fromB64u(like.input.cek));
  const key = await partKey(cek, fromB64u(like.input.manifest_salt), MANIFEST);
  const sealed = Object.entries(NO_MANIFESTS).map(async ([name, plaintext]) => ({
    ...received(name, 'manifest', like),
    content: toB64u(await sealStream(key, plaintext)),
  }));
  return Promise.all(sealed);
}

/** Makes all cases of `tests/vectors/ts`. Only signatures differ from one run to the next. */
export async function makeVectors(): Promise<Vectors> {
  const seal: SealVector[] = [];
  for (const [name, input] of Object.entries(SEAL_INPUTS)) seal.push({ name, input, output: await produceSeal(input) });
  const refuse = SPOILED.map(([name, expect, from, spoil]) => {
    const given = received(name, expect, seal.find((vector) => vector.name === from)!);
    return { ...given, ...spoil(given) };
  });
  refuse.push(...(await noManifests(seal[0]!)));
  const stream = [];
  for (const given of STREAMS) stream.push({ ...given, ...(await produceStream(given)) });
  const bodies = [2, 3, 1_019, 1_020, 1_021, 1_024, 1_500, 4_095, 65_536, 100_001, 524_288, 1_048_571, 1_048_572];
  const padme = bodies.map((n) => ({ name: `body of ${n} bytes`, body_bytes: n, plaintext_bytes: paddedSize(n) }));
  const deviceBound = seal.find(({ name }) => name === 'device-bound')!;
  const bound = await bounds(deviceBound);
  const handover = await handovers(bound[0]!);
  return { seal, stream, refuse, padme, device: await devices(), channel: await channels(), handover, bound, passkey: await copies(deviceBound) };
}

export function writeVectors(vectors: Vectors): void {
  for (const [name, cases] of Object.entries(vectors)) {
    const path = vectorPath('ts', name as keyof Vectors);
    mkdirSync(new URL('.', path), { recursive: true });
    writeFileSync(path, JSON.stringify(cases, null, 1) + '\n');
  }
}
