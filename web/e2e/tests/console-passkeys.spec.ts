import type { Page } from '@playwright/test';
import { cancelNext, withAuthenticator, withoutOffers } from '../src/authenticator.ts';
import { expect, test } from '../src/fixtures.ts';
import { keepFromLog } from '../src/ledger.ts';
import { founder, letters, mailed, member, PASSWORD, tabTo } from '../src/members.ts';
import { provenLongAgo } from '../src/moments.ts';

/** Whatever a ceremony says stays out of logs. */
function keepCeremonies(page: Page): void {
  page.on('request', (request) => {
    const body = request.url().includes('passkey') && request.postDataJSON();
    if (body?.ceremony) keepFromLog(body.ceremony, body.credential.id, body.credential.response.clientDataJSON);
  });
}

async function addPasskey(page: Page, name: string): Promise<void> {
  await page.goto('/account/security');
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  await page.getByRole('dialog').getByLabel('Name').fill(name);
  await page.getByRole('button', { name: 'Continue' }).click();
  await expect(page.getByText('Passkey added.')).toBeVisible();
}

async function signOut(page: Page, email: string): Promise<void> {
  await page.getByRole('button', { name: email }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
}

test('a passkey made in the settings signs in without an address, and a removed one does not', async ({ person }) => {
  const page = await member(person);
  await withoutOffers(page);
  keepCeremonies(page);
  const { email, place } = await founder(page, 'passkey');
  const authenticator = await withAuthenticator(page);
  await addPasskey(page, 'Key ring');
  expect(await authenticator.count()).toBe(1);
  await expect(page.getByRole('listitem').filter({ hasText: 'Key ring' })).toContainText('Created');
  await expect.poll(() => letters(email).some((mail) => mail.includes('A passkey was added'))).toBe(true);

  await signOut(page, email);
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
  await page.waitForURL(place);
  await page.goto('/account/security');
  await expect(page.getByRole('listitem').filter({ hasText: 'Key ring' })).toContainText('used');

  await page.getByRole('button', { name: 'Actions for Key ring' }).click();
  await page.getByRole('menuitem', { name: 'Rename' }).click();
  await page.getByRole('dialog').getByLabel('Name').fill('Yellow key');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('button', { name: 'Actions for Yellow key' }).click();
  await page.getByRole('menuitem', { name: 'Remove' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await expect(page.getByText('No passkeys yet')).toBeVisible();
  await expect.poll(() => letters(email).some((mail) => mail.includes('A passkey was removed'))).toBe(true);

  await signOut(page, email);
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
  await expect(page.getByText('That did not sign you in')).toBeVisible();
  await page.locator('[name=email]').fill(email);
  await page.locator('[type=password]').fill(PASSWORD);
  await page.keyboard.press('Enter');
  await page.waitForURL(place);
});

const READERS = [
  { lang: 'en', locale: 'en-GB', confirm: 'Confirm the address', add: 'Add a passkey', out: 'Sign out', use: 'Sign in with a passkey' },
  { lang: 'ja', locale: 'ja-JP', confirm: 'アドレスを確認', add: 'パスキーを追加', out: 'サインアウト', use: 'パスキーでサインイン' },
];

for (const { lang, locale, confirm, add, out, use } of READERS) {
  test(`by keyboard alone somebody who signs up makes a passkey, and signs in with it (${lang})`, async ({ person }) => {
    const page = await member(person, locale);
    await withoutOffers(page);
    const authenticator = await withAuthenticator(page);
    const email = `onboard-${lang}@nordlicht.example`;
    keepFromLog(PASSWORD, email);
    await page.goto('/sign-up');
    for (const [field, text] of [['[name=name]', 'Mira Holm'], ['[name=email]', email], ['[name=organization]', `Onboard ${lang}`], ['[autocomplete=new-password]', PASSWORD]] as const) {
      await tabTo(page, page.locator(field));
      await page.keyboard.insertText(text);
    }
    await page.keyboard.press('Enter');
    await page.waitForURL('/check-mail');
    await page.goto(await mailed(email, '/verify'));
    await tabTo(page, page.getByRole('button', { name: confirm }));
    await page.keyboard.press('Enter');
    await tabTo(page, page.getByRole('button', { name: add }));
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/o\//);
    expect(await authenticator.count()).toBe(1);

    await tabTo(page, page.getByRole('button', { name: email }));
    await page.keyboard.press('Enter');
    await page.getByRole('menuitem', { name: out }).focus();
    await page.keyboard.press('Enter');
    await page.waitForURL('/sign-in');
    await tabTo(page, page.getByRole('button', { name: use }));
    await page.keyboard.press('Enter');
    await expect(page.getByRole('heading', { level: 1, name: `Onboard ${lang}` })).toBeVisible();
  });
}

test('where an address is typed the browser offers passkeys by itself', async ({ person }) => {
  const page = await member(person);
  const { email } = await founder(page, 'autofill');
  await withAuthenticator(page);
  await addPasskey(page, 'Key ring');
  // Somebody who is there chooses at once what the browser shows at the field: no button is pressed.
  const signedIn = page.waitForResponse((answer) => answer.url().endsWith('/v1/sign-in/passkey/finish') && answer.ok());
  await signOut(page, email);
  await signedIn;
  await expect(page.getByRole('button', { name: email })).toBeVisible();

  const stranger = await member(person);
  await stranger.goto('/sign-in');
  await expect(stranger.locator('[name=email]')).toHaveAttribute('autocomplete', /webauthn/);
});

test('a dangerous act asks for the passkey again, and goes on where it was', async ({ person }) => {
  const page = await member(person);
  const { email } = await founder(page, 'again');
  await withAuthenticator(page);
  await addPasskey(page, 'Key ring');
  provenLongAgo(email);
  await page.getByRole('button', { name: 'Remove the password…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await cancelNext(page);
  const again = page.getByRole('button', { name: 'Confirm with a passkey' });
  await again.click();
  await expect(page.getByText('No passkey was used')).toBeVisible();
  await again.click();
  await expect(page.getByText('You have none: you sign in without one.')).toBeVisible();

  // It is the only way in now.
  await page.getByRole('button', { name: 'Actions for Key ring' }).click();
  await page.getByRole('menuitem', { name: 'Remove' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await expect(page.getByText('Set a password or add another passkey first')).toBeVisible();
});

test('who cancels is told so, and signs in another way or tries again', async ({ person }) => {
  const page = await member(person);
  await withoutOffers(page);
  const { email, place } = await founder(page, 'cancelled');
  await withAuthenticator(page);
  await page.goto('/account/security');
  await cancelNext(page, 'create');
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  await page.getByRole('button', { name: 'Continue' }).click();
  await expect(page.getByText('No passkey was made')).toBeVisible();
  await expect(page.getByText('No passkeys yet')).toBeVisible();
  await addPasskey(page, 'Key ring');

  await signOut(page, email);
  await cancelNext(page);
  const use = page.getByRole('button', { name: 'Sign in with a passkey' });
  await use.click();
  await expect(page.getByText('No passkey was used')).toBeVisible();
  await use.click();
  await page.waitForURL(place);
});

test('a browser without passkeys shows none of them', async ({ person }) => {
  const page = await member(person);
  await page.addInitScript(() => void Reflect.deleteProperty(globalThis, 'PublicKeyCredential'));
  await founder(page, 'older');
  await page.goto('/account/security');
  await expect(page.getByRole('heading', { name: 'Authenticator app' })).toBeVisible();
  await expect(page.getByText('Passkeys')).toHaveCount(0);
  const stranger = await member(person);
  await stranger.addInitScript(() => void Reflect.deleteProperty(globalThis, 'PublicKeyCredential'));
  await stranger.goto('/sign-in');
  await expect(stranger.getByRole('button', { name: 'Mail me a sign-in link' })).toBeVisible();
  await expect(stranger.getByRole('button', { name: 'Sign in with a passkey' })).toHaveCount(0);
});
