import type { Page } from '@playwright/test';
import { expect, expectState, sealInBrowser, shownText, test, visit } from '../src/fixtures.ts';
import { outwait } from '../src/moments.ts';
import { guess, look, send } from '../src/people.ts';
import { run } from '../src/servers.ts';

const TEXT = '合言葉で守られた文';
/** Full-width letters, half-width katakana, an ideographic space: what NFKC makes equal must open. */
const TYPED = 'Ｓａｋｕｒａ　ﾊﾞﾗ１２３';
const SAME = 'Sakura バラ123';

async function tryPassphrase(page: Page, passphrase: string): Promise<void> {
  await page.locator('#passphrase').fill(passphrase);
  await page.locator('#open').click();
}

test('a full-width Japanese passphrase opens in its other spelling; wrong ones show the tries left', async ({ person }) => {
  const { link } = await sealInBrowser(await person(), { text: TEXT, passphrase: TYPED });
  const reader = await person();
  await visit(reader, link, 'passphrase');
  await tryPassphrase(reader, 'Sakura バラ124');
  await expectState(reader, 'wrong-passphrase');
  await expect(reader.locator('#passphrase-hint')).toContainText('19');
  await expect(reader.locator('#passphrase')).toBeFocused();
  await tryPassphrase(reader, SAME);
  await expectState(reader, 'shown');
  expect(await shownText(reader)).toBe(TEXT);
});

test('an empty passphrase is asked for again and costs no try', async ({ person }) => {
  const { link } = await send({ origin: run.origin, passphrase: SAME });
  const reader = await person();
  await visit(reader, link, 'passphrase');
  await reader.locator('#open').click();
  await expect(reader.locator('#passphrase-error')).not.toBeEmpty();
  expect((await look(link)).tries.wrong).toBe(0);
});

test('after five wrong passphrases the page says how long to wait, and afterwards takes the right one', async ({ person }) => {
  const { link } = await send({ origin: run.durableOrigin, text: TEXT, passphrase: SAME });
  await guess(link, 4);
  const reader = await person();
  await visit(reader, link, 'wrong-passphrase');
  await tryPassphrase(reader, 'not this one either');
  // The fifth is counted like the others; the next look brings the wait.
  await expect(reader.locator('main')).toHaveAttribute('data-state', /^(wrong-passphrase|held-back)$/);
  await reader.reload();
  await expectState(reader, 'held-back');
  await expect(reader.locator('.countdown')).toHaveText(/^0?[01]:\d\d$/);
  await expect(reader.locator('#open')).toBeDisabled();
  expect((await look(link)).tries).toMatchObject({ wrong: 5, left: 15 });
  outwait(link);
  await reader.reload();
  await expectState(reader, 'wrong-passphrase');
  await tryPassphrase(reader, SAME);
  await expectState(reader, 'shown');
});

test('too many wrong passphrases lock the secret; the sender unlocks it on the receipt, and it opens', async ({ person }) => {
  const { link, receiptLink, receipt } = await send({ origin: run.durableOrigin, text: TEXT, passphrase: SAME });
  await guess(link, 20, () => outwait(link));
  expect((await receipt.view()).state).toBe('locked');
  const reader = await person();
  await visit(reader, link, 'locked');

  const sender = await person();
  await visit(sender, receiptLink, 'locked');
  await sender.locator('#unlock').click();
  await expectState(sender, 'ready');

  await reader.reload();
  await expectState(reader, 'passphrase');
  await tryPassphrase(reader, SAME);
  await expectState(reader, 'shown');
  expect(await shownText(reader)).toBe(TEXT);
});
