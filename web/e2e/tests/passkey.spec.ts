import type { Page } from '@playwright/test';
import { cancelNext, clearSiteData, withAuthenticator } from '../src/authenticator.ts';
import { expect, expectState, shownText, test, visit } from '../src/fixtures.ts';
import { askFor, bind, look, send, type Sent } from '../src/people.ts';
import { run } from '../src/servers.ts';

const { origin } = run;

const sendBound = (passphrase?: string) => send({ origin, kind: 'device_bound', ...(passphrase && { passphrase }) });

async function expectKept(page: Page): Promise<void> {
  await expectState(page, 'shown');
  await expect(page.locator('#fate')).toHaveAttribute('data-fate', 'kept');
}

/** Opens the link first, with a copy in a passkey. */
async function keepCopy(page: Page, link: string): Promise<void> {
  await visit(page, link);
  await page.locator('#passkey').check();
  await page.locator('#open').click();
  await expectKept(page);
  await expect(page.locator('#copied')).toContainText('A copy is kept in your passkey');
}

/** How often it was opened again, as its sender is told. */
async function opens({ receipt }: Sent): Promise<number[]> {
  return (await receipt.view()).openings.map((opening) => opening.opens);
}

test('a copy in a passkey brings back what clearing the browser took; opens go on being counted', async ({ person }) => {
  const sent = await sendBound();
  const reader = await person();
  const authenticator = await withAuthenticator(reader);
  await keepCopy(reader, sent.link);
  expect(await shownText(reader)).toBe(sent.text);
  expect(await authenticator.count()).toBe(1);
  await reader.reload();
  await expectState(reader, 'bound');
  await expect(reader.locator('#copied')).toBeVisible();
  await expect(reader.locator('.lead')).toContainText('your passkey can bring it back');
  await reader.locator('#again').click();
  await expectState(reader, 'returned');
  expect(await opens(sent)).toEqual([1]);

  await clearSiteData(reader);
  await visit(reader, sent.link, 'elsewhere');
  await reader.locator('#restore').click();
  await expectState(reader, 'returned');
  expect(await shownText(reader)).toBe(sent.text);
  expect(new URL(reader.url()).hash, 'the key leaves the address bar').toBe('');
  expect(await opens(sent)).toEqual([2]);

  await reader.reload();
  await expectState(reader, 'bound');
  await reader.locator('#again').click();
  await expectState(reader, 'returned');
  expect(await shownText(reader), 'also without the passkey from now on').toBe(sent.text);
  expect(await opens(sent), 'it is one device all the time').toEqual([3]);
});

test('the passkey of another secret restores nothing, and the page says which one it wants', async ({ person }) => {
  const [mine, theirs] = [await sendBound(), await sendBound()];
  const [reader, stranger] = [await person(), await person()];
  await withAuthenticator(reader);
  await keepCopy(reader, mine.link);
  await withAuthenticator(stranger);
  await keepCopy(stranger, theirs.link);

  await visit(stranger, mine.link, 'elsewhere');
  await stranger.locator('#restore').click();
  await expect(stranger.locator('#restore-trouble')).toContainText('That passkey is not the one of this secret');
  await expectState(stranger, 'elsewhere');
  expect(await stranger.content()).not.toContain(mine.text);
  expect(await opens(mine)).toEqual([0]);
  await visit(stranger, theirs.link, 'bound');
});

test('who has no passkey, or cancels, is told that nothing has changed, and can try again', async ({ person }) => {
  const sent = await sendBound();
  const [reader, stranger] = [await person(), await person()];
  await withAuthenticator(reader);
  await keepCopy(reader, sent.link);
  await clearSiteData(reader);
  await visit(reader, sent.link, 'elsewhere');
  await cancelNext(reader);
  await reader.locator('#restore').click();
  await expect(reader.locator('#restore-trouble')).toContainText('No passkey was used, and nothing has changed');
  await reader.locator('#restore').click();
  await expectState(reader, 'returned');
  expect(await shownText(reader)).toBe(sent.text);

  await withAuthenticator(stranger);
  await visit(stranger, sent.link, 'elsewhere');
  await stranger.locator('#restore').click();
  await expect(stranger.locator('#restore-trouble')).toContainText('No passkey was used');
});

test('cancelling the passkey opens nothing; it opens without one, and stays bound to the browser', async ({ person }) => {
  const sent = await sendBound();
  const reader = await person();
  const authenticator = await withAuthenticator(reader);
  await visit(reader, sent.link);
  await authenticator.lock();
  await reader.locator('#passkey').check();
  await reader.locator('#open').click();
  await expect(reader.locator('#passkey-trouble')).toContainText('No passkey was set up, and nothing was opened');
  expect(await look(sent.link)).toMatchObject({ state: 'ready', views_left: 1, openings: [] });

  await reader.locator('#passkey').uncheck();
  await reader.locator('#open').click();
  await expectKept(reader);
  await expect(reader.locator('#copied')).toBeHidden();
  expect(await shownText(reader)).toBe(sent.text);
  expect(await look(sent.link)).toMatchObject({ state: 'bound', copy: null });
  await reader.reload();
  await expectState(reader, 'bound');
  await reader.locator('#again').click();
  await expectState(reader, 'returned');
  await clearSiteData(reader);
  await visit(reader, sent.link, 'elsewhere');
  await expect(reader.locator('#restore')).toHaveCount(0);
  await expect(reader.locator('main')).toContainText('It cannot be opened here again');
});

test('a wrong passphrase after the passkey was made needs no second one', async ({ person }) => {
  const passphrase = 'seven sealing waxes';
  const sent = await sendBound(passphrase);
  const reader = await person();
  const authenticator = await withAuthenticator(reader);
  await visit(reader, sent.link, 'passphrase');
  await reader.locator('#passphrase').fill('eight');
  await reader.locator('#passkey').check();
  await reader.locator('#open').click();
  await expectState(reader, 'wrong-passphrase');
  await expect(reader.locator('#passkey')).toBeChecked();
  await reader.locator('#passphrase').fill(passphrase);
  await reader.locator('#open').click();
  await expectKept(reader);
  expect(await authenticator.count()).toBe(1);
  await clearSiteData(reader);
  await visit(reader, sent.link, 'elsewhere');
  await reader.locator('#restore').click();
  await expectState(reader, 'returned');
  expect(await shownText(reader), 'the passphrase is not asked for again').toBe(sent.text);
});

test('after a hand-over the passkey brings nothing back', async ({ person }) => {
  const sent = await sendBound();
  const reader = await person();
  await withAuthenticator(reader);
  await keepCopy(reader, sent.link);
  const phone = await askFor(sent.link);
  await visit(reader, sent.link, 'bound');
  await reader.locator('[data-give]').click();
  await reader.locator('#give-confirm').click();
  await expectState(reader, 'gave');
  await visit(reader, sent.link, 'elsewhere');
  await expect(reader.locator('#restore')).toHaveCount(0);
  expect(await phone.text()).toBe(sent.text);
});

test('a copy is offered for one device, where a passkey can keep it, and nowhere else', async ({ person }) => {
  const [able, plain, without] = [await person(), await person(), await person()];
  await withAuthenticator(able);
  await visit(able, (await sendBound()).link);
  await expect(able.locator('#passkey')).not.toBeChecked();
  await expect(able.locator('#passkey-choice')).toBeVisible();
  await visit(able, (await send({ origin })).link);
  await expect(able.locator('#passkey-choice')).toHaveCount(0);
  await visit(plain, (await sendBound()).link);
  await expect(plain.locator('#passkey-choice')).toBeHidden();
  const { link, text } = await sendBound();
  const unable = await withAuthenticator(without, { hasPrf: false });
  await visit(without, link);
  await without.locator('#passkey').check();
  await without.locator('#open').click();
  await expect(without.locator('#passkey-trouble')).toHaveAttribute('data-trouble', /unable|cancelled/);
  expect((await look(link)).state).toBe('ready');
  expect(await unable.count()).toBeLessThanOrEqual(1);
  await without.locator('#passkey').uncheck();
  await without.locator('#open').click();
  await expectKept(without);
  expect(await shownText(without)).toBe(text);
});

test('a device that the secret is bound to without a copy offers nobody to restore it', async ({ person }) => {
  const { link } = await sendBound();
  await bind(link, 'computer');
  const reader = await person();
  await withAuthenticator(reader);
  await visit(reader, link, 'elsewhere');
  await expect(reader.locator('#restore')).toHaveCount(0);
});

test('removing it from the browser says that the passkey still brings it back, and it does', async ({ person }) => {
  const sent = await sendBound();
  const reader = await person();
  await withAuthenticator(reader);
  await keepCopy(reader, sent.link);
  await reader.locator('#forget').click();
  await expect(reader.locator('#forget-body')).toContainText('only your passkey brings the secret back');
  await reader.locator('#forget-confirm').click();
  await expectState(reader, 'forgotten');
  await expect(reader.locator('.lead')).toContainText('your passkey can bring it back');
  await visit(reader, sent.link, 'elsewhere');
  await reader.locator('#restore').click();
  await expectState(reader, 'returned');
  expect(await shownText(reader)).toBe(sent.text);
});
