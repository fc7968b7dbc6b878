import { expect, it } from 'vitest';
import { Refused } from '@waxseal/crypto';
import { channelServer, fetchFrom } from '@waxseal/crypto/channel-server';
import { create } from '../src/create.ts';
import { openReceipt } from '../src/receipt.ts';
import { ORIGIN, serverDouble } from './server.ts';

const VIEW = { state: 'burned', openings: [] };

async function receiptLink(): Promise<string> {
  const secret = { origin: ORIGIN, text: 'secret', kind: 'one_time' as const, views: 1, expires: { after_s: 60 }, passphrase: null };
  return (await create(secret, { fetch: (await serverDouble()).fetch })).receiptLink;
}

/** A receipt whose requests are recorded. */
async function recorded() {
  const link = await receiptLink();
  const asked: [string, unknown][] = [];
  const server = await channelServer(new URL(ORIGIN).host);
  const fetch = fetchFrom(() => server, (body, { url }) => {
    asked.push([url, JSON.parse(body)]);
    return new Response(JSON.stringify(VIEW) + '\n');
  });
  return { link, asked, receipt: await openReceipt(link, { fetch }) };
}

it('every question carries the receipt in its body and nothing in its URL', async () => {
  const { link, asked, receipt } = await recorded();
  const [, rid, secret] = /\/r\/([\w-]+)#([\w-]+)$/.exec(link)!;
  for (const ask of [receipt.view, receipt.burn, receipt.unlock]) expect(await ask()).toEqual(VIEW);
  const seen = [];
  for await (const view of receipt.follow()) seen.push(view);
  expect(seen).toEqual([VIEW]);
  expect(asked).toEqual(
    ['receipt', 'burn', 'unlock', 'status'].map((route) => [`${ORIGIN}/v1/secrets/${route}`, { rid, receipt: secret }]),
  );
});

it('who follows is told when the line is lost and when it is back, and not of a connection that was only renewed', async () => {
  const answers = [
    async () => new Response(`${JSON.stringify({ state: 'ready', openings: [] })}\n`),
    async () => new Response(`${JSON.stringify({ state: 'locked', openings: [] })}\n`),
    async () => Promise.reject(new TypeError('no network')),
    async () => Promise.reject(new TypeError('no network')),
    async () => new Response(`${JSON.stringify(VIEW)}\n`),
  ];
  const told: string[] = [];
  const wait = async () => void told.push('pause');
  const server = await channelServer(new URL(ORIGIN).host);
  const fetch = fetchFrom(() => server, () => answers.shift()!());
  const receipt = await openReceipt(await receiptLink(), { fetch, wait });
  for await (const { state } of receipt.follow((line) => told.push(line))) told.push(state);
  expect(told).toEqual(
    ['live', 'ready', 'pause', 'live', 'locked', 'pause', 'lost', 'pause', 'lost', 'pause', 'live', 'burned'],
  );
});

it('a damaged receipt link is refused before any request', async () => {
  const link = await receiptLink();
  const at = link.length - 10;
  const damaged = link.slice(0, at) + (link[at] === 'A' ? 'B' : 'A') + link.slice(at + 1);
  await expect(openReceipt(damaged)).rejects.toMatchObject({ code: 'link-damaged' });
  await expect(openReceipt(link.replace('#', '#1'))).rejects.toMatchObject({ code: 'link-malformed' });
  await expect(openReceipt(link.split('#')[0]!)).rejects.toBeInstanceOf(Refused);
});
