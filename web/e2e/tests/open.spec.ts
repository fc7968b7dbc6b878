import { expect, expectState, openLink, pasted, sealInBrowser, shownText, SECRET, test, visit } from '../src/fixtures.ts';
import { look, open, send } from '../src/people.ts';
import { run } from '../src/servers.ts';
import { fetchAs } from '../src/wire.ts';

const { origin } = run;

/** Changes one character to another of the same alphabet. */
function damage(text: string, at: number): string {
  const other = text[at] === 'A' ? 'B' : 'A';
  return text.slice(0, at) + other + text.slice(at + 1);
}

test('a text sealed in one browser profile opens in another, once, and is destroyed', async ({ person }) => {
  const [sender, recipient] = [await person(), await person()];
  const text = 'Dear Ms Tanaka,\n\tthe database password is  "Kx9-%/ä\\".\n\nRegards';
  const { link } = await sealInBrowser(sender, { text });
  expect(await openLink(recipient, link)).toBe(text);
  await expect(recipient.locator('#fate')).toHaveAttribute('data-fate', 'destroyed');
  expect(new URL(recipient.url()).hash, 'the key leaves the address bar').toBe('');
});

for (const [kind, text] of Object.entries({
  Japanese: '拝啓　パスワードは「鍵🗝️」です。\r\n𠮷野家で髙﨑様と①②③ｱｲｳ',
  emoji: '👩🏽‍🚀👨‍👩‍👧‍👦🇯🇵 e\u0301 \u202eright to left\u202c שלום',
})) {
  test(`${kind} arrives exactly as it was typed`, async ({ person }) => {
    const { link } = await sealInBrowser(await person(), { text });
    // A text field gives its lines back with LF, whatever was pasted (HTML §4.10.11, API value).
    expect(await openLink(await person(), link)).toBe(text.replaceAll('\r\n', '\n'));
  });
}

test('the longest text, one mebibyte, arrives whole', async ({ person }) => {
  const text = '秘密は三十四文字、'.repeat(38_836).slice(0, 349_523);
  expect(new TextEncoder().encode(text)).toHaveLength(1_048_569);
  const { link } = await sealInBrowser(await person(), { text });
  expect((await openLink(await person(), link)) === text).toBe(true);
});

test('a later holder of the link is told when it was opened and by what kind of device', async ({ person }) => {
  const { link } = await send({ origin });
  const before = Date.now();
  await open(link, { device: 'phone' });
  const [opening] = (await look(link)).openings;
  expect(opening).toMatchObject({ device: 'phone', state: 'acked' });
  expect(opening?.at_ms).toBeGreaterThanOrEqual(before);

  const third = await person();
  await visit(third, link, 'gone');
  const minute = new Intl.DateTimeFormat('en-GB', { timeStyle: 'short' }).format(opening?.at_ms);
  const told = third.locator('.openings li');
  await expect(told).toContainText('phone');
  await expect(told).toContainText(minute);
  await expect(third.locator(SECRET)).toHaveCount(0);
});

test('a link with one character changed in its id or its key is called damaged, and nothing is asked or taken', async ({ person }) => {
  const { link } = await send({ origin });
  const { pathname, hash } = new URL(link);
  const damaged = {
    [origin + damage(pathname, pathname.length - 10) + hash]: 'damaged-link',
    [origin + pathname + damage(hash, 12)]: 'damaged-link',
    [origin + pathname + hash.slice(0, -1)]: 'damaged-link',
    [origin + pathname + hash.replace('#1', '#2')]: 'damaged-link',
    [origin + pathname]: 'no-key',
  };
  for (const [broken, state] of Object.entries(damaged)) {
    const reader = await person();
    const asked: string[] = [];
    reader.on('request', (request) => void (request.method() === 'POST' && asked.push(request.url())));
    await visit(reader, broken, state);
    expect(asked).toEqual([]);
  }
  expect(await look(link)).toMatchObject({ state: 'ready', views_left: 1, tries: { wrong: 0 } });
});

test('a whole link to a secret that never was says not available', { tag: '@one-process' }, async ({ person }) => {
  const { link } = await send({ origin: run.durableOrigin });
  await visit(await person(), link.replace(run.durableOrigin, origin), 'not-available');
});

test('GET and HEAD take nothing, and tell nothing about the link', async () => {
  const { link } = await send({ origin });
  const never = `${origin}/s/${'A'.repeat(22)}`;
  const fetch = fetchAs('computer');
  for (const method of ['GET', 'HEAD', 'GET', 'HEAD']) {
    const [real, unreal] = [await fetch(link, { method }), await fetch(never, { method })];
    expect(real.status).toBe(unreal.status);
    expect(await real.text()).toBe(await unreal.text());
  }
  expect(await look(link)).toMatchObject({ state: 'ready', views_left: 1, openings: [] });
});

test('a link scanner that runs scripts but presses nothing takes nothing', async ({ person }) => {
  const { link, text } = await send({ origin });
  const scanner = await person({ userAgent: 'Mozilla/5.0 (compatible; MailGate LinkScanner/3.1)' });
  await visit(scanner, link);
  await scanner.waitForLoadState('networkidle');
  await scanner.reload();
  await expectState(scanner, 'ready');
  await scanner.mouse.move(150, 300);
  expect(await look(link)).toMatchObject({ state: 'ready', views_left: 1, openings: [] });
  expect(await openLink(await person(), link)).toBe(text);
});

test('what was opened can be hidden, copied and cleared, and is gone from the page afterwards', async ({ person }) => {
  const { link, text } = await send({ origin });
  const reader = await person();
  await openLink(reader, link);
  await reader.locator('#hide').click();
  await expect(reader.locator('body')).not.toContainText(text);
  await reader.locator('#hide').click();
  expect(await shownText(reader)).toBe(text);
  await reader.locator('.copy').click();
  await expect(reader.locator('.copy[data-copied=true]')).toBeVisible();
  expect(await pasted(reader)).toBe(text);
  await reader.locator('#done').click();
  await expectState(reader, 'done');
  expect(await reader.content()).not.toContain(text);
});
