//! What is kept of a domain.

use wax_kernel::{DomainId, EventId, HostPattern, TenantId, Timestamp};

use super::{
    CertificateState, DomainSettings, Gate, Ownership, Pointing, Service, Transport,
    ownership::HostClaim, service, standing,
};
use crate::{Actor, text_enum::text_enum};

/// One tenant's claim to one name, with what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Domain {
    /// Whose it is, and how far the claim got. Holds the id and the tenant.
    pub claim: HostClaim,
    /// The name.
    pub host: HostPattern,
    /// When it was added.
    pub created_at: Timestamp,
    /// How it is reached.
    pub transport: Transport,
    /// What proves it in a TXT record.
    pub token: ProofToken,
    /// The label, below our own zone, that its CNAME points to and that its challenges are answered at: 26 characters, never
    /// given out twice.
    pub label: String,
    /// Where it led at the last check that said so.
    pub pointing: Pointing,
    /// Whether we let it.
    pub gate: Gate,
    /// When it was looked at, and is to be.
    pub checks: Checks,
    /// What its tenant decided for it.
    pub settings: DomainSettings,
}

/// What proves a name in a TXT record. Public, as the zone is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofToken {
    /// 32 characters of base32.
    pub text: String,
    /// When it was drawn.
    pub drawn_at: Timestamp,
    /// Drawn for a contest: its record can only have been set since.
    pub answers_contest: bool,
}

/// When a domain was looked at, and is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checks {
    /// From when on they are counted: a change of ownership, or somebody who asked.
    pub since: Timestamp,
    /// How many there were since then.
    pub count: u32,
    /// The last that said something.
    pub last_at: Option<Timestamp>,
    /// When the next is due. `None`: there is nothing to look at.
    pub next_at: Option<Timestamp>,
}

impl Domain {
    /// Its id.
    pub const fn id(&self) -> DomainId {
        self.claim.domain
    }

    /// Whose it is.
    pub const fn tenant(&self) -> TenantId {
        self.claim.tenant
    }

    /// One that needs neither proof nor certificate of its own: below localhost, or the platform's label for a tenant.
    pub fn given(
        id: DomainId,
        tenant: TenantId,
        host: HostPattern,
        transport: Transport,
        now: Timestamp,
    ) -> Self {
        let ownership = Ownership::Verified;
        Self {
            claim: HostClaim { ownership, ..HostClaim::pending(id, tenant, now) },
            host,
            created_at: now,
            transport,
            token: ProofToken { text: String::new(), drawn_at: now, answers_contest: false },
            label: String::new(),
            pointing: Pointing::Pointing,
            gate: Gate::Open,
            checks: Checks { since: now, count: 0, last_at: None, next_at: None },
            settings: DomainSettings::default(),
        }
    }

    /// What may be done on it, whether or not visitors can reach it yet.
    pub const fn standing(&self) -> Option<Service> {
        standing(self.claim.ownership, self.gate)
    }

    /// What its visitors meet, with a certificate until then.
    pub fn service(&self, certificate_until: Option<Timestamp>, now: Timestamp) -> Option<Service> {
        service(self.transport, self.claim.ownership, self.gate, certificate_until, now)
    }
}

text_enum! {
    /// Which of a domain's four axes.
    Axis {
        /// Whose it is.
        Ownership = "ownership",
        /// Where it leads.
        Pointing = "pointing",
        /// How far its certificate is.
        Certificate = "certificate",
        /// Whether we let it.
        Gate = "gate",
    }
}

/// One change of one axis: a row of a domain's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DomainEvent {
    /// Random.
    pub id: EventId,
    /// Of which domain.
    pub domain: DomainId,
    /// When.
    pub at: Timestamp,
    /// What changed.
    pub change: AxisChange,
    /// Who did it; `None`: the DNS, an issuer, or time.
    pub actor: Option<Actor>,
    /// The finding or failure that led to it, as reports and problems have it.
    pub code: Option<String>,
    /// What was seen, as JSON.
    pub evidence: Option<String>,
}

/// From where to where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AxisChange {
    /// Whose it is.
    Ownership(Ownership, Ownership),
    /// Where it leads.
    Pointing(Pointing, Pointing),
    /// How far its certificate is.
    Certificate(CertificateState, CertificateState),
    /// Whether we let it.
    Gate(Gate, Gate),
}

impl AxisChange {
    /// Which axis.
    pub const fn axis(self) -> Axis {
        match self {
            Self::Ownership(..) => Axis::Ownership,
            Self::Pointing(..) => Axis::Pointing,
            Self::Certificate(..) => Axis::Certificate,
            Self::Gate(..) => Axis::Gate,
        }
    }

    /// From, to: as columns and JSON have them.
    pub const fn texts(self) -> [&'static str; 2] {
        match self {
            Self::Ownership(from, to) => [from.as_str(), to.as_str()],
            Self::Pointing(from, to) => [from.as_str(), to.as_str()],
            Self::Certificate(from, to) => [from.as_str(), to.as_str()],
            Self::Gate(from, to) => [from.as_str(), to.as_str()],
        }
    }

    /// Reads them back.
    pub fn parse(axis: Axis, from: &str, to: &str) -> Result<Self, crate::UnknownText> {
        Ok(match axis {
            Axis::Ownership => Self::Ownership(Ownership::parse(from)?, Ownership::parse(to)?),
            Axis::Pointing => Self::Pointing(Pointing::parse(from)?, Pointing::parse(to)?),
            Axis::Certificate => {
                Self::Certificate(CertificateState::parse(from)?, CertificateState::parse(to)?)
            }
            Axis::Gate => Self::Gate(Gate::parse(from)?, Gate::parse(to)?),
        })
    }
}
