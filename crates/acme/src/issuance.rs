//! What is stored of a domain's certificate on its way, and afterwards of the plan to renew it.

use serde::{Deserialize, Serialize};
use wax_kernel::{CertificateId, DomainId, HostPattern, TenantId, Timestamp};
use wax_model::domain::CertificateState;

use crate::{AriId, Charge, IssuerId, Lane, Method, Phase, Plan, Step, Trouble, Validity};

/// The certificate that is in use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InUse {
    /// Which.
    pub id: CertificateId,
    /// Who issued it.
    pub issuer: IssuerId,
    /// From when to when.
    pub validity: Validity,
    /// Its name in ARI.
    pub ari: Option<AriId>,
    /// When to renew it.
    pub plan: Plan,
}

/// What failed since the last success.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failures {
    /// Orders in a row. The pause follows from it.
    pub orders: u32,
    /// Proofs in a row: the next order takes the next method.
    pub proofs: u32,
    /// Tries of the present step.
    pub tries: u32,
    /// Orders in a row that another issuer may do better.
    pub elsewhere: u32,
    /// How often another issuer was taken.
    pub switches: u32,
    /// Since when this issuer has given no answer.
    pub silent_since: Option<Timestamp>,
}

/// One domain's certificate, on its way or in use. One row; everything that a process needs to go on with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issuance {
    /// Of which domain: there is one for each.
    pub domain: DomainId,
    /// Whose.
    pub tenant: TenantId,
    /// For which name.
    pub name: HostPattern,
    /// How it may be proved, best first.
    pub methods: Vec<Method>,
    /// From whom it is ordered now.
    pub issuer: IssuerId,
    /// Who goes first.
    pub lane: Lane,
    /// Since when it waits for a certificate.
    pub queued_at: Timestamp,
    /// Where it is.
    pub step: Step,
    /// Since when it is there.
    pub since: Timestamp,
    /// When to go on. The end of time: when a person says so.
    pub next_at: Timestamp,
    /// What the ledger gave for the present order.
    pub spent: Vec<Charge>,
    /// Whether the order may name what it replaces. No, once the issuer has said that it was replaced already.
    pub may_replace: bool,
    /// The certificate in use, if there is one.
    pub in_use: Option<InUse>,
    /// What failed since the last success.
    pub failures: Failures,
    /// The last failure, for people.
    pub trouble: Option<Trouble>,
}

impl Issuance {
    /// A first certificate.
    pub fn first(
        domain: DomainId,
        tenant: TenantId,
        name: HostPattern,
        issuer: IssuerId,
        lane: Lane,
        now: Timestamp,
    ) -> Self {
        let all = [Method::Http01, Method::TlsAlpn01, Method::Dns01];
        let methods = all.into_iter().filter(|method| method.proves(&name)).collect();
        Self {
            domain,
            tenant,
            name,
            methods,
            issuer,
            lane,
            queued_at: now,
            step: Step::Queued,
            since: now,
            next_at: now,
            spent: Vec::new(),
            may_replace: true,
            in_use: None,
            failures: Failures::default(),
            trouble: None,
        }
    }

    /// With these methods only.
    #[must_use]
    pub fn proved_by(self, methods: &[Method]) -> Self {
        Self { methods: methods.to_vec(), ..self }
    }

    /// Among those that are due, the smallest goes first.
    pub fn urgency(&self) -> Timestamp {
        self.queued_at.plus(self.lane.patience())
    }

    /// The lane that it has waited its way into.
    pub fn lane_at(&self, now: Timestamp) -> Lane {
        self.lane.after(self.queued_at.until(now))
    }

    /// What people are shown.
    pub fn axis(&self, now: Timestamp) -> CertificateState {
        let alive = self.in_use.as_ref().map(|in_use| now < in_use.validity.not_after);
        match (self.step.phase(), alive) {
            (_, Some(false)) => CertificateState::Expired,
            (Phase::Blocked, _) => CertificateState::Blocked,
            (Phase::Active, _) => CertificateState::Active,
            (Phase::Queued, _) if self.trouble.is_some() => CertificateState::Backoff,
            (_, Some(true)) => CertificateState::Renewing,
            (Phase::Queued, None) => CertificateState::Queued,
            (_, None) => CertificateState::Ordering,
        }
    }

    /// What a new order would say that it replaces (RFC 9773 §5): only to the issuer who issued it.
    pub(crate) fn replaces(&self) -> Option<&AriId> {
        let in_use = self.in_use.as_ref().filter(|in_use| in_use.issuer == self.issuer)?;
        in_use.ari.as_ref().filter(|_| self.may_replace)
    }

    /// How the next order is proved: each method in turn, while proofs fail.
    pub(crate) fn preferred(&self) -> impl Iterator<Item = Method> + '_ {
        let turn = usize::try_from(self.failures.proofs).unwrap_or(0) % self.methods.len().max(1);
        self.methods[turn..].iter().chain(&self.methods[..turn]).copied()
    }
}
