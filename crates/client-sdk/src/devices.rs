//! What this machine keeps of secrets, in files that only their owner can read.
//!
//! A device's key is stored durably before its claim is sent and deleted when the claim is acknowledged. Whatever happens
//! in between, the next run finds the key and recovers what its claim was given. What is bound to this machine is stored
//! before the acknowledgement, because from then on it is nowhere else.

mod record;

use std::{path::PathBuf, time::Duration};

use wax_crypto::{ContentKey, DeviceKey, HpkeKey, Link, PartKey};
use wax_kernel::{SecretId, Timestamp};

use crate::{
    folder::{Folder, FolderError},
    session::Handle,
};
use record::Record;

/// Longer than any claim's window (protocol.md §6, heartbeat: 24 hours from the claim): older keys open nothing.
const KEPT: Duration = Duration::from_secs(25 * 3_600);

/// A folder with up to three files for each secret: an opening under way, what is bound here, what was asked for here.
#[derive(Debug, Clone)]
pub struct DeviceStore {
    folder: Folder,
}

/// The key of one opening under way.
#[derive(Debug)]
pub struct Stored {
    /// What is being opened.
    pub link: Link,
    /// The key that may recover it.
    pub device: DeviceKey,
    /// When the key was made.
    pub created_at: Timestamp,
}

/// A secret that is bound to this machine.
#[derive(Debug)]
pub(crate) struct Bound {
    pub(crate) handle: Handle,
    pub(crate) device: DeviceKey,
    pub(crate) key: BoundKey,
}

/// What opens it without link or passphrase.
#[derive(Debug)]
pub(crate) enum BoundKey {
    /// Of whoever opened it first. The header says which part the manifest is.
    Content { key: ContentKey, header: Vec<u8> },
    /// Of whom it was handed to: the content key does not move.
    Manifest(PartKey),
}

/// A hand-over that this machine waits for.
#[derive(Debug)]
pub(crate) struct Asking {
    pub(crate) handle: Handle,
    pub(crate) device: DeviceKey,
    /// What the keys will be sealed to.
    pub(crate) receive: HpkeKey,
}

/// Everything that this machine has of one secret.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) opening: Option<Stored>,
    pub(crate) bound: Option<Bound>,
    pub(crate) asking: Option<Asking>,
}

impl Kept {
    /// As which device this machine looks at the secret. An opening under way is what it was doing last.
    pub(crate) fn device(&self) -> Option<&DeviceKey> {
        let opening = self.opening.as_ref().map(|stored| &stored.device);
        let bound = self.bound.as_ref().map(|bound| &bound.device);
        opening.or(bound).or(self.asking.as_ref().map(|asking| &asking.device))
    }
}

impl DeviceStore {
    /// The store in `folder`, which is made when it is first needed.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: Folder::new(folder) }
    }

    /// Everything there is of a secret.
    pub(crate) fn kept(&self, id: SecretId) -> Result<Kept, FolderError> {
        Ok(Kept { opening: self.find(id)?, bound: self.read(id)?, asking: self.read(id)? })
    }

    /// The key of an opening of this secret, if one is under way.
    pub fn find(&self, id: SecretId) -> Result<Option<Stored>, FolderError> {
        self.read(id)
    }

    /// Whether a secret is bound to this machine.
    pub fn is_bound(&self, id: SecretId) -> Result<bool, FolderError> {
        Ok(self.read::<Bound>(id)?.is_some())
    }

    /// Stores a new key durably. If another process was faster, its key is the one to use: two windows of one person
    /// take one view.
    pub fn keep(&self, stored: Stored) -> Result<Stored, FolderError> {
        self.keep_first(stored)
    }

    /// Deletes the key of an opening. None there is as good.
    pub fn forget(&self, id: SecretId) -> Result<(), FolderError> {
        self.remove::<Stored>(id)
    }

    /// Deletes whatever there is of a secret: what is bound to this machine is lost then.
    pub fn forget_everything(&self, id: SecretId) -> Result<(), FolderError> {
        self.remove::<Stored>(id)?;
        self.remove::<Asking>(id)?;
        self.remove::<Bound>(id)
    }

    /// Every opening under way, the latest first.
    pub fn under_way(&self) -> Result<Vec<Stored>, FolderError> {
        let mut found = Vec::new();
        for name in self.folder.names()? {
            let id = name.strip_suffix(Stored::SUFFIX).and_then(|id| SecretId::parse(id).ok());
            if let Some(id) = id {
                found.extend(self.find(id)?);
            }
        }
        found.sort_by_key(|stored| std::cmp::Reverse(stored.created_at));
        Ok(found)
    }

    /// Deletes keys that are too old to recover anything. What is bound here stays: no clock decides about it.
    pub fn sweep(&self, now: Timestamp) -> Result<(), FolderError> {
        for stored in self.under_way()? {
            if stored.created_at.plus(KEPT) < now {
                self.forget(stored.link.id())?;
            }
        }
        Ok(())
    }

    /// Stores a new record, or gives the one that is there.
    pub(crate) fn keep_first<R: Record>(&self, record: R) -> Result<R, FolderError> {
        let (id, bytes) = (record.id(), record.to_bytes());
        if self.folder.create(&file_of::<R>(id), &bytes)? {
            return Ok(record);
        }
        if let Some(first) = self.read(id)? {
            return Ok(first);
        }
        self.folder.replace(&file_of::<R>(id), &bytes)?;
        Ok(record)
    }

    /// Stores a record in the place of another.
    pub(crate) fn put<R: Record>(&self, record: &R) -> Result<(), FolderError> {
        self.folder.replace(&file_of::<R>(record.id()), &record.to_bytes())
    }

    pub(crate) fn remove<R: Record>(&self, id: SecretId) -> Result<(), FolderError> {
        self.folder.remove(&file_of::<R>(id))
    }

    /// A file that cannot be read back was never finished, so nothing was sent with its key: it is none.
    fn read<R: Record>(&self, id: SecretId) -> Result<Option<R>, FolderError> {
        let bytes = self.folder.read(&file_of::<R>(id))?;
        Ok(bytes.and_then(|bytes| R::from_bytes(&bytes)).filter(|record| record.id() == id))
    }
}

fn file_of<R: Record>(id: SecretId) -> String {
    format!("{id}{}", R::SUFFIX)
}

#[cfg(test)]
mod tests {
    use wax_crypto::{Origin, Token};
    use wax_kernel::SeededRng;

    use super::*;

    const NOW: Timestamp = Timestamp::from_ms(1_700_000_000_000);

    fn stored(seed: u64) -> Stored {
        let origin = Origin::https("secrets.example.com").unwrap();
        let link = Link::new(origin, Token::random(&SeededRng::new(seed)));
        Stored { link, device: DeviceKey::generate(), created_at: NOW }
    }

    fn store() -> (tempfile::TempDir, DeviceStore) {
        let folder = tempfile::tempdir().unwrap();
        let store = DeviceStore::new(folder.path().join("a/b"));
        (folder, store)
    }

    #[test]
    fn a_kept_key_is_found_until_it_is_forgotten() {
        let (_folder, store) = store();
        let id = stored(1).link.id();
        assert!(store.find(id).unwrap().is_none());
        let kept = store.keep(stored(1)).unwrap();
        let found = store.find(id).unwrap().unwrap();
        assert!(found.device.public() == kept.device.public() && found.link == kept.link);
        store.forget(id).unwrap();
        assert!(store.find(id).unwrap().is_none());
        store.forget(id).unwrap();
    }

    #[test]
    fn the_first_key_of_a_secret_stays() {
        let (_folder, store) = store();
        let first = store.keep(stored(1)).unwrap();
        let second = store.keep(stored(1)).unwrap();
        assert!(first.device.public() == second.device.public());
    }

    #[test]
    fn a_file_that_was_never_finished_is_replaced() {
        let (_folder, store) = store();
        let file = file_of::<Stored>(stored(1).link.id());
        store.folder.replace(&file, br#"{"version":1,"li"#).unwrap();
        store.keep(stored(1)).unwrap();
        assert!(store.find(stored(1).link.id()).unwrap().is_some());
    }

    #[test]
    fn keys_that_recover_nothing_are_swept() {
        let (_folder, store) = store();
        store.keep(stored(1)).unwrap();
        store.keep(Stored { created_at: NOW.plus(Duration::from_secs(60)), ..stored(2) }).unwrap();
        let latest: Vec<_> =
            store.under_way().unwrap().iter().map(|stored| stored.link.id()).collect();
        assert_eq!(latest, [stored(2).link.id(), stored(1).link.id()]);
        store.sweep(NOW.plus(KEPT).plus(Duration::from_secs(1))).unwrap();
        assert_eq!(store.under_way().unwrap().len(), 1);
    }

    #[test]
    fn what_is_bound_here_reads_back_and_no_clock_deletes_it() {
        let (_folder, store) = store();
        let Stored { link, device, .. } = stored(1);
        let key = ContentKey::from_slice(&[7; 32]).unwrap();
        let public = *device.public();
        let key = BoundKey::Content { key, header: vec![1; 55] };
        store.put(&Bound { handle: Handle::from(&link), device, key }).unwrap();
        store.sweep(NOW.plus(10 * KEPT)).unwrap();
        let kept = store.kept(link.id()).unwrap();
        let bound = kept.bound.unwrap();
        assert!(*bound.device.public() == public && bound.handle.peek == link.token().peek_key());
        assert!(matches!(bound.key, BoundKey::Content { key, header }
            if key.expose() == &[7; 32] && header == [1; 55]));
        store.forget_everything(link.id()).unwrap();
        assert!(!store.is_bound(link.id()).unwrap());
    }

    #[test]
    fn what_was_asked_for_and_handed_over_reads_back() {
        let (_folder, store) = store();
        let Stored { link, device, .. } = stored(1);
        let receive = HpkeKey::random(&SeededRng::new(2));
        let public = *receive.public();
        let handle = Handle::from(&link);
        store.keep_first(Asking { handle, device, receive }).unwrap();
        let asking = store.kept(link.id()).unwrap().asking.unwrap();
        assert!(*asking.receive.public() == public);

        let key = BoundKey::Manifest(PartKey::from_slice(&[8; 32]).unwrap());
        store.put(&Bound { handle: asking.handle, device: asking.device, key }).unwrap();
        let bound = store.kept(link.id()).unwrap().bound.unwrap();
        assert!(matches!(bound.key, BoundKey::Manifest(key) if key.expose() == &[8; 32]));
    }
}
