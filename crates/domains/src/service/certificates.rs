//! Certificates that tenants bring along.

use std::time::Duration;

use wax_acme::{Certificate, Issuance, Lane, Upload};
use wax_kernel::{CertificateId, DomainId, HostPattern, Redacted, Timestamp};
use wax_model::{
    Action, AuditEvent,
    domain::{AxisChange, CertificateState, Domain, DomainEvent, Transport},
};
use wax_store::PlatformUnit;

use super::{
    Acting, Domains, Refusal, Seen,
    acting::{Ruled, scope_of},
    noting::certificate_state,
};

/// How long before its end the successor of a certificate is ordered.
const SUCCEEDED: Duration = Duration::from_hours(24);

/// What a tenant brings.
#[derive(Debug)]
pub(crate) struct Brought {
    /// PEM.
    pub(crate) chain: String,
    /// PEM.
    pub(crate) key: Redacted<String>,
    /// Whether one is ordered when it ends.
    pub(crate) fallback: bool,
}

#[derive(Debug, Clone)]
struct Switch {
    id: DomainId,
    host: HostPattern,
    to: Transport,
    audit: AuditEvent,
    event: DomainEvent,
    now: Timestamp,
}

impl Domains {
    /// Serves a domain with a certificate of the tenant's own, in the place of ours.
    ///
    /// # Errors
    /// [`Refusal::Certificate`]: everything that is wrong with it.
    pub(crate) async fn bring(
        &self,
        acting: &Acting,
        id: DomainId,
        brought: &Brought,
    ) -> Result<Seen, Refusal> {
        let domain = self.reached(acting, id).await?;
        if domain.label.is_empty() {
            return Err(Refusal::Given);
        }
        let now = self.now();
        let Upload { chain, key, facts } =
            Upload::check(&brought.chain, brought.key.expose(), &domain.host, now)
                .map_err(Refusal::Certificate)?;
        let certificate = CertificateId::random(self.rng());
        let until = facts.validity.not_after;
        let certificate = Certificate {
            id: certificate,
            domain: id,
            name: domain.host.clone(),
            issuer: None,
            chain,
            key: self.0.vault.keep(&certificate, &key),
            facts,
        };
        let successor = self.successor(&domain, until).filter(|_| brought.fallback);
        let (tenant, was) = (domain.tenant(), self.state_of(&domain).await?);
        self.orders().bring(&tenant, &certificate, successor.as_ref()).await?;
        self.clear_if_gone(id).await?;
        let audit = self.audit(acting, Action::DomainCertificateBrought, id);
        let event = self.own_event(acting, id, [was, CertificateState::Active], now);
        let switch = Switch { id, host: domain.host, to: Transport::Own, audit, event, now };
        self.switch(switch).await?;
        self.seen(acting, id).await
    }

    /// Destroys what the tenant brought, and orders one of ours. The host is not served until it is there.
    pub(crate) async fn take_back(&self, acting: &Acting, id: DomainId) -> Result<Seen, Refusal> {
        let domain = self.reached(acting, id).await?;
        if domain.transport != Transport::Own {
            return Err(Refusal::NotAvailable);
        }
        let (host, now) = (domain.host.clone(), self.now());
        let was = self.state_of(&domain).await?;
        let audit = self.audit(acting, Action::DomainCertificateRemoved, id);
        let event = self.own_event(acting, id, [was, CertificateState::None], now);
        // First, so that whoever reads what is announced finds it gone.
        self.orders().clear(&id).await?;
        self.switch(Switch { id, host, to: Transport::Acme, audit, event, now }).await?;
        self.look(&domain.host).await?;
        self.seen(acting, id).await
    }

    /// An order that begins shortly before the end of what was brought along.
    fn successor(&self, domain: &Domain, until: Timestamp) -> Option<Issuance> {
        let issuer = self.settings().issuers.first()?.id.clone();
        let (host, begin) = (domain.host.clone(), until.minus(SUCCEEDED).max(self.now()));
        let lane = Lane::Renewal;
        let order = Issuance::first(domain.id(), domain.tenant(), host, issuer, lane, begin);
        Some(order)
    }

    async fn state_of(&self, domain: &Domain) -> Result<CertificateState, Refusal> {
        let issuance = self.orders().issuance(&domain.id()).await?;
        let own = self.orders().certificate(&domain.id()).await?;
        let until = own.map(|own| own.facts.validity.not_after);
        Ok(certificate_state(domain.transport, issuance.as_ref(), until, self.now()))
    }

    fn own_event(
        &self,
        acting: &Acting,
        id: DomainId,
        [was, is]: [CertificateState; 2],
        now: Timestamp,
    ) -> DomainEvent {
        self.event(id, AxisChange::Certificate(was, is), (Some(acting.actor), None, None), now)
    }

    async fn switch(&self, switch: Switch) -> Result<(), Refusal> {
        let work = self.store().write_platform(move |unit| {
            let switch = switch.clone();
            Box::pin(async move { switch.write(unit).await })
        });
        work.await?
    }
}

impl Switch {
    async fn write(&self, unit: &mut dyn PlatformUnit) -> Ruled<()> {
        let claims = unit.domains().lock_host(&self.host).await?;
        let Some(mut domain) = claims.into_iter().find(|claim| claim.id() == self.id) else {
            return Ok(Err(Refusal::NotAvailable));
        };
        domain.transport = self.to;
        if self.to == Transport::Acme {
            // An order is awaited: looks come often.
            (domain.checks.since, domain.checks.count) = (self.now, 0);
            domain.checks.next_at = Some(self.now);
        }
        unit.domains().update(&domain).await?;
        unit.domains().record(&domain, &self.event).await?;
        unit.within(scope_of(domain.tenant())).audit().record(&self.audit).await?;
        unit.domains().announce(self.id, self.now).await?;
        Ok(Ok(()))
    }
}
