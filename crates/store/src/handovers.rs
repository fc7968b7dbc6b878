//! Hand-overs: who asks for a device-bound secret, and what was given.

use async_trait::async_trait;
use wax_kernel::{SecretId, Timestamp};
use wax_model::Ask;

use crate::StoreError;

/// Looking at asks.
#[async_trait]
pub trait HandoverReads: Send {
    /// Asks for a secret that stand at `now`, oldest first. There are never more than [`wax_model::MAX_ASKS`].
    async fn standing(&mut self, secret: SecretId, now: Timestamp) -> Result<Vec<Ask>, StoreError>;
}

/// Changing hand-overs. Only after the secret's row was locked in the same unit.
#[async_trait]
pub trait HandoverRepository: HandoverReads {
    /// Writes an ask. This device must not have one for this secret.
    async fn insert(&mut self, ask: &Ask) -> Result<(), StoreError>;
    /// This device's ask, also one that does not stand any more; not one that was answered.
    async fn asked(
        &mut self,
        secret: SecretId,
        thumbprint: [u8; 32],
    ) -> Result<Option<Ask>, StoreError>;
    /// Answers an ask with sealed keys. `false`: there is none, or it was answered.
    async fn give(
        &mut self,
        secret: SecretId,
        to: [u8; 32],
        keys: &[u8],
    ) -> Result<bool, StoreError>;
    /// The sealed keys that this device was given, until it keeps them.
    async fn given(
        &mut self,
        secret: SecretId,
        to: [u8; 32],
    ) -> Result<Option<Vec<u8>>, StoreError>;
    /// Deletes this device's ask with what it was given.
    async fn delete(&mut self, secret: SecretId, thumbprint: [u8; 32]) -> Result<(), StoreError>;
}
