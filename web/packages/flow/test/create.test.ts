import { describe, expect, it } from 'vitest';
import { MAX_TEXT_BYTES, parseLink, Refused, toB64u } from '@waxseal/crypto';
import { isProblem, type Wait } from '@waxseal/api';
import { create, type NewSecret } from '../src/create.ts';
import { ORIGIN, serverDouble } from './server.ts';

const SECRET: NewSecret = { origin: ORIGIN, text: 'secret', kind: 'one_time', views: 2, expires: { after_s: 3_600 }, passphrase: null };

async function world() {
  const server = await serverDouble();
  const pauses: number[] = [];
  const wait: Wait = async (ms) => void pauses.push(ms);
  return { server, pauses, world: { fetch: server.fetch, wait } };
}

describe('creating', () => {
  it('gives two links whose ids are the server’s, and sends neither token nor text', async () => {
    const { server, world: given } = await world();
    const created = await create(SECRET, given);
    const { id, token } = parseLink(created.link);
    expect([...server.secrets.keys()]).toEqual([toB64u(id)]);
    expect(created.receiptLink).toMatch(/^https:\/\/secrets\.example\.com\/r\/[\w-]{22}#[\w-]{43}$/);
    expect(created.expiresAtMs - created.createdAtMs).toBe(86_400_000);
    expect(server.secret().policy).toEqual({
      kind: 'one_time', views: 2, expires: { after_s: 3_600 }, passphrase: null, sealed: 'client',
    });
    const receipt = created.receiptLink.split('#')[1]!;
    for (const kept of [toB64u(token!), receipt, 'secret"', Buffer.from('secret').toString('base64url')]) {
      expect(JSON.stringify(server.secret().create)).not.toContain(kept);
    }
  });

  it('draws new randomness every time', async () => {
    const { world: given } = await world();
    const [one, two] = [await create(SECRET, given), await create(SECRET, given)];
    expect(one.link).not.toBe(two.link);
    expect(one.receiptLink).not.toBe(two.receiptLink);
  });

  it('sends the same bytes again after a lost answer, and makes one secret', async () => {
    const { server, pauses, world: given } = await world();
    server.fault('create', 'lose-answer', 'lose-request');
    await create(SECRET, given);
    expect(server.secrets.size).toBe(1);
    expect(pauses).toEqual([1_000, 3_000]);
  });

  it('gives up after three tries', async () => {
    const { server, world: given } = await world();
    server.fault('create', 'lose-request', 'lose-request', 'lose-request');
    const error = await create(SECRET, given).catch((error: unknown) => error);
    expect(isProblem(error, 'no-answer')).toBe(true);
    expect(server.log).toHaveLength(3);
  });

  it('does not repeat what was refused', async () => {
    const { server, world: given } = await world();
    server.fault('create', { code: 'invalid', field: 'policy.expires', rule: 'plan' });
    const error = await create(SECRET, given).catch((error: unknown) => error);
    expect(isProblem(error, 'invalid') && error.document).toMatchObject({ field: 'policy.expires', rule: 'plan' });
    expect(server.log).toEqual(['create']);
  });

  it.each([
    ['no text', { text: '' }],
    ['a text over the limit', { text: 'x'.repeat(MAX_TEXT_BYTES + 1) }],
    ['an empty passphrase', { passphrase: { text: '', argon2id: async () => new Uint8Array(32) } }],
  ])('refuses %s before any request', async (_, spoiled) => {
    const { server, world: given } = await world();
    await expect(create({ ...SECRET, ...spoiled }, given)).rejects.toBeInstanceOf(Refused);
    expect(server.log).toEqual([]);
  });

  it('takes the longest text there may be', async () => {
    const { server, world: given } = await world();
    await create({ ...SECRET, text: 'x'.repeat(MAX_TEXT_BYTES) }, given);
    expect(Buffer.from(server.secret().create.content, 'base64url')).toHaveLength(1_048_832);
  });
});
