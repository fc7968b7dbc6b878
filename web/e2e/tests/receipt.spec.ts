import type { Page } from '@playwright/test';
import { cut, expect, expectState, openLink, sealInBrowser, shownText, test, visit } from '../src/fixtures.ts';
import { outlive } from '../src/moments.ts';
import { guess, look, open, send } from '../src/people.ts';
import { run } from '../src/servers.ts';

const { origin } = run;

async function burn(receipt: Page): Promise<void> {
  await receipt.locator('#burn').click();
  await receipt.locator('#burn-confirm').click();
  await expectState(receipt, 'burned');
}

test('the receipt tells within a second, without a reload, that it was opened and confirmed', async ({ person }) => {
  const { link, receiptLink } = await send({ origin });
  const receipt = await person();
  await visit(receipt, receiptLink, 'ready');
  const requests: string[] = [];
  receipt.on('request', (request) => void requests.push(request.url()));

  await open(link, { device: 'phone', confirm: false });
  await expect(receipt.locator('main')).toHaveAttribute('data-state', 'draining', { timeout: 1_000 });
  await expect(receipt.locator('[data-opening=open]')).toBeVisible();

  expect(requests, 'it was told; it did not ask').toEqual([]);
});

test('the receipt tells within a second when the reader confirms, on which device', async ({ person }) => {
  const { link, receiptLink } = await send({ origin });
  const receipt = await person();
  await visit(receipt, receiptLink, 'ready');
  await open(link, { device: 'phone' });
  await expect(receipt.locator('main')).toHaveAttribute('data-state', 'destroyed', { timeout: 1_000 });
  await expect(receipt.locator('[data-opening=acked]')).toBeVisible();
  await expect(receipt.locator('[data-event=opened]')).toContainText('phone');
});

test('of several views the receipt counts how many were opened', async ({ person }) => {
  const { link, receiptLink } = await sealInBrowser(await person(), { text: 'for three', views: 3 });
  const receipt = await person();
  await visit(receipt, receiptLink, 'ready');
  await open(link);
  await expectState(receipt, 'partly');
  await expect(receipt.locator('#standing')).toHaveText('Opened 1 of 3 times');
});

test('a receipt cannot open the secret, and a link cannot show the receipt', async ({ person }) => {
  const { link, receiptLink } = await send({ origin });
  const page = await person();
  const [open, receipt] = [new URL(link), new URL(receiptLink)];
  await visit(page, `${origin}${open.pathname}#1${receipt.hash.slice(1)}`, 'damaged-link');
  await visit(page, `${origin}${receipt.pathname}#${open.hash.slice(2)}`, 'missing');
  expect((await look(link)).state).toBe('ready');
});

test('a burned secret does not open, also on a page that was ready to open it', async ({ person }) => {
  const { link, receiptLink } = await send({ origin });
  const [reader, sender] = [await person(), await person()];
  await visit(reader, link);
  await visit(sender, receiptLink, 'ready');
  await burn(sender);
  await reader.locator('#open').click();
  await expectState(reader, 'burned');
  await reader.reload();
  await expectState(reader, 'burned');
});

test('burning hides the text on a page that shows it', async ({ person }) => {
  const { link, receiptLink, text } = await send({ origin, views: 2 });
  const [reader, sender] = [await person(), await person()];
  await reader.clock.install();
  await openLink(reader, link);
  await expect(reader.locator('#fate')).toHaveAttribute('data-fate', 'used');
  await visit(sender, receiptLink, 'partly');
  await burn(sender);
  await reader.clock.runFor('00:20');
  await expectState(reader, 'burned');
  expect(await reader.content()).not.toContain(text);
});

test('burning asks first, and can be called off', async ({ person }) => {
  const { link, receiptLink } = await send({ origin });
  const sender = await person();
  await visit(sender, receiptLink, 'ready');
  await sender.locator('#burn').click();
  await sender.keyboard.press('Escape');
  await expect(sender.locator('dialog')).toBeHidden();
  await expect(sender.locator('#burn')).toBeFocused();
  expect((await look(link)).state).toBe('ready');
});

test('the receipt outlives the secret: after expiry it tells, and the link says expired', { tag: '@one-process' }, async ({ person }) => {
  const { link, receiptLink } = await send({ origin: run.durableOrigin, lifetimeS: 60 });
  outlive(link);
  const [sender, reader] = [await person(), await person()];
  await visit(sender, receiptLink, 'expired');
  await expect(sender.locator('#burn')).toBeHidden();
  await visit(reader, link, 'expired');
});

test('a text that was opened before the expiry can be recovered after it', { tag: '@one-process' }, async ({ person }) => {
  const { link, receiptLink, text } = await send({ origin: run.durableOrigin });
  const reader = await person();
  await cut(reader, 'ack');
  await openLink(reader, link);
  outlive(link);
  await visit(await person(), receiptLink, 'draining');
  await reader.reload();
  await expectState(reader, 'recovered');
  expect(await shownText(reader)).toBe(text);
});

test('the receipt shows the wrong passphrases', async ({ person }) => {
  const { link, receiptLink } = await send({ origin, passphrase: 'himitsu no kotoba' });
  await guess(link, 3);
  const sender = await person();
  await visit(sender, receiptLink, 'ready');
  await expect(sender.locator('.facts')).toContainText(/Wrong passphrases\s*3/);
});

test('a receipt that is cut off from the server says so, and when it is back', async ({ person }) => {
  const { receiptLink } = await send({ origin });
  const sender = await person();
  const heal = await cut(sender, 'status');
  await visit(sender, receiptLink, 'ready');
  await expect(sender.locator('.live')).toHaveAttribute('data-link', 'lost');
  await heal();
  await expect(sender.locator('.live')).toHaveAttribute('data-link', 'live');
});

test('the receipt of what expired ends with that, and asks nobody to keep it for burning', { tag: '@one-process' }, async ({ person }) => {
  const { link, receiptLink } = await send({ origin: run.durableOrigin });
  outlive(link);
  const sender = await person();
  await visit(sender, receiptLink, 'expired');
  await expect(sender.locator('.timeline li').last()).toHaveAttribute('data-event', 'expired');
  await expect(sender.locator('.panel')).toBeHidden();
});
