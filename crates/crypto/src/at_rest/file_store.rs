//! A key store in a directory that only its owner can read.
//!
//! | file | holds |
//! |---|---|
//! | `kek-<version>.key` | a key-encryption key, 32 raw bytes |
//! | `day-<day>.key` | a day key, sealed by the key ring |
//! | `destroyed-before` | the first day that may still have a key, in decimal |
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
    Day, DayKey, KeyEncryptionKey, KeyRing, KeyStore, KeyStoreError, KeyVersion, Slot,
    directory::Directory,
};

const DESTROYED_BEFORE: &str = "destroyed-before";

/// Keys in a directory of mode 0700, each in a file of mode 0600. Several processes may share it.
#[derive(Debug)]
pub struct FileKeyStore {
    directory: Directory,
    ring: KeyRing,
    rng: Arc<dyn Rng>,
    known: Mutex<BTreeMap<Day, Arc<DayKey>>>,
}

impl FileKeyStore {
    /// Opens the directory, and makes it and its first key-encryption key if they are missing.
    ///
    /// # Errors
    /// [`KeyStoreError::Exposed`] when others may read the directory or a key in it.
    pub fn open(path: &Path, rng: Arc<dyn Rng>) -> Result<Self, KeyStoreError> {
        let directory = Directory::open(path)?;
        let ring = match read_ring(&directory)? {
            Some(ring) => ring,
            None => make_ring(&directory, &*rng)?,
        };
        Ok(Self { directory, ring, rng, known: Mutex::new(BTreeMap::new()) })
    }

    /// A panic elsewhere cannot leave the map half-changed.
    fn known(&self) -> MutexGuard<'_, BTreeMap<Day, Arc<DayKey>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Also makes the file's name durable, whoever made it: what is sealed under the key must not outlive it in a
    /// power failure.
    fn read_day_key(&self, day: Day) -> Result<Option<Arc<DayKey>>, KeyStoreError> {
        let name = day_name(day);
        let Some(sealed) = self.directory.read(&name)? else { return Ok(None) };
        let unreadable = || self.directory.unreadable(&name);
        let key = self.ring.open(day_slot(&name), &sealed).map_err(|_| unreadable())?;
        let key = DayKey::from_slice(&key).map_err(|_| unreadable())?;
        self.directory.sync()?;
        Ok(Some(Arc::new(key)))
    }

    fn make_day_key(&self, day: Day) -> Result<(), KeyStoreError> {
        let name = day_name(day);
        let key = DayKey::random(&*self.rng);
        let sealed = self.ring.seal(day_slot(&name), key.expose(), &*self.rng);
        self.directory.publish(&name, &sealed, &*self.rng)
    }

    fn destroyed_before(&self) -> Result<Day, KeyStoreError> {
        let Some(bytes) = self.directory.read(DESTROYED_BEFORE)? else {
            return Ok(Day::from_number(i64::MIN));
        };
        std::str::from_utf8(&bytes)
            .ok()
            .and_then(|text| text.trim_end().parse().ok())
            .map(Day::from_number)
            .ok_or_else(|| self.directory.unreadable(DESTROYED_BEFORE))
    }

    fn is_destroyed(&self, day: Day) -> Result<bool, KeyStoreError> {
        Ok(day < self.destroyed_before()?)
    }

    /// Said before the first key is destroyed, so that no process makes one of those days again.
    fn raise_destroyed_before(&self, day: Day) -> Result<(), KeyStoreError> {
        if day <= self.destroyed_before()? {
            return Ok(());
        }
        self.directory.replace(DESTROYED_BEFORE, format!("{day}\n").as_bytes(), &*self.rng)
    }
}

impl KeyStore for FileKeyStore {
    fn ring(&self) -> &KeyRing {
        &self.ring
    }

    fn day_key(&self, day: Day) -> Result<Arc<DayKey>, KeyStoreError> {
        let mut known = self.known();
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
        let mut known = self.known();
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
        let mut known = self.known();
        self.raise_destroyed_before(day)?;
        *known = known.split_off(&day);
        let mut destroyed = 0;
        for name in self.directory.list()? {
            if let Some(old) = day_of(&name).filter(|old| *old < day) {
                self.directory.destroy(&name)?;
                destroyed += usize::from(name == day_name(old));
            }
        }
        self.directory.sync()?;
        Ok(destroyed)
    }
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

/// Makes the first key-encryption key, unless another process was faster. Where day keys are, there was one: a new
/// one would open none of them, so its loss has to be noticed now and not with the first secret.
fn make_ring(directory: &Directory, rng: &dyn Rng) -> Result<KeyRing, KeyStoreError> {
    let name = kek_name(KeyVersion::FIRST);
    if !directory.list()?.iter().any(|name| day_of(name).is_some()) {
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

fn day_name(day: Day) -> String {
    format!("day-{day}.key")
}

/// The day that a file belongs to, temporary files of a crashed process included.
fn day_of(name: &str) -> Option<Day> {
    let (day, _) = name.strip_prefix("day-")?.split_once('.')?;
    day.parse().ok().map(Day::from_number)
}

fn day_slot(name: &str) -> Slot<'_> {
    Slot { table: "key-store", column: "day-key", row: name.as_bytes() }
}
