//! From the queue to an order, and from an order to its certificate.

use std::time::Duration;

use wax_kernel::{CertificateId, Timestamp};

use super::{Authority, DECIDING, Engine, LEASE, Outcome, SHORTEST_WAIT};
use crate::{
    Budget, Certificate, Chain, Change, Charge, Event, Failure, Failures, Fault, InUse, Issuance,
    Lane, Lease, Plan, Progress, Reason, SealedKey, Step, StoreFault, Wait, reason,
};

impl Engine {
    /// Takes the order's price from the ledger, and stores that the order is about to be asked for, both at once.
    pub(super) async fn queued(
        &self,
        lease: &Lease,
        issuance: &mut Issuance,
        authority: &Authority,
    ) -> Result<Outcome, StoreFault> {
        let now = self.parts.clock.now();
        if let Some(in_use) = &issuance.in_use {
            issuance.lane = Lane::of_renewal(now, in_use.validity.not_after);
        }
        let issuer = &authority.issuer;
        let replaces = issuance.replaces().is_some();
        let charges = Charge::for_order(&issuer.id, issuer.limits, &issuance.name, replaces);
        let mut next = issuance.clone();
        Self::move_to(&mut next, Event::Granted, Step::Ordering, now);
        next.spent.clone_from(&charges);
        let mut change = Change::to(next.clone(), Some(now.plus(LEASE)));
        // Paid for an order that was asked for, and of which nothing was heard: it made no certificate and no failure.
        change.give_back = issuance.spent.clone();
        change.give_back.retain(|charge| charge.bucket.budget != Budget::Orders);
        match self.parts.store.spend(lease, change, &charges, now).await? {
            Ok(()) => {
                *issuance = next;
                self.step_again(lease, issuance).await
            }
            Err(wait) => Ok(self.without_budget(issuance, &wait)),
        }
    }

    async fn step_again(
        &self,
        lease: &Lease,
        issuance: &mut Issuance,
    ) -> Result<Outcome, StoreFault> {
        Box::pin(self.step(lease, issuance)).await
    }

    /// Waits its turn; but not past the end of the certificate in use, while another issuer may have room.
    fn without_budget(&self, issuance: &mut Issuance, wait: &Wait) -> Outcome {
        let ends = issuance.in_use.as_ref().map(|in_use| in_use.validity.not_after);
        let switches = issuance.failures.switches + 1;
        let next = self.next_issuer(issuance).filter(|_| self.is_first_round(switches));
        match next {
            Some(next) if ends.is_some_and(|ends| wait.until >= ends) => {
                issuance.issuer = next;
                issuance.failures.switches = switches;
                Outcome::Wait(Duration::ZERO)
            }
            _ => Outcome::WaitUntil(wait.until),
        }
    }

    pub(super) async fn ordering(&self, issuance: &Issuance, authority: &Authority) -> Outcome {
        match authority.ca.new_order(&issuance.name, issuance.replaces()).await {
            Ok(order) => Outcome::Go(Event::Ordered, Step::Choosing { order: order.url }),
            Err(failure) => Outcome::Failed(failure),
        }
    }

    /// To a key that is stored before the issuer hears of it.
    pub(super) fn proven(&self, order: &str) -> Outcome {
        let certificate = CertificateId::random(&*self.parts.rng);
        match self.parts.vault.new_key(&certificate) {
            Ok(key) => {
                let order = order.to_owned();
                Outcome::Go(Event::Proven, Step::Finalizing { order, certificate, key })
            }
            Err(_) => Outcome::Failed(Failure::of(Reason::KeyLost)),
        }
    }

    pub(super) async fn finalizing(
        &self,
        issuance: &Issuance,
        authority: &Authority,
        order: &str,
        certificate: &CertificateId,
        key: &SealedKey,
    ) -> Outcome {
        let Ok(request) = self.parts.vault.request(certificate, key, &issuance.name) else {
            return Outcome::Failed(Failure::of(Reason::KeyLost));
        };
        let collecting = Step::Collecting {
            order: order.to_owned(),
            certificate: *certificate,
            key: key.clone(),
        };
        match authority.ca.finalize(order, &request).await {
            // "Not ready" may mean: done already, before this process took over. To ask tells.
            Err(failure) if failure.reason != Reason::NotReady => Outcome::Failed(failure),
            _ => Outcome::Go(Event::Submitted, collecting),
        }
    }

    pub(super) async fn collecting(
        &self,
        lease: &Lease,
        issuance: &mut Issuance,
        authority: &Authority,
        order: &str,
        certificate: &CertificateId,
        key: &SealedKey,
    ) -> Result<Outcome, StoreFault> {
        let state = match authority.ca.order(order).await {
            Ok(state) => state,
            Err(failure) => return Ok(Outcome::Failed(failure)),
        };
        let tries = issuance.failures.tries + 1;
        match state.progress {
            Progress::Valid => {}
            Progress::Processing if issuance.since.until(self.parts.clock.now()) >= DECIDING => {
                return Ok(Outcome::Failed(Failure::of(Reason::IssuerSlow)));
            }
            Progress::Processing => {
                issuance.failures.tries = tries;
                let wait = state.retry_after.unwrap_or(reason::pause_in_step(tries) / 2);
                return Ok(Outcome::Wait(super::wait(Some(wait), SHORTEST_WAIT)));
            }
            // The request never arrived.
            Progress::Ready if tries < 5 => {
                issuance.failures.tries = tries;
                let (order, certificate, key) = (order.to_owned(), *certificate, key.clone());
                let step = Step::Finalizing { order, certificate, key };
                return Ok(Outcome::Go(Event::NotSubmitted, step));
            }
            Progress::Ready | Progress::Pending => {
                return Ok(Outcome::Failed(Failure::of(Reason::OrderGone)));
            }
            Progress::Invalid(failure) => return Ok(Outcome::Failed(failure)),
        }
        let pem = match authority.ca.certificate(order).await {
            Ok(pem) => pem,
            Err(failure) => return Ok(Outcome::Failed(failure)),
        };
        match self.examine(issuance, authority, certificate, key, &pem) {
            Ok(certificate) => self.keep(lease, issuance, certificate).await,
            Err(failure) => Ok(Outcome::Failed(failure)),
        }
    }

    /// An issuer is not believed: whether the key is ours and the host the one that was ordered is looked at.
    fn examine(
        &self,
        issuance: &Issuance,
        authority: &Authority,
        id: &CertificateId,
        key: &SealedKey,
        pem: &str,
    ) -> Result<Certificate, Failure> {
        let now = self.parts.clock.now();
        let private = self.parts.vault.private_key(id, key);
        let private = private.map_err(|_| Failure::of(Reason::KeyLost))?;
        // No certificate at all is some proxy's page: the right one is still there, and is asked for again.
        let none = |fault: Fault| Failure::saying(Reason::IssuerBroken, &fault.to_string());
        let chain = Chain::from_pem(pem).map_err(none)?;
        let facts = chain.inspect(&private, &issuance.name, now);
        let facts = facts.map_err(|faults| wrong(&faults, now))?;
        Ok(Certificate {
            id: *id,
            domain: issuance.domain,
            name: issuance.name.clone(),
            issuer: Some(authority.issuer.id.clone()),
            chain,
            key: key.clone(),
            facts,
        })
    }

    async fn keep(
        &self,
        lease: &Lease,
        issuance: &mut Issuance,
        certificate: Certificate,
    ) -> Result<Outcome, StoreFault> {
        let now = self.parts.clock.now();
        let plan = Plan::first(&issuance.name, certificate.facts.validity, now);
        let in_use = InUse {
            id: certificate.id,
            issuer: issuance.issuer.clone(),
            validity: certificate.facts.validity,
            ari: certificate.facts.ari.clone(),
            plan,
        };
        Self::move_to(issuance, Event::Issued, Step::Active, now);
        let give_back =
            issuance.spent.iter().filter(|charge| charge.bucket.budget == Budget::FailedProofs);
        let give_back = give_back.cloned().collect();
        issuance.spent.clear();
        issuance.in_use = Some(in_use);
        issuance.failures = Failures::default();
        issuance.trouble = None;
        issuance.may_replace = true;
        issuance.next_at = now;
        let change = Change {
            give_back,
            certificate: Some(certificate),
            ..Change::to(issuance.clone(), None)
        };
        self.parts.store.save(lease, change, now).await?;
        tracing::info!(domain = %issuance.domain, issuer = %issuance.issuer, "a certificate has come");
        Ok(Outcome::Done)
    }
}

/// How far an issuer's clock may be ahead of ours.
const AHEAD: Duration = Duration::from_secs(3_600);

/// What is wrong, in one word. A certificate that is only too new is none to order again: there would be two.
fn wrong(faults: &[Fault], now: Timestamp) -> Failure {
    match faults {
        [Fault::NotYet { from }] if now.until(*from) <= AHEAD => {
            Failure { retry_after: Some(now.until(*from)), ..Failure::of(Reason::NotYetGood) }
        }
        [first, ..] => Failure::saying(Reason::WrongCertificate, &first.to_string()),
        [] => Failure::of(Reason::WrongCertificate),
    }
}
