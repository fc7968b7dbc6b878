//! Where day keys and the key ring live: beside the database, never in it.

use std::{fmt, io, path::PathBuf, sync::Arc};

use wax_kernel::ErrorKind;

use super::{Day, DayKey, KeyRing};

/// Holds the key ring and the day keys. Shared by all processes that serve secrets.
///
/// The first request for a day may touch a disk; later ones answer from memory.
pub trait KeyStore: Send + Sync + fmt::Debug {
    /// The key-encryption keys, as they were when the store was opened.
    fn ring(&self) -> &KeyRing;

    /// The key of a day, made now if nobody has made it yet. It is durable when this returns.
    ///
    /// # Errors
    /// [`KeyStoreError::Destroyed`] for a day whose keys are gone: nothing may be sealed under it again.
    fn day_key(&self, day: Day) -> Result<Arc<DayKey>, KeyStoreError>;

    /// The key of a day on which something is sealed, or `None` if it is destroyed.
    ///
    /// # Errors
    /// [`KeyStoreError::Lost`] for a day that has no key and is not destroyed.
    fn existing_day_key(&self, day: Day) -> Result<Option<Arc<DayKey>>, KeyStoreError>;

    /// Destroys the keys of all days before `day`, for ever, and forgets them in this process. Every process calls
    /// it: those that find nothing left on disk still have keys in memory. Returns how many keys it destroyed.
    fn destroy_days_before(&self, day: Day) -> Result<usize, KeyStoreError>;
}

/// Why the key store cannot answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyStoreError {
    /// The day's key is destroyed.
    #[error("the key of day {day} is destroyed")]
    Destroyed {
        /// Which day.
        day: Day,
    },
    /// There is no key of a day that was not destroyed: the keys are not where they were, or are others.
    #[error("the key of day {day} is lost")]
    Lost {
        /// Which day.
        day: Day,
    },
    /// A directory or file of keys can be read by others.
    #[error("{path} must be readable by its owner only: chmod {wanted:o}", path = path.display())]
    Exposed {
        /// Which directory or file.
        path: PathBuf,
        /// The mode it should have.
        wanted: u32,
    },
    /// The file system refused.
    #[error("{doing} {path}", path = path.display())]
    Io {
        /// What was tried.
        doing: &'static str,
        /// On which directory or file.
        path: PathBuf,
        /// What the file system said.
        #[source]
        source: io::Error,
    },
    /// A file is not what this store writes, or its key-encryption key is missing.
    #[error("{path} cannot be read with these keys", path = path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
    },
}

impl KeyStoreError {
    /// Whose fault it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Destroyed { .. } => ErrorKind::Missing,
            Self::Lost { .. }
            | Self::Exposed { .. }
            | Self::Io { .. }
            | Self::Unreadable { .. } => ErrorKind::Upstream,
        }
    }
}
