import type { Page } from '@playwright/test';
import { test } from '../src/fixtures.ts';
import { member } from '../src/members.ts';
import { notified } from '../src/notices.ts';
import { run } from '../src/servers.ts';
import { paint, reach, WALKS } from '../src/states.ts';

/** `npm run screenshots`: pictures of every state, to be looked at by people. A phone is taken at its narrowest. */
const SIZES = { 320: { width: 320, height: 740 }, 1280: { width: 1280, height: 800 } };
const LOCALES = Object.entries({ en: 'en-GB', ja: 'ja-JP' });

async function shoot(page: Page, name: string, lang: string, fullPage = true): Promise<void> {
  for (const [width, size] of Object.entries(SIZES)) {
    await page.setViewportSize(size);
    for (const colorScheme of ['light', 'dark'] as const) {
      await paint(page, colorScheme);
      const file = [name.replace(/[^\w.-]+/g, '-'), lang, width, colorScheme].join('.');
      await page.screenshot({ path: `screenshots/${file}.png`, fullPage });
    }
  }
}

for (const walk of WALKS) {
  for (const name of [...Object.keys(walk.cases), ...Object.keys(walk.variants)]) {
    for (const [lang, locale] of LOCALES) {
      test(`${walk.page} ${name} ${lang}`, async ({ person }) => {
        const page = await person({ locale });
        await reach(page, walk, name);
        await shoot(page, `${walk.page}.${name}`, lang);
      });
    }
  }
}

for (const [lang, locale] of LOCALES) {
  for (const [host, at] of [['platform', () => run.platform], ['organization', () => run.durableOrigin]] as const) {
    test(`notices ${host} ${lang}`, async ({ person }) => {
      const { stop } = await notified(await member(person), `pictures-${host}-${lang}`);
      const page = await person({ locale });
      await page.goto(stop.replace(run.platform, at()));
      await shoot(page, `notices.${host}-sent`, lang);
      for (const after of ['stopped', 'resumed']) {
        await page.locator('form button').click();
        await shoot(page, `notices.${host}-${after}`, lang);
      }
      await page.goto(`${at()}/unsubscribe/x`);
      await shoot(page, `notices.${host}-unknown`, lang);
    });
  }
}

// The page of the API is long, and in English: its beginning, an operation, and its end.
for (const part of ['', 'make_key', 'list_secrets', 'create', 'problems']) {
  test(`api ${part}`, async ({ person }) => {
    const page = await member(person);
    await page.goto(`/docs/api${part && `#${part}`}`);
    await shoot(page, `api.${part || 'begin'}`, 'en', false);
  });
}
