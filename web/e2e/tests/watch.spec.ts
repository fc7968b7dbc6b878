import { expect, test } from '@playwright/test';
import { expectState, watchContext } from '../src/fixtures.ts';
import { run } from '../src/servers.ts';

/** Every other test relies on this ear; here it must hear something. */
test('a page that breaks its policy or speaks to another origin is noticed', async ({ browser }) => {
  const context = await browser.newContext({ baseURL: run.origin });
  const faults: string[] = [];
  await watchContext(context, (fault) => void faults.push(fault));
  const page = await context.newPage();
  await page.goto('/');
  await expectState(page, 'form');
  expect(faults).toEqual([]);
  await page.evaluate(() => {
    const image = document.createElement('img');
    image.src = 'http://elsewhere.localhost:1/pixel.png';
    const script = document.createElement('script');
    script.append('globalThis.injected = true');
    document.body.append(image, script);
  });
  await expect.poll(() => faults.join('\n')).toMatch(/broke its policy: img-src http:\/\/elsewhere/);
  await expect.poll(() => faults.join('\n')).toMatch(/broke its policy: (require-trusted-types-for|script-src)/);
  await page.evaluate(() => console.error('something is wrong'));
  await expect.poll(() => faults).toContain('console: something is wrong');
  await context.close();
});
