import { test as base, expect, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from '@playwright/test';
import type { Kind } from '@waxseal/crypto';
import { blame, keepFromLog, watched } from './ledger.ts';
import { fragments } from './people.ts';
import { run } from './servers.ts';

export { expect } from '@playwright/test';

interface Promised {
  /** A person with a browser profile of their own: another call is another device. */
  person(options?: BrowserContextOptions): Promise<Page>;
  /** Watches a profile that a test made by itself. */
  watch(context: BrowserContext): Promise<void>;
}

export const test = base.extend<Promised>({
  watch: async ({}, use) => {
    const faults: string[] = [];
    await use((context) => watchContext(context, (fault) => void faults.push(fault)));
    faults.forEach(blame);
    expect(faults, 'no page may do this').toEqual([]);
  },
  person: async ({ browser, watch }, use) => {
    const profiles: BrowserContext[] = [];
    await use(async (options) => {
      const profile = await newProfile(browser, options);
      profiles.push(profile);
      await watch(profile);
      return profile.newPage();
    });
    for (const profile of profiles) await profile.close();
  },
});

function newProfile(browser: Browser, options: BrowserContextOptions = {}): Promise<BrowserContext> {
  return browser.newContext({
    baseURL: run.origin,
    locale: 'en-GB',
    permissions: ['clipboard-read', 'clipboard-write'],
    reducedMotion: 'reduce',
    ...options,
  });
}

/** What the browser says by itself, and no page can help. */
const EXPECTED = [
  // A test let the request fail, or the server rightly refused it.
  /^Failed to load resource: /,
  // Chromium has no share sheet on Linux, so it does not know the policy for one either.
  /^Error with Permissions-Policy header: Unrecognized feature: 'web-share'\.$/,
  // Scripts are off, or a test holds them back.
  /was preloaded using link preload but not used/,
];

/** Hears of everything that a page must never do. */
export async function watchContext(context: BrowserContext, fault: (text: string) => void): Promise<void> {
  await context.exposeBinding('waxsealViolation', ({ page }, what: string) => fault(`${page.url()} broke its policy: ${what}`));
  await context.addInitScript(() => {
    const report = (globalThis as unknown as { waxsealViolation(what: string): void }).waxsealViolation;
    document.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI, sample }) =>
      report(`${effectiveDirective} ${blockedURI} ${sample}`),
    );
  });
  context.on('console', (message) => {
    const complaint = ['error', 'warning'].includes(message.type()) && !EXPECTED.some((form) => form.test(message.text()));
    if (complaint) fault(`console: ${message.text()}`);
  });
  context.on('weberror', (error) => fault(`uncaught: ${error.error().message}`));
  // Answered by the person: whoever goes on says yes. Tests that leave a text on purpose await the question themselves.
  context.on('dialog', (dialog) => void dialog.accept());
  context.on('request', (request) => {
    const { origin, hostname, protocol, href, hash } = new URL(request.url());
    if (['data:', 'blob:', 'about:'].includes(protocol)) return;
    watched(href.slice(0, href.length - hash.length));
    // A person may go from one host of this machine to another; a page may speak to its own only.
    const own = request.isNavigationRequest() ? hostname.endsWith('.localhost') || hostname === '127.0.0.1' : origin === new URL(request.frame().url()).origin;
    if (!own) fault(`a request to another origin: ${href}`);
  });
}

/** The page is in this state of its machine. */
export async function expectState(page: Page, state: string): Promise<void> {
  await expect(page.locator('main')).toHaveAttribute('data-state', state);
}

export const SECRET = '#secret';

/** Visits a link and stops before the gesture. */
export async function visit(page: Page, link: string, state = 'ready'): Promise<void> {
  await page.goto(link);
  await expectState(page, state);
}

/** Opens a link as a person does, and gives the text on the screen. */
export async function openLink(page: Page, link: string): Promise<string> {
  await visit(page, link);
  await page.locator('#open').click();
  await expectState(page, 'shown');
  return shownText(page);
}

export async function shownText(page: Page): Promise<string> {
  return (await page.locator(SECRET).textContent()) ?? '';
}

export interface Form {
  text: string;
  kind?: Kind;
  views?: number;
  passphrase?: string;
  /** Seconds, one of those on offer. */
  lifetime?: number;
}

/** Fills the form on the home page and seals. */
export async function sealInBrowser(page: Page, { text, kind, views, passphrase, lifetime }: Form): Promise<{ link: string; receiptLink: string }> {
  await page.goto('/');
  await page.locator('#text').fill(text);
  if (kind) await page.locator(`#kind-${kind}`).check();
  if (views) await page.locator('#views').fill(String(views));
  if (lifetime) await page.locator('#lifetime').selectOption(String(lifetime));
  if (passphrase) await page.locator('#passphrase').fill(passphrase);
  await page.locator('#submit').click();
  await expectState(page, 'result');
  const links = await linksOf(page);
  keepFromLog(text, passphrase ?? '', ...fragments(links));
  return links;
}

export async function linksOf(page: Page): Promise<{ link: string; receiptLink: string }> {
  const link = await page.locator('#link').inputValue();
  const receiptLink = (await page.locator('#receipt').getAttribute('href')) ?? '';
  return { link, receiptLink };
}

/** What the person's clipboard holds, found as they would: by pasting it somewhere. Pages may write to it only. */
export async function pasted(page: Page, place = '/'): Promise<string> {
  const elsewhere = await page.context().newPage();
  await elsewhere.goto(place);
  await elsewhere.locator('#text').focus();
  await elsewhere.keyboard.press('ControlOrMeta+V');
  const text = await elsewhere.locator('#text').inputValue();
  await elsewhere.close();
  return text;
}

/** Every request for one of the secret's routes hangs until the returned function lets it go on. */
export async function hold(page: Page, route: string): Promise<() => Promise<void>> {
  const pattern = `**/v1/secrets/${route}`;
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  await page.context().route(pattern, async (request) => {
    await held;
    await request.continue().catch(() => {}); // The page may be gone.
  });
  return async () => {
    release();
    await page.context().unroute(pattern);
  };
}

/** Requests for this route never arrive. */
export async function cut(page: Page, route: string): Promise<() => Promise<void>> {
  const pattern = `**/v1/secrets/${route}`;
  await page.context().route(pattern, (request) => request.abort('connectionfailed'));
  return () => page.context().unroute(pattern);
}
