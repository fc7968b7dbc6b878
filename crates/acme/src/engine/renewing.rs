//! A certificate in use: when to renew it.

use super::{Engine, Outcome};
use crate::{Event, Failure, InUse, Issuance, Lane, Plan, Step};

impl Engine {
    pub(super) async fn active(&self, issuance: &mut Issuance) -> Outcome {
        let now = self.parts.clock.now();
        let Some(in_use) = issuance.in_use.clone() else {
            return self.renew(issuance);
        };
        if in_use.plan.is_due(in_use.validity, now) {
            return self.renew(issuance);
        }
        let plan = if now >= in_use.plan.poll_at { self.asked(&in_use).await } else { in_use.plan };
        let (due, next) = (plan.is_due(in_use.validity, now), plan.next(in_use.validity));
        issuance.in_use = Some(InUse { plan, ..in_use });
        if due { self.renew(issuance) } else { Outcome::WaitUntil(next) }
    }

    async fn asked(&self, in_use: &InUse) -> Plan {
        let now = self.parts.clock.now();
        let authority = self.authorities.get(&in_use.issuer);
        let (Some(authority), Some(ari)) = (authority, &in_use.ari) else {
            return in_use.plan.without_windows(now);
        };
        match authority.ca.window(ari).await {
            Ok(Some((window, again))) => in_use.plan.told(window, again, now, &*self.parts.rng),
            Ok(None) => in_use.plan.without_windows(now),
            Err(Failure { retry_after, .. }) => in_use.plan.not_told(retry_after, now),
        }
    }

    /// Renewals begin with the best issuer again, whoever issued the last certificate.
    fn renew(&self, issuance: &mut Issuance) -> Outcome {
        let now = self.parts.clock.now();
        if let Some(in_use) = &issuance.in_use {
            issuance.lane = Lane::of_renewal(now, in_use.validity.not_after);
        }
        if let Some(best) = self.order.first() {
            issuance.issuer = best.clone();
        }
        issuance.queued_at = now;
        Outcome::Go(Event::Due, Step::Queued)
    }
}
