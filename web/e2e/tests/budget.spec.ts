import { gzipSync } from 'node:zlib';
import type { Page, Response } from '@playwright/test';
import { expect, expectState, test, visit } from '../src/fixtures.ts';
import { send } from '../src/people.ts';
import { run } from '../src/servers.ts';

const BUDGET_BYTES = 15_000;
const LIBRARY_BUDGET_BYTES = 9_000;
const PASSPHRASE_BUDGET_BYTES = 12_000;
const PASSPHRASE = 'correct horse';

/** The name of a script and its size after gzip. */
async function weighed(script: Response): Promise<[string, number]> {
  const name = /\/assets\/(\w+)\./.exec(script.url())?.[1] ?? script.url();
  return [name, gzipSync(await script.body(), { level: 9 }).length];
}

/** What is fetched until a person sees the text. Weighed as it comes: a worker takes its script along when it ends. */
async function scriptsUntilShown(reader: Page, link: string, passphrase?: string): Promise<Record<string, number>> {
  const scripts: Promise<[string, number]>[] = [];
  reader.on('response', (response) => {
    if (new URL(response.url()).pathname.endsWith('.js')) scripts.push(weighed(response));
  });
  await visit(reader, link, passphrase ? 'passphrase' : 'ready');
  if (passphrase) await reader.locator('#passphrase').fill(passphrase);
  await reader.locator('#open').click();
  await expectState(reader, 'shown');
  return Object.fromEntries(await Promise.all(scripts));
}

for (const locale of ['en-GB', 'ja-JP']) {
  test(`all scripts until the text shows are at most 15 kB compressed, and the HPKE library 9 kB (${locale})`, async ({ person }) => {
    const { link } = await send({ origin: run.origin });
    const { open, hpke, ...others } = await scriptsUntilShown(await person({ locale }), link);
    test.info().annotations.push({ type: 'bytes', description: `${open} + ${hpke}` });
    expect(others).toEqual({});
    expect(open).toBeLessThanOrEqual(BUDGET_BYTES);
    expect(hpke).toBeLessThanOrEqual(LIBRARY_BUDGET_BYTES);
  });

  test(`a passphrase loads at most 12 kB more until the text shows (${locale})`, async ({ person }) => {
    const { link } = await send({ origin: run.origin, passphrase: PASSPHRASE });
    const { open, hpke, ...onDemand } = await scriptsUntilShown(await person({ locale }), link, PASSPHRASE);
    expect(open).toBeLessThanOrEqual(BUDGET_BYTES);
    expect(hpke).toBeLessThanOrEqual(LIBRARY_BUDGET_BYTES);
    expect(Object.keys(onDemand)).toEqual(['argon2']);
    expect(onDemand['argon2']).toBeLessThanOrEqual(PASSPHRASE_BUDGET_BYTES);
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
