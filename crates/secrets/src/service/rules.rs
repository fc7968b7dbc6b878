//! What an organization decided for one of its domains, and what its plan leaves it, hold here, whatever a page showed or an
//! edge knew.

use wax_kernel::{DomainId, Timestamp};
use wax_model::{
    Actor, Denied, Entitlements, Invalid, Limit, Meter, Plans, Policy, Rule,
    domain::{Domain, Service},
};
use wax_store::{Premises, Ranked, StoreError, UnitOfWork};

use super::Refusal;

/// Somebody who wants to make a secret on a domain. It is asked in the transaction that writes the secret.
#[derive(Debug, Clone)]
pub(super) struct Admission {
    pub(super) domain: DomainId,
    /// `None`: a guest.
    pub(super) actor: Option<Actor>,
    pub(super) policy: Policy,
    /// Sealed.
    pub(super) content_bytes: usize,
    pub(super) plans: Plans,
    pub(super) now: Timestamp,
}

impl Admission {
    /// Whether the domain and the plan, as they are now, let it in; and how many secrets the plan lets in in a month.
    pub(super) async fn ask(
        &self,
        uow: &mut dyn UnitOfWork,
    ) -> Result<Result<Limit, Refusal>, StoreError> {
        if self.plans.are_sold() {
            return self.ask_plan(uow).await;
        }
        // One plan, which was asked before the transaction: nothing is read for it.
        let domain = uow.domains().find(self.domain).await?;
        let plan = self.plans.default_plan().entitlements;
        Ok(domain.ok_or(Refusal::NotAvailable).and_then(|domain| {
            self.stand(&domain)?;
            domain.settings.limits.check(&self.policy, &plan, self.now)?;
            Ok(Limit::NONE)
        }))
    }

    async fn ask_plan(
        &self,
        uow: &mut dyn UnitOfWork,
    ) -> Result<Result<Limit, Refusal>, StoreError> {
        let found = uow.domains().premises(self.domain).await?;
        let Some(Premises { domain, plan, limited }) = found else {
            return Ok(Err(Refusal::NotAvailable));
        };
        if let Err(refusal) = self.stand(&domain) {
            return Ok(Err(refusal));
        }
        let plan = self.plans.of(&plan).entitlements;
        let denied = if limited { Some(Denied::Limited) } else { self.frozen(uow, &plan).await? };
        if let Some(denied) = denied {
            return Ok(Err(self.denied(denied)));
        }
        Ok(self.fit(&domain, &plan).map(|()| plan.secrets_per_month).map_err(Refusal::Invalid))
    }

    /// What may be done on the domain, whatever it is.
    fn stand(&self, domain: &Domain) -> Result<(), Refusal> {
        match domain.standing() {
            Some(Service::Full) => {}
            Some(Service::Held) => return Err(Refusal::Held),
            None => return Err(Refusal::NotAvailable),
        }
        if self.actor.is_none() && !domain.settings.strangers_create() {
            return Err(Refusal::MembersOnly);
        }
        Ok(())
    }

    /// Whether the domain, or the member or key that asks, is beyond the plan.
    async fn frozen(
        &self,
        uow: &mut dyn UnitOfWork,
        plan: &Entitlements,
    ) -> Result<Option<Denied>, StoreError> {
        let maker = match self.actor {
            Some(Actor::Account(id)) => Some((Meter::Members, Ranked::Member(id))),
            Some(Actor::Key(id)) => Some((Meter::Keys, Ranked::Key(id))),
            Some(Actor::Operator) | None => None,
        };
        let domain = (Meter::Domains, Ranked::Domain(self.domain));
        for (meter, of) in [Some(domain), maker].into_iter().flatten() {
            let Some(max) = plan.limit(meter).most() else { continue };
            if uow.usage().place(of, self.now).await?.is_some_and(|place| place >= max) {
                return Ok(Some(Denied::Frozen { meter, max }));
            }
        }
        Ok(None)
    }

    /// Within the plan, and within what the organization takes from it for this domain.
    fn fit(&self, domain: &Domain, plan: &Entitlements) -> Result<(), Invalid> {
        self.policy.check(plan, self.now).map_err(of_plan)?;
        if self.content_bytes > plan.max_content_bytes {
            let max = plan.max_content_bytes as u64;
            return Err(Invalid::new("content", Rule::Plan { max }));
        }
        domain.settings.limits.check(&self.policy, plan, self.now).map(drop)
    }

    /// A guest is not told how an organization stands.
    pub(super) fn denied(&self, denied: Denied) -> Refusal {
        match self.actor {
            None => Refusal::TakesNothingNew,
            Some(_) => Refusal::Denied(denied),
        }
    }
}

/// Every plan has the same least, so whatever is out of range is beyond the plan's most.
fn of_plan(invalid: Invalid) -> Invalid {
    match invalid.rule {
        Rule::Range { max, .. } => Invalid::new(invalid.field, Rule::Plan { max }),
        _ => invalid,
    }
}
