//! The time that this node goes by: the database's, so that all nodes of one database agree.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, Result};
use wax_edge::Readiness;
use wax_kernel::{Clock, Job, Measured, SteadyClock, SyncedClock, SystemClock};
use wax_store::{PlatformStore as _, StoreError};
use wax_store_sql::SqlStore;

const EVERY: Duration = Duration::from_secs(30);

/// A clock that is measured now and then. While it is in doubt, the node is not ready.
#[derive(Debug, Clone)]
pub(crate) struct NodeTime {
    store: Arc<SqlStore>,
    synced: Arc<SyncedClock>,
    readiness: Readiness,
    /// Whether it was measured at all.
    begun: Arc<AtomicBool>,
}

impl NodeTime {
    /// The machine's own time, until the database's clock is measured by [`Self::job`].
    pub(crate) fn unmeasured(store: Arc<SqlStore>, readiness: Readiness) -> Self {
        let synced = SyncedClock::new(SystemClock.now(), Arc::new(SteadyClock::start()));
        Self { store, synced: Arc::new(synced), readiness, begun: Arc::default() }
    }

    /// Measures the database's clock for the first time.
    pub(crate) async fn measure(store: Arc<SqlStore>, readiness: Readiness) -> Result<Self> {
        let time = Self::unmeasured(store, readiness);
        time.measure_again().await.context("the database does not say what time it is")?;
        Ok(time)
    }

    /// Measures it once more, or for the first time.
    pub(crate) async fn measure_again(&self) -> Result<(), StoreError> {
        let measured = self.ask().await?;
        if self.begun.swap(true, Ordering::SeqCst) {
            self.synced.correct(measured);
        } else {
            self.synced.begin(measured);
        }
        Ok(())
    }

    /// What everything in this process asks.
    pub(crate) fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.synced) as Arc<dyn Clock>
    }

    /// Measures again.
    pub(crate) fn job(&self) -> Job {
        let time = self.clone();
        Job::new("node.time", EVERY, move || {
            let time = time.clone();
            Box::pin(async move {
                time.measure_again().await?;
                let sure = time.synced.is_sure();
                if !sure {
                    tracing::error!("the clock has jumped: not ready until it is measured again");
                }
                time.readiness.doubt(!sure);
                Ok(())
            })
        })
    }

    async fn ask(&self) -> Result<Measured, StoreError> {
        let asking = self.synced.asking();
        let reference = self.store.clock().await?;
        Ok(self.synced.answered(asking, reference))
    }
}
