import type { Billing, Interval, Named, Offer, PlanLimits, Price } from '../../api/billing.ts';
import type { Words } from '../../shell/words.svelte.ts';
import { limitOf, offerOf, priceOf, totalOf, type Limited } from './billing.ts';

/** An amount as the reader's language writes it. `Intl` gets the digits from us: Stripe's count is not always its own. */
export function money({ lang }: Words, amount: number, { currency, decimals }: Pick<Price, 'currency' | 'decimals'>, whole = false): string {
  const digits = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
  // Of prices that are to be compared, ".00" is noise; of what is paid, it is not.
  const format = new Intl.NumberFormat(lang, { style: 'currency', currency, ...digits, ...(whole && { trailingZeroDisplay: 'stripIfInteger' as const }) });
  return format.format(amount / 10 ** decimals);
}

export const planName = ({ lang }: Words, { name }: { name: Named }): string => name[lang];

/** "US$45 a month" */
export const each = (words: Words, amount: number, price: Price, interval: Interval = price.interval): string =>
  words.t(`billing.each.${interval}`, { amount: money(words, amount, price, true) });

/** What the organization pays each time, as far as its plan is still offered. */
export function paidOf(words: Words, billing: Billing): string | null {
  const offer = offerOf(billing);
  const price = offer && billing.interval && priceOf(offer, billing.interval as Interval, billing.currency ?? undefined);
  if (!offer || !price) return null;
  const seats = billing.seats ?? billing.members;
  const total = each(words, totalOf(offer, price, seats), price);
  return offer.per_seat ? words.t('billing.paid.seats', { total, count: seats, one: money(words, price.amount, price, true) }) : total;
}

/** The plan and its standing, in one sentence. */
export function standingOf(words: Words, billing: Billing): string {
  const { t, say } = words;
  const plan = planName(words, billing.plan);
  const on = (ms: number | null | undefined) => (ms ? say.date(ms) : '–');
  const { standing, ends_at_ms, trial_ends_at_ms, grace_ends_at_ms, period_ends_at_ms } = billing;
  if (ends_at_ms && (standing === 'active' || standing === 'trialing')) return t('billing.is.ending', { plan, date: on(ends_at_ms) });
  if (standing === 'trialing') return t('billing.is.trialing', { plan, date: on(trial_ends_at_ms) });
  if (standing === 'active') return period_ends_at_ms ? t('billing.is.active', { plan, date: on(period_ends_at_ms) }) : t('billing.is.active.open', { plan });
  if (standing === 'grace') return t('billing.is.grace', { plan, date: on(grace_ends_at_ms) });
  return t(`billing.is.${standing}`, { plan });
}

/** What a plan allows of something, in a line: "5 domains", "Unlimited domains". */
export function allowance(words: Words, limited: Limited, limits: PlanLimits): string {
  const { t, say } = words;
  const value = limitOf(limits, limited);
  if (limited === 'max_content_bytes') return t('allows.max_content_bytes', { size: say.size(limits.max_content_bytes) });
  if (limited === 'max_lifetime_s') return t('allows.max_lifetime_s', { time: say.duration(limits.max_lifetime_s * 1_000) });
  if (value === null) return t(`allows.${limited}.none` as Parameters<Words['t']>[0]);
  return t(`allows.${limited}`, { count: value });
}

/** Everything that plans differ in, in the order in which cards have it. */
export const LIMITS = ['secrets', 'domains', 'members', 'keys', 'max_lifetime_s', 'max_views', 'max_content_bytes', 'audit_days'] as const satisfies readonly Limited[];

/** Sentences after each other, as the language sets them. */
export const run = ({ lang }: Words, ...sentences: (string | null | undefined)[]): string => sentences.filter(Boolean).join(lang === 'ja' ? '' : ' ');

/** What a button that chooses an offer says. */
export const trialOf = ({ t }: Words, { trial_days }: Offer): string => t('billing.trial', { count: trial_days });
