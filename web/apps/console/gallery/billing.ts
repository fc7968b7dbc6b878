import type { Billing, Invoice, Offer, PlanLimits, Preview, Price, Usage } from '../src/api/billing.ts';

/** How an organization can stand with its plan; every other world has one that pays. */
export const STANDS = ['free', 'trial', 'trial-soon', 'ends', 'grace', 'limited', 'stale', 'frozen', 'unlimited'] as const;

const NOW = Date.UTC(2026, 10, 22, 9, 30);
const [HOUR, DAY] = [3_600_000, 86_400_000];

const price = (interval: Price['interval'], currency: string, amount: number): Price => ({ interval, currency, amount, decimals: currency === 'jpy' ? 0 : 2 });
/** Monthly and yearly, in dollars and yen. */
const prices = (usd: number, jpy: number): Price[] => [price('month', 'usd', usd), price('year', 'usd', usd * 10), price('month', 'jpy', jpy), price('year', 'jpy', jpy * 10)];

const FREE: PlanLimits = { secrets: 25, domains: 1, members: 3, keys: 1, max_lifetime_s: 604_800, max_views: 5, max_content_bytes: 65_536, audit_days: 30 };
const TEAM: PlanLimits = { secrets: 1_000, domains: 5, members: null, keys: 20, max_lifetime_s: 7_776_000, max_views: 100, max_content_bytes: 262_144, audit_days: 365 };
const BUSINESS: PlanLimits = { secrets: null, domains: null, members: null, keys: null, max_lifetime_s: 31_536_000, max_views: 1_000, max_content_bytes: 1_048_576, audit_days: null };

const OFFERS: Offer[] = [
  { id: 'free', name: { en: 'Free', ja: 'フリー' }, limits: FREE, per_seat: false, trial_days: 0, prices: [] },
  { id: 'team', name: { en: 'Team', ja: 'チーム' }, limits: TEAM, per_seat: true, trial_days: 14, prices: prices(900, 1_200) },
  { id: 'business', name: { en: 'Business', ja: 'ビジネス' }, limits: BUSINESS, per_seat: false, trial_days: 0, prices: prices(24_900, 32_000) },
];

const NOTHING_FROZEN = { domains: [], members: [], keys: [] };
const TRIED = OFFERS.map((offer) => ({ ...offer, trial_days: 0 }));

const PAYS: Billing = {
  plan: { id: 'team', name: { en: 'Team', ja: 'チーム' } }, standing: 'active', interval: 'month', currency: 'usd', seats: 5, members: 5,
  trial_ends_at_ms: null, period_ends_at_ms: NOW + 11 * DAY, ends_at_ms: null, grace_ends_at_ms: null,
  customer: true, asked_at_ms: NOW - HOUR, stale: false, limits: TEAM, frozen: NOTHING_FROZEN, offers: TRIED,
};
const PAYS_NOTHING: Billing = {
  ...PAYS, plan: { id: 'free', name: { en: 'Free', ja: 'フリー' } }, standing: 'none', interval: null, currency: null, seats: null, period_ends_at_ms: null,
  customer: false, asked_at_ms: null, limits: FREE, offers: OFFERS, members: 3,
};
const LONG_HOST = `${'very-long-host-name-'.repeat(2)}of-a-department.acme.example`;

const STOOD: Readonly<Record<string, Billing>> = {
  free: PAYS_NOTHING,
  full: PAYS_NOTHING,
  slow: PAYS_NOTHING,
  trial: { ...PAYS, standing: 'trialing', trial_ends_at_ms: NOW + 9 * DAY, period_ends_at_ms: NOW + 9 * DAY },
  'trial-soon': { ...PAYS, standing: 'trialing', trial_ends_at_ms: NOW + 2 * DAY, period_ends_at_ms: NOW + 2 * DAY },
  ends: { ...PAYS, ends_at_ms: NOW + 11 * DAY },
  grace: { ...PAYS, standing: 'grace', grace_ends_at_ms: NOW + 9 * DAY },
  limited: { ...PAYS, standing: 'limited' },
  stopped: { ...PAYS, standing: 'limited' },
  stale: { ...PAYS, stale: true, asked_at_ms: NOW - 3 * HOUR },
  frozen: {
    ...PAYS_NOTHING, customer: true, currency: 'usd', offers: TRIED,
    frozen: { domains: [{ id: 'dom_2', name: 'hr.acme.example' }, { id: 'dom_3', name: LONG_HOST }], members: [{ id: 'acc_sato', name: '佐藤 健太' }, { id: 'acc_mia', name: 'Mia Lindqvist' }], keys: [{ id: 'key_2', name: 'Ticket system' }] },
  },
  unlimited: { ...PAYS, plan: { id: 'business', name: { en: 'Business', ja: 'ビジネス' } }, limits: BUSINESS, interval: 'year', period_ends_at_ms: NOW + 300 * DAY, seats: 1 },
};

export const billing = (scenario: string): Billing => STOOD[scenario] ?? PAYS;

/** Who comes back from Checkout has what they bought, unless Stripe is slow. */
export const backAt = (scenario: string): Billing => (scenario === 'free' ? { ...PAYS, seats: 3, members: 3 } : billing(scenario));

export const preview: Preview = {
  currency: 'usd', decimals: 2, due_now: 7_485, next: 24_900, next_at_ms: NOW + 11 * DAY, at_ms: NOW,
  lines: [{ text: 'Unused time on 5 × Team after 22 Nov 2026', amount: -1_645 }, { text: 'Remaining time on Business after 22 Nov 2026', amount: 9_130 }],
};

const invoice = (n: number, status: string, total: number, more: Partial<Invoice> = {}): Invoice => ({
  id: `in_${n}`, number: `ACME-00${n}`, created_at_ms: NOW - (12 - n) * 30 * DAY, status, total, currency: 'usd', decimals: 2,
  url: 'https://invoice.stripe.example/i', pdf: 'https://invoice.stripe.example/i.pdf', ...more,
});

export const invoices = (scenario: string): { invoices: Invoice[] } => ({
  invoices: scenario === 'empty' ? [] : [
    invoice(12, scenario === 'grace' ? 'open' : 'paid', 4_500),
    invoice(11, 'paid', 4_500),
    invoice(10, 'void', 0, { pdf: null }),
    invoice(9, 'paid', 123_450_00),
    invoice(8, 'uncollectible', 6_000, { currency: 'jpy', decimals: 0 }),
    invoice(7, 'paid', 1_234_567, { currency: 'kwd', decimals: 3, number: null }),
  ],
});

const COUNTS = [12, 40, 38, 95, 110, 0, 74, 130, 180, 166, 240, 412];
const months = COUNTS.map((secrets, at) => ({ month: new Date(Date.UTC(2025, 11 + at)).toISOString().slice(0, 7), secrets }));
const NEXT_MONTH = Date.UTC(2026, 11, 1);

export function usage(scenario: string): Usage {
  if (scenario === 'unlimited') return { meters: [{ meter: 'secrets', used: null, limit: null }, { meter: 'domains', used: 7 }, { meter: 'members', used: 41 }, { meter: 'keys', used: 12 }], months: [] };
  if (scenario === 'free' || scenario === 'frozen' || scenario === 'full') {
    const over = scenario === 'frozen';
    return {
      meters: [{ meter: 'secrets', used: over ? 4 : 25, limit: 25, resets_at_ms: NEXT_MONTH }, { meter: 'domains', used: over ? 3 : 1, limit: 1 }, { meter: 'members', used: over ? 5 : 3, limit: 3 }, { meter: 'keys', used: over ? 2 : 0, limit: 1 }],
      months: months.map(({ month, secrets }) => ({ month, secrets: Math.min(25, secrets) })),
    };
  }
  return { meters: [{ meter: 'secrets', used: 412, limit: 1_000, resets_at_ms: NEXT_MONTH }, { meter: 'domains', used: 4, limit: 5 }, { meter: 'members', used: 5, limit: null }, { meter: 'keys', used: 3, limit: 20 }], months };
}
