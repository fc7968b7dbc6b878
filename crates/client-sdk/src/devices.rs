//! Keys of openings under way, in files that only their owner can read.
//!
//! A key is stored durably before its claim is sent and deleted when the claim is acknowledged. Whatever happens in
//! between, the next run finds the key and recovers what its claim was given.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use wax_crypto::{DeviceKey, Link};
use wax_kernel::{Redacted, SecretId, Timestamp, base64url_decode, base64url_encode};
use zeroize::Zeroizing;

/// Longer than any claim's window (protocol.md §6, heartbeat: 24 hours from the claim): older keys open nothing.
const KEPT: Duration = Duration::from_secs(25 * 3_600);
/// The name of every file ends so; half-written ones have another.
const SUFFIX: &str = ".opening";

/// A folder of device keys, one file for each secret being opened.
#[derive(Debug, Clone)]
pub struct DeviceStore {
    folder: PathBuf,
}

/// A folder or file of keys cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot keep keys in {}: {source}", folder.display())]
pub struct DeviceStoreError {
    /// Where the keys are kept.
    pub folder: PathBuf,
    /// What the system said.
    pub source: io::Error,
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

/// A file's content.
#[derive(Serialize, Deserialize)]
struct Record {
    version: u8,
    link: Redacted<String>,
    device_pkcs8: Redacted<String>,
    created_at_ms: Timestamp,
}

impl DeviceStore {
    /// The store in `folder`, which is made when it is first needed.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The key of an opening of this secret, if one is under way. A file that cannot be read back was never finished,
    /// so no claim was sent with its key: it is none.
    pub fn find(&self, id: SecretId) -> Result<Option<Stored>, DeviceStoreError> {
        match fs::read(self.path(id)) {
            Ok(bytes) => {
                Ok(read_record(&Zeroizing::new(bytes)).filter(|stored| stored.link.id() == id))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.error(error)),
        }
    }

    /// Stores a new key durably. If another process was faster, its key is the one to use: two windows of one person
    /// take one view.
    pub fn keep(&self, stored: Stored) -> Result<Stored, DeviceStoreError> {
        self.make_folder().map_err(|error| self.error(error))?;
        let id = stored.link.id();
        match self.write_new(id, &write_record(&stored)) {
            Ok(()) => Ok(stored),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => match self.find(id)? {
                Some(first) => Ok(first),
                None => self.replace_unreadable(stored),
            },
            Err(error) => Err(self.error(error)),
        }
    }

    fn replace_unreadable(&self, stored: Stored) -> Result<Stored, DeviceStoreError> {
        self.forget(stored.link.id())?;
        self.write_new(stored.link.id(), &write_record(&stored))
            .map_err(|error| self.error(error))?;
        Ok(stored)
    }

    /// Deletes the key of a secret. None there is as good.
    pub fn forget(&self, id: SecretId) -> Result<(), DeviceStoreError> {
        match fs::remove_file(self.path(id)) {
            Ok(()) => sync_folder(&self.folder).map_err(|error| self.error(error)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(self.error(error)),
        }
    }

    /// Every opening under way, the latest first.
    pub fn under_way(&self) -> Result<Vec<Stored>, DeviceStoreError> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(self.error(error)),
        };
        let mut found = Vec::new();
        for entry in entries {
            let name = entry.map_err(|error| self.error(error))?.file_name();
            let id =
                name.to_str().and_then(|name| SecretId::parse(name.strip_suffix(SUFFIX)?).ok());
            if let Some(id) = id {
                found.extend(self.find(id)?);
            }
        }
        found.sort_by_key(|stored| std::cmp::Reverse(stored.created_at));
        Ok(found)
    }

    /// Deletes keys that are too old to recover anything.
    pub fn sweep(&self, now: Timestamp) -> Result<(), DeviceStoreError> {
        for stored in self.under_way()? {
            if stored.created_at.plus(KEPT) < now {
                self.forget(stored.link.id())?;
            }
        }
        Ok(())
    }

    fn path(&self, id: SecretId) -> PathBuf {
        self.folder.join(format!("{id}{SUFFIX}"))
    }

    fn error(&self, source: io::Error) -> DeviceStoreError {
        DeviceStoreError { folder: self.folder.clone(), source }
    }

    fn make_folder(&self) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        only_for_owner(&self.folder)
    }

    /// Written beside its place, flushed to the disk and put there under its name only if the name is free: a power
    /// cut leaves a whole file or none. Temporary files are made for their owner only (mode 0600).
    fn write_new(&self, id: SecretId, bytes: &[u8]) -> io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist_noclobber(self.path(id)).map_err(|error| error.error)?;
        sync_folder(&self.folder)
    }
}

fn write_record(stored: &Stored) -> Zeroizing<Vec<u8>> {
    let record = Record {
        version: 1,
        link: Redacted::new(stored.link.to_url().to_string()),
        device_pkcs8: Redacted::new(base64url_encode(&*stored.device.to_pkcs8())),
        created_at_ms: stored.created_at,
    };
    Zeroizing::new(serde_json::to_vec(&record).expect("a record has text keys and cannot fail"))
}

fn read_record(bytes: &[u8]) -> Option<Stored> {
    let record: Record =
        serde_json::from_slice(bytes).ok().filter(|record: &Record| record.version == 1)?;
    let pkcs8 = Zeroizing::new(base64url_decode(record.device_pkcs8.expose()).ok()?);
    Some(Stored {
        link: Link::parse(record.link.expose()).ok()?,
        device: DeviceKey::from_pkcs8(&pkcs8).ok()?,
        created_at: record.created_at_ms,
    })
}

#[cfg(unix)]
fn only_for_owner(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))
}

/// Elsewhere a profile's folders are their owner's already.
#[cfg(not(unix))]
fn only_for_owner(_: &Path) -> io::Result<()> {
    Ok(())
}

/// A new name is durable when its folder is.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
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

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_read_the_keys() {
        use std::os::unix::fs::PermissionsExt as _;
        let (_folder, store) = store();
        store.keep(stored(1)).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&store.folder), 0o700);
        assert_eq!(mode(&store.path(stored(1).link.id())), 0o600);
    }

    #[test]
    fn a_file_that_was_never_finished_is_replaced() {
        let (_folder, store) = store();
        store.make_folder().unwrap();
        fs::write(store.path(stored(1).link.id()), br#"{"version":1,"li"#).unwrap();
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
}
