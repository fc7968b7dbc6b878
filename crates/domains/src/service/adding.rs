//! A new domain: a claim, and nothing more until its records prove it.

use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use wax_dns::{ClaimToken, HostFault, TenantHost, draw_target_label};
use wax_kernel::{DomainId, HostPattern, Hostname, Timestamp};
use wax_model::{
    Action, AuditEvent, Brand, Invalid, Meter, Plans, Rule,
    domain::{Checks, Domain, Pointing, ProofToken, Transport, ownership::HostClaim},
};
use wax_store::{NewDomain, PlatformUnit, room_for};

use super::{
    Acting, Domains, Refusal, Seen,
    acting::{Ruled, scope_of},
};

/// A domain about to be added. Drawn before the unit of work, which may run twice.
#[derive(Debug, Clone)]
struct Addition {
    new: Arc<NewDomain>,
    event: AuditEvent,
    most: u64,
    plans: Plans,
    now: Timestamp,
}

impl Domains {
    /// Adds a host. With a key that the client drew, a request that is sent again finds what the first one added.
    pub(crate) async fn add(
        &self,
        acting: &Acting,
        text: &str,
        key: Option<&str>,
    ) -> Result<Seen, Refusal> {
        let (host, transport) = self.host(text)?;
        let id = key.map_or_else(|| DomainId::random(self.rng()), |key| id_of(acting, key));
        let domain = self.claim(id, acting, host, transport);
        let event = self.audit(acting, Action::DomainAdded, id);
        let scope = acting.scope;
        let organization = self.store().read(scope).organization().find().await?;
        let name = organization.ok_or(Refusal::NotAvailable)?.name;
        let new = Arc::new(NewDomain { domain, brand: Brand::plain(&name) });
        let (most, plans) = (self.settings().most_domains, self.settings().plans.clone());
        let addition = Addition { new, event, most, plans, now: self.now() };
        let work = self.store().write_platform(move |unit| {
            let addition = addition.clone();
            Box::pin(async move { addition.write(unit).await })
        });
        work.await??;
        self.seen(acting, id).await
    }

    /// What the tenant has typed, and how it will be reached.
    fn host(&self, text: &str) -> Result<(HostPattern, Transport), Refusal> {
        if let Some(local) = local_name(text) {
            if !self.settings().loopback {
                return Err(Refusal::Host(HostFault::SpecialUse));
            }
            return Ok((HostPattern::exact(local), Transport::Loopback));
        }
        let host = TenantHost::parse(text, &self.settings().own_names).map_err(Refusal::Host)?;
        if self.settings().zone.is_none() {
            return Err(Invalid::new("host", Rule::NotOffered).into());
        }
        let base = host.base().clone();
        let host =
            if host.is_wildcard() { HostPattern::wildcard(base) } else { HostPattern::exact(base) };
        Ok((host, Transport::Acme))
    }

    fn claim(
        &self,
        id: DomainId,
        acting: &Acting,
        host: HostPattern,
        transport: Transport,
    ) -> Domain {
        let (tenant, now) = (acting.scope.tenant(), self.now());
        let given = Domain::given(id, tenant, host, transport, now);
        if transport == Transport::Loopback {
            return given;
        }
        let text = ClaimToken::draw(self.rng()).into();
        Domain {
            claim: HostClaim::pending(id, tenant, now),
            token: ProofToken { text, drawn_at: now, answers_contest: false },
            label: draw_target_label(self.rng()),
            pointing: Pointing::Unknown,
            checks: Checks { since: now, count: 0, last_at: None, next_at: Some(now) },
            ..given
        }
    }
}

/// A host below `localhost`, in any case, with or without a dot at its end.
fn local_name(text: &str) -> Option<Hostname> {
    let host = Hostname::parse(text.trim()).ok()?;
    host.is_localhost().then_some(host)
}

/// Of who asks and the key they drew: the same request has the same id, and nobody else's has it.
fn id_of(acting: &Acting, key: &str) -> DomainId {
    let named = format!("add domain {} {} {key}", acting.scope.tenant(), acting.actor);
    let digest = Sha256::digest(named);
    let mut id = [0; 16];
    id.copy_from_slice(&digest[..16]);
    DomainId::from_bytes(id)
}

impl Addition {
    async fn write(&self, unit: &mut dyn PlatformUnit) -> Ruled<()> {
        let domain = &self.new.domain;
        let scope = scope_of(domain.tenant());
        // Of two that want the last place, the second waits here.
        let Some(tenant) = unit.within(scope).organization().lock().await? else {
            return Ok(Err(Refusal::NotAvailable));
        };
        if let Some(found) = unit.domains().domain(domain.id()).await? {
            let same = found.host == domain.host;
            return Ok(if same { Ok(()) } else { Err(Refusal::OtherRequest) });
        }
        let claims = unit.domains().lock_host(&domain.host).await?;
        if claims.iter().any(|claim| claim.tenant() == domain.tenant()) {
            return Ok(Err(Refusal::Known));
        }
        let is_held = claims.iter().any(|claim| claim.claim.ownership.holds());
        if is_held && domain.claim.ownership.holds() {
            return Ok(Err(Refusal::Taken));
        }
        if unit.domains().count(domain.tenant()).await? >= self.most {
            let rule = Rule::Plan { max: self.most };
            return Ok(Err(Invalid::new("host", rule).into()));
        }
        let room = {
            let mut within = unit.within(scope);
            room_for(&mut *within, &self.plans, &tenant, Meter::Domains, self.now).await?
        };
        if let Err(denied) = room {
            return Ok(Err(Refusal::Denied(denied)));
        }
        if !unit.domains().insert(&self.new).await? {
            return Ok(Err(Refusal::Known));
        }
        unit.within(scope).audit().record(&self.event).await?;
        unit.domains().announce(domain.id(), self.now).await?;
        Ok(Ok(()))
    }
}
