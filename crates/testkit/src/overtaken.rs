//! A store on which somebody else is faster.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use wax_model::TenantScope;
use wax_store::{AccountReads, PlatformStore, PlatformWork, Reader, Store, StoreError, Work};

/// Passes everything on, but can let something happen between what a caller has read and the unit of work that relies on it:
/// the worst moment, without a race.
pub struct Overtaken {
    inner: Arc<dyn Store>,
    first: Mutex<Option<BoxFuture<'static, ()>>>,
}

impl fmt::Debug for Overtaken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Overtaken").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl Overtaken {
    /// Nothing happens until told.
    pub fn new(inner: Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self { inner, first: Mutex::new(None) })
    }

    /// This is done, whole, before the next unit begins.
    pub fn overtake(&self, first: impl Future<Output = ()> + Send + 'static) {
        *self.first.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::pin(first));
    }

    fn take(&self) -> Option<BoxFuture<'static, ()>> {
        self.first.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

#[async_trait]
impl Store for Overtaken {
    async fn run(&self, scope: TenantScope, work: Work) -> Result<(), StoreError> {
        if let Some(first) = self.take() {
            first.await;
        }
        self.inner.run(scope, work).await
    }

    async fn run_platform(&self, work: PlatformWork) -> Result<(), StoreError> {
        if let Some(first) = self.take() {
            first.await;
        }
        self.inner.run_platform(work).await
    }

    fn read(&self, scope: TenantScope) -> Box<dyn Reader> {
        self.inner.read(scope)
    }

    fn accounts(&self) -> &dyn AccountReads {
        self.inner.accounts()
    }

    fn platform(&self) -> &dyn PlatformStore {
        self.inner.platform()
    }
}
