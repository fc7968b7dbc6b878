import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { startBrowser } from '../src/chromium.ts';
import { expect, expectState, openLink, sealInBrowser, shownText, test, visit } from '../src/fixtures.ts';
import { bind, look, send } from '../src/people.ts';
import { run } from '../src/servers.ts';

const { origin } = run;
const DAY_MS = 86_400_000;
const WEEK_S = 604_800;

const sendBound = () => send({ origin, kind: 'device_bound', lifetimeS: WEEK_S });

async function expectFate(page: Page, fate: string): Promise<void> {
  await expect(page.locator('#fate')).toHaveAttribute('data-fate', fate);
}

/** Opens the link first; from then on it is bound to this page's device. */
async function keep(page: Page, link: string): Promise<void> {
  await openLink(page, link);
  await expectFate(page, 'kept');
}

async function showAgain(page: Page): Promise<string> {
  await page.locator('#again').click();
  await expectState(page, 'returned');
  return shownText(page);
}

test('a contractor opens what is bound to one device, restarts the computer, and reads it again the next day', async ({ watch }) => {
  const { link, text } = await sendBound();
  const profile = mkdtempSync(join(run.folder, 'contractor-'));
  const today = await startBrowser(profile);
  try {
    await watch(today.context);
    const page = await today.context.newPage();
    await keep(page, link);
    expect(await shownText(page)).toBe(text);
  } finally {
    await today.kill();
  }
  const tomorrow = await startBrowser(profile);
  try {
    await watch(tomorrow.context);
    const page = await tomorrow.context.newPage();
    await page.clock.install({ time: Date.now() + DAY_MS });
    await visit(page, link, 'bound');
    expect(new URL(page.url()).hash, 'the key leaves the address bar').toBe('');
    expect(await showAgain(page)).toBe(text);
    await page.reload();
    await expectState(page, 'bound');
    expect(await showAgain(page), 'also from the address without its key').toBe(text);
  } finally {
    await tomorrow.kill();
  }
});

test('a sender chooses one device; the page says so before the gesture, and the first device keeps it', async ({ person }) => {
  const [sender, reader] = [await person(), await person()];
  const { link } = await sealInBrowser(sender, { text: 'for your laptop', kind: 'device_bound' });
  expect(await look(link)).toMatchObject({ kind: 'device_bound', views: 1 });
  await visit(reader, link);
  await expect(reader.locator('.lead')).toContainText('The first device that opens this keeps it until');
  await keep(reader, link);
  expect(await look(link)).toMatchObject({ state: 'bound', views_left: 0 });
});

test('a second device is refused, and told when and on what kind of device it was opened', async ({ person }) => {
  const { link, text } = await sendBound();
  await bind(link, 'computer');
  const second = await person();
  await visit(second, link, 'elsewhere');
  const [opening] = (await look(link)).openings;
  const minute = new Intl.DateTimeFormat('en-GB', { hour: 'numeric', minute: '2-digit' }).format(opening?.at_ms);
  await expect(second.locator('.lead')).toContainText(minute);
  await expect(second.locator('.lead')).toContainText('a computer');
  expect(await second.content()).not.toContain(text);
});

test('a device whose stored key was deleted is told so honestly, with or without the whole link', async ({ person }) => {
  const { link, text } = await sendBound();
  const reader = await person();
  await keep(reader, link);
  await reader.goto('/');
  await reader.evaluate(() => new Promise((done) => (indexedDB.deleteDatabase('waxseal').onsuccess = done)));
  await visit(reader, link, 'elsewhere');
  await expect(reader.locator('main')).toContainText('Then its stored key was deleted');
  await expect(reader.locator('main')).toContainText('Ask the sender for a new one');
  expect(await reader.content()).not.toContain(text);
  await reader.goto('/');
  await visit(reader, link.split('#')[0] ?? '', 'no-key');
});

test('burning hides the text on the page of the device that it is bound to, and it never opens again', async ({ person }) => {
  const { link, receipt, text } = await sendBound();
  const reader = await person();
  await reader.clock.install();
  await keep(reader, link);
  await receipt.burn();
  await reader.clock.runFor('00:20');
  await expectState(reader, 'burned');
  expect(await reader.content()).not.toContain(text);
  await visit(reader, link, 'burned');
});

test('two tabs of the device both show it again', async ({ person }) => {
  const { link, text } = await sendBound();
  const first = await person();
  await keep(first, link);
  const tabs = [await first.context().newPage(), await first.context().newPage()];
  for (const tab of tabs) await visit(tab, link, 'bound');
  await Promise.all(tabs.map((tab) => tab.locator('#again').click()));
  for (const tab of tabs) {
    await expectState(tab, 'returned');
    expect(await shownText(tab)).toBe(text);
  }
});

test('two tabs that open it first at the same moment are one device', async ({ person }) => {
  const { link, text } = await sendBound();
  const first = await person();
  const tabs = [first, await first.context().newPage()];
  for (const tab of tabs) await visit(tab, link);
  await Promise.all(tabs.map((tab) => tab.locator('#open').click()));
  for (const tab of tabs) {
    await expect(tab.locator('main')).toHaveAttribute('data-state', /^(shown|recovered|bound)$/);
    if ((await tab.locator('main').getAttribute('data-state')) === 'bound') await showAgain(tab);
    expect(await shownText(tab)).toBe(text);
  }
  expect((await look(link)).openings).toHaveLength(1);
});

test('done hides the text and keeps it for later', async ({ person }) => {
  const { link, text } = await sendBound();
  const reader = await person();
  await keep(reader, link);
  await reader.locator('#done').click();
  await expectState(reader, 'bound');
  expect(await reader.content()).not.toContain(text);
  expect(await showAgain(reader)).toBe(text);
});

test('removing it from the device asks first, and then nothing on the device opens it', async ({ person }) => {
  const { link } = await sendBound();
  const reader = await person();
  await keep(reader, link);
  await reader.locator('#forget').click();
  await reader.keyboard.press('Escape');
  await expectState(reader, 'shown');
  await reader.locator('#forget').click();
  await reader.locator('#forget-confirm').click();
  await expectState(reader, 'forgotten');
  const kept = () =>
    new Promise((resolve) => {
      const opening = indexedDB.open('waxseal', 1);
      opening.onsuccess = () => {
        const count = opening.result.transaction('device').objectStore('device').count();
        count.onsuccess = () => resolve(count.result);
      };
    });
  expect(await reader.evaluate(kept)).toBe(0);
  await visit(reader, link, 'elsewhere');
});

test('a browser killed before the acknowledgement of a device-bound secret keeps it all the same', async ({ watch }) => {
  const { link, text } = await sendBound();
  const profile = mkdtempSync(join(run.folder, 'profile-'));
  const before = await startBrowser(profile);
  try {
    await watch(before.context);
    const page = await before.context.newPage();
    await page.route('**/v1/secrets/ack', (route) => route.abort('connectionfailed'));
    await openLink(page, link);
  } finally {
    await before.kill();
  }
  const after = await startBrowser(profile);
  try {
    await watch(after.context);
    const page = await after.context.newPage();
    await visit(page, link, 'recovered');
    await expectFate(page, 'kept');
    await page.reload();
    await expectState(page, 'bound');
    expect(await showAgain(page)).toBe(text);
  } finally {
    await after.kill();
  }
});

test('the receipt tells that it is kept on one device, and counts how often it was opened again', async ({ person }) => {
  const { link, receiptLink } = await sendBound();
  const sender = await person();
  await visit(sender, receiptLink, 'ready');
  const phone = await bind(link);
  await expectState(sender, 'bound');
  await phone.text();
  await expect(sender.locator('[data-opens="1"]')).toContainText('Opened again 1 time');
  await phone.text();
  await expect(sender.locator('[data-opens="2"]')).toBeVisible();
  await expect(sender.locator('#burn')).toBeVisible();
});

test('a browser that keeps nothing says before the gesture that one cannot come back, and shows the text once', async ({ person }) => {
  const { link, text } = await sendBound();
  const reader = await person();
  await reader.addInitScript(() => {
    IDBFactory.prototype.open = () => {
      throw new DOMException('The operation is insecure.', 'SecurityError');
    };
  });
  await visit(reader, link);
  await expect(reader.locator('[data-notice=no-storage]')).toContainText('could not come back');
  expect(await openLink(reader, link)).toBe(text);
  await expectFate(reader, 'unkept');
  await visit(reader, link, 'elsewhere');
});

test('a lifetime that outlives some browsers’ memory is warned of, to the sender and to readers in such a browser', async ({ person }) => {
  const sender = await person();
  await sender.goto('/');
  await sender.locator('#kind-device_bound').check();
  await expect(sender.locator('#weekly')).toBeHidden();
  await sender.locator('#lifetime').selectOption('2592000');
  await expect(sender.locator('#weekly')).toBeVisible();
  await expect(sender.locator('#views')).toBeHidden();
  const { link } = await send({ origin, kind: 'device_bound', lifetimeS: 2_592_000 });
  const safari = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15';
  const reader = await person({ userAgent: safari });
  await visit(reader, link);
  await expect(reader.locator('[data-notice=seven-days]')).toBeVisible();
  await visit(await person(), link);
});
