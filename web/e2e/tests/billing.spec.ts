import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { violations } from '../src/accessible.ts';
import { expect, test } from '../src/fixtures.ts';
import { keepFromLog } from '../src/ledger.ts';
import { member, type Door } from '../src/members.ts';
import { HOST, PLATFORM, run, startServer, type Server } from '../src/servers.ts';
import { startStripe, type Stripe } from '../src/stripe.ts';
import { wordsOf } from '../src/words.ts';

/** What the operator sells: one secret a month for nothing, and more for money. */
const PLANS = `
[[billing.plans]]
id = "free"
name_en = "Free"
name_ja = "フリー"
secrets_per_month = 1

[[billing.plans]]
id = "team"
name_en = "Team"
name_ja = "チーム"
prices = ["team-month", "team-year"]
secrets_per_month = 1000
`;

const PRICES = [
  ['team-month', 'month', { usd: 900, jpy: 1_200 }],
  ['team-year', 'year', { usd: 9_000, jpy: 12_000 }],
] as const;

const WEBHOOK_SECRET = 'whsec_of_this_story';
/** Stripe's test cards: one that pays, and another. */
const [CARD, OTHER_CARD] = ['4242 4242 4242 4242', '5555 5555 5555 4444'];
/** Past the end of any month. */
const A_MONTH_S = 31 * 86_400 + 3_600;

interface World extends Door {
  stripe: Stripe;
  server: Server;
}

async function begin(name: string): Promise<World> {
  const stripe = await startStripe('Team', PRICES);
  const config = join(run.folder, `${name}.toml`);
  writeFileSync(config, PLANS);
  const dataDir = join(run.folder, name);
  keepFromLog(stripe.key, WEBHOOK_SECRET);
  const env = { WAXSEAL_CONFIG: config, WAXSEAL_BILLING__STRIPE_SECRET_KEY: stripe.key, WAXSEAL_BILLING__STRIPE_WEBHOOK_SECRETS: WEBHOOK_SECRET, WAXSEAL_BILLING__STRIPE_URL: stripe.url };
  const server = await startServer({ log: run.serverLog, dataDir, env });
  const platform = server.origin.replace(HOST, PLATFORM);
  await stripe.pull('endpoint', { url: `${platform}/v1/billing/stripe`, secret: WEBHOOK_SECRET });
  return { stripe, server, platform, mailDir: join(dataDir, 'mail') };
}

for (const [lang, locale, yearly] of [['en', 'en-GB', '$90'], ['ja', 'ja-JP', '￥12,000']] as const) {
  const t = wordsOf(lang);
  const [free, team] = lang === 'en' ? ['Free', 'Team'] : ['フリー', 'チーム'];
  const button = (page: Page, key: string, params = {}) => page.getByRole('button', { name: t(key, params), exact: true });
  const text = `The password of this story, in ${lang}: 4711.`;

  test(`a limit that is reached comes with an offer, a payment lifts it at once, and one that fails is mended at the portal (${lang})`, async ({ person }) => {
    test.setTimeout(150_000);
    const world = await begin(`billing-${lang}`);
    const owner = await member(person, locale, world);
    // Else the account's own language would win, which is the demo's.
    await owner.context().addCookies([{ name: 'lang', value: lang, url: world.platform }]);
    const share = async () => {
      await owner.locator('main textarea').fill(text);
      await button(owner, 'share.submit').click();
    };

    await test.step('signs in to a plan that costs nothing', async () => {
      keepFromLog(text, new URL(world.server.signInLink!).hash.slice(1));
      await owner.goto(world.server.signInLink!);
      await button(owner, 'sign-in.submit').click();
      await owner.waitForURL(/\/o\//);
      await owner.goto('/o/acme/billing');
      await expect(owner.getByText(t('billing.is.none', { plan: free }))).toBeVisible();
      expect(await violations(owner)).toEqual([]);
    });

    await test.step('reaches the limit, is told what the next plan gives, and loses nothing that was typed', async () => {
      await owner.goto('/o/acme/share');
      await share();
      await expect(owner.getByRole('heading', { level: 1, name: t('result.title') })).toBeVisible();
      await button(owner, 'result.another').click();
      await share();
      const offer = owner.getByRole('status').filter({ hasText: t('limit.secrets.title') });
      await expect(offer).toContainText(t('limit.next', { plan: team, allowance: t('allows.secrets', { count: '1,000' }) }));
      await expect(owner.locator('main textarea')).toHaveValue(text);
      expect(await violations(owner)).toEqual([]);
    });

    await test.step('subscribes at Stripe’s Checkout in another tab, and is back on the new plan', async () => {
      const [plans] = await Promise.all([owner.waitForEvent('popup'), owner.getByRole('link', { name: t('limit.plans') }).click()]);
      await plans.getByRole('radio', { name: new RegExp(t('billing.interval.year')) }).check({ force: true });
      await expect(plans.getByRole('article', { name: team })).toContainText(yearly);
      await plans.getByRole('radio', { name: t('billing.interval.month') }).check({ force: true });
      await button(plans, 'billing.choose', { plan: team }).click();
      await plans.waitForURL(`${world.stripe.url}/c/pay/**`);
      await plans.locator('[name=card]').fill(CARD);
      await plans.locator('button[value=subscribe]').click();
      await expect(plans.getByRole('status').filter({ hasText: t('billing.back.there.title', { plan: team }) })).toBeVisible();
      await expect(plans.getByRole('article', { name: team })).toContainText(t('billing.current'));
      await plans.close();
    });

    await test.step('the limit is lifted: the same press makes the link', async () => {
      await button(owner, 'share.submit').click();
      await expect(owner.getByRole('heading', { level: 1, name: t('result.title') })).toBeVisible();
      await owner.goto('/o/acme/billing/usage');
      await expect(owner.getByRole('meter', { name: t('usage.meter.secrets') })).toHaveAttribute('aria-valuetext', t('usage.of', { used: '2', limit: '1,000' }));
      await owner.goto('/o/acme/billing/invoices');
      await expect(owner.getByRole('row').filter({ hasText: t('invoices.status.paid') })).toHaveCount(1);
    });

    await test.step('the next payment fails, and every page of the organization says how long there is', async () => {
      const [customer] = (await world.stripe.books()).customers;
      await world.stripe.pull('card', { customer: customer!.id, pays: false });
      await world.stripe.pull('advance', { seconds: A_MONTH_S });
      expect((await world.stripe.books()).subscriptions.map(({ status }) => status)).toEqual(['past_due']);
      const until = t('plan.notice.grace').split('{date}').at(-1)!;
      await expect(async () => {
        await owner.goto('/o/acme');
        await expect(owner.getByText(until)).toBeVisible({ timeout: 2_000 });
      }).toPass();
      expect(await violations(owner)).toEqual([]);
    });

    await test.step('pays at the portal with another card, and the page that one comes back to says that all is well', async () => {
      await button(owner, 'plan.portal').click();
      await owner.waitForURL(`${world.stripe.url}/p/session/**`);
      await owner.locator('[name=card]').fill(OTHER_CARD);
      await owner.locator('button[value=card]').click();
      await owner.locator('button[value=pay]').first().click();
      await expect(owner.locator('button[value=pay]')).toHaveCount(0);
      await owner.locator('main p > a').click();
      await owner.waitForURL(/\/o\/acme\/billing$/);
      await expect(owner.getByText(t('billing.standing.active'), { exact: true })).toBeVisible();
      await expect(owner.getByText(t('billing.standing.grace'), { exact: true })).toHaveCount(0);
      await owner.goto('/o/acme');
      await expect(owner.getByRole('heading', { level: 1 })).toBeVisible();
      await expect(button(owner, 'plan.portal')).toHaveCount(0);
    });
    await world.server.stop();
    world.stripe.stop();
  });
}
