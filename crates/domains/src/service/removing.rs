//! A domain that its tenant gives up.

use wax_kernel::{DomainId, HostPattern, Timestamp};
use wax_model::{
    Action, AuditEvent, Invalid, Rule,
    domain::{
        AxisChange, Domain,
        ownership::{Event, Host},
    },
};
use wax_store::{PlatformUnit, StoreError};

use super::{
    Acting, Domains, Refusal,
    acting::{Ruled, scope_of},
    letters::AddressBook,
    news::{News, of_ownership},
};

#[derive(Debug, Clone)]
struct Removal {
    domains: Domains,
    id: DomainId,
    host: HostPattern,
    event: AuditEvent,
    book: AddressBook,
    now: Timestamp,
}

impl Domains {
    /// Removes a domain with all that hangs on it. Its links stop working at once. `host`: its name, once more.
    pub(crate) async fn remove(
        &self,
        acting: &Acting,
        id: DomainId,
        host: &str,
    ) -> Result<(), Refusal> {
        let domain = self.reached(acting, id).await?;
        if self.is_given(&domain) {
            return Err(Refusal::Given);
        }
        if !is_named(&domain, host) {
            return Err(Invalid::new("host", Rule::Choice).into());
        }
        let mut book = AddressBook::new();
        for claim in self.claims(&domain.host).await? {
            book.insert(claim.tenant(), self.addressees(claim.tenant()).await?);
        }
        let removal = Removal {
            domains: self.clone(),
            id,
            host: domain.host,
            event: self.audit(acting, Action::DomainRemoved, id),
            book,
            now: self.now(),
        };
        let work = self.store().write_platform(move |unit| {
            let removal = removal.clone();
            Box::pin(async move { removal.write(unit).await })
        });
        work.await?
    }
}

/// Whether this is the domain's name, in any case or script.
fn is_named(domain: &Domain, text: &str) -> bool {
    let text = text.trim();
    let (wildcard, rest) = text.strip_prefix("*.").map_or((false, text), |rest| (true, rest));
    let same = |host| host == *domain.host.host();
    wildcard == domain.host.is_wildcard() && wax_kernel::Hostname::parse(rest).is_ok_and(same)
}

impl Removal {
    async fn write(&self, unit: &mut dyn PlatformUnit) -> Ruled<()> {
        let claims = unit.domains().lock_host(&self.host).await?;
        let Some(own) = claims.iter().find(|claim| claim.id() == self.id).cloned() else {
            return Ok(Err(Refusal::NotAvailable));
        };
        let mut host = Host(claims.iter().map(|claim| claim.claim.clone()).collect());
        host.apply(&Event::Released { domain: self.id }, self.now);
        unit.domains().bury(&own, self.now).await?;
        unit.within(scope_of(own.tenant())).audit().record(&self.event).await?;
        let mut changed = vec![self.id];
        for (before, claim) in claims.iter().zip(host.0) {
            if before.id() != self.id && before.claim != claim {
                let after = Domain { claim, ..before.clone() };
                self.write_other(unit, before, &after).await?;
                changed.push(after.id());
            }
        }
        for id in changed {
            unit.domains().announce(id, self.now).await?;
        }
        Ok(Ok(()))
    }

    /// What giving up changes for another claim: a contest ends, or what was overdue happens.
    async fn write_other(
        &self,
        unit: &mut dyn PlatformUnit,
        before: &Domain,
        after: &Domain,
    ) -> Result<(), StoreError> {
        unit.domains().update(after).await?;
        let mut within = unit.within(scope_of(after.tenant()));
        let news: Option<News> = of_ownership(before, after);
        if let (Some(news), Some(to)) = (&news, self.book.get(&after.tenant())) {
            for letter in self.domains.letters(after, news, to, self.now) {
                within.outbox().send(&letter).await?;
            }
        }
        let change = AxisChange::Ownership(before.claim.ownership, after.claim.ownership);
        if before.claim.ownership != after.claim.ownership {
            within.audit().record(&self.domains.audit_of(after.id(), change, self.now)).await?;
            drop(within);
            let event = self.domains.event(after.id(), change, (None, None, None), self.now);
            unit.domains().record(after, &event).await?;
        }
        Ok(())
    }
}
