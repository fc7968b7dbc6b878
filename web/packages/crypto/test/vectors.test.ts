import { beforeAll, describe, expect, it } from 'vitest';
import { fromB64u, Refused, toB64u, utf8 } from '../src/encoding.ts';
import { baseKey, partKey } from '../src/keys.ts';
import { parseReceiptLink } from '../src/link.ts';
import { paddedSize } from '../src/manifest.ts';
import { openStream } from '../src/stream.ts';
import { verifyRequest } from '../src/verify.ts';
import { openReceived, produceDevice, produceSeal, produceStream, streamPlaintext, textOf } from './produce.ts';
import { FOLDERS, readVectors } from './vector-types.ts';
import { makeVectors, received, writeVectors } from './write.ts';

const ARGON2_MS = 60_000;

if (process.env.WRITE_VECTORS) beforeAll(async () => writeVectors(await makeVectors()), ARGON2_MS);

describe.each(FOLDERS)('the vectors of %s', (folder) => {
  it('seal to the same bytes from the same randomness', { timeout: ARGON2_MS }, async () => {
    for (const { name, input, output } of readVectors(folder, 'seal')) {
      expect(await produceSeal(input), name).toEqual(output);
    }
  });

  it('open to their text', { timeout: ARGON2_MS }, async () => {
    for (const vector of readVectors(folder, 'seal')) {
      const { text, ack } = await openReceived(received(vector.name, 'content', vector));
      expect(text === textOf(vector.input), vector.name).toBe(true);
      expect(toB64u(ack), vector.name).toBe(vector.output.ack);
      const { rid } = await parseReceiptLink(vector.output.receipt_link);
      expect(toB64u(rid), vector.name).toBe(vector.output.rid);
    }
  });

  it('are refused at the check they name', { timeout: ARGON2_MS }, async () => {
    for (const vector of readVectors(folder, 'refuse')) {
      const error = await openReceived(vector).catch((error: unknown) => error);
      expect(error, vector.name).toBeInstanceOf(Refused);
      expect((error as Refused).code, vector.name).toBe(vector.expect);
    }
  });

  it('seal and open streams of every length', async () => {
    for (const vector of readVectors(folder, 'stream')) {
      const { part_key, sealed } = await produceStream(vector);
      expect(part_key, vector.name).toBe(vector.part_key);
      expect(sealed === vector.sealed, vector.name).toBe(true);
      const key = await partKey(await baseKey(fromB64u(vector.cek)), fromB64u(vector.salt), vector.index);
      const plaintext = await openStream(key, fromB64u(vector.sealed));
      expect(Buffer.compare(plaintext, streamPlaintext(vector.plaintext_bytes)), vector.name).toBe(0);
    }
  });

  it('pad to the same sizes', () => {
    for (const vector of readVectors(folder, 'padme')) {
      expect(paddedSize(vector.body_bytes), vector.name).toBe(vector.plaintext_bytes);
    }
  });

  it('sign the same bytes, and verify exactly what is valid', async () => {
    for (const vector of readVectors(folder, 'device')) {
      const made = await produceDevice(vector);
      expect(made.base, vector.name).toBe(vector.base);
      if (vector.valid) expect(vector, vector.name).toMatchObject(made);
      const request = { url: vector.origin + vector.path, body: utf8(vector.body), challenge: fromB64u(vector.challenge, 40) };
      const headers = {
        'Content-Digest': vector.content_digest,
        'Signature-Input': vector.signature_input,
        Signature: vector.signature,
      };
      expect(await verifyRequest(fromB64u(vector.public_key), request, headers), vector.name).toBe(vector.valid);
    }
  });
});

it('the checked-in vectors of ts are what this code writes', { timeout: ARGON2_MS }, async () => {
  const { device, ...made } = await makeVectors();
  for (const [name, cases] of Object.entries(made)) {
    expect(JSON.stringify(readVectors('ts', name as keyof typeof made)) === JSON.stringify(cases), name).toBe(true);
  }
  const unsigned = (cases: typeof device) => cases.map(({ signature: _, ...rest }) => rest);
  expect(unsigned(readVectors('ts', 'device'))).toEqual(unsigned(device));
});

it('every kind of refusal has a case', () => {
  const seen = new Set(FOLDERS.flatMap((folder) => readVectors(folder, 'refuse').map((vector) => vector.expect)));
  const kinds = ['link-malformed', 'link-damaged', 'passphrase', 'params', 'header', 'unwrap', 'commit', 'content', 'manifest'];
  expect([...seen].sort()).toEqual(kinds.sort());
});
