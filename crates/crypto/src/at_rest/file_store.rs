//! A key store in a directory that only its owner can read.
//!
//! | file | holds |
//! |---|---|
//! | `kek-<version>.key` | a key-encryption key, 32 raw bytes |
//! | `day-<day>.key` | a day key, sealed by the key ring |
//! | `channel-<day>.key` | a channel key's private scalar, sealed by the key ring |
//! | `host-seed.key` | the seed of the host keys, sealed by the key ring |
//! | `destroyed-before` | the first day that may still have a day key, in decimal |
//!
//! A file appears complete or not at all, so processes that race to make the same key agree on one: each writes a
//! temporary file and links it to the name; the first link wins and the others read what it holds.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use wax_kernel::Rng;

use super::{
    Day, DayKey, KeyEncryptionKey, KeyRing, KeyStore, KeyStoreError, KeyVersion,
    directory::Directory,
    sealed_files::{Daily, SealedFiles},
};
use crate::{
    HpkeKey,
    channel::{ChannelKey, HostSeed},
};

const DESTROYED_BEFORE: &str = "destroyed-before";
const DAY_KEYS: Daily = Daily { prefix: "day", column: "day-key" };
const CHANNEL_KEYS: Daily = Daily { prefix: "channel", column: "channel-key" };
const HOST_SEED: &str = "host-seed.key";
const HOST_SEED_COLUMN: &str = "host-seed";

/// Keys in a directory of mode 0700, each in a file of mode 0600. Several processes may share it.
#[derive(Debug)]
pub struct FileKeyStore {
    files: SealedFiles,
    host_seed: HostSeed,
    days: Mutex<BTreeMap<Day, Arc<DayKey>>>,
    channel: Mutex<BTreeMap<Day, Arc<ChannelKey>>>,
}

impl FileKeyStore {
    /// Opens the directory, and makes it, its first key-encryption key and the seed of the host keys if they are missing.
    ///
    /// # Errors
    /// [`KeyStoreError::Exposed`] when others may read the directory or a key in it, [`KeyStoreError::Foreign`] when it is
    /// another user's.
    pub fn open(path: &Path, rng: Arc<dyn Rng>) -> Result<Self, KeyStoreError> {
        let ring = KeyRing::in_directory(path, &*rng)?;
        let files = SealedFiles { directory: Directory::open(path)?, ring, rng };
        let host_seed = host_seed(&files)?;
        Ok(Self { files, host_seed, days: Mutex::default(), channel: Mutex::default() })
    }

    fn read_day_key(&self, day: Day) -> Result<Option<Arc<DayKey>>, KeyStoreError> {
        let name = DAY_KEYS.name(day);
        let key = self.files.read(DAY_KEYS.column, &name, DayKey::from_slice)?;
        Ok(key.map(Arc::new))
    }

    fn make_day_key(&self, day: Day) -> Result<(), KeyStoreError> {
        let key = DayKey::random(&*self.files.rng);
        self.files.publish(DAY_KEYS.column, &DAY_KEYS.name(day), key.expose())
    }

    fn read_channel_key(&self, day: Day) -> Result<Option<Arc<ChannelKey>>, KeyStoreError> {
        let name = CHANNEL_KEYS.name(day);
        let key = self.files.read(CHANNEL_KEYS.column, &name, HpkeKey::from_slice)?;
        Ok(key.map(|key| Arc::new(key.into())))
    }

    fn destroyed_before(&self) -> Result<Day, KeyStoreError> {
        let Some(bytes) = self.files.directory.read(DESTROYED_BEFORE)? else {
            return Ok(Day::from_number(i64::MIN));
        };
        std::str::from_utf8(&bytes)
            .ok()
            .and_then(|text| text.trim_end().parse().ok())
            .map(Day::from_number)
            .ok_or_else(|| self.files.directory.unreadable(DESTROYED_BEFORE))
    }

    fn is_destroyed(&self, day: Day) -> Result<bool, KeyStoreError> {
        Ok(day < self.destroyed_before()?)
    }

    /// Said before the first key is destroyed, so that no process makes one of those days again.
    fn raise_destroyed_before(&self, day: Day) -> Result<(), KeyStoreError> {
        if day <= self.destroyed_before()? {
            return Ok(());
        }
        let text = format!("{day}\n");
        self.files.directory.replace(DESTROYED_BEFORE, text.as_bytes(), &*self.files.rng)
    }
}

/// A panic elsewhere cannot leave the map half-changed.
fn known<T>(keys: &Mutex<BTreeMap<Day, Arc<T>>>) -> MutexGuard<'_, BTreeMap<Day, Arc<T>>> {
    keys.lock().unwrap_or_else(PoisonError::into_inner)
}

impl KeyRing {
    /// The ring in a directory that has nothing else: made with it, if there is none yet. Several processes may share it.
    ///
    /// # Errors
    /// As [`FileKeyStore::open`].
    pub fn in_directory(path: &Path, rng: &dyn Rng) -> Result<Self, KeyStoreError> {
        let directory = Directory::open(path)?;
        match read_ring(&directory)? {
            Some(ring) => Ok(ring),
            None => make_ring(&directory, rng),
        }
    }
}

impl KeyStore for FileKeyStore {
    fn ring(&self) -> &KeyRing {
        &self.files.ring
    }

    fn day_key(&self, day: Day) -> Result<Arc<DayKey>, KeyStoreError> {
        let mut known = known(&self.days);
        if let Some(key) = known.get(&day) {
            return Ok(key.clone());
        }
        if !self.is_destroyed(day)? && self.read_day_key(day)?.is_none() {
            self.make_day_key(day)?;
        }
        // Asked again: another process may have destroyed the day since. Its next sweep takes a file made too late.
        let key = if self.is_destroyed(day)? { None } else { self.read_day_key(day)? };
        let key = key.ok_or(KeyStoreError::Destroyed { day })?;
        known.insert(day, key.clone());
        Ok(key)
    }

    fn existing_day_key(&self, day: Day) -> Result<Option<Arc<DayKey>>, KeyStoreError> {
        let mut known = known(&self.days);
        if let Some(key) = known.get(&day) {
            return Ok(Some(key.clone()));
        }
        if self.is_destroyed(day)? {
            return Ok(None);
        }
        let Some(key) = self.read_day_key(day)? else {
            // Asked again: another process may have destroyed the day since.
            return if self.is_destroyed(day)? {
                Ok(None)
            } else {
                Err(KeyStoreError::Lost { day })
            };
        };
        known.insert(day, key.clone());
        Ok(Some(key))
    }

    fn destroy_days_before(&self, day: Day) -> Result<usize, KeyStoreError> {
        let mut known = known(&self.days);
        self.raise_destroyed_before(day)?;
        *known = known.split_off(&day);
        self.files.destroy_before(DAY_KEYS, day)
    }

    fn host_seed(&self) -> &HostSeed {
        &self.host_seed
    }

    fn channel_key(&self, day: Day) -> Result<Arc<ChannelKey>, KeyStoreError> {
        if let Some(key) = self.existing_channel_key(day)? {
            return Ok(key);
        }
        let (name, key) = (CHANNEL_KEYS.name(day), ChannelKey::random(&*self.files.rng));
        self.files.publish(CHANNEL_KEYS.column, &name, &*key.to_bytes())?;
        // Perhaps another process's. Gone again at once only if that process's clock is days ahead.
        self.existing_channel_key(day)?.ok_or(KeyStoreError::Destroyed { day })
    }

    fn existing_channel_key(&self, day: Day) -> Result<Option<Arc<ChannelKey>>, KeyStoreError> {
        let mut known = known(&self.channel);
        if let Some(key) = known.get(&day) {
            return Ok(Some(key.clone()));
        }
        let key = self.read_channel_key(day)?;
        known.extend(key.iter().map(|key| (day, key.clone())));
        Ok(key)
    }

    fn destroy_channel_keys_before(&self, day: Day) -> Result<usize, KeyStoreError> {
        known(&self.channel).clear();
        self.files.destroy_before(CHANNEL_KEYS, day)
    }
}

/// The seed of the host keys: made once, and sealed under the newest key-encryption key from then on, since it outlives
/// them all.
fn host_seed(files: &SealedFiles) -> Result<HostSeed, KeyStoreError> {
    files.renew(HOST_SEED_COLUMN, HOST_SEED)?;
    let read = || files.read(HOST_SEED_COLUMN, HOST_SEED, HostSeed::from_slice);
    if let Some(seed) = read()? {
        return Ok(seed);
    }
    files.publish(HOST_SEED_COLUMN, HOST_SEED, HostSeed::random(&*files.rng).expose())?;
    read()?.ok_or_else(|| files.directory.unreadable(HOST_SEED))
}

/// All key-encryption keys of a directory, or `None` if it has none yet.
fn read_ring(directory: &Directory) -> Result<Option<KeyRing>, KeyStoreError> {
    let mut ring: Option<KeyRing> = None;
    for name in directory.list()? {
        let Some(version) = version_of(&name) else { continue };
        let bytes = directory.read(&name)?.ok_or_else(|| directory.unreadable(&name))?;
        let key = KeyEncryptionKey::from_slice(&bytes).map_err(|_| directory.unreadable(&name))?;
        ring = Some(match ring {
            None => KeyRing::new(version, key),
            Some(ring) => ring.with(version, key),
        });
    }
    Ok(ring)
}

/// Makes the first key-encryption key, unless another process was faster. Where sealed keys are, there was one: a new
/// one would open none of them, so its loss has to be noticed now and not with the first secret.
fn make_ring(directory: &Directory, rng: &dyn Rng) -> Result<KeyRing, KeyStoreError> {
    let name = kek_name(KeyVersion::FIRST);
    let is_sealed = |name: &String| {
        name == HOST_SEED || [DAY_KEYS, CHANNEL_KEYS].iter().any(|keys| keys.day_of(name).is_some())
    };
    if !directory.list()?.iter().any(is_sealed) {
        directory.publish(&name, KeyEncryptionKey::random(rng).expose(), rng)?;
    }
    read_ring(directory)?.ok_or_else(|| directory.unreadable(&name))
}

fn kek_name(version: KeyVersion) -> String {
    format!("kek-{}.key", version.number())
}

fn version_of(name: &str) -> Option<KeyVersion> {
    KeyVersion::new(name.strip_prefix("kek-")?.strip_suffix(".key")?.parse().ok()?)
}
