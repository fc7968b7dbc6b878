import { test } from '../src/fixtures.ts';
import { paint, reach, WALKS } from '../src/states.ts';

/** `npm run screenshots`: pictures of every state, to be looked at by people. */
const SIZES = { 360: { width: 360, height: 740 }, 1280: { width: 1280, height: 800 } };

for (const walk of WALKS) {
  for (const name of [...Object.keys(walk.cases), ...Object.keys(walk.variants)]) {
    for (const [lang, locale] of Object.entries({ en: 'en-GB', ja: 'ja-JP' })) {
      test(`${walk.page} ${name} ${lang}`, async ({ person }) => {
        const page = await person({ locale });
        await reach(page, walk, name);
        for (const [width, size] of Object.entries(SIZES)) {
          await page.setViewportSize(size);
          for (const colorScheme of ['light', 'dark'] as const) {
            await paint(page, colorScheme);
            const file = [walk.page, name.replace(/[^\w-]+/g, '-'), lang, width, colorScheme].join('.');
            await page.screenshot({ path: `screenshots/${file}.png`, fullPage: true });
          }
        }
      });
    }
  }
}
