import type { Page } from '@playwright/test';
import { NARROW, tooWide, violations } from '../src/accessible.ts';
import { expect, test } from '../src/fixtures.ts';
import { founder, member } from '../src/members.ts';
import { notified } from '../src/notices.ts';
import { run } from '../src/servers.ts';
import { paint } from '../src/states.ts';
import { fetchAs } from '../src/wire.ts';

/** The pages that the server writes itself, without scripts: of the API, and of notices by mail. */

async function forEverybody(page: Page): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await paint(page, colorScheme);
    expect(await violations(page), colorScheme).toEqual([]);
  }
  await page.setViewportSize(NARROW);
  expect(await tooWide(page)).toEqual([]);
}

const heading = (page: Page, name: string) => expect(page.getByRole('heading', { level: 1, name })).toBeVisible();

interface Document {
  paths: Record<string, Record<string, { operationId: string }>>;
}

test('whoever makes a key finds the page of the API beside it, with every operation of the document', async ({ person }) => {
  const page = await member(person);
  const { place } = await founder(page, 'reference');
  await page.goto(`${place}/keys`);
  await page.getByRole('link', { name: 'API reference' }).click();
  await heading(page, 'Waxseal API');
  // A long page is shown before the last of it has come.
  await page.waitForLoadState('load');
  const { paths } = (await (await fetchAs('computer')(`${run.platform}/v1/openapi.json`)).json()) as Document;
  const operations = Object.values(paths).flatMap((path) => Object.values(path).map(({ operationId }) => operationId));
  const there = await page.locator('article').evaluateAll((articles) => articles.map(({ id }) => id));
  expect(operations.length).toBeGreaterThan(50);
  expect(there.sort()).toEqual(operations.sort());
  await page.getByRole('navigation').getByRole('link', { name: 'make key', exact: false }).click();
  await expect(page.locator('#make_key')).toBeInViewport();
});

test('the page of the API is for everybody, in light and dark, and fits 320 px', async ({ person }) => {
  const page = await member(person);
  await page.goto('/docs/api');
  await page.setViewportSize(NARROW);
  expect(await tooWide(page)).toEqual([]);
  // All are made alike, and each takes its time: a few are enough to judge the rest by.
  await page.locator('article').evaluateAll((articles) => articles.slice(4).forEach((article) => article.remove()));
  await page.setViewportSize({ width: 1280, height: 800 });
  await forEverybody(page);
});

test('a notice’s link asks before it stops notices, the account’s own switch shows it, and either brings them back', async ({ person }) => {
  const page = await member(person);
  const { stop } = await notified(page, 'notices');
  const own = page.getByRole('switch', { name: 'Send me notices' });
  await page.goto('/account');
  await expect(own).toBeChecked();

  // On another device, where nobody is signed in.
  const reader = await member(person);
  await reader.goto(stop);
  await heading(reader, 'Stop notices by mail?');
  await page.reload();
  await expect(own, 'a look changes nothing').toBeChecked();
  await reader.getByRole('button', { name: 'Stop notices' }).click();
  await heading(reader, 'Notices are stopped');
  await page.reload();
  await expect(own).not.toBeChecked();

  await own.click();
  await expect(page.getByText('Notices are mailed again.')).toBeVisible();
  await reader.goto(stop);
  await heading(reader, 'Stop notices by mail?');
  await page.reload();
  await own.click();
  await expect(page.getByText('Notices are stopped.')).toBeVisible();
  await reader.goto(stop);
  await reader.getByRole('button', { name: 'Get notices again' }).click();
  await heading(reader, 'Notices come again');
});

test('the page of notices is for everybody, in either language, light and dark, and fits 320 px', async ({ person }) => {
  const { stop } = await notified(await member(person), 'everybody');
  for (const [locale, title, cut] of [['en-GB', 'Stop notices by mail?', 'This link stops nothing'], ['ja-JP', 'お知らせメールの配信を停止しますか', 'このリンクでは配信を停止できません']] as const) {
    // On the platform's host in its look, on an organization's in theirs.
    for (const at of [stop, stop.replace(run.platform, run.durableOrigin)]) {
      const page = await member(person, locale);
      for (const [address, said] of [[at, title], [at.slice(0, -1), cut]] as const) {
        await page.goto(address);
        await heading(page, said);
        await forEverybody(page);
      }
    }
  }
});
