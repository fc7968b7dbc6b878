/** Plans, payments and usage as the server tells them (`docs/billing.md` §6). Times are UTC milliseconds. */

import type { Schemas } from '@waxseal/api';

/** How an organization stands with its plan. */
export type Billing = Schemas['BillingView'];
export type Standing = Billing['standing'];
export type Offer = Schemas['OfferView'];
/** Whole numbers of the currency's smallest unit; `decimals` of the digits are after the point. */
export type Price = Schemas['PriceView'];
export type Interval = Price['interval'];
/** What a plan allows; `null`: no limit. */
export type PlanLimits = Schemas['PlanLimitsView'];
export type Named = Schemas['PlanNameView'];
/** What a change would cost. */
export type Preview = Schemas['PreviewView'];
export type Invoice = Schemas['InvoiceView'];
/** Where one pays, or sees to payments: a page of Stripe's. */
export type Elsewhere = Schemas['PaymentsPageView'];

/** What is used of each limit, and how many secrets were made in the last twelve months (`2026-11`). */
export type Usage = Schemas['UsageView'];
/** `used` is `null` where nothing is counted, because nothing is limited. */
export type Meter = Schemas['MeterView'];
export type MeterName = Meter['meter'];
