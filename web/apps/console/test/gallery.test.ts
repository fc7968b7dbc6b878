import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type BrowserContext, type Page } from '@playwright/test';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openView, VIEWS } from '../gallery/open.mjs';
import { serve } from '../gallery/server.mjs';

/**
 * The pages and components themselves, in a real Chromium, under the policy that the server sends. The gallery is what is
 * looked at: every page over a typed fake of the API.
 */
interface View {
  name: string;
  press: string[];
}

const app = fileURLToPath(new URL('../', import.meta.url));
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'gallery-'));
let server: Awaited<ReturnType<typeof serve>>;
let browser: Browser;
let context: BrowserContext;

beforeAll(async () => {
  execFileSync(process.execPath, ['build/gallery.mjs', join(folder, 'dist')], { cwd: app, stdio: 'pipe' });
  server = await serve(join(folder, 'dist'));
  const executablePath = process.env['WAXSEAL_E2E_CHROMIUM'] ?? '/usr/bin/chromium';
  browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  context = await browser.newContext({ locale: 'en-GB', timezoneId: 'UTC', reducedMotion: 'reduce', viewport: { width: 1280, height: 900 } });
  await context.addInitScript(() => {
    const violated: string[] = [];
    Object.assign(window, { violated });
    addEventListener('securitypolicyviolation', ({ violatedDirective, sourceFile, sample }) => violated.push(`${violatedDirective} ${sourceFile} ${sample}`));
  });
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
  rmSync(folder, { recursive: true });
});

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

interface AxeResult {
  violations: { id: string; nodes: { target: string[]; any: { message: string }[] }[] }[];
}

/** What axe finds, in words. It is brought in by the debugger, which no page's policy forbids. */
async function faults(page: Page, options: object): Promise<string[]> {
  const { violations } = (await page.evaluate(`${axe}; axe.run(document, ${JSON.stringify(options)})`)) as AxeResult;
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target, any }) => `${id}: ${target.join(' ')} ${any[0]?.message ?? ''}`));
}

/** What is wider than its place: a page that scrolls sideways, a list that its card cuts off. */
function cutOff(): string[] {
  const wide = (element: Element, room: number) => (element.getBoundingClientRect().right > room + 1 ? [element.tagName] : []);
  const tables = [...document.querySelectorAll('table')].flatMap((table) => wide(table, table.parentElement!.getBoundingClientRect().right));
  return document.documentElement.scrollWidth > innerWidth ? ['page', ...tables] : tables;
}

const everyone = { runOnly: { type: 'tag', values: RULES } };
const contrast = { runOnly: ['color-contrast'] };

test.concurrent.each((VIEWS as View[]).map((view) => [view.name, view] as const))('%s: for everybody, in both themes, from 1280 to 320 px, under the policy', async (_, view) => {
  const page = await openView(context, server.origin, view);
  expect(await faults(page, everyone)).toEqual([]);
  await page.emulateMedia({ colorScheme: 'dark' });
  expect(await faults(page, contrast)).toEqual([]);
  for (const width of [1280, 1100, 1024, 768, 320]) {
    await page.setViewportSize({ width, height: 700 });
    expect(await page.evaluate(cutOff), `at ${width} px`).toEqual([]);
  }
  expect(await page.evaluate(() => (window as never as { violated: string[] }).violated)).toEqual([]);
  await page.close();
});

describe('by keyboard', () => {
  const open = (path: string, scenario = 'owner') => openView(context, server.origin, { name: '', path, scenario, press: [] });
  const focused = (page: Page) => page.evaluate(() => document.activeElement?.textContent?.trim() ?? '');

  test('a menu opens, walks, and gives focus back', async () => {
    const page = await open('/o/acme/members');
    await page.getByRole('button', { name: 'Actions for Ben Okafor' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('menuitem', { name: 'Change the role' }).waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Escape');
    await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe('Actions for Ben Okafor');
    await page.close();
  });

  test('a dangerous act waits for the name, and Escape leaves everything as it was', async () => {
    const page = await open('/o/acme/settings');
    await page.getByRole('button', { name: 'Delete…' }).focus();
    await page.keyboard.press('Enter');
    const confirm = page.getByRole('button', { name: 'Delete in 7 days' });
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('INPUT');
    expect(await confirm.isDisabled()).toBe(true);
    await page.getByLabel('Type “Acme, Inc.” to confirm').fill('Acme, Inc.');
    expect(await confirm.isDisabled()).toBe(false);
    await page.keyboard.press('Escape');
    await confirm.waitFor({ state: 'detached' });
    expect(await focused(page)).toBe('Delete…');
    await page.close();
  });

  test('going to another page changes the title and brings focus to its heading; going back, too', async () => {
    const page = await open('/o/acme');
    await page.getByRole('link', { name: 'Members' }).focus();
    await page.keyboard.press('Enter');
    await expect.poll(() => focused(page)).toBe('Members');
    expect(await page.title()).toBe('Members · Waxseal');
    await page.goBack();
    await expect.poll(() => page.title()).toBe('Acme, Inc. · Waxseal');
    await page.close();
  });

  test('a plan is compared and chosen, and the change is looked at and left', async () => {
    const page = await open('/o/acme/billing');
    await page.getByRole('radio', { name: 'Monthly' }).focus();
    await page.keyboard.press('ArrowRight');
    await page.getByText('$2,490').waitFor();
    await page.getByRole('button', { name: 'Change to Business' }).focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Change to Business' });
    await dialog.getByText('$74.85').waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    expect(await focused(page)).toBe('Change to Business');
    await page.close();
  });

  test('a form with a fault puts focus where it can be mended', async () => {
    const page = await open('/sign-up', 'guest');
    await page.getByLabel('Your name').fill('Aiko');
    await page.keyboard.press('Enter');
    await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('name'))).toBe('email');
    await page.close();
  });
});

describe('a session', () => {
  test('that ended shows the way in where one was, says so, and asks for nothing else', async () => {
    const page = await openView(context, server.origin, { name: '', path: '/o/acme/keys?x=1', scenario: 'ended', press: [] });
    await page.getByText('Your session has ended').waitFor();
    expect(new URL(page.url()).pathname).toBe('/o/acme/keys');
    await page.close();
  });

  test('asks for the second factor, and takes a code as a phone writes it', async () => {
    const press = ['[name=email] := a@b.example', '[name=password] := correct horse', 'main [type=submit]'];
    const page = await openView(context, server.origin, { name: '', path: '/sign-in', scenario: 'guest', press });
    const code = page.getByLabel('Six-digit code');
    await code.fill('１２３ ４５');
    expect(await code.inputValue()).toBe('12345');
    await page.close();
  });
});

describe('a part of the console', () => {
  const altered = async (answer: 'altered' | 'lost') => {
    const page = await context.newPage();
    let broken = true;
    await page.route(/\/assets\/organization\./, async (route) => {
      if (!broken) return route.continue();
      if (answer === 'lost') return route.abort('connectionfailed');
      const response = await route.fetch();
      return route.fulfill({ response, body: `${await response.text()};globalThis.intruded = true` });
    });
    await page.goto(`${server.origin}/o/acme/keys?scenario=owner`);
    await page.getByRole('heading', { name: 'This page did not load' }).waitFor();
    broken = false;
    return page;
  };

  test.each(['altered', 'lost'] as const)('that is %s is not run; the page says so, and loads again', async (answer) => {
    const page = await altered(answer);
    expect(await page.evaluate(() => 'intruded' in globalThis)).toBe(false);
    await page.getByRole('button', { name: 'Load the page again' }).click();
    await page.getByRole('heading', { name: 'API keys' }).waitFor();
    await page.close();
  });
});

describe('what a reader chose', () => {
  test('language and theme change at once and are there after a reload', async () => {
    const own = await browser.newContext({ locale: 'en-GB' });
    const page = await openView(own, server.origin, { name: '', path: '/sign-in', scenario: 'guest', press: [] });
    await page.getByRole('button', { name: '日本語' }).click();
    await page.getByRole('heading', { name: 'サインイン' }).waitFor();
    await page.getByRole('button', { name: 'ダーク' }).click();
    await page.reload();
    await page.getByRole('heading', { name: 'サインイン' }).waitFor();
    expect(await page.evaluate(() => [document.documentElement.lang, document.documentElement.dataset['theme'], getComputedStyle(document.body).colorScheme])).toEqual(['ja', 'dark', 'dark']);
    await own.close();
  });

  test('a mailed token leaves the address bar and no trace in the history', async () => {
    const page = await openView(context, server.origin, { name: '', path: '/verify#SECRET-TOKEN', scenario: 'guest', press: [] });
    expect(page.url()).not.toContain('SECRET-TOKEN');
    await page.close();
  });
});
