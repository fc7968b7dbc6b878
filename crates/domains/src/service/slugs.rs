//! `<slug>.<suffix>`: what every organization has without setting a record, and what follows its short name.

use wax_kernel::{DomainId, EventId, HostPattern, Hostname, JobError, Timestamp};
use wax_model::{
    Action, AuditEvent, Brand, Tenant,
    domain::{Domain, Transport},
};
use wax_store::{NewDomain, PlatformUnit, StoreError};

use super::{Domains, acting::scope_of};

/// Organizations of one round.
const BATCH: u32 = 100;

/// The host of one organization.
#[derive(Debug, Clone)]
struct Gift {
    suffix: Hostname,
    tenant: Tenant,
    domain: Domain,
    events: [EventId; 2],
    now: Timestamp,
}

impl Domains {
    /// Whether a domain is of this kind: it follows the short name, and nobody removes it.
    pub(super) fn is_given(&self, domain: &Domain) -> bool {
        let suffix = self.settings().suffix.as_ref();
        suffix.is_some_and(|suffix| domain.label.is_empty() && is_below(&domain.host, suffix))
    }

    /// Gives every organization its host that has none, or one of another short name.
    pub(super) async fn give_hosts(&self) -> Result<(), JobError> {
        let Some(suffix) = self.settings().suffix.clone() else { return Ok(()) };
        loop {
            let tenants = self.platform().tenants_without_host(&suffix, BATCH).await?;
            let (mut given, found) = (0, tenants.len());
            for tenant in tenants {
                given += usize::from(self.give_host(&suffix, tenant).await?);
            }
            // Those whose name another holds wait for the next round, and for the operator.
            if found < BATCH as usize || given == 0 {
                return Ok(());
            }
        }
    }

    async fn give_host(&self, suffix: &Hostname, tenant: Tenant) -> Result<bool, JobError> {
        let host = Hostname::parse(&format!("{}.{suffix}", tenant.slug))?;
        let transport = if suffix.is_localhost() { Transport::Loopback } else { Transport::Acme };
        let (id, now) = (DomainId::random(self.rng()), self.now());
        let host = HostPattern::exact(host);
        let gift = Gift {
            suffix: suffix.clone(),
            domain: Domain::given(id, tenant.id, host, transport, now),
            tenant,
            events: [(); 2].map(|()| EventId::random(self.rng())),
            now,
        };
        let work = self.store().write_platform(move |unit| {
            let gift = gift.clone();
            Box::pin(async move { gift.write(unit).await })
        });
        Ok(work.await?)
    }
}

fn is_below(host: &HostPattern, suffix: &Hostname) -> bool {
    let parent = host.host().as_str().split_once('.').map(|(_, parent)| parent);
    !host.is_wildcard() && parent == Some(suffix.as_str())
}

impl Gift {
    /// `false`: another holds the name, or the organization has another short name by now; nothing was written.
    async fn write(&self, unit: &mut dyn PlatformUnit) -> Result<bool, StoreError> {
        let scope = scope_of(self.tenant.id);
        let now = unit.within(scope).organization().lock().await?;
        if now.is_none_or(|now| now.slug != self.tenant.slug) {
            return Ok(false);
        }
        let claims = unit.domains().lock_host(&self.domain.host).await?;
        if claims.iter().any(|claim| claim.claim.ownership.holds()) {
            return Ok(false);
        }
        let before = unit.within(scope).organization().domains().await?;
        let before = before
            .into_iter()
            .find(|one| one.label.is_empty() && is_below(&one.host, &self.suffix));
        let brand = Brand::plain(&self.tenant.name);
        let new = NewDomain { domain: self.domain.clone(), brand };
        if !unit.domains().insert(&new).await? {
            return Ok(false);
        }
        self.record(unit, Action::DomainAdded, self.domain.id(), self.events[0]).await?;
        if let Some(before) = &before {
            unit.domains().bury(before, self.now).await?;
            self.record(unit, Action::DomainRemoved, before.id(), self.events[1]).await?;
            unit.domains().announce(before.id(), self.now).await?;
        }
        unit.domains().announce(self.domain.id(), self.now).await?;
        Ok(true)
    }

    async fn record(
        &self,
        unit: &mut dyn PlatformUnit,
        action: Action,
        subject: DomainId,
        id: EventId,
    ) -> Result<(), StoreError> {
        let subject = subject.to_string();
        let event = AuditEvent { id, at: self.now, action, actor: None, subject, network: None };
        unit.within(scope_of(self.tenant.id)).audit().record(&event).await
    }
}
