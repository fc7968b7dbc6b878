//! Moves issuances on, one request to an issuer at a time, each stored before it is made.

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use wax_kernel::{Clock, Rng, Timestamp};

use crate::{
    Answers, CertificateAuthority, Change, Charge, Event, Failure, Issuance, Issuer, IssuerId,
    Lease, OrderStore, Step, StoreFault, Vault, ledger,
};

mod failing;
mod ordering;
mod proving;
mod renewing;

/// How long an issuance is ours after each write. Longer than any request to an issuer, so that only who has died or
/// hangs loses it.
const LEASE: Duration = Duration::from_secs(90);

/// How long an issuer may take to decide. Let's Encrypt takes seconds, and a minute when it is busy.
const DECIDING: Duration = Duration::from_secs(900);

/// Not sooner than this, whatever the issuer says; and not later than a day, whatever it says.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(86_400);

/// The end of time: never, until somebody says so.
const NEVER: Timestamp = Timestamp::from_ms(i64::MAX);

/// An issuer, with the way to it.
#[derive(Debug, Clone)]
pub struct Authority {
    /// Its settings.
    pub issuer: Issuer,
    /// The way.
    pub ca: Arc<dyn CertificateAuthority>,
}

/// What the engine is put together from.
#[derive(Debug, Clone)]
pub struct Parts {
    /// Where issuances are kept.
    pub store: Arc<dyn OrderStore>,
    /// Where answers go.
    pub answers: Arc<dyn Answers>,
    /// Keys at rest.
    pub vault: Vault,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Moments in windows are drawn from it.
    pub rng: Arc<dyn Rng>,
}

/// Works on issuances. Any number of them, on any number of machines, on one store.
#[derive(Clone)]
pub struct Engine {
    parts: Parts,
    /// Best first.
    order: Vec<IssuerId>,
    authorities: BTreeMap<IssuerId, Authority>,
}

/// What one step came to.
enum Outcome {
    /// On to the next step, now.
    Go(Event, Step),
    /// The same step again, after so long.
    Wait(Duration),
    /// The same step again at this moment.
    WaitUntil(Timestamp),
    /// The certificate has come: already written.
    Done,
    /// It did not succeed.
    Failed(Failure),
}

impl Engine {
    /// An engine with these issuers, best first.
    pub fn new(parts: Parts, authorities: Vec<Authority>) -> Self {
        let order = authorities.iter().map(|authority| authority.issuer.id.clone()).collect();
        let by_id = |authority: Authority| (authority.issuer.id.clone(), authority);
        Self { parts, order, authorities: authorities.into_iter().map(by_id).collect() }
    }

    /// Leases the most urgent issuance that is due and takes it as far as it goes without a wait. `false`: none is due.
    ///
    /// May be dropped at any point, or die with its process: whoever claims the issuance after the lease goes on.
    pub async fn work(&self) -> Result<bool, StoreFault> {
        let now = self.parts.clock.now();
        let Some((issuance, lease)) = self.parts.store.claim(now, now.plus(LEASE)).await? else {
            return Ok(false);
        };
        match self.advance(&lease, issuance).await {
            // Another process was given it, because this one was too slow.
            Ok(()) | Err(StoreFault::Lost) => Ok(true),
            Err(fault) => Err(fault),
        }
    }

    /// When an order for this is likely to begin, with `ahead` others before it in its lane: what people are shown.
    pub async fn estimate(&self, issuance: &Issuance, ahead: u32) -> Result<Timestamp, StoreFault> {
        let now = self.parts.clock.now();
        let Some(Authority { issuer, .. }) = self.authorities.get(&issuance.issuer) else {
            return Ok(now);
        };
        let replaces = issuance.replaces().is_some();
        let charges = Charge::for_order(&issuer.id, issuer.limits, &issuance.name, replaces);
        let buckets = self.parts.store.buckets(&charges).await?;
        Ok(ledger::estimate(&buckets, &charges, issuance.lane_at(now), ahead, now))
    }

    async fn advance(&self, lease: &Lease, mut issuance: Issuance) -> Result<(), StoreFault> {
        // Whether the order was asked for is not known: it is paid for again before it is asked for again.
        if issuance.step == Step::Ordering {
            issuance.step = Step::Queued;
        }
        loop {
            let outcome = self.step(lease, &mut issuance).await?;
            if !self.apply(lease, &mut issuance, outcome).await? {
                return Ok(());
            }
        }
    }

    async fn step(&self, lease: &Lease, issuance: &mut Issuance) -> Result<Outcome, StoreFault> {
        if issuance.step == Step::Active {
            return Ok(self.active(issuance).await);
        }
        let Some(authority) = self.authorities.get(&issuance.issuer) else {
            return Ok(self.without_issuer(issuance));
        };
        let step = issuance.step.clone();
        Ok(match &step {
            Step::Queued => self.queued(lease, issuance, authority).await?,
            Step::Ordering => self.ordering(issuance, authority).await,
            Step::Choosing { order } => self.choosing(issuance, authority, order).await,
            Step::Publishing { order, answer } => self.publishing(issuance, order, answer).await,
            Step::Asking { order, answer } => self.asking(authority, order, answer).await,
            Step::Validating { order, answer } => {
                self.validating(issuance, authority, order, answer).await
            }
            Step::Finalizing { order, certificate, key } => {
                self.finalizing(issuance, authority, order, certificate, key).await
            }
            Step::Collecting { order, certificate, key } => {
                self.collecting(lease, issuance, authority, order, certificate, key).await?
            }
            Step::Active | Step::Blocked => Outcome::WaitUntil(NEVER),
        })
    }

    /// The issuer was taken out of the settings: its orders are nobody's.
    fn without_issuer(&self, issuance: &mut Issuance) -> Outcome {
        let Some(first) = self.order.first() else { return Outcome::Wait(LONGEST_WAIT) };
        issuance.issuer = first.clone();
        issuance.step = Step::Queued;
        issuance.spent.clear();
        Outcome::Wait(Duration::ZERO)
    }

    /// Writes what a step came to. `true`: go on.
    async fn apply(
        &self,
        lease: &Lease,
        issuance: &mut Issuance,
        outcome: Outcome,
    ) -> Result<bool, StoreFault> {
        let now = self.parts.clock.now();
        match outcome {
            Outcome::Go(event, step) => {
                Self::move_to(issuance, event, step, now);
                // To and fro between these two is the same step, tried again.
                if !matches!(event, Event::Submitted | Event::NotSubmitted) {
                    issuance.failures.tries = 0;
                }
                issuance.failures.silent_since = None;
                let change = Change::to(issuance.clone(), Some(now.plus(LEASE)));
                self.parts.store.save(lease, change, now).await?;
                Ok(true)
            }
            Outcome::Wait(wait) => self.pause(lease, issuance, now.plus(wait)).await,
            Outcome::WaitUntil(moment) => self.pause(lease, issuance, moment).await,
            Outcome::Failed(failure) => {
                self.failed(lease, issuance, failure, now).await?;
                Ok(false)
            }
            Outcome::Done => Ok(false),
        }
    }

    /// Gives it back until then.
    async fn pause(
        &self,
        lease: &Lease,
        issuance: &mut Issuance,
        until: Timestamp,
    ) -> Result<bool, StoreFault> {
        issuance.next_at = until;
        let (change, now) = (Change::to(issuance.clone(), None), self.parts.clock.now());
        self.parts.store.save(lease, change, now).await?;
        Ok(false)
    }

    /// The only way from step to step.
    fn move_to(issuance: &mut Issuance, event: Event, step: Step, now: Timestamp) {
        let from = issuance.step.phase();
        debug_assert_eq!(from.after(event), Some(step.phase()), "{event:?} at {from:?}");
        tracing::debug!(domain = %issuance.domain, ?from, ?event, "an issuance moves on");
        issuance.step = step;
        issuance.since = now;
        issuance.next_at = now;
    }
}

/// The longer of what we would wait and what the issuer asks for, within reason.
fn wait(asked: Option<Duration>, own: Duration) -> Duration {
    asked.unwrap_or_default().min(LONGEST_WAIT).max(own)
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("issuers", &self.order).finish_non_exhaustive()
    }
}
