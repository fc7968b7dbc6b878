import { expect, openLink, pasted, test, visit } from '../src/fixtures.ts';
import { send } from '../src/people.ts';
import { run } from '../src/servers.ts';

/** What a browser does whose settings forbid pages to keep data. */
function blockStorage(): void {
  IDBFactory.prototype.open = () => {
    throw new DOMException('The operation is insecure.', 'SecurityError');
  };
}

test('a browser that keeps nothing says so before the gesture, and opens all the same', async ({ person }) => {
  const { link, text } = await send({ origin: run.origin });
  const reader = await person();
  await reader.addInitScript(blockStorage);
  await visit(reader, link);
  await expect(reader.locator('[data-notice=no-storage]')).toBeVisible();
  expect(await openLink(reader, link)).toBe(text);
});

test('a browser that keeps data is told nothing about it', async ({ person }) => {
  const { link } = await send({ origin: run.origin });
  const reader = await person();
  await visit(reader, link);
  await expect(reader.locator('[data-notice]')).toHaveCount(0);
});

for (const [app, userAgent] of Object.entries({
  LINE: 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 Safari Line/15.9.0',
  Instagram: 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 Instagram 380.0',
})) {
  test(`inside ${app} the page advises another browser before the gesture`, async ({ person }) => {
    const { link } = await send({ origin: run.origin });
    const reader = await person({ userAgent });
    await visit(reader, link);
    const notice = reader.locator('[data-notice=in-app]');
    await expect(notice).toBeVisible();
    await notice.locator('.copy').click();
    expect(await pasted(reader), 'the whole link, to be pasted elsewhere').toBe(link);
  });
}

test("inside an Android app the page offers the phone's own browser, with the whole link", async ({ person }) => {
  const userAgent = 'Mozilla/5.0 (Linux; Android 15; Pixel 9; wv) AppleWebKit/537.36 Version/4.0 Chrome/130.0 Mobile Safari/537.36';
  for (const kind of ['one_time', 'device_bound'] as const) {
    const { link } = await send({ origin: run.origin, kind });
    const reader = await person({ userAgent });
    await visit(reader, link);
    const intent = (await reader.locator('#intent').getAttribute('href')) ?? '';
    expect(intent).toMatch(/^intent:\/\/.*#Intent;scheme=http;/);
    expect(intent).toContain(link.replace(/^http/, 'intent'));
  }
});
