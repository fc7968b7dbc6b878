//! Orders that have come to something: their domains are looked at, and people are told.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use wax_acme::{
    Answer, Buckets, Certificate, Chain, Change, Charge, Issuance, IssuerId, Lease, OrderStore,
    StoreFault, StoredAccount, Wait,
};
use wax_kernel::{DomainId, HostPattern, TenantId, Timestamp};
use wax_model::domain::{CertificateState, Transport};
use wax_store::{PlatformUnit, StoreError};

use super::{Domains, Refusal};

/// Orders, and which of them came to something: the engine says of its work only that there was some. The store itself writes
/// history and tells edges.
///
/// What a process that dies has not noted is found at the domain's next look.
#[derive(Debug)]
pub struct Noted {
    inner: Arc<dyn OrderStore>,
    ended: Mutex<BTreeSet<DomainId>>,
}

impl Noted {
    /// Over a store.
    pub fn new(inner: Arc<dyn OrderStore>) -> Self {
        Self { inner, ended: Mutex::default() }
    }

    /// Domains whose orders have succeeded or failed since the last call.
    pub(super) fn take(&self) -> BTreeSet<DomainId> {
        std::mem::take(&mut *self.ended.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn note(&self, domain: DomainId) {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner).insert(domain);
    }
}

#[async_trait]
impl OrderStore for Noted {
    async fn add(&self, issuance: &Issuance) -> Result<bool, StoreFault> {
        self.inner.add(issuance).await
    }

    async fn issuance(&self, domain: &DomainId) -> Result<Option<Issuance>, StoreFault> {
        self.inner.issuance(domain).await
    }

    async fn claim(
        &self,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<(Issuance, Lease)>, StoreFault> {
        self.inner.claim(now, until).await
    }

    async fn save(&self, lease: &Lease, change: Change, now: Timestamp) -> Result<(), StoreFault> {
        let failed = change.issuance.trouble.as_ref().is_some_and(|trouble| trouble.at == now);
        let ended = failed || change.certificate.is_some();
        self.inner.save(lease, change, now).await?;
        if ended {
            self.note(lease.domain);
        }
        Ok(())
    }

    async fn spend(
        &self,
        lease: &Lease,
        change: Change,
        charges: &[Charge],
        now: Timestamp,
    ) -> Result<Result<(), Wait>, StoreFault> {
        self.inner.spend(lease, change, charges, now).await
    }

    async fn buckets(&self, charges: &[Charge]) -> Result<Buckets, StoreFault> {
        self.inner.buckets(charges).await
    }

    async fn mend(&self, domain: &DomainId, now: Timestamp) -> Result<bool, StoreFault> {
        self.inner.mend(domain, now).await
    }

    async fn waiting(&self, tenant: &TenantId) -> Result<usize, StoreFault> {
        self.inner.waiting(tenant).await
    }

    async fn certificate(&self, domain: &DomainId) -> Result<Option<Certificate>, StoreFault> {
        self.inner.certificate(domain).await
    }

    async fn bring(
        &self,
        tenant: &TenantId,
        certificate: &Certificate,
        successor: Option<&Issuance>,
    ) -> Result<(), StoreFault> {
        self.inner.bring(tenant, certificate, successor).await
    }

    async fn clear(&self, domain: &DomainId) -> Result<bool, StoreFault> {
        self.inner.clear(domain).await
    }

    async fn chains(&self, domain: &DomainId) -> Result<Vec<Chain>, StoreFault> {
        self.inner.chains(domain).await
    }

    async fn certificates(&self, domains: &[DomainId]) -> Result<Vec<Certificate>, StoreFault> {
        self.inner.certificates(domains).await
    }

    async fn answers(&self, domains: &[DomainId]) -> Result<Vec<(DomainId, Answer)>, StoreFault> {
        self.inner.answers(domains).await
    }

    async fn account(&self, issuer: &IssuerId) -> Result<Option<StoredAccount>, StoreFault> {
        self.inner.account(issuer).await
    }

    async fn put_account(
        &self,
        known: Option<&StoredAccount>,
        account: &StoredAccount,
    ) -> Result<bool, StoreFault> {
        self.inner.put_account(known, account).await
    }
}

/// How far a domain's certificate is.
pub(super) fn certificate_state(
    transport: Transport,
    issuance: Option<&Issuance>,
    until: Option<Timestamp>,
    now: Timestamp,
) -> CertificateState {
    match (transport, issuance) {
        (Transport::Onion | Transport::Loopback, _) => CertificateState::None,
        (Transport::Acme, Some(issuance)) => issuance.axis(now),
        // Brought along: an order that waits for its end is none yet.
        (Transport::Own, _) | (Transport::Acme, None) => match until {
            Some(until) if now < until => CertificateState::Active,
            Some(_) => CertificateState::Expired,
            None => CertificateState::None,
        },
    }
}

impl Domains {
    /// Looks soon at the domains whose orders have come to something: a failure may be their records', and who waits for a
    /// certificate is told by a look.
    pub(super) async fn look_at_ended(&self) -> Result<(), Refusal> {
        for id in self.0.orders.take() {
            let Some(domain) = self.platform().domain(id).await? else { continue };
            let (host, now) = (domain.host, self.now());
            let work = self.store().write_platform(move |unit| {
                let host = host.clone();
                Box::pin(async move { hasten(unit, id, &host, now).await })
            });
            work.await?;
        }
        Ok(())
    }
}

async fn hasten(
    unit: &mut dyn PlatformUnit,
    id: DomainId,
    host: &HostPattern,
    now: Timestamp,
) -> Result<(), StoreError> {
    let claims = unit.domains().lock_host(host).await?;
    let waits = |next: Timestamp| next > now;
    let Some(mut domain) = claims.into_iter().find(|claim| claim.id() == id) else { return Ok(()) };
    if domain.checks.next_at.is_some_and(waits) {
        domain.checks.next_at = Some(now);
        unit.domains().update(&domain).await?;
    }
    Ok(())
}
