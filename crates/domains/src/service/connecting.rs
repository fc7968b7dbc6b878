//! Records that a DNS provider sets by itself, once somebody has agreed there (Domain Connect).

use std::{
    sync::{Arc, PoisonError},
    time::Duration,
};

use wax_connect::{Apply, Connect, Fault, Offer, TemplateKind};
use wax_dns::{Claim, DnsName};
use wax_kernel::{DomainId, HostPattern, Timestamp, base64url_encode};
use wax_model::{Action, AuditEvent};
use wax_store::PlatformUnit;

use super::{
    Acting, Domains, Refusal, ToSet,
    acting::{Ruled, scope_of},
    records::claim_of,
};

/// Providers that one process asks at once: each may take twelve seconds.
pub(super) const AT_ONCE: usize = 8;
/// When a place is likely to be free again.
const BUSY: Duration = Duration::from_secs(2);
/// How soon the host is looked at, for whoever does not come back: agreeing takes about as long.
const SOON: Duration = Duration::from_secs(30);
/// Where a zone says who its provider is.
const LABEL: &str = "_domainconnect";

/// Why records have to be set by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unconnected {
    /// This server asks no provider.
    Off,
    /// There is nothing to set.
    NothingToSet,
    /// The DNS does not say which zone the host is in, or what that says.
    NoZone,
    /// The host is the top of a zone of its own, where a CNAME cannot be.
    ZoneTop,
    /// What the provider said.
    Provider(Fault),
}

/// Where to go.
#[derive(Debug)]
pub(crate) struct Connection {
    /// The provider's name, in its own words.
    pub(crate) provider: String,
    /// Its host, as a browser will show it.
    pub(crate) host: String,
    pub(crate) url: String,
    /// Comes back with who returns.
    pub(crate) state: String,
    /// What it will set.
    pub(crate) records: Vec<ToSet>,
}

#[derive(Debug, Clone)]
struct Leaving {
    id: DomainId,
    host: HostPattern,
    event: AuditEvent,
    now: Timestamp,
}

impl Unconnected {
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::NothingToSet => "nothing-to-set",
            Self::NoZone => "no-zone",
            Self::ZoneTop => "zone-top",
            Self::Provider(fault) => fault.code(),
        }
    }

    #[cfg(test)]
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let own = [Self::Off, Self::NothingToSet, Self::NoZone, Self::ZoneTop];
        own.into_iter().chain(Fault::ALL.map(Self::Provider))
    }
}

impl From<Unconnected> for Refusal {
    fn from(why: Unconnected) -> Self {
        Self::Unconnected(why)
    }
}

impl Domains {
    /// This server's side of Domain Connect.
    pub(super) fn connect_side(&self) -> Option<Arc<Connect>> {
        self.0.connect.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Where a member goes for the DNS provider to set the domain's records. From then on the host is looked at often.
    ///
    /// # Errors
    /// [`Refusal::Unconnected`]: the records have to be set by hand. [`Refusal::HeldBack`]: too many ask at once.
    pub(crate) async fn connect(
        &self,
        acting: &Acting,
        id: DomainId,
    ) -> Result<Connection, Refusal> {
        let domain = self.reached(acting, id).await?;
        let connect = self.connect_side().ok_or(Unconnected::Off)?;
        let claim = claim_of(&domain, self.settings()).ok_or(Unconnected::NothingToSet)?;
        let organization = self.store().read(acting.scope).organization().find().await?;
        let slug = organization.ok_or(Refusal::NotAvailable)?.slug;
        let console = self.settings().console.as_ref().ok_or(Unconnected::Off)?;
        let (zone, offer) = self.offer(&connect, &claim).await?;
        let state = base64url_encode(self.rng().bytes::<16>());
        let apply = Apply {
            zone: &zone.to_string(),
            host: &within(&claim, &zone),
            label: &domain.label,
            token: &domain.token.text,
            back: &format!("{console}/o/{slug}/domains/{id}"),
            state: &state,
        };
        let url = offer.url(&connect.operator, &connect.key, &apply);
        self.leave_for(acting, id, domain.host.clone()).await?;
        let (host, provider) = (offer.host().to_owned(), offer.provider);
        Ok(Connection { provider, host, url, state, records: self.records(&domain) })
    }

    /// What the provider of the claim's zone would do.
    async fn offer(&self, connect: &Connect, claim: &Claim) -> Result<(DnsName, Offer), Refusal> {
        let _place = self.0.asking_providers.try_acquire().map_err(|_| Refusal::HeldBack(BUSY))?;
        let zone = self.settings().zone.as_ref().ok_or(Unconnected::Off)?;
        let texts = self.0.lookup.zone_texts(&claim.host, zone, LABEL).await;
        let (zone, texts) = texts.map_err(|_| Unconnected::NoZone)?;
        let kind = kind_of(claim);
        if kind == TemplateKind::Host && within(claim, &zone).is_empty() {
            return Err(Unconnected::ZoneTop.into());
        }
        let offer = connect.ask(&zone.to_string(), &texts, kind).await;
        Ok((zone, offer.map_err(Unconnected::Provider)?))
    }

    async fn leave_for(
        &self,
        acting: &Acting,
        id: DomainId,
        host: HostPattern,
    ) -> Result<(), Refusal> {
        let event = self.audit(acting, Action::DomainConnected, id);
        let leaving = Leaving { id, host, event, now: self.now() };
        let work = self.store().write_platform(move |unit| {
            let leaving = leaving.clone();
            Box::pin(async move { leaving.write(unit).await })
        });
        work.await?
    }
}

fn kind_of(claim: &Claim) -> TemplateKind {
    let host = &claim.host;
    match host.is_wildcard() {
        true => TemplateKind::Wildcard,
        false if host.base() == host.registrable() => TemplateKind::Apex,
        false => TemplateKind::Host,
    }
}

/// The host, or what the wildcard stands below, without its zone; empty for the zone's top.
fn within(claim: &Claim, zone: &DnsName) -> String {
    let relative = DnsName::from(claim.host.base()).relative_to(zone);
    if relative == "@" { String::new() } else { relative }
}

impl Leaving {
    async fn write(&self, unit: &mut dyn PlatformUnit) -> Ruled<()> {
        let claims = unit.domains().lock_host(&self.host).await?;
        let Some(mut domain) = claims.into_iter().find(|claim| claim.id() == self.id) else {
            return Ok(Err(Refusal::NotAvailable));
        };
        // Somebody waits: looks are counted from now on.
        (domain.checks.since, domain.checks.count) = (self.now, 0);
        let soon = self.now.plus(SOON);
        domain.checks.next_at = Some(domain.checks.next_at.map_or(soon, |next| next.min(soon)));
        unit.domains().update(&domain).await?;
        unit.within(scope_of(domain.tenant())).audit().record(&self.event).await?;
        Ok(Ok(()))
    }
}
