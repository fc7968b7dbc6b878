import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, type BrowserContextOptions, type Locator, type Page } from '@playwright/test';
import { keepFromLog } from './ledger.ts';
import { admin, run } from './servers.ts';

/** People at the members' door: how they come in, and what they do there again and again. */

export const PASSWORD = 'plum-canyon-orbit-velvet-7';

export type Person = (options?: BrowserContextOptions) => Promise<Page>;

/** Where members sign in, and the folder into which their server puts its mails. */
export interface Door {
  platform: string;
  mailDir: string;
}

/** The door of the server that keeps. */
export const door = (): Door => ({ platform: run.platform, mailDir: run.mailDir });

/** Somebody at the members' door. */
export const member = (person: Person, locale = 'en-GB', { platform } = door()): Promise<Page> => person({ baseURL: platform, locale });

/** The link to this page in the one mail that has it. It lies in the server's folder once it is sent. */
export async function mailed(to: string, page: string, at = door()): Promise<string> {
  const form = new RegExp(`${at.platform.replaceAll('.', '\\.')}${page}#[\\w-]{43}`);
  let link: string | undefined;
  await expect.poll(() => (link = letters(to, at).map((text) => form.exec(text)?.[0]).find(Boolean))).toBeTruthy();
  return kept(link!);
}

/** Every mail to an address, its quoted-printable undone (RFC 2045 §6.7); a link is ASCII. */
export function letters(to: string, { mailDir } = door()): string[] {
  const names = existsSync(mailDir) ? readdirSync(mailDir).filter((name) => name.endsWith('.eml')) : [];
  return names
    .map((name) => readFileSync(join(mailDir, name), 'utf8'))
    .filter((mail) => mail.includes(`\nTo: ${to}`))
    .map((mail) => mail.replaceAll(/=\r?\n/g, '').replaceAll(/=([\dA-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))));
}

/** A link whose fragment must stay out of every log. */
function kept(link: string): string {
  keepFromLog(new URL(link).hash.slice(1));
  return link;
}

/** An owner with an organization, in the quickest way a person has. */
export async function founder(page: Page, name: string, at = door()): Promise<{ email: string; place: string }> {
  const email = `${name}@nordlicht.example`;
  keepFromLog(PASSWORD, email);
  await page.goto('/sign-up');
  await page.locator('[name=name]').fill('Mira Holm');
  await page.locator('[name=email]').fill(email);
  await page.locator('[name=organization]').fill(`Nordlicht ${name}`);
  await page.locator('[autocomplete=new-password]').fill(PASSWORD);
  await page.keyboard.press('Enter');
  await page.waitForURL('/check-mail');
  await page.goto(await mailed(email, '/verify', at));
  await page.getByRole('button', { name: 'Confirm the address' }).click();
  await page.waitForURL(/\/o\//);
  return { email, place: new URL(page.url()).pathname };
}

/** Follows a link that the operator was given: the demo's own, or that of `waxseald admin`. */
export async function letIn(page: Page, link: string): Promise<void> {
  await page.goto(kept(link));
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(/\/o\//);
}

/** An owner of the demo's organization, whom the operator lets in. */
export async function ownerOfAcme(page: Page, name: string): Promise<void> {
  const email = `${name}@acme.example`;
  keepFromLog(email);
  await letIn(page, admin('owner', 'create', email, '--organization', 'acme'));
}

/** Invites somebody on the organization's page of members, which the owner's page is brought to. */
export async function invite(owner: Page, place: string, email: string, role: string): Promise<void> {
  keepFromLog(email);
  await owner.goto(`${place}/members`);
  await owner.getByRole('button', { name: 'Invite a member' }).click();
  await owner.getByRole('dialog').getByLabel('Email address').fill(email);
  await owner.getByRole('radio', { name: new RegExp(`^${role}`) }).check();
  await owner.getByRole('button', { name: 'Send the invitation' }).click();
  await expect(owner.getByRole('listitem').filter({ hasText: email })).toBeVisible();
}

/** The invited one makes an account by the mailed link, and is inside. */
export async function accept(page: Page, email: string, name: string, at = door()): Promise<void> {
  await page.goto(await mailed(email, '/invitation', at));
  await page.locator('[autocomplete=name]').fill(name);
  await page.locator('[autocomplete=new-password]').fill(PASSWORD);
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/o\//);
}

/** Tab, until the person is there. */
export async function tabTo(page: Page, place: Locator): Promise<void> {
  await place.waitFor();
  for (let presses = 0; presses < 40; presses++) {
    if (await place.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  await expect(place).toBeFocused();
}
