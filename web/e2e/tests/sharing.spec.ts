import type { Page } from '@playwright/test';
import { expect, openLink, test } from '../src/fixtures.ts';
import { keepFromLog } from '../src/ledger.ts';
import { accept, invite, letIn, member, ownerOfAcme, type Person } from '../src/members.ts';
import { addDomain, rows } from '../src/rows.ts';
import { HOST, run } from '../src/servers.ts';

/** What members do with secrets: on the demo's organization, which has a domain. Here it has a second one, too. */

const ACME = '/o/acme';
const SECOND = 'hr.acme.localhost';

test.beforeAll(() => addDomain('acme', SECOND));

/** A member of Acme with nothing but that role, and the owner who invited them. */
async function memberOfAcme(person: Person, name: string, role = 'Member'): Promise<{ owner: Page; page: Page }> {
  const owner = await member(person);
  await ownerOfAcme(owner, `${name}-owner`);
  const email = `${name}@acme.example`;
  await invite(owner, ACME, email, role);
  const page = await member(person);
  await accept(page, email, 'Noor Aziz');
  return { owner, page };
}

interface Order {
  host?: string;
  kind?: string;
}

/** Composes on the console; gives the link that stands there once, and nowhere else. */
async function share(page: Page, text: string, { host = HOST, kind }: Order = {}): Promise<string> {
  await page.goto(`${ACME}/share`);
  await page.getByLabel('Domain of the link').selectOption({ label: host });
  await page.getByLabel('Secret', { exact: true }).fill(text);
  if (kind) await page.getByRole('radio', { name: kind }).check();
  await page.getByRole('button', { name: 'Seal and create the link' }).click();
  const link = (await page.getByRole('figure', { name: 'Link' }).locator('code').textContent()) ?? '';
  keepFromLog(text, new URL(link).hash.slice(2));
  return link;
}

const receipts = (page: Page) => page.getByRole('table', { name: 'Receipts' }).getByRole('row').filter({ has: page.getByRole('cell') });

test('the link that the demo prints signs in once, as the owner of its organization', async ({ person }) => {
  const [first, second] = [await member(person), await member(person)];
  await letIn(first, run.signInLink);
  expect(new URL(first.url()).pathname).toBe(ACME);
  await expect(first.getByRole('heading', { level: 1, name: 'Acme, Inc.' })).toBeVisible();
  await second.goto(run.signInLink);
  await second.getByRole('button', { name: 'Sign in' }).click();
  await expect(second.getByText('This link no longer works')).toBeVisible();
});

test('what a member composes opens for a stranger on the organization’s domain, and the receipts tell it without a reload', async ({ person }) => {
  const { page } = await memberOfAcme(person, 'composer');
  const link = await share(page, 'The door code is 4711.');
  expect(new URL(link).origin).toBe(run.durableOrigin);

  await page.getByRole('main').getByRole('link', { name: 'Receipts' }).click();
  await expect(page.getByText('Live', { exact: true })).toBeVisible();
  const receipt = receipts(page);
  await expect(receipt).toHaveCount(1);
  await expect(receipt).toContainText('Waiting');
  await expect(receipt).toContainText('0 of 1');
  await page.evaluate(() => (document.title = 'the same page'));

  const stranger = await person({ baseURL: run.durableOrigin });
  expect(await openLink(stranger, link)).toBe('The door code is 4711.');
  await expect(receipt).toContainText('Opened');
  await expect(receipt).toContainText('1 of 1');
  expect(await page.title()).toBe('the same page');
});

test('receipts are chosen by what became of them, also in a kept address; and what is destroyed there opens for nobody', async ({ person }) => {
  const { page } = await memberOfAcme(person, 'burner');
  const link = await share(page, 'Destroyed before it is read.');
  await share(page, 'Kept on one device.', { kind: 'On one device, until it expires' });
  await page.goto(`${ACME}/receipts`);
  await expect(receipts(page)).toHaveCount(2);

  await page.getByLabel('Kind').selectOption({ label: 'One-time' });
  await expect(receipts(page)).toHaveCount(1);
  await page.getByRole('button', { name: /^Actions for / }).click();
  await page.getByRole('menuitem', { name: 'Destroy' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Destroy' }).click();
  await expect(receipts(page)).toContainText('Destroyed');

  await page.getByLabel('Kind').selectOption({ label: 'All' });
  await page.getByLabel('State').selectOption({ label: 'Destroyed' });
  await expect(receipts(page)).toHaveCount(1);
  await page.reload();
  await expect(receipts(page)).toHaveCount(1);
  await page.getByLabel('State').selectOption({ label: 'Locked' });
  await page.getByRole('button', { name: 'Clear the filter' }).click();
  await expect(receipts(page)).toHaveCount(2);

  const stranger = await person({ baseURL: run.durableOrigin });
  await stranger.goto(link);
  await expect(stranger.locator('main')).toHaveAttribute('data-state', 'burned');
});

/** Why the server refuses a page of the console that asks for more than it shows. */
const refusal = (page: Page, path: string, body: object) =>
  page.evaluate(
    async ([path, body]) => {
      const { csrf } = (await (await fetch('/v1/session')).json()) as { csrf: string };
      const headers = { 'Content-Type': 'application/json', 'X-Waxseal-CSRF': csrf };
      const answer = await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) });
      return ((await answer.json()) as { code: string }).code;
    },
    [`/v1/organizations/acme${path}`, body] as const,
  );

test('an auditor sees everybody’s receipts change, and can neither create nor destroy, whoever asks', async ({ person }) => {
  const { owner, page } = await memberOfAcme(person, 'auditor', 'Auditor');
  await page.goto(`${ACME}/receipts`);
  await expect(page.getByText('Live', { exact: true })).toBeVisible();
  await share(owner, 'Seen by an auditor, unread.', { host: SECOND });
  const newest = receipts(page).filter({ hasText: SECOND }).first();
  await expect(newest).toContainText('Waiting');
  await expect(page.getByRole('button', { name: /^Actions for / })).toHaveCount(0);
  await expect(page.getByRole('link', { name: 'Share a secret' })).toHaveCount(0);

  await page.goto(`${ACME}/share`);
  await expect(page.getByText('There is no such page')).toBeVisible();
  const [[domain]] = rows('SELECT id FROM domains WHERE host = ?', [SECOND]) as [[string]];
  for (const path of [`/secrets?domain=${domain}`, '/secrets/AAAAAAAAAAAAAAAAAAAAAA/burn', '/keys']) {
    expect(await refusal(page, path, {}), path).toBe('forbidden');
  }
});

test('who is confined to a domain composes there alone, and sees nothing of the rest', async ({ person }) => {
  const { owner, page } = await memberOfAcme(person, 'confined');
  await share(page, 'On the first domain.');
  await share(page, 'On the second domain.', { host: SECOND });
  await page.goto(`${ACME}/receipts`);
  await expect(receipts(page)).toHaveCount(2);

  await owner.goto(`${ACME}/members`);
  await owner.getByRole('row').filter({ hasText: 'confined@acme.example' }).getByRole('button').click();
  await owner.getByRole('menuitem', { name: 'Change the role' }).click();
  await owner.getByLabel('Confined to').selectOption({ label: SECOND });
  await owner.getByRole('button', { name: 'Save' }).click();
  await expect(owner.getByRole('dialog')).toHaveCount(0);

  await page.reload();
  await expect(receipts(page)).toHaveCount(1);
  await expect(receipts(page)).toContainText(SECOND);
  for (const place of ['Members', 'API keys', 'Audit trail']) await expect(page.getByRole('navigation').getByRole('link', { name: place })).toHaveCount(0);
  await page.goto(`${ACME}/members`);
  await expect(page.getByText('There is no such page')).toBeVisible();
  await page.goto(`${ACME}/share`);
  await page.getByLabel('Secret', { exact: true }).fill('There is no choice of a domain.');
  await expect(page.getByLabel('Domain of the link')).toHaveCount(0);
  await page.getByRole('button', { name: 'Seal and create the link' }).click();
  await expect(page.getByRole('figure', { name: 'Link' })).toContainText(SECOND);
});
