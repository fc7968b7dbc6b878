//! A store that answers before it has committed.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use tokio::sync::mpsc;
use wax_model::TenantScope;
use wax_store::{AccountReads, PlatformStore, PlatformWork, Reader, Store, StoreError, Work};

/// Answers as soon as the unit has run; the commit follows. Whatever happens in between, a crash above all, takes back
/// what was answered.
#[derive(Debug)]
pub(crate) struct EarlyAnswers {
    inner: Arc<dyn Store>,
    pause: Duration,
}

impl EarlyAnswers {
    /// `pause` lies between the answer and the commit.
    pub(crate) fn new(inner: Arc<dyn Store>, pause: Duration) -> Self {
        Self { inner, pause }
    }
}

#[async_trait]
impl Store for EarlyAnswers {
    async fn run(&self, scope: TenantScope, work: Work) -> Result<(), StoreError> {
        let (early, mut answered) = mpsc::channel(2);
        let (inner, pause) = (Arc::clone(&self.inner), self.pause);
        let unit: Work = Arc::new(move |uow| {
            let (work, early) = (Arc::clone(&work), early.clone());
            Box::pin(async move {
                work(uow).await?;
                // Full or closed when the unit runs a second time: the answer was given.
                let _ = early.try_send(());
                tokio::time::sleep(pause).await;
                Ok(())
            })
        });
        let mut committing = spawn(async move { inner.run(scope, unit).await });
        tokio::select! {
            biased;
            Some(()) = answered.recv() => Ok(()),
            committed = &mut committing => {
                committed.unwrap_or_else(|error| Err(StoreError::Backend(error.into())))
            }
        }
    }

    async fn run_platform(&self, work: PlatformWork) -> Result<(), StoreError> {
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

#[expect(clippy::disallowed_methods, reason = "nobody waits for it: that is the mistake")]
fn spawn<T: Send + 'static>(
    task: impl Future<Output = T> + Send + 'static,
) -> tokio::task::JoinHandle<T> {
    tokio::spawn(task)
}
