//! The keys that hosts have shown: a host that comes with another one is refused.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use wax_crypto::{Origin, channel::HostPublicKey};

use crate::folder::{Folder, FolderError};

/// A folder with one file for each host. The first key that a host shows is taken; from then on no other is.
#[derive(Debug, Clone)]
pub struct KnownHosts {
    folder: Folder,
}

/// Why a host's key is not taken.
#[derive(Debug, thiserror::Error)]
pub enum HostKeyError {
    /// Another key than the one it has shown before.
    #[error("{host} shows another key than before")]
    Changed {
        /// Scheme and host.
        host: String,
        /// What it has shown before.
        known: HostPublicKey,
        /// What it shows now.
        offered: HostPublicKey,
    },
    /// The file that says which key it has cannot be read back.
    #[error("what is known of {host} cannot be read")]
    Damaged {
        /// Scheme and host.
        host: String,
    },
    /// What is known cannot be kept, or looked up.
    #[error(transparent)]
    Folder(#[from] FolderError),
}

/// A file's content.
#[derive(Serialize, Deserialize)]
struct Record {
    version: u8,
    host: String,
    key: HostPublicKey,
}

impl KnownHosts {
    /// The hosts in `folder`, which is made when it is first needed.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: Folder::new(folder) }
    }

    /// The key that a host has shown, if it has been met.
    pub fn find(&self, host: &Origin) -> Result<Option<HostPublicKey>, HostKeyError> {
        let Some(bytes) = self.folder.read(&file_of(host))? else { return Ok(None) };
        let record = serde_json::from_slice::<Record>(&bytes).ok();
        // Taking whatever comes next would let anybody in who can damage a file.
        record
            .filter(|record| record.version == 1 && record.host == host.authority())
            .map(|record| Some(record.key))
            .ok_or_else(|| HostKeyError::Damaged { host: host.to_string() })
    }

    /// Takes a key from now on, whatever was known before.
    pub fn trust(&self, host: &Origin, key: HostPublicKey) -> Result<(), HostKeyError> {
        Ok(self.folder.replace(&file_of(host), &record_of(host, key))?)
    }

    /// Takes the first key of a host, and only this one later.
    pub(crate) fn check(&self, host: &Origin, offered: HostPublicKey) -> Result<(), HostKeyError> {
        let known = match self.find(host)? {
            Some(known) => known,
            None if self.folder.create(&file_of(host), &record_of(host, offered))? => offered,
            // Another process was faster.
            None => self.find(host)?.unwrap_or(offered),
        };
        if known == offered {
            return Ok(());
        }
        Err(HostKeyError::Changed { host: host.to_string(), known, offered })
    }
}

fn record_of(host: &Origin, key: HostPublicKey) -> Vec<u8> {
    let record = Record { version: 1, host: host.authority(), key };
    serde_json::to_vec(&record).expect("a record has text keys and cannot fail")
}

/// Not every system has colons in file names.
fn file_of(host: &Origin) -> String {
    format!("{}.host", host.authority().replace(':', "_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> HostPublicKey {
        HostPublicKey::from_bytes([byte; 32])
    }

    #[test]
    fn the_first_key_stays_until_another_is_trusted_on_purpose() {
        let place = tempfile::tempdir().unwrap();
        let hosts = KnownHosts::new(place.path().join("hosts"));
        let [one, other] = ["secrets.example.com", "secrets.example.com:8443"]
            .map(|authority| Origin::https(authority).unwrap());
        assert_eq!(hosts.find(&one).unwrap(), None);
        hosts.check(&one, key(1)).unwrap();
        hosts.check(&one, key(1)).unwrap();
        hosts.check(&other, key(2)).unwrap();
        let changed = hosts.check(&one, key(2)).unwrap_err();
        assert!(
            matches!(changed, HostKeyError::Changed { known, offered, .. } if known == key(1) && offered == key(2))
        );
        hosts.trust(&one, key(2)).unwrap();
        hosts.check(&one, key(2)).unwrap();
    }

    #[test]
    fn a_damaged_file_lets_nobody_in() {
        let place = tempfile::tempdir().unwrap();
        let hosts = KnownHosts::new(place.path());
        let host = Origin::https("secrets.example.com").unwrap();
        for text in ["", "{}", r#"{"version":1,"host":"other.example","key":"AA"}"#] {
            std::fs::write(place.path().join(file_of(&host)), text).unwrap();
            let error = hosts.check(&host, key(1)).unwrap_err();
            assert!(matches!(error, HostKeyError::Damaged { .. }), "{text}");
        }
    }
}
