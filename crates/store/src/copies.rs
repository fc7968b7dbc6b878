//! Passkey copies: what a bound device left with the server, sealed to a passkey (protocol.md §12).

use async_trait::async_trait;
use wax_kernel::SecretId;

use crate::StoreError;

/// A copy, and the key that it is sealed under at rest.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedCopy {
    /// The secret's second data key, sealed under its day's key.
    pub data_key: Vec<u8>,
    /// The copy.
    pub copy: Vec<u8>,
}

impl std::fmt::Debug for SealedCopy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealedCopy([redacted])")
    }
}

/// Looking at copies.
#[async_trait]
pub trait CopyReads: Send {
    /// The copy of a secret, if its device left one and it has not ended.
    async fn find(&mut self, secret: SecretId) -> Result<Option<SealedCopy>, StoreError>;
}

/// Changing copies. Only after the secret's row was locked in the same unit. They end with the secret's content.
#[async_trait]
pub trait CopyRepository: CopyReads {
    /// Writes the copy of a secret that has just been bound: it has none yet.
    async fn insert(&mut self, secret: SecretId, copy: &[u8]) -> Result<(), StoreError>;
    /// Deletes it: the secret is another device's now.
    async fn delete(&mut self, secret: SecretId) -> Result<(), StoreError>;
}
