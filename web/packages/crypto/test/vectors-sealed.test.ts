import { describe, expect, it } from 'vitest';
import { openAnswer, readChannelConfig, sealRequest } from '../src/channel.ts';
import type { Device } from '../src/device.ts';
import { fromB64u, Refused, toB64u } from '../src/encoding.ts';
import { openHandover } from '../src/handover.ts';
import { baseKey } from '../src/keys.ts';
import { manifestKey, openHanded, openKept } from '../src/open.ts';
import { openCase, produceCopy } from './passkey-cases.ts';
import { ephemeral, handoverCode, pairOf, produceChannel, produceHandover, vectorServer } from './sealed-cases.ts';
import { FOLDERS, readConfigs, readVectors, type ChannelVector, type HandoverVector } from './vector-types.ts';

/** What a promise refuses with; null if it does not. */
const refusal = (promise: Promise<unknown>) =>
  promise.then(() => null, (error: unknown) => (error instanceof Refused ? error.code : error));

/** The answer's records, as who sent the request opens them. */
async function answered(given: ChannelVector): Promise<string[]> {
  const { key } = await vectorServer(given);
  const sealed = await sealRequest(key, given.path, given.body, await ephemeral(given.ikm));
  const answer = (async function* () {
    yield fromB64u(given.answer);
  })();
  const records: string[] = [];
  for await (const record of openAnswer(sealed, answer)) records.push(record);
  return records;
}

async function handed(given: HandoverVector) {
  const between = { id: fromB64u(given.id), from: fromB64u(given.from), to: fromB64u(given.to) };
  return openHandover(between, (await pairOf(given.receive_private)).pair, fromB64u(given.keys));
}

/** Whether the private half signs for the public one. */
async function isPair({ privateKey, publicKey }: Device): Promise<boolean> {
  const [ecdsa, message] = [{ name: 'ECDSA', hash: 'SHA-256' }, new Uint8Array(8)];
  const verifier = await crypto.subtle.importKey('raw', publicKey, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['verify']);
  return crypto.subtle.verify(ecdsa, verifier, await crypto.subtle.sign(ecdsa, privateKey, message), message);
}

describe.each(FOLDERS)('the vectors of %s', (folder) => {
  it('seal the same requests and answers, and open on both sides or on neither', async () => {
    for (const vector of readVectors(folder, 'channel')) {
      const server = await vectorServer(vector);
      expect([toB64u(server.key.publicKey), toB64u(server.key.id)], vector.name).toEqual([vector.public_key, vector.key_id]);
      const opened = server.open(vector.path, fromB64u(vector.request));
      if (vector.expect === 'request') expect(await refusal(opened), vector.name).toBe('channel');
      else expect((await opened).body, vector.name).toBe(vector.body);
      if (vector.expect === 'answer') expect(await refusal(answered(vector)), vector.name).toBe('channel');
      if (vector.expect !== null) continue;
      expect(await answered(vector), vector.name).toEqual(vector.records);
      expect(await produceChannel(vector), vector.name).toEqual({ request: vector.request, answer: vector.answer });
    }
  });

  it('hand over the same keys under the same digits, to one device', async () => {
    for (const vector of readVectors(folder, 'handover')) {
      expect(toB64u((await pairOf(vector.receive_private)).point), vector.name).toBe(vector.receive);
      if (vector.expect === 'keys') {
        expect(await refusal(handed(vector)), vector.name).toBe('handover');
        continue;
      }
      expect(toB64u(await handed(vector)), vector.name).toBe(vector.part_key);
      expect(await produceHandover(vector), vector.name).toEqual({ keys: vector.keys, code: vector.code });
      expect(await handoverCode(vector), vector.name).toMatch(/^\d{6}$/);
    }
  });

  it('keep a copy of the bound device that its passkey alone opens', async () => {
    for (const vector of readVectors(folder, 'passkey')) {
      const opened = openCase(vector);
      if (vector.expect !== null) {
        expect(await refusal(opened), vector.name).toBe(vector.expect);
        continue;
      }
      expect(await produceCopy(vector), vector.name).toEqual({ salt: vector.salt, copy: vector.copy });
      const { device, cek, header } = await opened;
      expect([toB64u(device.publicKey), toB64u(header)], vector.name).toEqual([vector.public_key, vector.header]);
      expect(await manifestKey(cek, header), vector.name).toEqual(await manifestKey(await baseKey(fromB64u(vector.cek)), header));
      expect(await isPair(device), vector.name).toBe(true);
      expect(device.privateKey.extractable, 'nothing reads it again').toBe(false);
    }
  });

  it('open again with the content key, and with the part key alone', async () => {
    for (const vector of readVectors(folder, 'bound')) {
      const { id, header, content } = { id: fromB64u(vector.id), header: fromB64u(vector.header), content: fromB64u(vector.content) };
      const cek = await baseKey(fromB64u(vector.cek));
      const opened = openKept({ cek, id, header, content });
      if (vector.expect !== null) {
        expect(await refusal(opened), vector.name).toBe(vector.expect);
        continue;
      }
      expect(await opened, vector.name).toBe(vector.text);
      expect(toB64u(await manifestKey(cek, header)), vector.name).toBe(vector.part_key);
      expect(await openHanded({ partKey: fromB64u(vector.part_key), content }), vector.name).toBe(vector.text);
    }
  });
});

it('a configuration is read for its host alone', async () => {
  for (const { name, expect: verdict, host, config, public_key, key_id } of readConfigs()) {
    const read = readChannelConfig(fromB64u(config), host);
    // A browser gets its scripts from the same host: the signature would tell it nothing, and it reads no time.
    if (verdict === 'host') expect(await refusal(read), name).toBe('channel');
    if (verdict === null) expect(await read, name).toEqual({ id: fromB64u(key_id), publicKey: fromB64u(public_key), host });
  }
});
