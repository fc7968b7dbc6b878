import type { Page } from '@playwright/test';
import { expect, expectState, openLink, shownText, test, visit } from '../src/fixtures.ts';
import { askFor, bind, look, send } from '../src/people.ts';
import { run } from '../src/servers.ts';

const { origin } = run;
const sendBound = () => send({ origin, kind: 'device_bound' });

/** The six digits on a page, as a screen reader reads them. */
async function digits(page: Page): Promise<string> {
  return ((await page.locator('.digits .visually-hidden').textContent()) ?? '').replaceAll(' ', '');
}

async function keep(page: Page, link: string): Promise<void> {
  await openLink(page, link);
  await expect(page.locator('#fate')).toHaveAttribute('data-fate', 'kept');
}

test('a device hands over what is bound to it: both show the same digits, and then only the other opens it', async ({ person }) => {
  const { link, text } = await sendBound();
  const [laptop, phone] = [await person(), await person()];
  await keep(laptop, link);

  await phone.clock.install();
  await visit(phone, link, 'elsewhere');
  await phone.locator('#ask').click();
  await expectState(phone, 'asking');

  await laptop.reload();
  await expectState(laptop, 'bound');
  await expect(laptop.locator('[data-ask]')).toBeVisible();
  expect(await digits(laptop)).toBe(await digits(phone));
  await laptop.locator('[data-give]').click();
  await laptop.locator('#give-confirm').click();
  await expectState(laptop, 'gave');

  await phone.clock.runFor('00:05');
  await expectState(phone, 'returned');
  expect(await shownText(phone)).toBe(text);
  await phone.reload();
  await expectState(phone, 'bound');

  await visit(laptop, link, 'elsewhere');
  expect(await laptop.content()).not.toContain(text);
});

test('a request appears on a page that is open, and is gone when it is refused', async ({ person }) => {
  const { link, text } = await sendBound();
  const laptop = await person();
  await laptop.clock.install();
  await keep(laptop, link);
  const other = await askFor(link);
  await laptop.clock.runFor('00:21');
  await expect(laptop.locator(`[data-ask="${other.code}"]`)).toBeVisible();
  expect(await digits(laptop)).toBe(other.code);
  await laptop.locator('[data-refuse]').click();
  await expect(laptop.locator('[data-ask]')).toHaveCount(0);
  await expect(laptop.locator('#asks')).toContainText('tell the sender');
  await laptop.clock.runFor('00:21');
  await expect(laptop.locator('[data-ask]'), 'it does not come back').toHaveCount(0);
  expect(await other.text(), 'nothing was given').toBeUndefined();
  expect(await shownText(laptop)).toBe(text);
});

test('handing over asks first, and can be called off', async ({ person }) => {
  const { link } = await sendBound();
  const laptop = await person();
  await keep(laptop, link);
  await askFor(link);
  await laptop.reload();
  await laptop.locator('[data-give]').click();
  await expect(laptop.locator('dialog[open]')).toContainText('can no longer open');
  await laptop.keyboard.press('Escape');
  await expectState(laptop, 'bound');
  await expect(laptop.locator('[data-ask]')).toBeVisible();
  expect((await look(link)).openings).toHaveLength(1);
});

test('another tab that shows the text loses it when the device hands it over', async ({ person }) => {
  const { link, text } = await sendBound();
  const first = await person();
  await first.clock.install();
  await keep(first, link);
  await askFor(link);
  const second = await first.context().newPage();
  await visit(second, link, 'bound');
  await second.locator('[data-give]').click();
  await second.locator('#give-confirm').click();
  await expectState(second, 'gave');
  await first.clock.runFor('00:21');
  await expectState(first, 'elsewhere');
  expect(await first.content()).not.toContain(text);
});

test('a request that nobody answers ends, and can be made again', async ({ person }) => {
  const { link } = await sendBound();
  await bind(link, 'computer');
  const phone = await person();
  await phone.clock.install();
  await visit(phone, link, 'elsewhere');
  await phone.locator('#ask').click();
  await expectState(phone, 'asking');
  await phone.clock.runFor('15:05');
  await expectState(phone, 'elsewhere');
  await expect(phone.locator('#unanswered')).toBeVisible();
  await phone.locator('#ask').click();
  await expectState(phone, 'asking');
});
