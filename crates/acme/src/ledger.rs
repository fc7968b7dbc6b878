//! What an issuer lets us spend, kept by us so that it never has to say no.
//!
//! Issuers publish their limits as buckets of tokens that refill steadily. We keep each bucket at nine tenths of what is
//! published, by the generic cell rate algorithm: one number a bucket, the *theoretical arrival time*, so that any
//! number of processes can share it in one row. Everything here is a function of values and the time.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};
use wax_kernel::{HostPattern, Timestamp};

use crate::IssuerId;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Budget {
    /// New orders of the account.
    Orders,
    /// Certificates below one registered domain.
    Certificates,
    /// Certificates for exactly the same names.
    Duplicates,
    /// Proofs of one host that fail.
    FailedProofs,
}

impl Budget {
    /// Its name in a row.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::Certificates => "certificates",
            Self::Duplicates => "duplicates",
            Self::FailedProofs => "failed-proofs",
        }
    }
}

/// One limit of an issuer: a bucket of `amount` tokens that refills in `window`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// What is counted; the budget also says for whom: see [`Budget`].
    pub budget: Budget,
    /// As published, before our margin.
    pub amount: u32,
    /// As published.
    pub window: Duration,
    /// Whether a renewal that names what it replaces (RFC 9773 §5) is not counted.
    pub renewals_are_free: bool,
}

const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;

/// What Let's Encrypt publishes (letsencrypt.org/docs/rate-limits, 2026-08).
///
/// Its failed proofs are counted although renewals would be exempt: failing is no way to renew.
pub const LETS_ENCRYPT: &[Limit] = &[
    limit(Budget::Orders, 300, 3 * HOUR, true),
    limit(Budget::Certificates, 50, 7 * DAY, true),
    limit(Budget::Duplicates, 5, 7 * DAY, true),
    limit(Budget::FailedProofs, 5, HOUR, false),
];

/// For an issuer that publishes nothing: slow enough for any, and no retry storm.
pub const CAREFUL: &[Limit] = &[
    limit(Budget::Orders, 100, 3 * HOUR, false),
    limit(Budget::Certificates, 25, 7 * DAY, false),
    limit(Budget::Duplicates, 5, 7 * DAY, false),
    limit(Budget::FailedProofs, 5, HOUR, false),
];

const fn limit(budget: Budget, amount: u32, secs: u64, renewals_are_free: bool) -> Limit {
    Limit { budget, amount, window: Duration::from_secs(secs), renewals_are_free }
}

/// Who goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lane {
    /// Less than 48 hours to live, or revoked.
    Expiring,
    /// A certificate in use.
    Renewal,
    /// A host's first certificate.
    New,
    /// A first certificate of a tenant that has many waiting.
    Bulk,
}

impl Lane {
    /// How much sooner or later than others that were queued at the same moment. A lane is a head start and no wall:
    /// whoever has waited a week in the last lane goes before whoever has just come in the first.
    pub const fn patience(self) -> Duration {
        Duration::from_secs(match self {
            Self::Expiring => 0,
            Self::Renewal => DAY,
            Self::New => 2 * DAY,
            Self::Bulk => 7 * DAY,
        })
    }

    /// The lane of somebody who has waited in this one for so long. Without it, a lane that leaves tokens to others could
    /// be left without any for ever.
    #[must_use]
    pub fn after(self, waited: Duration) -> Self {
        match self {
            _ if waited < self.patience() => self,
            Self::Expiring | Self::Renewal => Self::Expiring,
            Self::New | Self::Bulk => Self::Renewal,
        }
    }

    /// How many hundredths of a bucket stay for the lanes before this one.
    const fn leaves(self) -> i64 {
        match self {
            Self::Expiring => 0,
            Self::Renewal => 10,
            Self::New => 25,
            Self::Bulk => 50,
        }
    }

    /// Of a certificate that ends at `not_after`.
    pub fn of_renewal(now: Timestamp, not_after: Timestamp) -> Self {
        const SOON: Duration = Duration::from_secs(2 * DAY);
        if now.until(not_after) < SOON { Self::Expiring } else { Self::Renewal }
    }

    /// Of a first certificate, for a tenant that has `waiting` others queued.
    pub const fn of_first(waiting: usize) -> Self {
        const FEW: usize = 20;
        if waiting < FEW { Self::New } else { Self::Bulk }
    }
}

/// A bucket: whose tokens, of what, for what key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Bucket {
    /// Which issuer counts.
    pub issuer: IssuerId,
    /// What it counts.
    pub budget: Budget,
    /// For whom: empty for the account, else a registered domain, a name or a host.
    pub key: String,
}

/// One token out of one bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    /// Out of which.
    pub bucket: Bucket,
    /// How long a token takes to come back, in milliseconds.
    pub interval_ms: i64,
    /// How many there are in a full bucket.
    pub capacity: i64,
}

/// A bucket that has no token for this lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    /// The one that is emptiest.
    pub bucket: Bucket,
    /// When it has one, if nobody else takes it: the estimate that people are shown.
    pub until: Timestamp,
}

/// The theoretical arrival times of buckets. One that is missing is full.
pub type Buckets = BTreeMap<Bucket, Timestamp>;

impl Charge {
    /// What one order for `name` takes. `replaces`: whether it names what it replaces.
    pub fn for_order(
        issuer: &IssuerId,
        limits: &[Limit],
        name: &HostPattern,
        replaces: bool,
    ) -> Vec<Self> {
        let counted = limits.iter().filter(|limit| !(replaces && limit.renewals_are_free));
        counted.map(|limit| Self::of(issuer, limit, name)).collect()
    }

    fn of(issuer: &IssuerId, limit: &Limit, name: &HostPattern) -> Self {
        let key = match limit.budget {
            Budget::Orders => String::new(),
            Budget::Certificates => registered_domain(name).to_owned(),
            Budget::Duplicates => name.to_string(),
            Budget::FailedProofs => name.host().to_string(),
        };
        // Nine tenths of the tokens, coming back at nine tenths of the pace; at least one token.
        let window_ms = i64::try_from(limit.window.as_millis()).unwrap_or(i64::MAX / 16);
        let amount = i64::from(limit.amount.max(1));
        Self {
            bucket: Bucket { issuer: issuer.clone(), budget: limit.budget, key },
            interval_ms: divided_up(window_ms * 10, amount * 9),
            capacity: (amount * 9 / 10).max(1),
        }
    }

    /// The bucket's next arrival time with this charge, or when it has room.
    fn next(
        &self,
        tat: Option<Timestamp>,
        lane: Lane,
        now: Timestamp,
    ) -> Result<Timestamp, Timestamp> {
        let start = tat.map_or(now.as_ms(), |tat| tat.as_ms().max(now.as_ms()));
        let next = start.saturating_add(self.interval_ms);
        // A bucket of one token has none to leave to others.
        let room = (self.capacity * (100 - lane.leaves()) / 100).max(1) * self.interval_ms;
        let free_at = next.saturating_sub(room);
        if free_at <= now.as_ms() {
            Ok(Timestamp::from_ms(next))
        } else {
            Err(Timestamp::from_ms(free_at))
        }
    }
}

impl Charge {
    /// The bucket's arrival time if it is empty until then.
    pub(crate) fn empty_until(&self, until: Timestamp) -> Timestamp {
        let full = self.capacity.saturating_sub(1).saturating_mul(self.interval_ms);
        Timestamp::from_ms(until.as_ms().saturating_add(full))
    }
}

/// The budget that an issuer's refusal speaks of, in Let's Encrypt's words. What it does not know empties no bucket: one
/// domain's refusal must not stop all others.
pub(crate) fn named_in(detail: &str) -> Option<Budget> {
    const WORDS: [(&str, Budget); 4] = [
        ("too many new orders", Budget::Orders),
        ("exact set of", Budget::Duplicates),
        ("too many failed authorizations", Budget::FailedProofs),
        ("too many certificates", Budget::Certificates),
    ];
    WORDS.iter().find(|(words, _)| detail.contains(words)).map(|(_, budget)| *budget)
}

/// Takes every charge, or none and says how long the slowest takes.
pub fn take(
    buckets: &mut Buckets,
    charges: &[Charge],
    lane: Lane,
    now: Timestamp,
) -> Result<(), Wait> {
    let tried = charges.iter().map(|charge| {
        let tat = buckets.get(&charge.bucket).copied();
        charge
            .next(tat, lane, now)
            .map_err(|until| Wait { bucket: charge.bucket.clone(), until })
            .map(|next| (charge.bucket.clone(), next))
    });
    let (granted, refused): (Vec<_>, Vec<_>) = tried.partition(Result::is_ok);
    if let Some(wait) = refused.into_iter().filter_map(Result::err).max_by_key(|wait| wait.until) {
        return Err(wait);
    }
    buckets.extend(granted.into_iter().filter_map(Result::ok));
    Ok(())
}

/// Gives a token back that the issuer did not count.
pub fn give_back(buckets: &mut Buckets, charge: &Charge) {
    if let Some(tat) = buckets.get_mut(&charge.bucket) {
        *tat = Timestamp::from_ms(tat.as_ms().saturating_sub(charge.interval_ms));
    }
}

/// When the order that has `ahead` others before it in its lane is likely to begin.
pub fn estimate(
    buckets: &Buckets,
    charges: &[Charge],
    lane: Lane,
    ahead: u32,
    now: Timestamp,
) -> Timestamp {
    let moments = charges.iter().map(|charge| {
        // Those ahead share the account's bucket; the others are of this name alone.
        let ahead = if charge.bucket.key.is_empty() { i64::from(ahead) } else { 0 };
        let tat =
            buckets.get(&charge.bucket).map_or(now.as_ms(), |tat| tat.as_ms().max(now.as_ms()));
        let tat = Timestamp::from_ms(tat.saturating_add(ahead.saturating_mul(charge.interval_ms)));
        charge.next(Some(tat), lane, now).map_or_else(|until| until, |_| now)
    });
    moments.max().unwrap_or(now)
}

/// Of positive numbers, rounded up: a token that comes back a moment late is none too many.
const fn divided_up(value: i64, by: i64) -> i64 {
    (value + by - 1) / by
}

/// The name that issuers count certificates by: one label below a public suffix.
pub fn registered_domain(name: &HostPattern) -> &str {
    psl::domain_str(name.host().as_str()).unwrap_or_else(|| name.host().as_str())
}

#[cfg(test)]
mod tests;
