/** Plans, payments and usage as the server tells them (`docs/billing.md` §6). Times are UTC milliseconds. */

export type Interval = 'month' | 'year';
export type Standing = 'none' | 'trialing' | 'active' | 'grace' | 'limited';
export type MeterName = 'secrets' | 'domains' | 'members' | 'keys';
export type Named = Readonly<Record<'en' | 'ja', string>>;

/** What a plan allows; `null`: no limit. */
export interface PlanLimits {
  secrets: number | null;
  domains: number | null;
  members: number | null;
  keys: number | null;
  max_lifetime_s: number;
  max_views: number;
  max_content_bytes: number;
  audit_days: number | null;
}

/** Whole numbers of the currency's smallest unit; `decimals` of the digits are after the point. */
export interface Price {
  interval: Interval;
  currency: string;
  amount: number;
  decimals: number;
}

export interface Offer {
  id: string;
  name: Named;
  limits: PlanLimits;
  per_seat: boolean;
  trial_days: number;
  prices: readonly Price[];
}

export interface FrozenThing {
  id: string;
  name: string;
}
export type Frozen = Readonly<Record<'domains' | 'members' | 'keys', readonly FrozenThing[]>>;

/** How an organization stands with its plan. */
export interface Billing {
  plan: { id: string; name: Named };
  standing: Standing;
  interval?: Interval | null;
  currency?: string | null;
  seats?: number | null;
  /** What a plan for each member would be paid for now. */
  members: number;
  trial_ends_at_ms?: number | null;
  period_ends_at_ms?: number | null;
  ends_at_ms?: number | null;
  grace_ends_at_ms?: number | null;
  /** Whether Stripe knows the organization: it has payments to manage. */
  customer: boolean;
  asked_at_ms?: number | null;
  /** Stripe did not answer: this is what we knew before. */
  stale: boolean;
  limits: PlanLimits;
  frozen: Frozen;
  offers: readonly Offer[];
}

/** What a change would cost. */
export interface Preview {
  currency: string;
  decimals: number;
  due_now: number;
  next: number;
  next_at_ms?: number | null;
  at_ms: number;
  lines: readonly { text: string; amount: number }[];
}

export interface Invoice {
  id: string;
  number?: string | null;
  created_at_ms: number;
  status: string;
  total: number;
  currency: string;
  decimals: number;
  url?: string | null;
  pdf?: string | null;
}

export interface Meter {
  meter: MeterName;
  /** `null`: nothing is counted, because nothing is limited. */
  used?: number | null;
  limit?: number | null;
  resets_at_ms?: number | null;
}

export interface Usage {
  meters: readonly Meter[];
  /** `month`: `2026-11`. */
  months: readonly { month: string; secrets: number }[];
}

/** Where one pays, or sees to payments: a page of Stripe's. */
export interface Elsewhere {
  url: string;
}
