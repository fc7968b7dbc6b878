//! A key store that ends with the process.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use wax_kernel::Rng;

use super::{Day, DayKey, KeyEncryptionKey, KeyRing, KeyStore, KeyStoreError, KeyVersion};

/// Keys in memory only, for the ephemeral mode and for tests.
#[derive(Debug)]
pub struct MemoryKeyStore {
    ring: KeyRing,
    rng: Arc<dyn Rng>,
    days: Mutex<Days>,
}

#[derive(Debug)]
struct Days {
    keys: BTreeMap<Day, Arc<DayKey>>,
    destroyed_before: Day,
}

impl MemoryKeyStore {
    /// A store with a new key-encryption key.
    pub fn new(rng: Arc<dyn Rng>) -> Self {
        let ring = KeyRing::new(KeyVersion::FIRST, KeyEncryptionKey::random(&*rng));
        let days = Days { keys: BTreeMap::new(), destroyed_before: Day::from_number(i64::MIN) };
        Self { ring, rng, days: Mutex::new(days) }
    }

    /// A panic elsewhere cannot leave the map half-changed.
    fn days(&self) -> MutexGuard<'_, Days> {
        self.days.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KeyStore for MemoryKeyStore {
    fn ring(&self) -> &KeyRing {
        &self.ring
    }

    fn day_key(&self, day: Day) -> Result<Arc<DayKey>, KeyStoreError> {
        let mut days = self.days();
        if day < days.destroyed_before {
            return Err(KeyStoreError::Destroyed { day });
        }
        Ok(days.keys.entry(day).or_insert_with(|| Arc::new(DayKey::random(&*self.rng))).clone())
    }

    fn existing_day_key(&self, day: Day) -> Result<Option<Arc<DayKey>>, KeyStoreError> {
        let days = self.days();
        if day < days.destroyed_before {
            return Ok(None);
        }
        days.keys.get(&day).cloned().map(Some).ok_or(KeyStoreError::Lost { day })
    }

    fn destroy_days_before(&self, day: Day) -> Result<usize, KeyStoreError> {
        let mut days = self.days();
        let kept = days.keys.split_off(&day);
        days.destroyed_before = days.destroyed_before.max(day);
        Ok(std::mem::replace(&mut days.keys, kept).len())
    }
}
