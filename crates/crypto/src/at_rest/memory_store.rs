//! A key store that ends with the process.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use wax_kernel::Rng;

use super::{Day, DayKey, KeyRing, KeyStore, KeyStoreError};
use crate::channel::{ChannelKey, HostSeed};

/// Keys in memory only, for the ephemeral mode and for tests.
#[derive(Debug)]
pub struct MemoryKeyStore {
    ring: KeyRing,
    host_seed: HostSeed,
    rng: Arc<dyn Rng>,
    days: Mutex<Days>,
}

#[derive(Debug)]
struct Days {
    keys: BTreeMap<Day, Arc<DayKey>>,
    destroyed_before: Day,
    channel: BTreeMap<Day, Arc<ChannelKey>>,
}

impl MemoryKeyStore {
    /// A store with a new key-encryption key.
    pub fn new(rng: Arc<dyn Rng>) -> Self {
        let ring = KeyRing::random(&*rng);
        let days = Days {
            keys: BTreeMap::new(),
            destroyed_before: Day::from_number(i64::MIN),
            channel: BTreeMap::new(),
        };
        Self { ring, host_seed: HostSeed::random(&*rng), rng, days: Mutex::new(days) }
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

    fn host_seed(&self) -> &HostSeed {
        &self.host_seed
    }

    fn channel_key(&self, day: Day) -> Result<Arc<ChannelKey>, KeyStoreError> {
        let make = || Arc::new(ChannelKey::random(&*self.rng));
        Ok(self.days().channel.entry(day).or_insert_with(make).clone())
    }

    fn existing_channel_key(&self, day: Day) -> Result<Option<Arc<ChannelKey>>, KeyStoreError> {
        Ok(self.days().channel.get(&day).cloned())
    }

    fn destroy_channel_keys_before(&self, day: Day) -> Result<usize, KeyStoreError> {
        let mut days = self.days();
        let kept = days.channel.split_off(&day);
        Ok(std::mem::replace(&mut days.channel, kept).len())
    }
}
