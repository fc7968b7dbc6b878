//! What an organization decided for one of its domains holds here, whatever a page showed or an edge knew.

use wax_kernel::{DomainId, Timestamp};
use wax_model::{
    Actor, Entitlements, Policy,
    domain::{Domain, Service},
};
use wax_store::{DomainReads, StoreError};

use super::Refusal;

/// Somebody who wants to make a secret on a domain. It is asked in the transaction that writes the secret.
#[derive(Debug, Clone)]
pub(super) struct Admission {
    pub(super) domain: DomainId,
    /// `None`: a guest.
    pub(super) actor: Option<Actor>,
    pub(super) policy: Policy,
    pub(super) plan: Entitlements,
    pub(super) now: Timestamp,
}

impl Admission {
    /// Whether the domain, as it is now, lets it in.
    pub(super) async fn ask(
        &self,
        domains: &mut dyn DomainReads,
    ) -> Result<Result<(), Refusal>, StoreError> {
        let domain = domains.find(self.domain).await?;
        Ok(domain.ok_or(Refusal::NotAvailable).and_then(|domain| self.judge(&domain)))
    }

    fn judge(&self, domain: &Domain) -> Result<(), Refusal> {
        match domain.standing() {
            Some(Service::Full) => {}
            Some(Service::Held) => return Err(Refusal::Held),
            None => return Err(Refusal::NotAvailable),
        }
        let settings = &domain.settings;
        if self.actor.is_none() && !settings.strangers_create() {
            return Err(Refusal::MembersOnly);
        }
        settings.limits.check(&self.policy, &self.plan, self.now)?;
        Ok(())
    }
}
