import { readFileSync } from 'node:fs';

/**
 * What there is to look at: each page in the worlds in which it looks different, and what is pressed, or typed
 * (`place := text`, `list := value`), before looking. In one `width` only, if that decides what there is to press; without
 * the `lost` part of the console.
 */
export const VIEWS = JSON.parse(readFileSync(new URL('views.json', import.meta.url), 'utf8'));

const urlOf = ({ path, scenario }) => {
  const url = new URL(path, 'http://localhost');
  url.searchParams.set('scenario', scenario);
  return url.pathname + url.search + url.hash;
};

/** The moment at which the gallery stands (`fake.ts`). */
const NOW = Date.UTC(2026, 10, 22, 9, 30);

/** Opens a view in a page of its own, at the gallery's moment, and presses what the view wants pressed. */
export async function openView(context, origin, view) {
  const page = await context.newPage();
  await page.addInitScript((now) => {
    Date.now = () => now;
  }, NOW);
  if (view.width) await page.setViewportSize({ width: view.width, height: 844 });
  if (view.lost) await page.route(`**/assets/${view.lost}.*`, (route) => route.abort('connectionfailed'));
  await page.goto(origin + urlOf(view));
  await page.locator('h1').first().waitFor();
  if (view.name.includes('loading')) await page.locator('[role=status] .bar').first().waitFor();
  for (const step of view.press) {
    const [selector, text] = step.split(' := ');
    const place = page.locator(selector).last();
    if (!text) await place.click();
    else if (await place.evaluate(({ localName }) => localName === 'select')) await place.selectOption(text);
    else await place.fill(text);
  }
  // What a press began has ended, or asks something first: nothing on top says of itself that it is busy.
  if (view.press.length > 0) await page.waitForFunction(() => !([...document.querySelectorAll('dialog[open]')].at(-1) ?? document).querySelector('[aria-busy=true]'));
  return page;
}
