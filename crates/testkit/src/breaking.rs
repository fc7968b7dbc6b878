//! A store whose commits go wrong.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use wax_model::TenantScope;
use wax_store::{AccountReads, PlatformStore, PlatformWork, Reader, Store, StoreError, Work};

/// What becomes of a unit of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Commit {
    /// It is written and answered.
    Answered,
    /// It is written; the connection breaks before the answer.
    Written,
    /// The connection breaks before it is written. Nobody can tell this from [`Self::Written`].
    Lost,
}

/// Passes everything on to a store, but can lose the answer to a commit, or the commit with it.
#[derive(Debug)]
pub struct Breaking {
    inner: Arc<dyn Store>,
    commits: Mutex<Commit>,
}

impl Breaking {
    /// Nothing breaks until told.
    pub fn new(inner: Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self { inner, commits: Mutex::new(Commit::Answered) })
    }

    /// What becomes of all units from now on.
    pub fn set(&self, commits: Commit) {
        *self.commits.lock().unwrap_or_else(PoisonError::into_inner) = commits;
    }

    /// Commits as it was told.
    async fn broken(
        &self,
        commit: impl Future<Output = Result<(), StoreError>> + Send,
    ) -> Result<(), StoreError> {
        let commits = *self.commits.lock().unwrap_or_else(PoisonError::into_inner);
        if commits != Commit::Lost {
            commit.await?;
        }
        if commits == Commit::Answered {
            return Ok(());
        }
        Err(StoreError::Unknown("the connection broke".into()))
    }
}

#[async_trait]
impl Store for Breaking {
    async fn run(&self, scope: TenantScope, work: Work) -> Result<(), StoreError> {
        self.broken(self.inner.run(scope, work)).await
    }

    async fn run_platform(&self, work: PlatformWork) -> Result<(), StoreError> {
        self.broken(self.inner.run_platform(work)).await
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
