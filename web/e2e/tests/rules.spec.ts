import type { Page } from '@playwright/test';
import { isProblem } from '@waxseal/api';
import { NARROW, tooWide, violations } from '../src/accessible.ts';
import { expect, expectState, linksOf, openLink, test, visit } from '../src/fixtures.ts';
import { look, send } from '../src/people.ts';
import { addDomain, addMember, change, decide, type Decision } from '../src/rows.ts';
import { HOST, ORGANIZATION, run } from '../src/servers.ts';
import { fetchAs } from '../src/wire.ts';

const READERS = [
  {
    lang: 'en',
    locale: 'en-GB',
    members: 'Only members create links here',
    required: 'requires one',
    guest: `Somebody who did not sign in sent it. ${ORGANIZATION} does not know who.`,
    member: `A member of ${ORGANIZATION} sent it.`,
    named: (name: string) => `${name}, a member of ${ORGANIZATION}, sent it.`,
    proven: `Proven to be ${ORGANIZATION}’s by its DNS records since 9 March 2026.`,
    given: `Given to ${ORGANIZATION} by whoever runs this service.`,
  },
  {
    lang: 'ja',
    locale: 'ja-JP',
    members: 'ここで作成できるのはメンバーのみです',
    required: 'この組織では必須です',
    guest: `サインインしていない方が送信しました。${ORGANIZATION}も送信者を把握していません。`,
    member: `${ORGANIZATION}のメンバーが送信しました。`,
    named: (name: string) => `${ORGANIZATION}のメンバー、${name}さんが送信しました。`,
    proven: `このドメインが${ORGANIZATION}のものであることは、2026年3月9日以降、DNSレコードで確認されています。`,
    given: `このサービスが${ORGANIZATION}に割り当てたアドレスです。`,
  },
] as const;

/** What the edge tells a host's pages; null while it does not serve the host. */
async function told(origin: string): Promise<Record<string, unknown> | null> {
  const answer = await fetchAs('computer')(`${origin}/brand.json`);
  return answer.ok ? ((await answer.json()) as Record<string, unknown>) : null;
}

/** A host of its own for a test, and its origin once the edge serves it. */
async function served(name: string): Promise<{ host: string; origin: string }> {
  const host = `${name}.${HOST}`;
  addDomain('acme', host);
  const origin = run.durableOrigin.replace(HOST, host);
  await expect.poll(() => told(origin)).not.toBeNull();
  return { host, origin };
}

/** Decides, and waits until the edge knows: until its pages are told `what` as `value`. */
async function decided({ host, origin }: { host: string; origin: string }, decision: Decision, what: string, value: unknown): Promise<void> {
  decide(host, decision);
  await expect.poll(async () => (await told(origin))?.[what]).toEqual(value);
}

async function refused(made: Promise<unknown>): Promise<string | undefined> {
  const error: unknown = await made.then(() => null, (error: unknown) => error);
  return isProblem(error) ? error.document?.code : undefined;
}

for (const { lang, locale, members, required } of READERS) {
  test(`behind a closed home guests create nothing, by whatever way, and links still open (${lang})`, async ({ person }) => {
    const at = await served(`closed-${lang}`);
    const { link } = await send({ origin: at.origin, text: 'made while the door was open' });
    const begun = await person({ locale, baseURL: at.origin });
    await begun.goto('/');
    await begun.locator('#text').fill('typed while the door was open');
    await decided(at, { settings: { home: 'closed' } }, 'create', 'closed');

    await begun.locator('#submit').click();
    await expectState(begun, 'failed');
    await expect(begun.locator('#failed')).toContainText(members);
    await expect(begun.locator('#text'), 'nothing that was typed is lost').toHaveValue('typed while the door was open');
    expect(await refused(send({ origin: at.origin }))).toBe('members-only');

    const page = await person({ locale, baseURL: at.origin });
    await page.goto('/');
    await expectState(page, 'closed');
    await expect(page.locator('#submit')).toHaveCount(0);
    expect(await openLink(page, link)).toBe('made while the door was open');
  });

  test(`a form shows what its organization allows and begins with, and the server takes nothing else (${lang})`, async ({ person }) => {
    const at = await served(`rules-${lang}`);
    const settings = {
      defaults: { lifetime_s: 7_200, views: 2, kind: 'one_time' },
      limits: { max_lifetime_s: 86_400, max_views: 3, kinds: ['one_time'], passphrase_required: true },
    };
    await decided(at, { settings }, 'passphrase', 'required');
    const page = await person({ locale, baseURL: at.origin });
    const sent: string[] = [];
    page.on('request', (request) => void (request.method() === 'POST' && sent.push(request.url())));
    await page.goto('/');
    await expect(page.locator('#kind-device_bound')).toHaveCount(0);
    await expect(page.locator('#lifetime')).toHaveValue('7200');
    await expect(page.locator('#views')).toHaveValue('2');
    await expect(page.locator('.field-passphrase .optional')).toHaveCount(0);
    await page.locator('#text').fill('behind a passphrase');
    await page.locator('#submit').click();
    await expect(page.locator('#passphrase-error')).toContainText(required);
    await expect(page.locator('#passphrase')).toBeFocused();
    expect(sent, 'nothing was sent').toEqual([]);

    await page.locator('#passphrase').fill('wachsweich im Siegel 7');
    await page.locator('#submit').click();
    await expectState(page, 'result');
    const { link } = await linksOf(page);
    expect(await look(link)).toMatchObject({ views: 2, passphrase: { m_kib: 65_536 } });

    const passphrase = 'wachsweich im Siegel 7';
    expect(await refused(send({ origin: at.origin })), 'no passphrase').toBe('invalid');
    expect(await refused(send({ origin: at.origin, passphrase, lifetimeS: 86_401 })), 'too long').toBe('invalid');
    expect(await refused(send({ origin: at.origin, passphrase, views: 4 })), 'too often').toBe('invalid');
    expect(await refused(send({ origin: at.origin, passphrase, kind: 'device_bound' })), 'another kind').toBe('invalid');
    await send({ origin: at.origin, passphrase });
  });
}

const sender = (page: Page) => page.locator('#sender');

/** The lines that a person sees of it. */
const lines = (page: Page): Promise<string[]> => sender(page).locator('p:visible:not(.sender-source)').allTextContents();

for (const { lang, locale, guest, member, named, proven, given } of READERS) {
  test(`who sent it stands on the open page by the server's records, and no text of a brand gets there (${lang})`, async ({ person }) => {
    const at = await served(`sender-${lang}`);
    const { link } = await send({ origin: at.origin });
    const reader = await person({ locale, timezoneId: 'Asia/Tokyo' });
    await visit(reader, link);
    const from = new RegExp(`${at.host.replaceAll('.', '\\.')}$`);
    const seen = await lines(reader);
    expect(seen[0]).toMatch(from);
    expect(seen.slice(1)).toEqual([given, guest]);

    const again = async () => {
      await reader.reload();
      await expectState(reader, 'ready');
      return (await lines(reader)).slice(1);
    };
    const lie = `From bank.example ✓ Its DNS records have proved since 1990 that it belongs to the chairman. <b id="sender">`;
    const brand = { name: lie, support: lie, before_open: lie, after_open: lie };
    await decided(at, { brand, settings: { shows_member: true } }, 'organization', lie);
    // 9 March in Tokyo, the evening before elsewhere.
    change("UPDATE domains SET token = 'a proof', since_ms = ? WHERE host = ?", [String(Date.UTC(2026, 2, 8, 16)), at.host]);
    expect(await again()).toEqual([proven, guest]);
    await expect(reader.locator('.from-organization'), 'it stays where the organization speaks').toHaveText(lie);
    await expect(sender(reader)).toHaveCount(1);
    await expect(sender(reader)).not.toContainText('bank.example');
    expect(await sender(reader).locator('.from-organization, #view').count()).toBe(0);

    const id = new URL(link).pathname.slice('/s/'.length);
    change('UPDATE secrets SET created_by = ? WHERE id = ?', [addMember('acme', 'Mira Holm'), id]);
    expect(await again()).toEqual([proven, named('Mira Holm')]);
    expect(await violations(reader)).toEqual([]);
    await reader.setViewportSize(NARROW);
    expect(await tooWide(reader)).toEqual([]);

    decide(at.host, { settings: { shows_member: false } });
    expect(await again()).toEqual([proven, member]);
    await reader.locator('#open').click();
    await expectState(reader, 'shown');
    expect((await lines(reader)).slice(1), 'it stays while the text is read').toEqual([proven, member]);
  });
}
