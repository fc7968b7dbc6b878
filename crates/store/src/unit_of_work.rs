//! The store itself: read, or run a unit of work to its end.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use wax_model::TenantScope;

use crate::{
    AuditRepository, ClaimReads, ClaimRepository, CopyReads, CopyRepository, HandoverReads,
    HandoverRepository, OutboxRepository, PlatformStore, SecretReads, SecretRepository, StoreError,
};

/// A unit of work as the store runs it: see [`Store::write`](trait.Store.html#method.write) for how it is given.
pub type Work = Arc<
    dyn for<'u> Fn(&'u mut dyn UnitOfWork) -> BoxFuture<'u, Result<(), StoreError>> + Send + Sync,
>;

/// A database of secrets.
#[async_trait]
pub trait Store: fmt::Debug + Send + Sync {
    /// Runs `work` in one transaction, in its own task: dropping the returned future does not stop it. Services call
    /// [`write`](trait.Store.html#method.write).
    async fn run(&self, scope: TenantScope, work: Work) -> Result<(), StoreError>;

    /// Reads outside a transaction. What it sees may have changed by the time it is used: decide in [`Self::run`].
    fn read(&self, scope: TenantScope) -> Box<dyn Reader>;

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
        let answer = Arc::new(Mutex::new(None));
        let slot = Arc::clone(&answer);
        let work = Arc::new(work);
        let run: Work = Arc::new(move |uow| {
            let (slot, work) = (Arc::clone(&slot), Arc::clone(&work));
            Box::pin(async move {
                let value = work(uow).await?;
                *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
                Ok(())
            })
        });
        self.run(*scope, run).await?;
        let value = answer.lock().unwrap_or_else(PoisonError::into_inner).take();
        Ok(value.expect("a unit of work that was committed has left its answer"))
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
    /// Audit events.
    fn audit(&mut self) -> &mut dyn AuditRepository;
    /// Messages to be delivered after the commit.
    fn outbox(&mut self) -> &mut dyn OutboxRepository;

    /// Marks a point to come back to. A second call moves the mark.
    async fn savepoint(&mut self) -> Result<(), StoreError>;
    /// Undoes everything since the mark.
    async fn undo(&mut self) -> Result<(), StoreError>;
}
