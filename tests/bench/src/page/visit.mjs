// Opens a link in Chromium as a person does, and prints what was fetched on the way, as one line of JSON:
//   node --input-type=module --eval <this> -- <folder that finds Playwright> <link> <locale> [<passphrase>]
import { createRequire } from 'node:module';
import { gzipSync } from 'node:zlib';

const [folder, link, locale, passphrase] = process.argv.slice(1);
const { chromium } = createRequire(`${folder}/package.json`)('@playwright/test');

const browser = await chromium.launch({
  executablePath: process.env.WAXSEAL_E2E_CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'],
});
try {
  const page = await browser.newPage({ locale });
  const fetched = [];
  page.on('requestfinished', (request) => fetched.push(describe(request)));
  const state = (name) => page.locator(`main[data-state="${name}"]`).waitFor();

  await page.goto(link);
  await state(passphrase ? 'passphrase' : 'ready');
  const untilReady = (await Promise.all(fetched)).length;
  if (passphrase) await page.locator('#passphrase').fill(passphrase);
  await page.locator('#open').click();
  await state('shown');
  await page.waitForLoadState('networkidle');
  console.log(JSON.stringify({ untilReady, fetched: await Promise.all(fetched) }));
} finally {
  await browser.close();
}

/** Sizes are those at the best compression: how far a connection is, and what it negotiates, is another question. */
async function describe(request) {
  const { startTime, responseEnd } = request.timing();
  const body = (await (await request.response())?.body().catch(() => undefined)) ?? Buffer.alloc(0);
  return {
    path: new URL(request.url()).pathname,
    kind: request.resourceType(),
    gzip: body.length && gzipSync(body, { level: 9 }).length,
    from: startTime,
    to: startTime + Math.max(responseEnd, 0),
  };
}
