//! The store itself: read, or run a unit of work to its end.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use wax_model::TenantScope;

use crate::{
    AccountReads, AuditRepository, ClaimReads, ClaimRepository, CopyReads, CopyRepository,
    DomainReads, HandoverReads, HandoverRepository, OrganizationReads, OrganizationRepository,
    OutboxRepository, PlatformStore, PlatformUnit, SecretReads, SecretRepository, StoreError,
    UsageReads, UsageRepository,
};

/// A unit of work as the store runs it: see [`Store::write`](trait.Store.html#method.write) for how it is given.
pub type Work = Arc<
    dyn for<'u> Fn(&'u mut dyn UnitOfWork) -> BoxFuture<'u, Result<(), StoreError>> + Send + Sync,
>;

/// A unit of work over accounts, as the store runs it: see
/// [`Store::write_platform`](trait.Store.html#method.write_platform).
pub type PlatformWork = Arc<
    dyn for<'u> Fn(&'u mut dyn PlatformUnit) -> BoxFuture<'u, Result<(), StoreError>> + Send + Sync,
>;

/// A database of secrets.
#[async_trait]
pub trait Store: fmt::Debug + Send + Sync {
    /// Runs `work` in one transaction, in its own task: dropping the returned future does not stop it. Services call
    /// [`write`](trait.Store.html#method.write).
    async fn run(&self, scope: TenantScope, work: Work) -> Result<(), StoreError>;

    /// As [`Self::run`], over accounts: they belong to no tenant. Services call
    /// [`write_platform`](trait.Store.html#method.write_platform).
    async fn run_platform(&self, work: PlatformWork) -> Result<(), StoreError>;

    /// Reads outside a transaction. What it sees may have changed by the time it is used: decide in [`Self::run`].
    fn read(&self, scope: TenantScope) -> Box<dyn Reader>;

    /// Reads accounts outside a transaction: decide in [`Self::run_platform`].
    fn accounts(&self) -> &dyn AccountReads;

    /// What the server itself needs, across tenants: routes, due work, checks.
    fn platform(&self) -> &dyn PlatformStore;
}

impl dyn Store {
    /// Runs `work` in one transaction and answers what it answered.
    ///
    /// `work` may run twice; the last run is the one that was committed. An error from it rolls everything back.
    pub async fn write<T, F>(&self, scope: &TenantScope, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'u> Fn(&'u mut dyn UnitOfWork) -> BoxFuture<'u, Result<T, StoreError>>
            + Send
            + Sync
            + 'static,
    {
        let (answer, work) = (Answer::default(), Arc::new(work));
        let slot = answer.clone();
        let run: Work = Arc::new(move |uow| {
            let (slot, work) = (slot.clone(), Arc::clone(&work));
            Box::pin(async move { work(uow).await.map(|value| slot.put(value)) })
        });
        self.run(*scope, run).await?;
        Ok(answer.take())
    }

    /// As [`write`](trait.Store.html#method.write), over accounts.
    pub async fn write_platform<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'u> Fn(&'u mut dyn PlatformUnit) -> BoxFuture<'u, Result<T, StoreError>>
            + Send
            + Sync
            + 'static,
    {
        let (answer, work) = (Answer::default(), Arc::new(work));
        let slot = answer.clone();
        let run: PlatformWork = Arc::new(move |unit| {
            let (slot, work) = (slot.clone(), Arc::clone(&work));
            Box::pin(async move { work(unit).await.map(|value| slot.put(value)) })
        });
        self.run_platform(run).await?;
        Ok(answer.take())
    }
}

/// Where a unit leaves what it answers, each run anew.
struct Answer<T>(Arc<Mutex<Option<T>>>);

impl<T> Answer<T> {
    fn put(&self, value: T) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
    }

    /// Of a unit that was committed.
    fn take(&self) -> T {
        let value = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        value.expect("a unit of work that was committed has left its answer")
    }
}

impl<T> Default for Answer<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T> Clone for Answer<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// Reads within one tenant.
pub trait Reader: Send {
    /// Secrets.
    fn secrets(&mut self) -> &mut dyn SecretReads;
    /// Claims.
    fn claims(&mut self) -> &mut dyn ClaimReads;
    /// Hand-overs.
    fn handovers(&mut self) -> &mut dyn HandoverReads;
    /// Passkey copies.
    fn copies(&mut self) -> &mut dyn CopyReads;
    /// The organization itself: members, invitations, keys, the audit trail.
    fn organization(&mut self) -> &mut dyn OrganizationReads;
    /// Its domains.
    fn domains(&mut self) -> &mut dyn DomainReads;
    /// What it uses of its plan.
    fn usage(&mut self) -> &mut dyn UsageReads;
}

/// One transaction of one tenant.
#[async_trait]
pub trait UnitOfWork: Send {
    /// Secrets.
    fn secrets(&mut self) -> &mut dyn SecretRepository;
    /// Claims.
    fn claims(&mut self) -> &mut dyn ClaimRepository;
    /// Hand-overs.
    fn handovers(&mut self) -> &mut dyn HandoverRepository;
    /// Passkey copies.
    fn copies(&mut self) -> &mut dyn CopyRepository;
    /// The organization itself: members, invitations, keys.
    fn organization(&mut self) -> &mut dyn OrganizationRepository;
    /// Its domains, to look at: rules that they set hold for what the same unit writes.
    fn domains(&mut self) -> &mut dyn DomainReads;
    /// What it uses of its plan.
    fn usage(&mut self) -> &mut dyn UsageRepository;
    /// Audit events.
    fn audit(&mut self) -> &mut dyn AuditRepository;
    /// Messages to be delivered after the commit.
    fn outbox(&mut self) -> &mut dyn OutboxRepository;

    /// Marks a point to come back to. A second call moves the mark.
    async fn savepoint(&mut self) -> Result<(), StoreError>;
    /// Undoes everything since the mark.
    async fn undo(&mut self) -> Result<(), StoreError>;
}
