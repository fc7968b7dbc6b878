import type { Locator, Page } from '@playwright/test';
import jsQR from 'jsqr';
import { PNG } from 'pngjs';
import { expect, expectState, linksOf, openLink, pasted, sealInBrowser, test, visit } from '../src/fixtures.ts';
import { spellings } from '../src/ledger.ts';
import { fragments, look, send } from '../src/people.ts';
import { hearSealed } from '../src/sealed.ts';
import { HOST, ORGANIZATION, run } from '../src/servers.ts';

const { origin } = run;

async function decode(code: Locator): Promise<string | undefined> {
  const { data, width, height } = PNG.sync.read(await code.screenshot());
  return jsQR(new Uint8ClampedArray(data), width, height)?.data;
}

async function openGenerator(page: Page): Promise<void> {
  await page.goto('/');
  await page.locator('.generate > summary').click();
}

test('no request of sender or recipient carries the text, the passphrase or the key', async ({ person }) => {
  const [sender, recipient] = [await person(), await person()];
  const bodies: string[] = [];
  let wire = 0;
  for (const page of [sender, recipient]) {
    // What is sealed into each request counts, and so does the wire itself.
    await hearSealed(page.context(), (body) => void bodies.push(...contents(body)));
    page.on('request', (request) => {
      const body = request.postDataBuffer()?.toString('latin1');
      if (body) wire++;
      bodies.push(body ?? '');
    });
  }
  const [text, passphrase] = ['Kontonummer 4711-0815', 'nur unter uns beiden'];
  const { link, receiptLink } = await sealInBrowser(sender, { text, passphrase });
  await visit(recipient, link, 'passphrase');
  await recipient.locator('#passphrase').fill(passphrase);
  await recipient.locator('#open').click();
  await expectState(recipient, 'shown');
  await expect(recipient.locator('#fate')).toHaveAttribute('data-fate', 'destroyed');
  expect(bodies.filter((body) => body.includes('claim_key')).length, 'it hears what is sealed').toBeGreaterThan(1);
  expect(wire).toBeGreaterThan(4);
  const sent = bodies.join('\n');
  const forms = [text, passphrase, ...fragments({ link, receiptLink })].flatMap(spellings);
  expect(forms.filter((form) => sent.includes(form))).toEqual([]);
});

/** A body, and what its base64url members hold. */
function contents(body: string): string[] {
  const members = body.match(/"[\w-]{22,}"/g) ?? [];
  return [body, ...members.map((member) => Buffer.from(member.slice(1, -1), 'base64url').toString('latin1'))];
}

test('the QR code on the screen is the link', async ({ person }) => {
  for (const colorScheme of ['light', 'dark'] as const) {
    const page = await person({ colorScheme });
    const { link } = await sealInBrowser(page, { text: 'to be scanned' });
    await page.locator('#qr').click();
    expect(await decode(page.locator('svg.qr'))).toBe(link);
  }
});

test('the link and the receipt are copied by their buttons', async ({ person }) => {
  const page = await person();
  const { link, receiptLink } = await sealInBrowser(page, { text: 'to be copied' });
  await page.locator('.actions .button.primary.copy').click();
  await expect(page.locator('.copy[data-copied=true]')).toHaveCount(1);
  expect(await pasted(page)).toBe(link);
  await page.locator('.sunken .copy').click();
  await expect(page.locator('.copy[data-copied=true]')).toHaveCount(2);
  expect(await pasted(page)).toBe(receiptLink);
});

test("the system's share sheet gets the link", async ({ person }) => {
  const page = await person();
  // Chromium on Linux has no share sheet.
  await page.addInitScript(() => {
    const shared: ShareData[] = [];
    Object.assign(globalThis, { shared });
    navigator.share = async (data) => void shared.push(data ?? {});
  });
  const { link } = await sealInBrowser(page, { text: 'to be shared' });
  await page.locator('#share').click();
  const shared = await page.evaluate(() => (globalThis as unknown as { shared: ShareData[] }).shared);
  expect(shared).toMatchObject([{ url: link }]);
});

test('the invitation names the organization, the link and the real expiry, in English and Japanese', async ({ person }) => {
  const page = await person({ timezoneId: 'Asia/Tokyo' });
  const { link } = await sealInBrowser(page, { text: 'with a letter', lifetime: 259_200, passphrase: 'told by telephone' });
  const { expires_at_ms, created_at_ms } = await look(link);
  expect(expires_at_ms - created_at_ms).toBe(259_200_000);
  await page.getByText('Message for the recipient').first().click();
  const day = (locale: string, options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(locale, { timeZone: 'Asia/Tokyo', ...options }).format(expires_at_ms);
  const written = {
    en: [day('en', { year: 'numeric' }), day('en', { day: 'numeric' }), `:${day('en', { minute: '2-digit' }).padStart(2, '0')}`],
    ja: [day('ja', { year: 'numeric' }), day('ja', { month: 'long', day: 'numeric' }), `:${day('en', { minute: '2-digit' }).padStart(2, '0')}`],
  };
  const texts: string[] = [];
  for (const [lang, expected] of Object.entries(written)) {
    await page.locator('#invitation-lang').selectOption(lang);
    const text = await page.locator('#invitation').inputValue();
    for (const part of [ORGANIZATION, link, ...expected]) expect(text).toContain(part);
    expect(text).not.toContain('told by telephone');
    texts.push(text);
  }
  expect(texts[0]).toContain('Hello');
  expect(texts[1]).toMatch(/[ぁ-ん]/);
});

test('a generated password is copied without being shown', async ({ person }) => {
  const page = await person();
  await openGenerator(page);
  await page.locator('#generate-copy').click();
  await expect(page.locator('#generate-said')).not.toBeEmpty();
  const password = await pasted(page);
  expect(password).toMatch(/^[!-~]{20}$/);
  expect(await page.content()).not.toContain(password);
  await expect(page.locator('#text')).toHaveValue('');
});

test('a generated password has the length and the characters that were chosen, and differs each time', async ({ person }) => {
  const page = await person();
  await openGenerator(page);
  await page.locator('#generate-length').fill('32');
  for (const set of ['upper', 'symbols']) await page.locator(`#set-${set}`).uncheck();
  const drawn = new Set<string>();
  for (let i = 0; i < 5; i++) {
    await page.locator('#generate-secret').click();
    drawn.add(await page.locator('#text').inputValue());
  }
  expect(drawn.size).toBe(5);
  for (const password of drawn) expect(password).toMatch(/^[a-z0-9]{32}$/);
});

test('a generated passphrase of words protects the secret and can be read before it is sent', async ({ person }) => {
  const page = await person();
  await openGenerator(page);
  await page.locator('#generate-kind').selectOption('words');
  await page.locator('#generate-count').fill('5');
  await page.locator('#generate-passphrase').click();
  const passphrase = await page.locator('#passphrase').inputValue();
  expect(passphrase.split(/[\s-]/)).toHaveLength(5);
  await expect(page.locator('#passphrase')).toHaveAttribute('type', 'text');
  await page.locator('#text').fill('behind five words');
  await page.locator('#submit').click();
  await expectState(page, 'result');
  const { link } = await linksOf(page);
  expect((await look(link)).passphrase).toMatchObject({ m_kib: 65_536, t: 3, p: 1 });
});

test('an exact moment of expiry is kept', async ({ person }) => {
  const page = await person({ timezoneId: 'Asia/Tokyo' });
  await page.goto('/');
  await page.locator('#text').fill('until then');
  await page.locator('#lifetime').selectOption('exact');
  const moment = new Date(Date.now() + 40 * 86_400_000);
  moment.setUTCHours(3, 15, 0, 0); // 12:15 in Tokyo
  await page.locator('#at').fill(moment.toISOString().replace(/T.*/, 'T12:15'));
  await page.locator('#submit').click();
  await expectState(page, 'result');
  expect((await look((await linksOf(page)).link)).expires_at_ms).toBe(moment.getTime());
});

test('a form that cannot be sent says why at the field, and sends nothing', async ({ person }) => {
  const page = await person();
  const sent: string[] = [];
  page.on('request', (request) => void (request.method() === 'POST' && sent.push(request.url())));
  await page.goto('/');
  await page.locator('#submit').click();
  await expect(page.locator('#text-error')).not.toBeEmpty();
  await expect(page.locator('#text')).toBeFocused();
  await page.locator('#text').fill('too many eyes');
  for (const views of ['0', '1001', '-1', '1.5', '']) {
    await page.locator('#views').fill(views);
    await page.locator('#submit').click();
    await expect(page.locator('#views-error'), views).not.toBeEmpty();
  }
  await page.locator('#views').fill('1');
  await page.locator('#lifetime').selectOption('exact');
  for (const moment of ['2020-01-01T00:00', '2199-01-01T00:00']) {
    await page.locator('#at').fill(moment);
    await page.locator('#submit').click();
    await expect(page.locator('#at-error'), moment).not.toBeEmpty();
  }
  expect(sent).toEqual([]);
});

test('what was typed stays when the server cannot be reached, and is sent at the next try', async ({ person }) => {
  const page = await person();
  await page.route('**/v1/secrets/create', (route) => route.fulfill({ status: 500, contentType: 'application/problem+json', body: '{}' }));
  await page.goto('/');
  await page.locator('#text').fill('still here');
  await page.locator('#submit').click();
  await expectState(page, 'failed');
  await expect(page.locator('#text')).toHaveValue('still here');
  await page.unroute('**/v1/secrets/create');
  await page.locator('#submit').click();
  await expectState(page, 'result');
});

test('leaving a page that holds a link or a text asks first', async ({ person }) => {
  const page = await person();
  await sealInBrowser(page, { text: 'do not lose me' });
  const asked = page.waitForEvent('dialog');
  await page.reload();
  expect((await asked).type()).toBe('beforeunload');
});

test("pages speak the browser's language, and another one once it is chosen", async ({ person }) => {
  const page = await person({ locale: 'ja-JP' });
  const { link } = await send({ origin });
  await visit(page, link);
  await expect(page.locator('html')).toHaveAttribute('lang', 'ja');
  await expect(page.locator('h1')).toHaveText(/[ぁ-んァ-ン一-龠]/);
  await page.locator('#languages [data-lang=en]').click();
  await expect(page.locator('html')).toHaveAttribute('lang', 'en');
  await expectState(page, 'ready');
  await page.goto('/');
  await expect(page.locator('html'), 'the choice is kept').toHaveAttribute('lang', 'en');
  expect((await look(link)).views_left).toBe(1);
});

test('a secret is created and opened by the keyboard alone', async ({ person }) => {
  const sender = await person();
  await sender.goto('/');
  await expectState(sender, 'form');
  await tabTo(sender, 'text');
  await sender.keyboard.type('typed, not clicked');
  await tabTo(sender, 'submit');
  await sender.keyboard.press('Enter');
  await expectState(sender, 'result');
  await expect(sender.locator('h1')).toBeFocused();
  await tabTo(sender, 'link');
  const { link } = await linksOf(sender);

  const reader = await person();
  await visit(reader, link);
  await tabTo(reader, 'open');
  await reader.keyboard.press('Enter');
  await expectState(reader, 'shown');
  await tabTo(reader, 'secret');
  await expect(reader.locator('#secret')).toHaveText('typed, not clicked');
  await tabTo(reader, 'done');
  await reader.keyboard.press('Enter');
  await expectState(reader, 'done');
});

/** Presses Tab until the element has the focus, and sees that the focus can be seen at every stop. */
async function tabTo(page: Page, id: string): Promise<void> {
  for (let presses = 0; presses < 40; presses++) {
    await page.keyboard.press('Tab');
    const focused = await page.evaluate(() => {
      const element = document.activeElement;
      if (!element || element === document.body) return null;
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
      const seen = (outlineStyle !== 'none' && parseFloat(outlineWidth) > 0) || boxShadow !== 'none';
      return { id: element.id, seen, html: element.outerHTML.slice(0, 80) };
    });
    if (focused) expect(focused.seen, `focus shows on ${focused.html}`).toBe(true);
    if (focused?.id === id) return;
  }
  throw new Error(`#${id} is not reached by Tab`);
}

test('nothing moves for people who asked for less motion', async ({ person }) => {
  const { link } = await send({ origin });
  const reader = await person({ reducedMotion: 'reduce' });
  const moving = () => reader.evaluate(() => document.getAnimations().filter(({ playState }) => playState === 'running').length);
  await visit(reader, link);
  expect(await moving()).toBe(0);
  await openLink(reader, link);
  expect(await moving()).toBe(0);
});

test('without JavaScript every page says what is missing, in the language of the browser', async ({ person }) => {
  for (const [locale, words] of [
    ['en-GB', 'JavaScript is switched off'],
    ['ja-JP', /JavaScript.*[ぁ-ん]/],
  ] as const) {
    const page = await person({ locale, javaScriptEnabled: false });
    for (const path of ['/', `/s/${'A'.repeat(22)}`, `/r/${'A'.repeat(22)}`]) {
      await page.goto(path);
      await expect(page.locator('noscript h2')).toContainText(words);
      await expect(page.locator('noscript h2')).toBeVisible();
    }
  }
});

test('an address without a page says so', async ({ person }) => {
  const page = await person();
  const answer = await page.goto('/no/such/page');
  expect(answer?.status()).toBe(404);
  await expect(page.locator('h1')).toBeVisible();
});

test('a brand that comes late or never keeps nobody from sealing', async ({ person }) => {
  const sender = await person();
  let deliver = () => {};
  const later = new Promise<void>((resolve) => (deliver = resolve));
  await sender.route('**/brand.json', async (route) => {
    await later;
    await route.continue();
  });
  await sender.goto('/');
  await expectState(sender, 'form');
  await expect(sender.locator('#organization')).toHaveText(HOST);
  await sender.locator('#text').fill('typed without a brand');
  deliver();
  await expect(sender.locator('#organization')).toHaveText(ORGANIZATION);
  await expect(sender.locator('#text')).toHaveValue('typed without a brand');
  await sender.locator('#submit').click();
  await expectState(sender, 'result');
});
