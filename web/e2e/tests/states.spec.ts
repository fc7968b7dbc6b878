import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import type axe from 'axe-core';
import { expect, test } from '../src/fixtures.ts';
import { paint, reach, WALKS } from '../src/states.ts';

/** Every state of every page, in every language and theme. WCAG 2.2 AA and axe's best practice. */
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const LOCALES = { en: 'en-GB', ja: 'ja-JP' };
/** WCAG 2.2 §1.4.10 (reflow): no scrolling in two directions at this width. */
const NARROW = { width: 320, height: 640 };

for (const walk of WALKS) {
  test(`every state of the ${walk.page} page has a case here`, () => {
    expect(walk.states.length).toBeGreaterThan(0);
    expect(Object.keys(walk.cases).sort()).toEqual([...walk.states].sort());
    const strangers = Object.keys(walk.variants).filter((name) => !walk.states.includes(name.split('/')[0] ?? ''));
    expect(strangers).toEqual([]);
  });

  for (const name of [...Object.keys(walk.cases), ...Object.keys(walk.variants)]) {
    for (const [lang, locale] of Object.entries(LOCALES)) {
      test(`${walk.page} page, ${name}, ${lang}: accessible in light and dark, fits 320 px`, async ({ person }) => {
        const page = await person({ locale });
        await reach(page, walk, name);
        await expect(page.locator('html')).toHaveAttribute('lang', lang);
        for (const colorScheme of ['light', 'dark'] as const) {
          await paint(page, colorScheme);
          expect(await violations(page), colorScheme).toEqual([]);
        }
        await page.setViewportSize(NARROW);
        expect(await tooWide(page)).toEqual([]);
      });
    }
  }
}

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(
    (values) => (globalThis as unknown as { axe: typeof axe }).axe.run({ runOnly: { type: 'tag', values } }),
    RULES,
  );
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary}`));
}

/** What sticks out of the window, if anything makes it scroll sideways. */
function tooWide(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    const out = [...document.body.querySelectorAll('*')].filter((element) => element.getBoundingClientRect().right > clientWidth + 1);
    return [`${scrollWidth} px`, ...out.map((element) => element.outerHTML.slice(0, 100))];
  });
}
