//! A process that dies at a chosen moment: before or after the n-th thing that it does to the world.

use std::{
    future::Future,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use tokio::sync::Notify;
use wax_acme::{
    AccountThumbprint, Answer, Answers, AriId, Authority, Buckets, Certificate,
    CertificateAuthority, Chain, Change, Charge, Engine, Failure, Issuance, IssuerId, Lease,
    Method, OrderState, OrderStore, Parts, StoreFault, StoredAccount, Wait, Wanted, Window,
};
use wax_kernel::{DomainId, HostPattern, TenantId, Timestamp};

/// When it dies, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Death {
    Before(usize),
    After(usize),
}

#[derive(Debug)]
pub(crate) struct Fuse {
    death: Death,
    done: Mutex<usize>,
    dead: Notify,
}

#[derive(Debug)]
struct Fused<T: ?Sized> {
    fuse: Arc<Fuse>,
    inner: Arc<T>,
}

impl Fuse {
    async fn burn<T>(&self, doing: impl Future<Output = T>) -> T {
        let turn = {
            let mut done = self.done.lock().unwrap();
            *done += 1;
            *done - 1
        };
        if self.death == Death::Before(turn) {
            self.die().await;
        }
        let result = doing.await;
        if self.death == Death::After(turn) {
            self.die().await;
        }
        result
    }

    async fn die(&self) {
        self.dead.notify_one();
        std::future::pending::<()>().await;
    }
}

/// An engine that dies, and whether it did before it had nothing left to do until `until` is so.
pub(crate) async fn run_to_death(parts: Parts, authority: Authority, death: Death) -> bool {
    let fuse = Arc::new(Fuse { death, done: Mutex::new(0), dead: Notify::new() });
    let fused = |inner| Arc::new(Fused { fuse: Arc::clone(&fuse), inner });
    let parts_of_it = Parts {
        store: Arc::new(Fused { fuse: Arc::clone(&fuse), inner: Arc::clone(&parts.store) }),
        answers: Arc::new(Fused { fuse: Arc::clone(&fuse), inner: Arc::clone(&parts.answers) }),
        ..parts
    };
    let authority = Authority { ca: fused(authority.ca), ..authority };
    let engine = Engine::new(parts_of_it, vec![authority]);
    tokio::select! {
        () = fuse.dead.notified() => true,
        () = async { while engine.work().await.unwrap() {} } => false,
    }
}

#[async_trait]
impl CertificateAuthority for Fused<dyn CertificateAuthority> {
    fn account(&self) -> AccountThumbprint {
        self.inner.account()
    }

    async fn new_order(
        &self,
        name: &HostPattern,
        replaces: Option<&AriId>,
    ) -> Result<OrderState, Failure> {
        self.fuse.burn(self.inner.new_order(name, replaces)).await
    }

    async fn order(&self, url: &str) -> Result<OrderState, Failure> {
        self.fuse.burn(self.inner.order(url)).await
    }

    async fn wanted(&self, url: &str) -> Result<Wanted, Failure> {
        self.fuse.burn(self.inner.wanted(url)).await
    }

    async fn look(&self, url: &str, method: Method) -> Result<(), Failure> {
        self.fuse.burn(self.inner.look(url, method)).await
    }

    async fn finalize(&self, url: &str, request: &[u8]) -> Result<OrderState, Failure> {
        self.fuse.burn(self.inner.finalize(url, request)).await
    }

    async fn certificate(&self, url: &str) -> Result<String, Failure> {
        self.fuse.burn(self.inner.certificate(url)).await
    }

    async fn window(&self, certificate: &AriId) -> Result<Option<(Window, Duration)>, Failure> {
        self.fuse.burn(self.inner.window(certificate)).await
    }
}

#[async_trait]
impl Answers for Fused<dyn Answers> {
    async fn publish(&self, domain: &DomainId, answer: &Answer) -> bool {
        self.fuse.burn(self.inner.publish(domain, answer)).await
    }

    async fn withdraw(&self, domain: &DomainId, answer: &Answer) {
        self.fuse.burn(self.inner.withdraw(domain, answer)).await;
    }
}

#[async_trait]
impl OrderStore for Fused<dyn OrderStore> {
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
        self.fuse.burn(self.inner.claim(now, until)).await
    }

    async fn save(&self, lease: &Lease, change: Change, now: Timestamp) -> Result<(), StoreFault> {
        self.fuse.burn(self.inner.save(lease, change, now)).await
    }

    async fn spend(
        &self,
        lease: &Lease,
        change: Change,
        charges: &[Charge],
        now: Timestamp,
    ) -> Result<Result<(), Wait>, StoreFault> {
        self.fuse.burn(self.inner.spend(lease, change, charges, now)).await
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

    async fn certificate(&self, domain: &DomainId) -> Result<Option<Certificate>, StoreFault> {
        self.inner.certificate(domain).await
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
