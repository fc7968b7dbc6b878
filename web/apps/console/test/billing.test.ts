import { Problem } from '@waxseal/api';
import { expect, test } from 'vitest';
import { billing as world, usage } from '../gallery/billing.ts';
import type { Billing, Offer } from '../src/api/billing.ts';
import { ASKED, Back, EVERY_MS } from '../src/features/billing/back.svelte.ts';
import { choiceOf, currenciesOf, currencyFor, fillOf, monthsOf, nextPlan, noticeOf, overOf, savingOf, totalOf } from '../src/features/billing/billing.ts';
import { limitMet } from '../src/features/billing/refused.ts';
import { isThere } from '../src/shell/permissions.ts';
import { find } from '../src/shell/routes.ts';

const DAY = 86_400_000;
const [FREE, PAYS] = [world('free'), world('owner')];
const [free, team, business] = FREE.offers as [Offer, Offer, Offer];

test('what a card’s button does follows from the standing, the plan and how often is paid', () => {
  const of = (billing: Billing, offer: Offer, interval: 'month' | 'year' = 'month') => choiceOf(billing, offer, interval, 'usd');
  expect([of(FREE, free), of(FREE, team), of(FREE, business)]).toEqual(['current', 'subscribe', 'subscribe']);
  expect([of(PAYS, free), of(PAYS, team), of(PAYS, team, 'year'), of(PAYS, business)]).toEqual(['end', 'current', 'change', 'change']);
  expect([of(world('ends'), free), of(world('ends'), business)]).toEqual(['ending', 'change']);
  expect(of(world('limited'), business), 'who owes pays first').toBe('none');
  expect(choiceOf(FREE, team, 'month', 'eur'), 'not for sale in that currency').toBe('none');
});

test('a customer has one currency; before that the reader’s comes first', () => {
  expect([currenciesOf(FREE), currenciesOf(PAYS)]).toEqual([['usd', 'jpy'], ['usd']]);
  expect([currencyFor(['usd', 'jpy'], 'ja'), currencyFor(['eur', 'usd'], 'en'), currencyFor(['eur'], 'ja'), currencyFor([], 'ja')]).toEqual(['jpy', 'usd', 'eur', undefined]);
});

test('a price for one member is paid for each, at least for one', () => {
  expect([totalOf(team, team.prices[0]!, 5), totalOf(team, team.prices[0]!, 0), totalOf(business, business.prices[0]!, 5)]).toEqual([4_500, 900, 24_900]);
});

test('a saving is never promised greater than it is', () => {
  expect([savingOf(team, 'usd'), savingOf(free, 'usd'), savingOf(team, 'eur')]).toEqual([16, 0, 0]);
});

test('the plan that is offered where a limit is met has more of just that', () => {
  expect(nextPlan(FREE, 'secrets')?.id).toBe('team');
  expect(nextPlan(PAYS, 'domains')?.id).toBe('business');
  expect(nextPlan(PAYS, 'members'), 'nothing is more than without limit').toBeUndefined();
});

test('a meter asks for attention at 80 %, and says when it is full or over', () => {
  expect([fillOf(79, 100), fillOf(80, 100), fillOf(100, 100), fillOf(101, 100), fillOf(0, 0)]).toEqual(['plenty', 'near', 'full', 'over', 'full']);
});

test('what a smaller plan would freeze is told before; a month’s secrets are nothing to freeze', () => {
  expect(overOf(usage('owner').meters, free.limits)).toEqual([{ meter: 'domains', count: 3, max: 1 }, { meter: 'members', count: 2, max: 3 }, { meter: 'keys', count: 2, max: 1 }]);
  expect(overOf(usage('unlimited').meters, business.limits)).toEqual([]);
});

test('twelve months end with this one in UTC, and of which nothing is told, nothing happened', () => {
  const months = monthsOf({ meters: [], months: [{ month: '2026-11', secrets: 4 }, { month: '2026-01', secrets: 2 }, { month: '2024-01', secrets: 1 }] }, Date.UTC(2026, 10, 30, 23, 59));
  expect(months).toHaveLength(12);
  expect([months[0]?.ms, months.at(-1)]).toEqual([Date.UTC(2025, 11), { ms: Date.UTC(2026, 10), secrets: 4, share: 1 }]);
  expect(months.map(({ secrets }) => secrets)).toEqual([0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4]);
});

test('wherever one is, a late payment is told, and the end of a trial three days before', () => {
  const notice = (scenario: string, later = 0) => noticeOf(world(scenario), Date.UTC(2026, 10, 22, 9, 30) + later);
  expect([notice('grace'), notice('limited'), notice('ends'), notice('owner'), notice('free')]).toEqual(['grace', 'limited', 'ends', null, null]);
  expect([notice('trial'), notice('trial', 6 * DAY)]).toEqual([null, 'trial']);
});

/** Somebody who comes back, of whom Stripe says so much each time. */
function comingBack(answers: (Billing | Problem)[]) {
  const waits: number[] = [];
  let asked = 0;
  const back = new Back({
    refresh: async () => {
      const answer = answers[Math.min(asked++, answers.length - 1)]!;
      if (answer instanceof Problem) throw answer;
      return answer;
    },
    wait: async (ms) => void waits.push(ms),
    shown: () => {},
  });
  return { back, waits, asked: () => asked };
}

test('back from Checkout, one waits until the subscription is there, and no longer', async () => {
  const { back, waits, asked } = comingBack([FREE, FREE, PAYS]);
  await back.from('checkout');
  expect([back.came, asked(), waits]).toEqual(['there', 3, [EVERY_MS, EVERY_MS]]);
});

test('a slow Stripe is asked a bounded number of times, then the page says so and offers to ask again', async () => {
  const { back, waits, asked } = comingBack([FREE]);
  await back.from('checkout');
  expect([back.came, asked(), waits.length]).toEqual(['late', ASKED, ASKED - 1]);
});

test('a failure on the way is not the end of asking', async () => {
  const { back } = comingBack([new Problem(null), PAYS]);
  await back.from('checkout');
  expect([back.came, back.problem]).toEqual(['there', null]);
});

test('who left Checkout is not asked about, and who was at the portal owing nothing, once', async () => {
  const [left, portal] = [comingBack([FREE]), comingBack([FREE])];
  await left.back.from('left');
  await portal.back.from('portal');
  expect([left.back.came, left.asked(), portal.back.came, portal.asked()]).toEqual(['left', 0, null, 1]);
});

test('a payment that was settled at the portal is seen, though the server had asked a moment before', async () => {
  const [settled, not] = [comingBack([world('grace'), PAYS]), comingBack([world('grace')])];
  await settled.back.from('portal');
  await not.back.from('portal');
  expect([settled.asked(), not.asked(), not.back.came]).toEqual([2, 3, null]);
});

test('nobody is asked for a page that is gone', async () => {
  const { back, asked } = comingBack([FREE]);
  back.leave();
  await back.from('checkout');
  expect(asked()).toBe(0);
});

const refused = (more: object) => new Problem({ type: '', title: '', detail: '', status: 403, ...more } as never);

test('a limit that is met is told apart from what is frozen and from every other problem', () => {
  expect(limitMet(refused({ code: 'plan-limit', meter: 'secrets', max: 25 }), 'secrets')).toEqual({ what: 'secrets', limited: 'secrets', max: 25 });
  expect(limitMet(refused({ code: 'plan-limit', meter: 'domains', max: 1 }), 'secrets')?.what).toBe('frozen.domains');
  expect(limitMet(refused({ code: 'plan-limit', meter: 'domains', max: 1 }), 'domains')?.what).toBe('domains');
  expect(limitMet(refused({ code: 'organization-limited' }), 'keys')?.what).toBe('limited');
  expect(limitMet(refused({ code: 'invalid', rule: 'plan', field: 'policy.views' }), 'secrets')).toMatchObject({ what: 'secret', limited: 'max_views' });
  expect([limitMet(refused({ code: 'invalid', rule: 'plan', field: 'keys' }), 'keys'), limitMet(refused({ code: 'forbidden' }), 'keys'), limitMet(null, 'keys')]).toEqual([null, null, null]);
});

test('pages of the plan are there for who may read them, where plans are sold', () => {
  const session = { billing: true } as never;
  const role = (role: string, domain?: string) => ({ id: 't', slug: 's', name: 'n', role, ...(domain && { domain }) }) as never;
  expect(['owner', 'admin', 'auditor', 'member'].map((name) => isThere('billing', role(name), session))).toEqual([true, true, true, false]);
  expect([isThere('usage', role('owner'), {} as never), isThere('invoices', role('owner'), undefined), isThere('audit', role('owner'), undefined)]).toEqual([false, false, true]);
  expect([find('/o/acme/billing'), find('/o/acme/billing/usage'), find('/o/acme/billing/else')]).toEqual([
    { kind: 'organization', page: 'billing', organization: 'acme' }, { kind: 'organization', page: 'usage', organization: 'acme' }, { kind: 'missing' },
  ]);
});
