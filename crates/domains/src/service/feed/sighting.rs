//! A certificate that concerns a tenant, and is none of ours.

use std::collections::BTreeSet;

use serde_json::json;
use wax_dns::{Likeness, Registered};
use wax_kernel::{DomainId, Hostname, Timestamp};
use wax_model::{
    Action, AuditEvent,
    domain::{AxisChange, Domain, DomainEvent},
};
use wax_store::{PlatformUnit, StoreError};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::{
    logged::{Logged, serial},
    nearby::Nearby,
};
use crate::service::{
    Domains, Refusal, acting::scope_of, letters::Addressees, news::News, noting::certificate_state,
};

/// Mails about one domain in a day. Anybody can have any number of look-alikes logged.
const MOST_LETTERS: u64 = 5;
/// Rows of history of one domain in a day, for the same reason.
const MOST_ROWS: u64 = 50;

/// Something that was seen of a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sighting {
    pub(super) about: Seen,
    serial: String,
    issuer: String,
    logged_at: Timestamp,
}

/// What it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Seen {
    /// A certificate for the host, and perhaps others'. `hosts`: all domains that it is valid for.
    Foreign { name: String, hosts: Vec<DomainId> },
    /// A certificate for a name that looks like the host's.
    Like { name: Hostname, likeness: Likeness },
}

impl Seen {
    /// By which it is told once.
    pub(super) fn key(&self, serial: &str) -> String {
        match self {
            Self::Foreign { .. } => format!("foreign {serial}"),
            Self::Like { name, .. } => format!("like {name}"),
        }
    }

    const fn code(&self) -> &'static str {
        match self {
            Self::Foreign { .. } => "foreign-certificate",
            Self::Like { .. } => "look-alike",
        }
    }

    const fn action(&self) -> Action {
        match self {
            Self::Foreign { .. } => Action::DomainForeignCertificateSeen,
            Self::Like { .. } => Action::DomainLookAlikeSeen,
        }
    }
}

impl Sighting {
    fn of(logged: &Logged, about: Seen) -> Self {
        let Logged { serial, issuer, logged_at, .. } = logged.clone();
        Self { about, serial, issuer, logged_at }
    }

    pub(super) fn foreign(logged: &Logged, hosts: &[DomainId]) -> Self {
        let names: Vec<String> = logged.names.iter().take(3).map(ToString::to_string).collect();
        Self::of(logged, Seen::Foreign { name: names.join(", "), hosts: hosts.to_vec() })
    }

    pub(super) fn like(logged: &Logged, name: &Hostname, likeness: Likeness) -> Self {
        Self::of(logged, Seen::Like { name: name.clone(), likeness })
    }

    pub(super) fn key(&self) -> String {
        self.about.key(&self.serial)
    }

    fn news(&self) -> News {
        let (issuer, at) = (self.issuer.clone(), self.logged_at);
        match &self.about {
            Seen::Foreign { .. } => News::Foreign { issuer, serial: self.serial.clone(), at },
            Seen::Like { name, .. } => News::LookAlike { name: unicode(name), issuer, at },
        }
    }

    fn evidence(&self) -> String {
        let Self { about, serial, issuer, logged_at } = self;
        let mut seen =
            json!({"serial": serial, "issuer": issuer, "logged_at_ms": logged_at.as_ms()});
        match about {
            Seen::Foreign { name, .. } => seen["name"] = json!(name),
            Seen::Like { name, likeness } => {
                (seen["name"], seen["likeness"]) = (json!(name), json!(likeness));
            }
        }
        seen.to_string()
    }
}

/// As people read it, and as the DNS has it if that is something else: a look-alike is known by its letters.
fn unicode(name: &Hostname) -> String {
    let (text, _) = idna::domain_to_unicode(name.as_str());
    if text == name.as_str() { text } else { format!("{text} ({name})") }
}

/// What is written of a sighting.
#[derive(Debug, Clone)]
struct Note {
    domains: Domains,
    domain: Domain,
    key: String,
    event: DomainEvent,
    audit: AuditEvent,
    news: News,
    to: Addressees,
    now: Timestamp,
}

impl Domains {
    /// Tells of a sighting, if it is one: of a domain that is held, and of nothing that is the tenant's own.
    pub(super) async fn notice(
        &self,
        id: DomainId,
        sighting: &Sighting,
        nearby: &Nearby,
    ) -> Result<(), Refusal> {
        let Some(domain) = self.platform().domain(id).await? else { return Ok(()) };
        if !domain.claim.ownership.holds() || self.is_own(&domain, sighting, nearby).await? {
            return Ok(());
        }
        let now = self.now();
        let issuance = self.orders().issuance(&id).await?;
        let until = self.orders().certificate(&id).await?;
        let until = until.map(|certificate| certificate.facts.validity.not_after);
        let state = certificate_state(domain.transport, issuance.as_ref(), until, now);
        let change = AxisChange::Certificate(state, state);
        let because = (None, Some(sighting.about.code().to_owned()), Some(sighting.evidence()));
        let note = Note {
            event: self.event(id, change, because, now),
            audit: AuditEvent { action: sighting.about.action(), ..self.audit_of(id, change, now) },
            key: sighting.key(),
            news: sighting.news(),
            to: self.addressees(domain.tenant()).await?,
            domains: self.clone(),
            domain,
            now,
        };
        let work = self.store().write_platform(move |unit| {
            let note = note.clone();
            Box::pin(async move { note.write(unit).await })
        });
        Ok(work.await?)
    }

    async fn is_own(
        &self,
        domain: &Domain,
        sighting: &Sighting,
        nearby: &Nearby,
    ) -> Result<bool, Refusal> {
        match &sighting.about {
            Seen::Foreign { hosts, .. } => {
                for id in hosts {
                    if self.serials(*id).await?.contains(&sighting.serial) {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Seen::Like { name, .. } => self.has(domain, name, nearby).await,
        }
    }

    /// The serial numbers of every certificate that a domain has or had.
    async fn serials(&self, id: DomainId) -> Result<BTreeSet<String>, Refusal> {
        let chains = self.orders().chains(&id).await?;
        let leaves = chains.iter().filter_map(|chain| X509Certificate::from_der(chain.leaf()).ok());
        Ok(leaves.filter_map(|(_, leaf)| serial(&leaf.raw_serial_as_string())).collect())
    }

    /// Whether the tenant itself holds something below a registered name.
    async fn has(
        &self,
        domain: &Domain,
        name: &Hostname,
        nearby: &Nearby,
    ) -> Result<bool, Refusal> {
        let is_same = Registered::of(domain.host.host()).is_some_and(|own| own.name() == name);
        for id in nearby.below(name) {
            let other = self.platform().domain(id).await?;
            let own = other.filter(|other| other.tenant() == domain.tenant());
            if own.is_some_and(|own| own.claim.ownership.holds()) {
                return Ok(true);
            }
        }
        Ok(is_same)
    }
}

impl Note {
    async fn write(&self, unit: &mut dyn PlatformUnit) -> Result<(), StoreError> {
        let Some(today) = unit.domains().sight(&self.domain, &self.key, self.now).await? else {
            return Ok(());
        };
        if today > MOST_ROWS {
            return Ok(());
        }
        unit.domains().record(&self.domain, &self.event).await?;
        let mut within = unit.within(scope_of(self.domain.tenant()));
        within.audit().record(&self.audit).await?;
        if today <= MOST_LETTERS {
            for letter in self.domains.letters(&self.domain, &self.news, &self.to, self.now) {
                within.outbox().send(&letter).await?;
            }
        }
        Ok(())
    }
}
