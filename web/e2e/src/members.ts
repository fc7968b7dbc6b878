import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, type BrowserContextOptions, type Locator, type Page } from '@playwright/test';
import { keepFromLog } from './ledger.ts';
import { run } from './servers.ts';

export const PASSWORD = 'plum-canyon-orbit-velvet-7';

type Person = (options?: BrowserContextOptions) => Promise<Page>;

/** Somebody at the members' door. */
export const member = (person: Person, locale = 'en-GB') => person({ baseURL: run.platform, locale });

/** The link to this page in the one mail that has it. It lies in the server's folder once it is sent. */
export async function mailed(to: string, page: string): Promise<string> {
  const form = new RegExp(`${run.platform.replaceAll('.', '\\.')}${page}#[\\w-]{43}`);
  let link: string | undefined;
  await expect.poll(() => (link = letters(to).map((text) => form.exec(text)?.[0]).find(Boolean))).toBeTruthy();
  keepFromLog(new URL(link!).hash.slice(1));
  return link!;
}

/** Every mail to an address, its quoted-printable undone (RFC 2045 §6.7); a link is ASCII. */
export function letters(to: string): string[] {
  const names = existsSync(run.mailDir) ? readdirSync(run.mailDir).filter((name) => name.endsWith('.eml')) : [];
  return names
    .map((name) => readFileSync(join(run.mailDir, name), 'utf8'))
    .filter((mail) => mail.includes(`\nTo: ${to}`))
    .map((mail) => mail.replaceAll(/=\r?\n/g, '').replaceAll(/=([\dA-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))));
}

/** An owner with an organization, in the quickest way a person has. */
export async function founder(page: Page, name: string): Promise<{ email: string; place: string }> {
  const email = `${name}@nordlicht.example`;
  keepFromLog(PASSWORD, email);
  await page.goto('/sign-up');
  await page.locator('[name=name]').fill('Mira Holm');
  await page.locator('[name=email]').fill(email);
  await page.locator('[name=organization]').fill(`Nordlicht ${name}`);
  await page.locator('[autocomplete=new-password]').fill(PASSWORD);
  await page.keyboard.press('Enter');
  await page.waitForURL('/check-mail');
  await page.goto(await mailed(email, '/verify'));
  await page.getByRole('button', { name: 'Confirm the address' }).click();
  await page.waitForURL(/\/o\//);
  return { email, place: new URL(page.url()).pathname };
}

/** Tab, until the person is there. */
export async function tabTo(page: Page, place: Locator): Promise<void> {
  await place.waitFor();
  for (let presses = 0; presses < 30; presses++) {
    if (await place.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  await expect(place).toBeFocused();
}
