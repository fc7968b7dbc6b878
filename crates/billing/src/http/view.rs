//! Payments, as members read them.

use serde::Serialize;
use utoipa::ToSchema;
use wax_kernel::Timestamp;
use wax_model::{
    Entitlements, Limit, Plan,
    billing::{Interval, Standing, Subscription},
};
use wax_store::{BillingPrice, Frozen};

use super::names;
use crate::service::{Offer, Seen};

/// How an organization pays, and what it may.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BillingView {
    plan: PlanView,
    #[schema(schema_with = names::standing)]
    standing: Standing,
    /// How often is paid: `month`, `year`. `null`: there is no subscription.
    #[schema(value_type = Option<String>)]
    interval: Option<Interval>,
    /// In what, in small letters of ISO 4217.
    currency: Option<String>,
    /// For how many is paid.
    seats: Option<u64>,
    /// What a plan that is paid by members would be paid for now.
    members: u64,
    /// UTC milliseconds.
    trial_ends_at_ms: Option<i64>,
    /// When what was paid for ends, UTC milliseconds.
    period_ends_at_ms: Option<i64>,
    /// When the subscription ends, because somebody cancelled it, UTC milliseconds.
    ends_at_ms: Option<i64>,
    /// Until when nothing changes although a payment is late, UTC milliseconds.
    grace_ends_at_ms: Option<i64>,
    /// Whether there is a customer at Stripe, who has invoices and can see to payments.
    customer: bool,
    /// When Stripe last answered, UTC milliseconds.
    asked_at_ms: Option<i64>,
    /// Whether Stripe did not answer when it was last asked.
    stale: bool,
    limits: PlanLimitsView,
    frozen: FrozenView,
    /// Every plan, in its order; the default one has no prices.
    offers: Vec<OfferView>,
}

/// A plan.
#[derive(Debug, Serialize, ToSchema)]
struct PlanView {
    id: String,
    name: PlanNameView,
}

/// In both languages.
#[derive(Debug, Serialize, ToSchema)]
struct PlanNameView {
    en: String,
    ja: String,
}

/// What is allowed; `null`: no limit.
#[derive(Debug, Serialize, ToSchema)]
struct PlanLimitsView {
    /// Made in a calendar month, UTC.
    #[schema(value_type = Option<u64>)]
    secrets: Limit,
    #[schema(value_type = Option<u64>)]
    domains: Limit,
    #[schema(value_type = Option<u64>)]
    members: Limit,
    #[schema(value_type = Option<u64>)]
    keys: Limit,
    max_lifetime_s: u64,
    max_views: u32,
    /// Sealed.
    max_content_bytes: u64,
    audit_days: Option<u64>,
}

/// What is over the limit: kept and shown, not to be used for anything new.
#[derive(Debug, Serialize, ToSchema)]
struct FrozenView {
    domains: Vec<FrozenThingView>,
    members: Vec<FrozenThingView>,
    keys: Vec<FrozenThingView>,
}

#[derive(Debug, Serialize, ToSchema)]
struct FrozenThingView {
    id: String,
    name: String,
}

/// A plan, and what it costs.
#[derive(Debug, Serialize, ToSchema)]
struct OfferView {
    id: String,
    name: PlanNameView,
    limits: PlanLimitsView,
    per_seat: bool,
    /// 0: none, or the organization has tried a plan already.
    trial_days: u32,
    prices: Vec<PriceView>,
}

#[derive(Debug, Serialize, ToSchema)]
struct PriceView {
    #[schema(schema_with = names::interval)]
    interval: Interval,
    /// Small letters of ISO 4217.
    currency: String,
    /// In the currency's smallest unit.
    amount: i64,
    /// How many of the amount's digits are after the point.
    decimals: u8,
}

impl From<Seen> for BillingView {
    fn from(seen: Seen) -> Self {
        let of = |read: fn(&Subscription) -> Option<Timestamp>| {
            seen.subscription.as_ref().and_then(read).map(Timestamp::as_ms)
        };
        let subscription = seen.subscription.as_ref();
        let in_grace = seen.standing == Standing::Grace;
        let tried = seen.has_tried;
        Self {
            standing: seen.standing,
            interval: subscription.map(|one| one.interval),
            currency: subscription.map(|one| one.currency.as_str().to_owned()),
            seats: subscription.map(|one| one.seats),
            members: seen.members,
            trial_ends_at_ms: of(|one| one.trial_ends_at),
            period_ends_at_ms: of(|one| Some(one.period_ends_at)),
            ends_at_ms: of(|one| one.ends_at),
            grace_ends_at_ms: seen.until.filter(|_| in_grace).map(Timestamp::as_ms),
            customer: seen.customer,
            asked_at_ms: seen.asked_at.map(Timestamp::as_ms),
            stale: seen.stale,
            limits: (&seen.plan.entitlements).into(),
            frozen: seen.frozen.into(),
            offers: seen.offers.into_iter().map(|offer| OfferView::new(offer, tried)).collect(),
            plan: PlanView { name: (&seen.plan).into(), id: seen.plan.id.into() },
        }
    }
}

impl From<&Plan> for PlanNameView {
    fn from(plan: &Plan) -> Self {
        Self { en: plan.name_en.clone(), ja: plan.name_ja.clone() }
    }
}

impl From<&Entitlements> for PlanLimitsView {
    fn from(allowed: &Entitlements) -> Self {
        Self {
            secrets: allowed.secrets_per_month,
            domains: allowed.domains,
            members: allowed.members,
            keys: allowed.keys,
            max_lifetime_s: allowed.max_lifetime.as_secs(),
            max_views: allowed.max_views,
            max_content_bytes: u64::try_from(allowed.max_content_bytes).unwrap_or(u64::MAX),
            audit_days: allowed.audit_kept.map(|kept| kept.as_secs() / 86_400),
        }
    }
}

impl From<Frozen> for FrozenView {
    fn from(frozen: Frozen) -> Self {
        let Frozen { domains, members, keys } = frozen;
        Self { domains: named(domains), members: named(members), keys: named(keys) }
    }
}

fn named(things: Vec<(impl ToString, impl ToString)>) -> Vec<FrozenThingView> {
    let things = things.into_iter();
    things
        .map(|(id, name)| FrozenThingView { id: id.to_string(), name: name.to_string() })
        .collect()
}

impl OfferView {
    fn new(offer: Offer, tried: bool) -> Self {
        let Offer { plan, prices } = offer;
        Self {
            name: (&plan).into(),
            limits: (&plan.entitlements).into(),
            per_seat: plan.per_seat,
            trial_days: if tried { 0 } else { plan.trial_days },
            prices: prices.into_iter().map(PriceView::from).collect(),
            id: plan.id.into(),
        }
    }
}

impl From<BillingPrice> for PriceView {
    fn from(price: BillingPrice) -> Self {
        let BillingPrice { interval, currency, amount, .. } = price;
        let decimals = currency.decimals();
        Self { interval, currency: currency.as_str().to_owned(), amount, decimals }
    }
}
