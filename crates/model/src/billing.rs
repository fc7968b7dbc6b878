//! What follows from a subscription (docs/billing.md §4). Pure: of what Stripe says and of the time.

use std::{cmp::Reverse, time::Duration};

use serde::{Deserialize, Serialize};
use wax_kernel::Timestamp;

use crate::text_enum::text_enum;

/// How long an organization that does not pay keeps everything.
pub const GRACE: Duration = Duration::from_secs(14 * 86_400);

text_enum! {
    /// What Stripe says of a subscription, in its words.
    SubscriptionStatus {
        /// The first payment has not been made.
        Incomplete = "incomplete",
        /// Nor was it within a day.
        IncompleteExpired = "incomplete_expired",
        /// It is being tried.
        Trialing = "trialing",
        /// It is paid.
        Active = "active",
        /// A payment failed; Stripe tries again.
        PastDue = "past_due",
        /// Stripe has given up trying.
        Unpaid = "unpaid",
        /// Its trial ended without a way to pay.
        Paused = "paused",
        /// It has ended.
        Canceled = "canceled",
    }
}

text_enum! {
    /// How often is paid.
    Interval {
        /// Each month.
        Month = "month",
        /// Each year.
        Year = "year",
    }
}

text_enum! {
    /// How an organization stands with its payments.
    Standing {
        /// It has no subscription: the default plan.
        None = "none",
        /// It tries a plan.
        Trialing = "trialing",
        /// It pays.
        Active = "active",
        /// A payment is late. Nothing has changed yet.
        Grace = "grace",
        /// It is too late: read and open only.
        Limited = "limited",
    }
}

text_enum! {
    /// A difference between Stripe and us that only people can mend.
    DriftKind {
        /// Stripe has a customer that no organization of ours is.
        UnknownCustomer = "unknown-customer",
        /// An organization pays for something beside the subscription that counts.
        TwoSubscriptions = "two-subscriptions",
        /// A subscription has a price that no plan has.
        UnknownPrice = "unknown-price",
        /// Organizations have a plan that the configuration does not know.
        UnknownPlan = "unknown-plan",
        /// Stripe does not take the number of members.
        Seats = "seats",
    }
}

/// A currency: three small letters of ISO 4217.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

/// The text is not three letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not three letters of ISO 4217")]
pub struct BadCurrency;

/// Currencies whose amounts Stripe gives without a minor unit, and with three digits of it
/// (<https://docs.stripe.com/currencies>).
const WITHOUT_MINOR_UNIT: [&str; 15] = [
    "bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf",
    "xof", "xpf",
];
const WITH_THREE_DIGITS: [&str; 5] = ["bhd", "jod", "kwd", "omr", "tnd"];

impl Currency {
    /// Reads it, in any case.
    pub fn parse(text: &str) -> Result<Self, BadCurrency> {
        let bytes: [u8; 3] = text.as_bytes().try_into().map_err(|_| BadCurrency)?;
        if !bytes.iter().all(u8::is_ascii_alphabetic) {
            return Err(BadCurrency);
        }
        Ok(Self(bytes.map(|byte| byte.to_ascii_lowercase())))
    }

    /// The text, in small letters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("xxx")
    }

    /// How many digits of an amount are after the point, as Stripe counts: UGX and ISK have two there.
    pub fn decimals(self) -> u8 {
        match self.as_str() {
            code if WITHOUT_MINOR_UNIT.contains(&code) => 0,
            code if WITH_THREE_DIGITS.contains(&code) => 3,
            _ => 2,
        }
    }
}

impl TryFrom<String> for Currency {
    type Error = BadCurrency;

    fn try_from(text: String) -> Result<Self, BadCurrency> {
        Self::parse(&text)
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.as_str().to_owned()
    }
}

/// A subscription, as Stripe last told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// Stripe's id: `sub_…`.
    pub id: String,
    /// Stripe's id of what it is for: `si_…`.
    pub item: String,
    /// What Stripe says of it.
    pub status: SubscriptionStatus,
    /// The lookup key of its price; `None`: the price has none.
    pub price: Option<String>,
    /// How often is paid.
    pub interval: Interval,
    /// In what.
    pub currency: Currency,
    /// For how many.
    pub seats: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When what was paid for ends.
    pub period_ends_at: Timestamp,
    /// When its trial ends or ended.
    pub trial_ends_at: Option<Timestamp>,
    /// When it ends, because somebody cancelled it.
    pub ends_at: Option<Timestamp>,
    /// When the invoice that is not paid was finalized; `None`: none is open.
    pub unpaid_since: Option<Timestamp>,
}

impl SubscriptionStatus {
    /// Whether it may be paid for (again): an organization should have one such, not two.
    pub const fn is_alive(self) -> bool {
        !matches!(self, Self::Incomplete | Self::IncompleteExpired | Self::Canceled)
    }

    /// Which counts first.
    const fn rank(self) -> u8 {
        match self {
            Self::Active => 5,
            Self::Trialing => 4,
            Self::PastDue => 3,
            Self::Unpaid => 2,
            Self::Paused => 1,
            Self::Incomplete | Self::IncompleteExpired | Self::Canceled => 0,
        }
    }
}

impl Subscription {
    /// The one that counts of all that a customer has or had: by status, then the newest, then the greatest id.
    pub fn counting(all: &[Self]) -> Option<&Self> {
        let alive = all.iter().filter(|one| one.status.is_alive());
        alive.max_by_key(|one| (one.status.rank(), one.created_at, one.id.as_str()))
    }

    /// Those that somebody pays for beside the one that counts: for people to look at.
    pub fn others(all: &[Self]) -> Vec<&Self> {
        let counting = Self::counting(all).map(|one| one.id.as_str());
        let mut others: Vec<_> = all
            .iter()
            .filter(|one| one.status.is_alive() && Some(one.id.as_str()) != counting)
            .collect();
        others.sort_by_key(|one| (Reverse(one.created_at), one.id.as_str()));
        others
    }

    /// How an organization with this subscription stands, and until when that holds if nobody does anything.
    pub fn standing(&self, now: Timestamp) -> (Standing, Option<Timestamp>) {
        match self.status {
            SubscriptionStatus::Incomplete
            | SubscriptionStatus::IncompleteExpired
            | SubscriptionStatus::Canceled => (Standing::None, None),
            SubscriptionStatus::Trialing => (Standing::Trialing, self.trial_ends_at),
            SubscriptionStatus::Active => (Standing::Active, self.ends_at),
            SubscriptionStatus::Paused => (Standing::Limited, None),
            SubscriptionStatus::PastDue | SubscriptionStatus::Unpaid => {
                let over = self.unpaid_since.unwrap_or_else(|| self.period_begins_at()).plus(GRACE);
                if now < over { (Standing::Grace, Some(over)) } else { (Standing::Limited, None) }
            }
        }
    }

    /// About when the period began that is not paid, for a subscription whose invoice tells no date: never too early.
    fn period_begins_at(&self) -> Timestamp {
        let days = match self.interval {
            Interval::Month => 28,
            Interval::Year => 365,
        };
        let begins_at = self.period_ends_at.minus(Duration::from_secs(days * 86_400));
        begins_at.max(self.created_at)
    }
}

#[cfg(test)]
mod tests;
