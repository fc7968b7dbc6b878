import type { Billing, Interval, Meter, MeterName, Offer, PlanLimits, Price, Usage } from '../../api/billing.ts';

/** In the order in which they are shown. */
export const METERS = ['secrets', 'domains', 'members', 'keys'] as const satisfies readonly MeterName[];

/** Whether somebody pays, or tries: then there is something to change or to end. */
export const isSubscribed = ({ standing }: Pick<Billing, 'standing'>): boolean => standing !== 'none';

/** Whether a payment is late. */
export const isLate = ({ standing }: Pick<Billing, 'standing'>): boolean => standing === 'grace' || standing === 'limited';

/** The plan of those who pay nothing. */
export const isDefault = ({ prices }: Pick<Offer, 'prices'>): boolean => prices.length === 0;

export const offerOf = ({ offers, plan }: Billing): Offer | undefined => offers.find(({ id }) => id === plan.id);

/** Currencies in which one may pay: the customer's, once there is one (Stripe's rule), else every one that is offered. */
export function currenciesOf({ offers, currency }: Billing): readonly string[] {
  const offered = [...new Set(offers.flatMap(({ prices }) => prices.map((price) => price.currency)))];
  return currency && offered.includes(currency) ? [currency] : offered;
}

/** What somebody who reads this language most likely pays with. */
export function currencyFor(currencies: readonly string[], lang: string): string | undefined {
  return currencies.find((currency) => currency === (lang === 'ja' ? 'jpy' : 'usd')) ?? currencies[0];
}

/** How often one may pay, as far as anything is offered that way. */
export const intervalsOf = ({ offers }: Billing, currency: string | undefined): readonly Interval[] =>
  (['month', 'year'] as const).filter((interval) => offers.some((offer) => priceOf(offer, interval, currency)));

export const priceOf = ({ prices }: Offer, interval: Interval, currency: string | undefined): Price | undefined =>
  prices.find((price) => price.interval === interval && price.currency === currency);

/** What the organization would pay each time: for every member, where the price is for one. */
export const totalOf = ({ per_seat }: Offer, { amount }: Price, members: number): number => amount * (per_seat ? Math.max(1, members) : 1);

/** How much less a year costs than twelve months, in whole percent; 0 where it is not less. */
export function savingOf(offer: Offer, currency: string | undefined): number {
  const [month, year] = [priceOf(offer, 'month', currency), priceOf(offer, 'year', currency)];
  return month && year && month.amount > 0 ? Math.max(0, Math.floor(100 - (100 * year.amount) / (12 * month.amount))) : 0;
}

/** What somebody can do with an offer. */
export type Choice = 'current' | 'subscribe' | 'change' | 'end' | 'ending' | 'none';

/** What a card's button does, for an organization that stands so. */
export function choiceOf(billing: Billing, offer: Offer, interval: Interval, currency: string | undefined): Choice {
  const here = offer.id === billing.plan.id;
  if (!isSubscribed(billing)) return here ? 'current' : priceOf(offer, interval, currency) ? 'subscribe' : 'none';
  if (isDefault(offer)) return billing.ends_at_ms ? 'ending' : 'end';
  if (here && (billing.interval ?? interval) === interval) return 'current';
  return priceOf(offer, interval, currency) && billing.standing !== 'limited' ? 'change' : 'none';
}

export type Limited = keyof PlanLimits;

/** Whether `after` allows more of something than `before`. `null` is no limit. */
const allowsMore = (after: number | null, before: number | null): boolean => before !== null && (after === null || after > before);

/** How much of something there may be; `null`: as much as anybody wants. */
export const limitOf = (limits: PlanLimits, limited: Limited): number | null => limits[limited] ?? null;

/** The next plan that allows more of it: the first after the present one, or the first that does. */
export function nextPlan({ offers, plan, limits }: Billing, limited: Limited): Offer | undefined {
  const at = offers.findIndex(({ id }) => id === plan.id);
  const more = offers.filter((offer) => !isDefault(offer) && offer.id !== plan.id && allowsMore(limitOf(offer.limits, limited), limitOf(limits, limited)));
  return more.find((offer) => offers.indexOf(offer) > at) ?? more[0];
}

export type Fill = 'plenty' | 'near' | 'full' | 'over';

/** From when on a limit asks for attention; the mails of `docs/billing.md` §4 go out at the same. */
const NEAR = 0.8;

export function fillOf(used: number, limit: number): Fill {
  if (used > limit) return 'over';
  if (used >= limit) return 'full';
  return used >= limit * NEAR ? 'near' : 'plenty';
}

/** What would be frozen under other limits. What happened in a month is no thing that can be frozen. */
export function overOf(meters: readonly Meter[], limits: PlanLimits): readonly { meter: MeterName; count: number; max: number }[] {
  return meters.flatMap(({ meter, used }) => {
    const max = limitOf(limits, meter);
    return meter === 'secrets' || max === null || used == null || used <= max ? [] : [{ meter, count: used - max, max }];
  });
}

export const frozenCount = ({ frozen }: Billing): number => frozen.domains.length + frozen.members.length + frozen.keys.length;

export interface Month {
  /** Its first moment, UTC. */
  ms: number;
  secrets: number;
  /** Of the busiest month, 0 to 1. */
  share: number;
}

/** Twelve months up to now, oldest first; of which nothing is told, nothing happened. */
export function monthsOf({ months }: Usage, nowMs: number): readonly Month[] {
  const now = new Date(nowMs);
  const counts = new Map(months.map(({ month, secrets }) => [month, secrets]));
  const most = Math.max(1, ...counts.values());
  return Array.from({ length: 12 }, (_, at) => {
    const ms = Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - 11 + at);
    const secrets = counts.get(new Date(ms).toISOString().slice(0, 7)) ?? 0;
    return { ms, secrets, share: secrets / most };
  });
}

const DAY_MS = 86_400_000;
/** How long before it ends a trial is told of wherever one is. */
const SOON_MS = 3 * DAY_MS;

/** What everybody should know who sees to the organization, wherever they are; null: nothing. */
export type Notice = 'grace' | 'limited' | 'trial' | 'ends';

export function noticeOf({ standing, trial_ends_at_ms, ends_at_ms }: Billing, nowMs: number): Notice | null {
  if (standing === 'grace' || standing === 'limited') return standing;
  if (ends_at_ms) return 'ends';
  return standing === 'trialing' && trial_ends_at_ms && trial_ends_at_ms - nowMs <= SOON_MS ? 'trial' : null;
}
