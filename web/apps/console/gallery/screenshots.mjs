// Pictures of every view in every size, theme and language, to be looked at by people. Words on the command line choose
// views whose name contains one of them.
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium } from '@playwright/test';
import { openView, VIEWS } from './open.mjs';
import { serve } from './server.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const words = process.argv.slice(2);
const chosen = VIEWS.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
const sizes = (process.env.WIDTHS ?? '390,768,1280').split(',').map(Number);
const languages = (process.env.LANGUAGES ?? 'en,ja').split(',');
const themes = (process.env.THEMES ?? 'light,dark').split(',');

mkdirSync(here('screenshots'), { recursive: true });
const { origin, stop } = await serve(here('dist'));
const browser = await chromium.launch({ executablePath: process.env.WAXSEAL_E2E_CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
try {
  for (const lang of languages) {
    for (const colorScheme of themes) {
      const context = await browser.newContext({ locale: lang === 'ja' ? 'ja-JP' : 'en-GB', timezoneId: 'UTC', colorScheme, reducedMotion: 'reduce' });
      for (const view of chosen) {
        const page = await openView(context, origin, view);
        for (const width of sizes) {
          await page.setViewportSize({ width, height: width < 500 ? 844 : 860 });
          await page.screenshot({ path: here(`screenshots/${view.name}.${lang}.${width}.${colorScheme}.png`), fullPage: !(await page.locator('dialog[open]').count()) });
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
