import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Locator, Page } from '@playwright/test';
import { withAuthenticator, withoutOffers } from '../src/authenticator.ts';
import { expect, test } from '../src/fixtures.ts';
import { keepFromLog } from '../src/ledger.ts';
import { mailed, member, PASSWORD, tabTo, type Door } from '../src/members.ts';
import { open } from '../src/people.ts';
import { addDomain, change, rows, whereIs } from '../src/rows.ts';
import { HOST, PLATFORM, run, shareAsKey, startServer, type Server } from '../src/servers.ts';
import { fetchAs } from '../src/wire.ts';
import { wordsOf } from '../src/words.ts';

/** An organization from its first day to its last, by keyboard alone: on a server of its own, whose moments can be moved. */

/** What CI has to say. */
const TEXT = 'The pipeline has made this password: 4711.';
/** How the command line ends whose key does not count (crates/waxseal/README.md). */
const REFUSED = 9;

interface World extends Door {
  server: Server;
  dataDir: string;
}

async function begin(name: string): Promise<World> {
  const dataDir = join(run.folder, name);
  const server = await startServer({ log: run.serverLog, dataDir });
  return { server, dataDir, platform: server.origin.replace(HOST, PLATFORM), mailDir: join(dataDir, 'mail') };
}

/** The same server once more: what time has brought, it finds when it starts. */
async function again(world: World): Promise<void> {
  await world.server.stop();
  world.server = await startServer({ log: run.serverLog, dataDir: world.dataDir, port: Number(new URL(world.server.origin).port) });
}

/** Goes to a thing and presses it. */
async function press(page: Page, place: Locator): Promise<void> {
  await tabTo(page, place);
  await page.keyboard.press('Enter');
}

async function type(page: Page, place: Locator, text: string): Promise<void> {
  await tabTo(page, place);
  await page.keyboard.insertText(text);
}

for (const [lang, locale] of [['en', 'en-GB'], ['ja', 'ja-JP']] as const) {
  const t = wordsOf(lang);
  const button = (page: Page, key: string, params = {}) => page.getByRole('button', { name: t(key, params), exact: true });
  const place = (page: Page, key: string) => page.getByRole('navigation').getByRole('link', { name: t(key), exact: true });

  test(`an organization from sign-up to nothing left, by keyboard alone (${lang})`, async ({ person }) => {
    test.setTimeout(180_000);
    const world = await begin(`story-${lang}`);
    const [owner, auditor] = [await member(person, locale, world), await member(person, locale, world)];
    const [email, invited, name] = [`mira-${lang}@nordlicht.example`, `noor-${lang}@nordlicht.example`, `Nordlicht ${lang}`];
    const slug = `nordlicht-${lang}`;
    const host = `secrets.nordlicht-${lang}.localhost`;
    const origin = world.server.origin.replace(HOST, host);
    keepFromLog(PASSWORD, email, invited);

    await withoutOffers(owner);
    const authenticator = await withAuthenticator(owner);
    await test.step('signs up, confirms the mailed link, and makes a passkey', async () => {
      await owner.goto('/sign-up');
      await type(owner, owner.locator('[name=name]'), 'Mira Holm');
      await type(owner, owner.locator('[name=email]'), email);
      await type(owner, owner.locator('[name=organization]'), name);
      await type(owner, owner.locator('[autocomplete=new-password]'), PASSWORD);
      await owner.keyboard.press('Enter');
      await expect(owner.getByRole('heading', { level: 1, name: t('check-mail.title') })).toBeFocused();
      await owner.goto(await mailed(email, '/verify', world));
      await press(owner, button(owner, 'verify.submit'));
      await press(owner, button(owner, 'passkeys.add'));
      await expect(owner.getByRole('heading', { level: 1, name })).toBeFocused();
      expect(new URL(owner.url()).pathname).toBe(`/o/${slug}`);
      expect(await authenticator.count()).toBe(1);
    });

    await test.step('signs out, and in again with nothing but the passkey', async () => {
      await press(owner, owner.getByRole('button', { name: email }));
      await owner.keyboard.press('End');
      await owner.keyboard.press('Enter');
      await expect(owner.getByRole('heading', { level: 1, name: t('sign-in.title') })).toBeFocused();
      await tabTo(owner, button(owner, 'sign-in.passkey'));
      await owner.keyboard.press('Enter');
      await expect(owner.getByRole('heading', { level: 1, name })).toBeFocused();
    });

    await test.step('invites an auditor, who reads and cannot create', async () => {
      await press(owner, place(owner, 'nav.members'));
      await press(owner, button(owner, 'members.invite'));
      await type(owner, owner.getByRole('dialog').getByLabel(t('field.email')), invited);
      await tabTo(owner, owner.locator('[type=radio][value=member]'));
      await owner.keyboard.press('ArrowDown');
      await expect(owner.locator('[type=radio][value=auditor]')).toBeChecked();
      await owner.keyboard.press('Enter');
      await expect(owner.getByRole('listitem').filter({ hasText: invited })).toContainText(t('role.auditor'));

      await auditor.goto(await mailed(invited, '/invitation', world));
      await type(auditor, auditor.getByLabel(t('field.name')), 'Noor Aziz');
      await type(auditor, auditor.locator('[autocomplete=new-password]'), PASSWORD);
      await auditor.keyboard.press('Enter');
      await expect(auditor.getByRole('heading', { level: 1, name })).toBeVisible();
      await expect(place(auditor, 'nav.audit')).toBeVisible();
      await expect(place(auditor, 'nav.share')).toHaveCount(0);
      await auditor.goto(`/o/${slug}/share`);
      await expect(auditor.getByText(t('missing.here'))).toBeVisible();
    });

    const first = await test.step('makes a key for CI, which is told once', async () => {
      await press(owner, place(owner, 'nav.keys'));
      await press(owner, button(owner, 'keys.new'));
      await type(owner, owner.getByRole('dialog').getByLabel(t('keys.name')), 'CI');
      await owner.keyboard.press('Enter');
      return told(owner);
    });

    await test.step('the command line shares with it, on the organization’s domain', async () => {
      addDomain(slug, host, world.dataDir);
      await expect.poll(async () => (await fetchAs('computer')(`${origin}/`)).status, 'edges have looked again').toBe(200);
      const { code, said } = shareAsKey(first, origin, TEXT);
      expect(code).toBe(0);
      keepFromLog(TEXT, new URL(said).hash.slice(2));
      expect((await open(said)).text).toBe(TEXT);
      await press(owner, place(owner, 'nav.receipts'));
      await expect(owner.getByRole('row').filter({ hasText: host })).toContainText('CI');
      await expect(owner.getByRole('row').filter({ hasText: host })).toContainText(t('state.destroyed'));
    });

    const second = await test.step('rotates the key', async () => {
      await press(owner, place(owner, 'nav.keys'));
      await press(owner, owner.getByRole('button', { name: t('actions.of', { name: 'CI' }) }));
      await owner.keyboard.press('Enter');
      await press(owner, owner.getByRole('dialog').getByRole('button', { name: t('keys.rotate'), exact: true }));
      return told(owner);
    });

    await test.step('the old text works until the overlap ends, and not after', async () => {
      const codes = () => [first, second].map((key) => shareAsKey(key, origin, TEXT).code);
      expect(codes()).toEqual([0, 0]);
      change('UPDATE api_keys SET overlap_ends_at_ms = created_at_ms WHERE name = ?', ['CI'], world.dataDir);
      expect(codes()).toEqual([REFUSED, 0]);
    });

    await test.step('deletes the organization, and after seven days nothing of it is left', async () => {
      const [[tenant]] = rows('SELECT id FROM tenants WHERE slug = ?', [slug], world.dataDir) as [[string]];
      await press(owner, place(owner, 'nav.settings'));
      await press(owner, button(owner, 'settings.delete.button'));
      await type(owner, owner.getByRole('dialog').getByRole('textbox'), name);
      await press(owner, owner.getByRole('dialog').getByRole('button', { name: t('settings.delete.confirm') }));
      await expect(button(owner, 'settings.keep')).toBeVisible();
      expect(whereIs(tenant, world.dataDir).length).toBeGreaterThan(5);

      change('UPDATE tenants SET deletion_due_at_ms = created_at_ms - 86400000 WHERE id = ?', [tenant], world.dataDir);
      await again(world);
      await expect.poll(() => whereIs(tenant, world.dataDir)).toEqual([]);
      for (const said of [slug, host, name]) expect(whereIs(said, world.dataDir), said).toEqual([]);
      const buried = rows('SELECT hex(host_sha256) FROM domain_tombstones', [], world.dataDir);
      expect(buried).toEqual([[createHash('sha256').update(host).digest('hex').toUpperCase()]]);
      await owner.goto('/');
      await expect(owner.getByText(t('organizations.empty.title'))).toBeVisible();
    });
    await world.server.stop();
  });

  /** The key on the screen, which is put away. */
  async function told(page: Page): Promise<string> {
    const key = (await page.getByText(/^wxk_\w{38}$/).textContent()) ?? '';
    keepFromLog(key);
    await press(page, button(page, 'keys.told.kept'));
    return key;
  }
}
