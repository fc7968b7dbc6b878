import { gzipSync } from 'node:zlib';
import type { Response } from '@playwright/test';
import { expect, expectState, test, visit } from '../src/fixtures.ts';
import { send } from '../src/people.ts';
import { run } from '../src/servers.ts';

const BUDGET_BYTES = 15_000;
const LIBRARY_BUDGET_BYTES = 9_000;

async function gzipped(script: Response): Promise<number> {
  return gzipSync(await script.body(), { level: 9 }).length;
}

for (const locale of ['en-GB', 'ja-JP']) {
  test(`all scripts until the text shows are at most 15 kB compressed, and the HPKE library 9 kB (${locale})`, async ({ person }) => {
    const { link } = await send({ origin: run.origin });
    const reader = await person({ locale });
    const scripts: Response[] = [];
    reader.on('response', (response) => {
      if (response.request().resourceType() === 'script' || response.url().endsWith('.js')) scripts.push(response);
    });
    await visit(reader, link);
    await reader.locator('#open').click();
    await expectState(reader, 'shown');
    expect(scripts.length).toBeGreaterThan(0);
    const sum = async (library: boolean) => {
      const chosen = scripts.filter((script) => script.url().includes('/hpke.') === library);
      return (await Promise.all(chosen.map(gzipped))).reduce((total, size) => total + size, 0);
    };
    const [ours, library] = [await sum(false), await sum(true)];
    test.info().annotations.push({ type: 'bytes', description: `${ours} + ${library}` });
    expect(ours).toBeLessThanOrEqual(BUDGET_BYTES);
    expect(library).toBeGreaterThan(0);
    expect(library).toBeLessThanOrEqual(LIBRARY_BUDGET_BYTES);
  });
}

test('the page asks about its secret as soon as its script runs, and is ready with the one answer', async ({ person }) => {
  const { link } = await send({ origin: run.origin });
  const reader = await person();
  const requests: string[] = [];
  reader.on('request', (request) => void requests.push(new URL(request.url()).pathname));

  // The brand is not there yet, and the question is asked all the same.
  let deliver = () => {};
  const later = new Promise<void>((resolve) => (deliver = resolve));
  await reader.route('**/brand.json', async (route) => {
    await later;
    await route.continue();
  });
  const asked = reader.waitForRequest('**/v1/secrets/peek');
  const loading = reader.goto(link);
  await asked;
  deliver();
  await loading;
  await expectState(reader, 'ready');

  const after = requests.slice(requests.indexOf('/v1/secrets/peek') + 1);
  expect(after.filter((path) => !path.startsWith('/brand/') && !path.startsWith('/assets/icon')), 'no second round').toEqual([]);
  for (const preloaded of ['/brand.json', '/v1/channel']) {
    expect(requests.filter((path) => path === preloaded), 'what was preloaded is used').toHaveLength(1);
  }
});
