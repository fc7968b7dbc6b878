//! The key with which this edge signs what it has verified, for services in other processes.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::Result;
use wax_crypto::ContextKey;
use wax_edge::Signing;
use wax_kernel::{Clock, Job, Rng, Timestamp};
use wax_store::{RegisteredKey, Store as _};
use wax_store_sql::SqlStore;

/// How long a key is believed.
const LIFETIME: Duration = Duration::from_hours(24);
/// A key with less than this to live is replaced: the database may be down for this long.
const RENEW_BEFORE: Duration = Duration::from_hours(12);
/// An edge that started without the database is believed by nobody until it has registered a key.
const EVERY: Duration = Duration::from_secs(10);

/// Registers a key when the edge starts, and a new one before it ends. Clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct ContextKeys(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Arc<SqlStore>,
    signing: Signing,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    expires_at: Mutex<Timestamp>,
}

impl ContextKeys {
    pub(crate) fn new(
        store: Arc<SqlStore>,
        signing: Signing,
        clock: Arc<dyn Clock>,
        rng: Arc<dyn Rng>,
    ) -> Self {
        let expires_at = Mutex::new(Timestamp::from_ms(0));
        Self(Arc::new(Inner { store, signing, clock, rng, expires_at }))
    }

    /// The repeated work.
    pub(crate) fn job(&self) -> Job {
        let keys = self.clone();
        let job = Job::new("edge.context_key", EVERY, move || {
            let keys = keys.clone();
            async move { keys.renew().await.map_err(Into::into) }
        });
        // Without it an edge does less than it could: at once when the database is back.
        job.pausing_at_most(EVERY)
    }

    /// Makes and registers a new key if there is none or it ends soon. Nothing is signed with it before it is registered.
    pub(crate) async fn renew(&self) -> Result<()> {
        let inner = &self.0;
        let now = inner.clock.now();
        if now.until(self.expires_at()) > RENEW_BEFORE {
            return Ok(());
        }
        let key = ContextKey::generate(&*inner.rng);
        let (id, public_key, expires_at) = (key.id(), *key.public(), now.plus(LIFETIME));
        let registered = RegisteredKey { id, public_key, expires_at };
        inner.store.platform().register_context_key(&registered, now).await?;
        inner.signing.set(key);
        *inner.expires_at.lock().unwrap_or_else(PoisonError::into_inner) = expires_at;
        tracing::info!(%id, "a new key signs what this edge has verified");
        Ok(())
    }

    fn expires_at(&self) -> Timestamp {
        *self.0.expires_at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
