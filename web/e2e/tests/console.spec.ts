import { createHmac } from 'node:crypto';
import type { Page } from '@playwright/test';
import { expect, test } from '../src/fixtures.ts';
import { keepFromLog } from '../src/ledger.ts';
import { accept, founder, invite, mailed, member, PASSWORD, tabTo } from '../src/members.ts';
import { run } from '../src/servers.ts';
import { fetchAs } from '../src/wire.ts';

const READERS = [
  { lang: 'en', locale: 'en-GB', mail: 'Check your mail', confirm: 'Confirm the address', share: 'Share the first one' },
  { lang: 'ja', locale: 'ja-JP', mail: 'メールをご確認ください', confirm: 'アドレスを確認', share: '最初の共有を始める' },
];

for (const { lang, locale, mail, confirm, share } of READERS) {
  test(`by keyboard alone somebody signs up, confirms the mailed link and is in their organization (${lang})`, async ({ person }) => {
    const page = await member(person, locale);
    const email = `keyboard-${lang}@nordlicht.example`;
    keepFromLog(PASSWORD, email);
    await page.goto('/sign-up');
    for (const [field, text] of [['[name=name]', 'Mira Holm'], ['[name=email]', email], ['[name=organization]', `Keyboard ${lang}`], ['[autocomplete=new-password]', PASSWORD]] as const) {
      await tabTo(page, page.locator(field));
      await page.keyboard.insertText(text);
    }
    await page.keyboard.press('Enter');
    await expect(page.getByRole('heading', { level: 1, name: mail })).toBeFocused();

    await page.goto(await mailed(email, '/verify'));
    await tabTo(page, page.getByRole('button', { name: confirm }));
    expect(page.url(), 'the token has left the address bar').not.toContain('#');
    await page.keyboard.press('Enter');
    await expect(page.getByRole('heading', { level: 1, name: `Keyboard ${lang}` })).toBeFocused();
    await expect(page.getByRole('main').getByRole('link', { name: share })).toBeVisible();
  });
}

test('an invited auditor reads everything; what they may not do has no button and no page', async ({ person }) => {
  const owner = await member(person);
  const { place } = await founder(owner, 'auditing');
  const email = 'noor@nordlicht.example';
  await invite(owner, place, email, 'Auditor');

  const auditor = await member(person);
  await accept(auditor, email, 'Noor Aziz');
  expect(new URL(auditor.url()).pathname).toBe(place);
  await expect(auditor.getByRole('link', { name: 'Audit trail' })).toBeVisible();
  await expect(auditor.getByRole('link', { name: 'Share a secret' })).toHaveCount(0);
  await auditor.goto(`${place}/share`);
  await expect(auditor.getByText('There is no such page')).toBeVisible();
  await auditor.goto(`${place}/keys`);
  await expect(auditor.getByText('No keys yet')).toBeVisible();
  await expect(auditor.getByRole('button', { name: 'New key' })).toHaveCount(0);
});

const bearer = async (key: string): Promise<number> =>
  (await fetchAs('computer')(`${run.platform}/v1/organizations/none`, { headers: { Authorization: `Bearer ${key}` } })).status;

test('a key is told once; rotated, the old text works beside the new one, and revoked neither does', async ({ person }) => {
  const owner = await member(person);
  const { place } = await founder(owner, 'keys');
  await owner.goto(`${place}/keys`);
  await owner.getByRole('button', { name: 'New key' }).click();
  await owner.getByLabel('Name').fill('Deployment');
  await owner.getByRole('button', { name: 'Create the key' }).click();
  const first = await told(owner);
  await owner.reload();
  await expect(owner.getByText('Deployment')).toBeVisible();
  await expect(owner.getByText(first)).toHaveCount(0);

  await owner.getByRole('button', { name: 'Actions for Deployment' }).click();
  await owner.getByRole('menuitem', { name: 'Rotate' }).click();
  await owner.getByRole('button', { name: 'Rotate' }).click();
  const second = await told(owner);
  await expect(owner.getByText('The old one ends')).toBeVisible();
  // Known, and refused what is not theirs: nothing else answers 404 here.
  expect([await bearer(first), await bearer(second), await bearer(`${second.slice(0, -1)}~`)]).toEqual([404, 404, 401]);

  await owner.getByRole('button', { name: 'Actions for Deployment' }).click();
  await owner.getByRole('menuitem', { name: 'Revoke' }).click();
  await owner.getByLabel('Type “Deployment” to confirm').fill('Deployment');
  await owner.getByRole('button', { name: 'Revoke' }).click();
  await expect(owner.getByText('No keys yet')).toBeVisible();
  expect([await bearer(first), await bearer(second)]).toEqual([401, 401]);
});

/** The key on the screen, which is put away. */
async function told(page: Page): Promise<string> {
  const key = (await page.getByText(/^wxk_\w{38}$/).textContent()) ?? '';
  keepFromLog(key);
  await page.getByRole('button', { name: 'I have kept it' }).click();
  return key;
}

/** The code of a time step, `ahead` of now. Sources: RFC 6238 §4, RFC 4226 §5.3; the key is base32 (RFC 4648 §6). */
function codeOf(secret: string, ahead = 0): string {
  const bits = [...secret].map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + ahead));
  const mac = createHmac('sha1', key).update(step).digest();
  return String((mac.readUInt32BE(mac.at(-1)! & 15) & 0x7fff_ffff) % 1_000_000).padStart(6, '0');
}

test('with an authenticator app signing in asks for its code, and leads where one wanted to be', async ({ person }) => {
  const page = await member(person);
  const { email, place } = await founder(page, 'factor');
  await page.goto('/account/security');
  const started = page.waitForResponse('**/v1/account/totp/start');
  await page.getByRole('button', { name: 'Set up the app' }).click();
  const { secret } = (await (await started).json()) as { secret: string };
  keepFromLog(secret);
  await page.getByLabel('Six-digit code').fill(codeOf(secret));
  await page.getByRole('button', { name: 'I have kept them' }).click();
  await page.getByRole('button', { name: email }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.waitForURL('/sign-in');

  await page.goto(`${place}/audit`);
  await page.locator('[name=email]').fill(email);
  await page.locator('[type=password]').fill(PASSWORD);
  await page.keyboard.press('Enter');
  // A code works once: the next one is taken a little early.
  await page.getByLabel('Six-digit code').fill(codeOf(secret, 1));
  await expect(page.getByRole('row').filter({ hasText: 'Organization created' })).toContainText('Mira Holm');
  expect(new URL(page.url()).pathname).toBe(`${place}/audit`);
});

test('an organization’s deletion is scheduled by its name, told, and taken back', async ({ person }) => {
  const owner = await member(person);
  const { place } = await founder(owner, 'ending');
  await owner.goto(`${place}/settings`);
  await owner.getByRole('button', { name: 'Delete…' }).click();
  await owner.getByLabel('Type “Nordlicht ending” to confirm').fill('Nordlicht ending');
  await owner.getByRole('button', { name: 'Delete in 7 days' }).click();
  await owner.getByRole('button', { name: 'Keep the organization' }).click();
  await expect(owner.getByRole('button', { name: 'Delete…' })).toBeVisible();
  await owner.goto(`${place}/audit`);
  await expect(owner.getByRole('row').filter({ hasText: 'Deletion cancelled' })).toContainText('Mira Holm');
});
