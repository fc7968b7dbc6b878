//! Encryption of what the server keeps.
//!
//! ```text
//! key-encryption keys (key store, rotated) ──seal──▶ day keys (key store, one per expiry day)
//!        │                                                │
//!        ├──seal──▶ domain keys, webhook secrets, …       └──seal──▶ data keys (database, two per secret)
//!        │                                                               └──seal──▶ header, content, wrapped key
//!        ├──seal──▶ channel keys (key store, one per day of use)
//!        └──seal──▶ the seed of the host keys (key store, for ever)
//! ```
//!
//! A secret dies twice: at once, when the database row with its data keys is deleted, and for good, when its day key
//! is destroyed: from then on no backup, log or dead row of the database opens, even with the key-encryption keys.

mod address_key;
mod data_key;
mod day_key;
#[cfg(unix)]
mod directory;
mod envelope;
#[cfg(unix)]
mod file_store;
mod memory_store;
mod ring;
#[cfg(unix)]
mod sealed_files;
mod store;

pub use address_key::{AddressKey, AddressMac};
pub use data_key::{ClaimMac, DataKey};
pub use day_key::{Day, DayKey};
pub use envelope::{EnvelopeError, Slot};
#[cfg(unix)]
pub use file_store::FileKeyStore;
pub use memory_store::MemoryKeyStore;
pub use ring::{KeyEncryptionKey, KeyRing, KeyVersion, Subkey};
pub use store::{KeyStore, KeyStoreError};
