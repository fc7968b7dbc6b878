//! Where day keys and the key ring live: beside the database, never in it.

use std::{fmt, io, path::PathBuf, sync::Arc};

use wax_kernel::{ErrorKind, Timestamp};

use super::{Day, DayKey, KeyRing};
use crate::{
    Origin,
    channel::{ChannelKey, HostKey, HostSeed, KeyId, SignedConfig},
};

/// A channel key is destroyed on this day after its own. Until then it is accepted.
const CHANNEL_KEY_DESTROYED_ON_DAY: i64 = 2;

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

    /// From which every host's key is derived. The same in every process, for ever.
    fn host_seed(&self) -> &HostSeed;

    /// The channel key of a day, made now if nobody has made it yet. It is durable when this returns.
    fn channel_key(&self, day: Day) -> Result<Arc<ChannelKey>, KeyStoreError>;

    /// The channel key of a day, if somebody made it and nobody destroyed it.
    fn existing_channel_key(&self, day: Day) -> Result<Option<Arc<ChannelKey>>, KeyStoreError>;

    /// Destroys the channel keys of all days before `day`, and forgets every channel key in this process: what is still
    /// good is read again. Unlike a day key, one made again is another, so nothing marks the days.
    fn destroy_channel_keys_before(&self, day: Day) -> Result<usize, KeyStoreError>;
}

impl dyn KeyStore + '_ {
    /// What clients of a host are told now: the day's channel key, signed by the host's key.
    pub fn channel_config(
        &self,
        host: &Origin,
        now: Timestamp,
    ) -> Result<SignedConfig, KeyStoreError> {
        let today = Day::of(now);
        let key = self.channel_key(today)?;
        let config = key.config(host, today.start(), today.plus(1).start());
        Ok(HostKey::derive(self.host_seed(), host).sign(&config))
    }

    /// The channel key of this name, if it is accepted now: on its day, on the next, and on the one before, because the
    /// process that made it may have a clock that is a little ahead of this one's.
    pub fn accepted_channel_key(
        &self,
        id: KeyId,
        now: Timestamp,
    ) -> Result<Option<Arc<ChannelKey>>, KeyStoreError> {
        let today = Day::of(now);
        for day in [0, 1 - CHANNEL_KEY_DESTROYED_ON_DAY, 1].map(|days| today.plus(days)) {
            let key = self.existing_channel_key(day)?;
            if let Some(key) = key.filter(|key| key.id() == id) {
                return Ok(Some(key));
            }
        }
        Ok(None)
    }

    /// Destroys the channel keys that are not accepted any more.
    pub fn destroy_old_channel_keys(&self, now: Timestamp) -> Result<usize, KeyStoreError> {
        self.destroy_channel_keys_before(Day::of(now).plus(1 - CHANNEL_KEY_DESTROYED_ON_DAY))
    }
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
    /// A directory of keys belongs to another user than the one this process runs as.
    #[error("{path} belongs to user {owner}, who can read every key in it: chown {we}", path = path.display())]
    Foreign {
        /// Which directory.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
        /// Whose it should be.
        we: u32,
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
            | Self::Foreign { .. }
            | Self::Io { .. }
            | Self::Unreadable { .. } => ErrorKind::Upstream,
        }
    }
}
