//! Files of keys, each sealed by the key ring: what [`FileKeyStore`](super::FileKeyStore) keeps beside the ring itself.

use std::sync::Arc;

use wax_kernel::Rng;
use zeroize::Zeroizing;

use super::{Day, KeyRing, KeyStoreError, Slot, directory::Directory};

/// A directory of keys with the ring that seals them.
#[derive(Debug)]
pub(super) struct SealedFiles {
    pub(super) directory: Directory,
    pub(super) ring: KeyRing,
    pub(super) rng: Arc<dyn Rng>,
}

/// One sort of key: one a day, each in the file `<prefix>-<day>.key`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Daily {
    pub(super) prefix: &'static str,
    /// The column of the slot, which the file's name completes.
    pub(super) column: &'static str,
}

impl Daily {
    pub(super) fn name(self, day: Day) -> String {
        format!("{}-{day}.key", self.prefix)
    }

    /// The day that a file belongs to, temporary files of a crashed process included.
    pub(super) fn day_of(self, name: &str) -> Option<Day> {
        let (day, _) = name.strip_prefix(self.prefix)?.strip_prefix('-')?.split_once('.')?;
        day.parse().ok().map(Day::from_number)
    }
}

impl SealedFiles {
    /// The key in a file, if there is one. Also makes the file's name durable, whoever made it: what is sealed under the
    /// key must not outlive it in a power failure.
    pub(super) fn read<T, E>(
        &self,
        column: &'static str,
        name: &str,
        parse: impl FnOnce(&[u8]) -> Result<T, E>,
    ) -> Result<Option<T>, KeyStoreError> {
        let Some(sealed) = self.directory.read(name)? else { return Ok(None) };
        let key = self.open(column, name, &sealed)?;
        let key = parse(&key).map_err(|_| self.directory.unreadable(name))?;
        self.directory.sync()?;
        Ok(Some(key))
    }

    fn open(
        &self,
        column: &'static str,
        name: &str,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, KeyStoreError> {
        let opened = self.ring.open(slot(column, name), sealed);
        opened.map_err(|_| self.directory.unreadable(name))
    }

    /// Writes a key, unless another process was faster.
    pub(super) fn publish(
        &self,
        column: &'static str,
        name: &str,
        key: &[u8],
    ) -> Result<(), KeyStoreError> {
        let sealed = self.ring.seal(slot(column, name), key, &*self.rng);
        self.directory.publish(name, &sealed, &*self.rng)
    }

    /// Seals a file again if an older key-encryption key than the newest sealed it.
    pub(super) fn renew(&self, column: &'static str, name: &str) -> Result<(), KeyStoreError> {
        let Some(sealed) = self.directory.read(name)? else { return Ok(()) };
        if !self.ring.is_outdated(&sealed) {
            return Ok(());
        }
        let key = self.open(column, name, &sealed)?;
        let sealed = self.ring.seal(slot(column, name), &key, &*self.rng);
        self.directory.replace(name, &sealed, &*self.rng)
    }

    /// Destroys the files of all days before `day`. Returns how many keys that were.
    pub(super) fn destroy_before(&self, daily: Daily, day: Day) -> Result<usize, KeyStoreError> {
        let mut destroyed = 0;
        for name in self.directory.list()? {
            if let Some(old) = daily.day_of(&name).filter(|old| *old < day) {
                self.directory.destroy(&name)?;
                destroyed += usize::from(name == daily.name(old));
            }
        }
        self.directory.sync()?;
        Ok(destroyed)
    }
}

const fn slot<'a>(column: &'static str, name: &'a str) -> Slot<'a> {
    Slot { table: "key-store", column, row: name.as_bytes() }
}
