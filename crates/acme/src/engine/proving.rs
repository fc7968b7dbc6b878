//! From an order to an issuer that is convinced.

use std::time::Duration;

use super::{Authority, DECIDING, Engine, Outcome, SHORTEST_WAIT};
use crate::{
    Answer, Event, Failure, Issuance, Method, Progress, Reason, Step, Token, Wanted, reason,
};

/// How long an answer may take to be on every edge.
const PUBLISHING: Duration = Duration::from_secs(120);

impl Engine {
    pub(super) async fn choosing(
        &self,
        issuance: &Issuance,
        authority: &Authority,
        order: &str,
    ) -> Outcome {
        match authority.ca.wanted(order).await {
            Ok(Wanted::Nothing) => self.proven(order),
            Ok(Wanted::One(offers)) => match chosen(issuance, &offers) {
                Some((method, token)) => {
                    let (name, account) = (issuance.name.clone(), authority.ca.account());
                    let answer = Answer { method, name, token, account };
                    Outcome::Go(Event::Chosen, Step::Publishing { order: order.to_owned(), answer })
                }
                None => Outcome::Failed(Failure::of(Reason::NoChallenge)),
            },
            Err(failure) => Outcome::Failed(failure),
        }
    }

    pub(super) async fn publishing(
        &self,
        issuance: &Issuance,
        order: &str,
        answer: &Answer,
    ) -> Outcome {
        if self.parts.answers.publish(&issuance.domain, answer).await {
            let (order, answer) = (order.to_owned(), answer.clone());
            return Outcome::Go(Event::Published, Step::Asking { order, answer });
        }
        if issuance.since.until(self.parts.clock.now()) < PUBLISHING {
            return Outcome::Wait(SHORTEST_WAIT);
        }
        Outcome::Failed(Failure::of(Reason::NotPublished))
    }

    pub(super) async fn asking(
        &self,
        authority: &Authority,
        order: &str,
        answer: &Answer,
    ) -> Outcome {
        match authority.ca.look(order, answer.method).await {
            // "Malformed" is what some say who were told before: how the order stands tells.
            Ok(()) | Err(Failure { reason: Reason::BadRequest, .. }) => {
                let (order, answer) = (order.to_owned(), answer.clone());
                Outcome::Go(Event::Told, Step::Validating { order, answer })
            }
            Err(failure) => Outcome::Failed(failure),
        }
    }

    pub(super) async fn validating(
        &self,
        issuance: &mut Issuance,
        authority: &Authority,
        order: &str,
        answer: &Answer,
    ) -> Outcome {
        let state = match authority.ca.order(order).await {
            Ok(state) => state,
            Err(failure) => return Outcome::Failed(failure),
        };
        let outcome = match state.progress {
            Progress::Invalid(failure) => return Outcome::Failed(failure),
            Progress::Pending => {
                if issuance.since.until(self.parts.clock.now()) >= DECIDING {
                    return Outcome::Failed(Failure::of(Reason::ProofUndecided));
                }
                issuance.failures.tries = issuance.failures.tries.saturating_add(1);
                let own = reason::pause_in_step(issuance.failures.tries) / 2;
                return Outcome::Wait(super::wait(state.retry_after, own));
            }
            Progress::Ready | Progress::Processing | Progress::Valid => self.proven(order),
        };
        self.parts.answers.withdraw(&issuance.domain, answer).await;
        outcome
    }
}

/// The first of our methods that the issuer takes too.
fn chosen(issuance: &Issuance, offers: &[(Method, Token)]) -> Option<(Method, Token)> {
    issuance
        .preferred()
        .find_map(|method| offers.iter().find(|(offered, _)| *offered == method).cloned())
}
