import { NARROW, tooWide, violations } from '../src/accessible.ts';
import { expect, test } from '../src/fixtures.ts';
import { paint, reach, WALKS } from '../src/states.ts';

/** Every state of every page, in every language and theme. */
const LOCALES = { en: 'en-GB', ja: 'ja-JP' };

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
