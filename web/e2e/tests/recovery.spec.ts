import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { startBrowser } from '../src/chromium.ts';
import { cut, expect, expectState, openLink, shownText, test, visit } from '../src/fixtures.ts';
import { look, send } from '../src/people.ts';
import { run, startServer } from '../src/servers.ts';
import { fetchAs } from '../src/wire.ts';

const { origin } = run;

/** Opens the link; the text is on the screen, and the server has not heard that it arrived. */
async function openUnconfirmed(page: Page, link: string): Promise<() => Promise<void>> {
  const heal = await cut(page, 'ack');
  await openLink(page, link);
  return heal;
}

/** The text is back while the server still has not heard; once it can hear, it does. */
async function expectRecovered(page: Page, text: string, heal: () => Promise<void>): Promise<void> {
  await expectState(page, 'recovered');
  expect(await shownText(page)).toBe(text);
  await heal();
  await expect(page.locator('#fate')).toHaveAttribute('data-fate', 'destroyed');
}

test('a reload between claim and acknowledgement shows the same text again', async ({ person }) => {
  const { link, text } = await send({ origin });
  const reader = await person();
  const heal = await openUnconfirmed(reader, link);
  expect((await look(link)).openings).toMatchObject([{ state: 'open' }]);
  await reader.reload();
  await expectRecovered(reader, text, heal);
  expect((await look(link)).openings).toMatchObject([{ state: 'acked' }]);
});

test('the same link, opened again on the device after the page was closed, shows the same text again', async ({ person }) => {
  const { link, text } = await send({ origin });
  const reader = await person();
  const heal = await openUnconfirmed(reader, link);
  const profile = reader.context();
  await reader.close();
  const again = await profile.newPage();
  await again.goto(link);
  await expectRecovered(again, text, heal);
});

test('a browser killed between claim and acknowledgement recovers the text after its restart', async ({ watch }) => {
  const { link, text } = await send({ origin });
  const profile = mkdtempSync(join(run.folder, 'profile-'));
  const before = await startBrowser(profile);
  try {
    await watch(before.context);
    await openUnconfirmed(await before.context.newPage(), link);
  } finally {
    await before.kill();
  }
  expect(await look(link)).toMatchObject({ state: 'draining', openings: [{ state: 'open' }] });
  const after = await startBrowser(profile);
  try {
    await watch(after.context);
    const reader = await after.context.newPage();
    await reader.goto(link);
    await expectRecovered(reader, text, async () => {});
  } finally {
    await after.kill();
  }
});

test('a server killed between claim and acknowledgement gives the same text again after its restart', { tag: '@one-process' }, async ({ person }) => {
  const place = { log: run.serverLog, dataDir: mkdtempSync(join(run.folder, 'killed-')) };
  const first = await startServer(place);
  const { link, text } = await send({ origin: first.origin });
  const reader = await person({ baseURL: first.origin });
  const heal = await openUnconfirmed(reader, link);
  await first.kill();
  const second = await startServer({ ...place, port: Number(new URL(first.origin).port) });
  try {
    await reader.reload();
    await expectRecovered(reader, text, heal);
  } finally {
    await second.stop();
  }
});

test('a claim whose answer is lost is recovered by itself, and takes no second view', async ({ person }) => {
  const { link, text } = await send({ origin, views: 2 });
  const reader = await person();
  let lost = 0;
  await reader.route('**/v1/secrets/claim', async (route, request) => {
    lost += 1;
    const body = Uint8Array.from(request.postDataBuffer() ?? []);
    const answer = await fetchAs('computer')(request.url(), { method: 'POST', body, headers: await request.allHeaders() });
    expect(answer.status).toBe(200);
    await route.abort('connectionreset');
  });
  expect(await openLink(reader, link)).toBe(text);
  expect(lost).toBe(1);
  await expect(reader.locator('#fate')).toHaveAttribute('data-fate', 'used');
  expect(await look(link)).toMatchObject({ views_left: 1, openings: [{ state: 'acked' }] });
});

test('a claim that never reaches the server is sent again by itself', async ({ person }) => {
  const { link, text } = await send({ origin });
  const reader = await person();
  let lost = 0;
  await reader.route('**/v1/secrets/claim', (route) => (lost++ ? route.continue() : route.abort('connectionreset')));
  expect(await openLink(reader, link)).toBe(text);
  expect(lost).toBe(2);
});

test('a text in a hidden page is kept, and confirmed only once somebody can see it', async ({ person }) => {
  const { link } = await send({ origin });
  const reader = await person();
  await reader.clock.install();
  await reader.addInitScript(() => {
    let visibility: DocumentVisibilityState = 'hidden';
    Object.defineProperty(document, 'visibilityState', { get: () => visibility });
    addEventListener('test-look', () => {
      visibility = 'visible';
      document.dispatchEvent(new Event('visibilitychange'));
    });
  });
  await openLink(reader, link);
  const kept = reader.waitForResponse('**/v1/secrets/heartbeat');
  await reader.clock.runFor('03:00');
  expect((await kept).status()).toBe(200);
  expect((await look(link)).openings).toMatchObject([{ state: 'open' }]);
  await reader.evaluate(() => dispatchEvent(new Event('test-look')));
  await reader.clock.runFor('00:05');
  await expect(reader.locator('#fate')).toHaveAttribute('data-fate', 'destroyed');
  expect((await look(link)).openings).toMatchObject([{ state: 'acked' }]);
});

test('a page whose secret is burned before its text was seen hides it', async ({ person }) => {
  const { link, receipt, text } = await send({ origin });
  const reader = await person();
  await reader.clock.install();
  await reader.addInitScript(() => Object.defineProperty(document, 'visibilityState', { value: 'hidden' }));
  await openLink(reader, link);
  await receipt.burn();
  await reader.clock.runFor('03:00');
  await expectState(reader, 'burned');
  expect(await reader.content()).not.toContain(text);
});

test('a second tab on the same device shows the text of the first and takes no further view', async ({ person }) => {
  const { link, text } = await send({ origin, views: 2 });
  const first = await person();
  const second = await first.context().newPage();
  await visit(second, link);
  await openUnconfirmed(first, link);
  await second.locator('#open').click();
  await expect(second.locator('main')).toHaveAttribute('data-state', /^(shown|recovered)$/);
  expect(await shownText(second)).toBe(text);
  expect(await look(link)).toMatchObject({ views_left: 1, openings: [{ state: 'open' }] });
});

test('another device recovers nothing while the text is open on the first', async ({ person }) => {
  const { link, text } = await send({ origin });
  await openUnconfirmed(await person(), link);
  const other = await person();
  await visit(other, link, 'gone');
  expect(await other.content()).not.toContain(text);
});

test('a device that confirmed cannot open the link again', async ({ person }) => {
  const { link, text } = await send({ origin });
  const reader = await person();
  await openLink(reader, link);
  await expect(reader.locator('#fate')).toHaveAttribute('data-fate', 'destroyed');
  const again = await reader.context().newPage();
  await visit(again, link, 'gone');
  expect(await again.content()).not.toContain(text);
});
