// Pictures of every view on a phone and on a desk, in each theme and language, to be looked at by people. Words on the command
// line choose views whose name contains one of them; WIDTHS, LANGUAGES and THEMES choose the rest. Says what it has made.
import { mkdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium } from '@playwright/test';
import { openView, VIEWS } from './open.mjs';
import { serve } from './server.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const words = process.argv.slice(2);
const chosen = VIEWS.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
// A phone is taken at its narrowest: what fits there fits on all.
const sizes = (process.env.WIDTHS ?? '320,1280').split(',').map(Number);
const languages = (process.env.LANGUAGES ?? 'en,ja').split(',');
const themes = (process.env.THEMES ?? 'light,dark').split(',');

const folder = here('screenshots');
if (words.length === 0) rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
/** How many of each kind there are: of each view, language, width and theme. */
const [views, kinds] = [new Map(), new Map()];
const count = (counts, key) => counts.set(key, (counts.get(key) ?? 0) + 1);

const { origin, stop } = await serve(here('dist'));
const browser = await chromium.launch({ executablePath: process.env.WAXSEAL_E2E_CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
try {
  for (const lang of languages) {
    for (const colorScheme of themes) {
      const context = await browser.newContext({ locale: lang === 'ja' ? 'ja-JP' : 'en-GB', timezoneId: 'UTC', colorScheme, reducedMotion: 'reduce' });
      for (const view of chosen) {
        const page = await openView(context, origin, view);
        for (const width of view.width ? [view.width] : sizes) {
          await page.setViewportSize({ width, height: width < 500 ? 844 : 860 });
          const fullPage = !(await page.locator('dialog[open]').count());
          // A picture of the whole page begins at its beginning, wherever a press has led.
          if (fullPage) await page.evaluate(() => scrollTo(0, 0));
          await page.screenshot({ path: `${folder}/${view.name}.${lang}.${width}.${colorScheme}.png`, fullPage });
          count(views, view.name);
          count(kinds, `${lang} ${width} px ${colorScheme}`);
        }
        await page.close();
      }
      await context.close();
    }
  }
} finally {
  await browser.close();
  await stop();
}

const list = (counts) => [...counts].map(([name, pictures]) => `  ${String(pictures).padStart(4)}  ${name}`).join('\n');
const all = [...kinds.values()].reduce((sum, pictures) => sum + pictures, 0);
console.log(`${list(views)}\n\n${list(kinds)}\n\n${all} pictures of ${views.size} views in ${folder}`);
