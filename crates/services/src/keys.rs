//! The keys of the edges, as far as this process knows them.

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use tokio::{
    sync::Mutex,
    time::{Instant, sleep_until},
};
use wax_crypto::{ContextError, ContextPublicKey};
use wax_kernel::{Clock, ContextKeyId, Timestamp};
use wax_store::{RegisteredKey, Store, StoreError};

/// The store is asked at most this often: whoever makes up key ids costs no query each.
const PAUSE: Duration = Duration::from_millis(250);

/// Where edges register their keys.
#[async_trait]
pub trait EdgeKeys: fmt::Debug + Send + Sync {
    /// Every registered key.
    async fn all(&self) -> Result<Vec<RegisteredKey>, StoreError>;
}

#[async_trait]
impl EdgeKeys for Arc<dyn Store> {
    async fn all(&self) -> Result<Vec<RegisteredKey>, StoreError> {
        self.platform().context_keys().await
    }
}

/// A key is not found because nobody registered it, or because nobody can be asked.
#[derive(Debug)]
pub(crate) enum KeyError {
    Context(ContextError),
    Store(StoreError),
}

/// Remembers the keys, and asks again when one is missing.
#[derive(Debug)]
pub(crate) struct KnownKeys {
    source: Arc<dyn EdgeKeys>,
    clock: Arc<dyn Clock>,
    known: RwLock<HashMap<ContextKeyId, (ContextPublicKey, Timestamp)>>,
    /// How many readings have begun.
    readings: AtomicU64,
    /// When the newest one began. Locked while one is under way.
    read_at: Mutex<Option<Instant>>,
}

impl KnownKeys {
    pub(crate) fn new(source: Arc<dyn EdgeKeys>, clock: Arc<dyn Clock>) -> Self {
        let (known, readings) = (RwLock::default(), AtomicU64::new(0));
        Self { source, clock, known, readings, read_at: Mutex::default() }
    }

    /// The key of this name, if it has not expired.
    pub(crate) async fn find(&self, id: ContextKeyId) -> Result<ContextPublicKey, KeyError> {
        if let Some(found) = self.known(id) {
            return found;
        }
        let begun = self.readings.load(Ordering::SeqCst);
        let mut read_at = self.read_at.lock().await;
        // Whoever waited meanwhile shares a reading that began after they asked.
        if self.readings.load(Ordering::SeqCst) == begun {
            if let Some(last) = *read_at {
                sleep_until(last + PAUSE).await;
            }
            *read_at = Some(Instant::now());
            self.readings.fetch_add(1, Ordering::SeqCst);
            self.read().await.map_err(KeyError::Store)?;
        }
        self.known(id).unwrap_or(Err(KeyError::Context(ContextError::UnknownKey)))
    }

    fn known(&self, id: ContextKeyId) -> Option<Result<ContextPublicKey, KeyError>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let (key, expires_at) = known.get(&id)?;
        let alive = self.clock.now() < *expires_at;
        Some(if alive { Ok(key.clone()) } else { Err(KeyError::Context(ContextError::ExpiredKey)) })
    }

    async fn read(&self) -> Result<(), StoreError> {
        let all = self.source.all().await?;
        let keys = all
            .into_iter()
            .map(|key| (key.id, (ContextPublicKey::from_bytes(&key.public_key), key.expires_at)));
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = keys.collect();
        Ok(())
    }
}
