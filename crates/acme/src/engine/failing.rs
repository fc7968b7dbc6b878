//! A step that did not succeed: what is tried again, when, and at whom.

use std::time::Duration;

use wax_kernel::Timestamp;

use super::{Engine, LONGEST_WAIT, NEVER, wait};
use crate::{
    Bucket, Budget, Change, Charge, Event, Failure, Failures, Issuance, IssuerId, Lease, Phase,
    Reason, Retry, Step, StoreFault, Trouble, ledger, reason,
};

/// An issuer that gives no answer for so long is left for another one.
const SILENCE: Duration = Duration::from_secs(3_600);

/// Failures in a row after which another issuer is asked.
const FAILURES: u32 = 2;

impl Engine {
    /// Writes what a failure leads to, in one change with what it gives back.
    pub(super) async fn failed(
        &self,
        lease: &Lease,
        issuance: &Issuance,
        failure: Failure,
        now: Timestamp,
    ) -> Result<(), StoreFault> {
        let (at, code) = (issuance.step.phase(), failure.reason.rule().code);
        tracing::info!(domain = %issuance.domain, reason = code, phase = ?at, "a certificate's step failed");
        let mut own = issuance.clone();
        Self::count(&mut own, failure.reason, now);
        self.judge(&mut own, &failure, now);
        let left = own.step.phase() != at;
        let mut change =
            Change { empty: emptied(issuance, &failure, now), ..Change::to(own, None) };
        if left {
            change.give_back = not_counted(issuance, failure.reason);
            change.issuance.spent.clear();
        }
        note(&mut change.issuance, failure, now);
        self.parts.store.save(lease, change, now).await?;
        if let Some(answer) = issuance.step.answer().filter(|_| left) {
            self.parts.answers.withdraw(&issuance.domain, answer).await;
        }
        Ok(())
    }

    /// Another issuer, a person, the same step or a new order: read from the reason's rule, and from nothing else.
    fn judge(&self, own: &mut Issuance, failure: &Failure, now: Timestamp) {
        let (at, retry) = (own.step.phase(), failure.reason.rule().retry);
        if let Some(next) = self.elsewhere(own, failure.reason, now) {
            self.go_elsewhere(own, next, now);
        } else if retry == Retry::Person && at.after(Event::Stuck).is_some() {
            Self::move_to(own, Event::Stuck, Step::Blocked, now);
            own.next_at = NEVER;
        } else if retry == Retry::Step {
            let pause = reason::pause_in_step(own.failures.tries);
            own.next_at = now.plus(wait(failure.retry_after, pause));
        } else {
            let pause = pause_for(failure.reason, own.failures);
            Self::give_up(own, now, now.plus(wait(failure.retry_after, pause)));
        }
    }

    /// At once the first time round; then as slowly as any other order.
    fn go_elsewhere(&self, own: &mut Issuance, next: IssuerId, now: Timestamp) {
        let Failures { orders, proofs, switches, .. } = own.failures;
        let switches = switches.saturating_add(1);
        let first_round = self.is_first_round(switches);
        let pause =
            if first_round { Duration::ZERO } else { reason::pause_after(orders.max(switches)) };
        own.issuer = next;
        own.failures = Failures { orders, proofs, switches, ..Failures::default() };
        Self::give_up(own, now, now.plus(pause));
    }

    /// Back to the queue, for a new order.
    fn give_up(issuance: &mut Issuance, now: Timestamp, next_at: Timestamp) {
        if issuance.step != Step::Queued {
            Self::move_to(issuance, Event::Failed, Step::Queued, now);
        }
        issuance.next_at = next_at;
    }

    pub(super) fn is_first_round(&self, switches: u32) -> bool {
        usize::try_from(switches).is_ok_and(|switches| switches < self.order.len())
    }

    fn count(issuance: &mut Issuance, reason: Reason, now: Timestamp) {
        let rule = reason.rule();
        let failures = &mut issuance.failures;
        failures.tries = failures.tries.saturating_add(1);
        if rule.elsewhere && rule.retry == Retry::Step {
            failures.silent_since.get_or_insert(now);
        }
        if rule.retry == Retry::Order && reason != Reason::AlreadyReplaced {
            failures.orders = failures.orders.saturating_add(1);
            failures.elsewhere += u32::from(rule.elsewhere);
        }
        if is_proof(reason) {
            failures.proofs = failures.proofs.saturating_add(1);
        }
        if reason == Reason::AlreadyReplaced {
            issuance.may_replace = false;
        }
    }

    /// The issuer to go on with, if this one has failed often enough or been silent for long enough.
    fn elsewhere(&self, issuance: &Issuance, reason: Reason, now: Timestamp) -> Option<IssuerId> {
        if !reason.rule().elsewhere || issuance.step == Step::Active {
            return None;
        }
        let failures = issuance.failures;
        let silent = failures.silent_since.is_some_and(|since| since.until(now) >= SILENCE);
        let stuck =
            reason.rule().retry == Retry::Person && self.is_first_round(failures.switches + 1);
        if !silent && !stuck && failures.elsewhere < FAILURES {
            return None;
        }
        self.next_issuer(issuance)
    }

    pub(super) fn next_issuer(&self, issuance: &Issuance) -> Option<IssuerId> {
        let here = self.order.iter().position(|id| *id == issuance.issuer)?;
        let next = self.order.get((here + 1) % self.order.len())?;
        (*next != issuance.issuer).then(|| next.clone())
    }
}

/// Kept for people. A nonce is nothing to tell them of.
fn note(own: &mut Issuance, failure: Failure, now: Timestamp) {
    let again_at = (own.next_at != NEVER).then_some(own.next_at);
    let Failure { reason, detail, .. } = failure;
    if reason != Reason::NonceRefused {
        own.trouble = Some(Trouble { reason, at: now, again_at, detail });
    }
}

/// Whether it is a proof that failed: the issuer counts those.
const fn is_proof(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::HostUnreachable
            | Reason::WrongAnswer
            | Reason::HostTls
            | Reason::HostDns
            | Reason::CaaForbids
    )
}

/// What the issuer has not counted of an order that came to nothing: failures if nothing was proved wrong, and
/// certificates if none can have been made.
fn not_counted(issuance: &Issuance, reason: Reason) -> Vec<Charge> {
    let made = matches!(issuance.step.phase(), Phase::Finalizing | Phase::Collecting);
    let counted = |budget| match budget {
        Budget::Orders => true,
        Budget::FailedProofs => is_proof(reason) || reason == Reason::ProofUndecided,
        Budget::Certificates | Budget::Duplicates => made,
    };
    issuance.spent.iter().filter(|charge| !counted(charge.bucket.budget)).cloned().collect()
}

/// What the issuer says is empty although our ledger had some left: somebody else uses the account.
fn emptied(issuance: &Issuance, failure: &Failure, now: Timestamp) -> Option<(Bucket, Timestamp)> {
    let until = now.plus(failure.retry_after?.min(LONGEST_WAIT));
    let budget = ledger::named_in(failure.detail.text())?;
    let mut spent = issuance.spent.iter();
    let charge = spent
        .find(|charge| failure.reason == Reason::RateLimited && charge.bucket.budget == budget)?;
    Some((charge.bucket.clone(), charge.empty_until(until)))
}

fn pause_for(reason: Reason, failures: Failures) -> Duration {
    if reason == Reason::AlreadyReplaced {
        Duration::ZERO
    } else {
        reason::pause_after(failures.orders)
    }
}
