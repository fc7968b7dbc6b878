//! The statements, by noun. Each is one SQL statement; [`crate::transitions`] says in which order they may stand.

use async_trait::async_trait;
use wax_kernel::{ClaimId, DomainId, EventId, ReceiptId, SecretId, Timestamp};
use wax_model::{
    Actor, AuditEvent, Claim, ClaimState, DeviceKind, EndState, Kind, OutboxMessage, Secret,
    SecretState,
};

use crate::StoreError;

/// What only a claim needs, sealed under the secret's first data key.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedWrap {
    /// The first data key, sealed under its day's key. It also keys the claim's MAC.
    pub data_key: Vec<u8>,
    /// The wrapped content key.
    pub wrapped_key: Vec<u8>,
}

/// What every opening needs, sealed under the secret's second data key.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedContent {
    /// The second data key, sealed under its day's key.
    pub data_key: Vec<u8>,
    /// The header.
    pub header: Vec<u8>,
    /// The policy's bytes.
    pub policy: Vec<u8>,
    /// The content.
    pub content: Vec<u8>,
}

/// Everything that is written when a secret is made.
#[derive(Clone, PartialEq, Eq)]
pub struct NewSecret {
    /// Its row.
    pub secret: Secret,
    /// HMAC over the claim key; deleted with what only a claim needs.
    pub claim_mac: [u8; 32],
    /// What only a claim needs.
    pub wrap: SealedWrap,
    /// What every opening needs.
    pub content: SealedContent,
}

macro_rules! redacted_debug {
    ($($name:ident),+) => { $(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "([redacted])"))
            }
        }
    )+ };
}
redacted_debug!(SealedWrap, SealedContent, NewSecret, Attempt);

/// One try at a claim key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    /// Which secret.
    pub secret: SecretId,
    /// HMAC over the claim key that was tried.
    pub claim_mac: [u8; 32],
    /// The rules it was checked against.
    pub policy_version: i64,
    /// When.
    pub now: Timestamp,
}

/// What [`SecretRepository::attempt`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttemptOutcome {
    /// The key was right: a view was taken and a claim opened. The row as it now is.
    Taken(Secret),
    /// The key was wrong: the try was counted. The row as it now is.
    Counted(Secret),
    /// Nothing could be tried (state, views, expiry, held back, other policy): nothing changed.
    Refused,
}

/// A claim to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewClaim {
    /// Random.
    pub id: ClaimId,
    /// Which secret.
    pub secret: SecretId,
    /// RFC 7638 thumbprint of the device's key.
    pub thumbprint: [u8; 32],
    /// What opened it.
    pub device: DeviceKind,
    /// When.
    pub created_at: Timestamp,
    /// Until when it may be recovered.
    pub window_ends_at: Timestamp,
}

/// A signed call by a claim's device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    /// Which secret.
    pub secret: SecretId,
    /// Which claim.
    pub claim: ClaimId,
    /// Whose key signed.
    pub thumbprint: [u8; 32],
    /// The call's counter: taken only if it is larger than the last.
    pub counter: i64,
    /// When.
    pub now: Timestamp,
}

/// Which secrets; everything at once. The default: all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SecretFilter {
    /// In this state only. A secret whose time has just run out is in its old one until the reaper comes by.
    pub state: Option<SecretState>,
    /// Of this kind only.
    pub kind: Option<Kind>,
    /// Made on this domain only.
    pub domain: Option<DomainId>,
    /// Made by this actor only.
    pub created_by: Option<Actor>,
}

/// Looking at secrets.
#[async_trait]
pub trait SecretReads: Send {
    /// The secret with this id.
    async fn find(&mut self, id: SecretId) -> Result<Option<Secret>, StoreError>;
    /// The secret with this receipt.
    async fn find_by_receipt(&mut self, rid: ReceiptId) -> Result<Option<Secret>, StoreError>;
    /// What only a claim needs, unless deleted.
    async fn wrap(&mut self, id: SecretId) -> Result<Option<SealedWrap>, StoreError>;
    /// What every opening needs, unless deleted.
    async fn content(&mut self, id: SecretId) -> Result<Option<SealedContent>, StoreError>;
    /// Secrets created before `before` (a cursor: creation and id of the last one seen), newest first, at most `limit`
    /// (1 to 200).
    async fn list(
        &mut self,
        filter: &SecretFilter,
        before: Option<(Timestamp, SecretId)>,
        limit: u32,
    ) -> Result<Vec<Secret>, StoreError>;
}

/// Changing secrets. Every method that changes a row names the states it may leave.
#[async_trait]
pub trait SecretRepository: SecretReads {
    /// Writes a new secret. `false`: the id or the receipt id is taken, nothing was written.
    async fn insert(&mut self, new: &NewSecret) -> Result<bool, StoreError>;
    /// Takes a view if the claim key is right, counts the try if it is wrong; one statement, and the row's lock.
    ///
    /// From `ready` with a view left, before expiry, not held back, with this policy version. Right: `views_left` − 1,
    /// `open_claims` + 1, and `draining` when that was the last view. Wrong: `wrong_tries` + 1, held back by
    /// [`wax_model::wait_after`], and `locked` at [`wax_model::lock_at`].
    async fn attempt(&mut self, attempt: &Attempt) -> Result<AttemptOutcome, StoreError>;
    /// Takes the row's lock and reads it: the first statement of every unit that changes a claim.
    async fn lock(&mut self, id: SecretId) -> Result<Option<Secret>, StoreError>;
    /// Lowers `open_claims` by one. From `ready`, `locked` or `draining` with an open claim; answers the row as it now
    /// is.
    async fn close_claim(&mut self, id: SecretId) -> Result<Option<Secret>, StoreError>;
    /// Moves to `bound` and deletes what only a claim needs: data key, wrapped key and the claim's MAC. From `draining`
    /// of a device-bound secret without an open claim.
    async fn bind(&mut self, id: SecretId) -> Result<bool, StoreError>;
    /// Moves to a final state and deletes both data keys with everything under them, and its hand-overs. From any state that is not final;
    /// `false` if it was final already.
    async fn end(&mut self, id: SecretId, to: EndState, now: Timestamp)
    -> Result<bool, StoreError>;
    /// Moves to `draining`. From `ready` or `locked`.
    async fn drain(&mut self, id: SecretId) -> Result<bool, StoreError>;
    /// Forgets wrong tries. From `ready` with some, or `locked`, to `ready`; `false` otherwise.
    async fn unlock(&mut self, id: SecretId) -> Result<bool, StoreError>;
    /// Deletes the row and its claims: the receipt's time is over. Only in a final state with `kept_until <= now`.
    async fn forget(&mut self, id: SecretId, now: Timestamp) -> Result<bool, StoreError>;
}

/// Looking at claims.
#[async_trait]
pub trait ClaimReads: Send {
    /// The claim with this id.
    async fn find(&mut self, id: ClaimId) -> Result<Option<Claim>, StoreError>;
    /// This device's claim of this secret.
    async fn find_by_device(
        &mut self,
        secret: SecretId,
        thumbprint: [u8; 32],
    ) -> Result<Option<Claim>, StoreError>;
    /// A secret's claims, oldest first, at most `limit`.
    async fn list(&mut self, secret: SecretId, limit: u32) -> Result<Vec<Claim>, StoreError>;
}

/// Changing claims. Only after the secret's row was changed or locked in the same unit.
#[async_trait]
pub trait ClaimRepository: ClaimReads {
    /// Writes a new open claim. `false`: this device has one for this secret already, nothing was written.
    async fn insert(&mut self, new: &NewClaim) -> Result<bool, StoreError>;
    /// Takes a call of an open claim: counter and window move forward in one statement. `None`: no such open claim of
    /// this device, or the counter is not larger than the last.
    async fn call(
        &mut self,
        call: &Call,
        window_ends_at: Timestamp,
    ) -> Result<Option<Claim>, StoreError>;
    /// Counts an opening of an acknowledged claim: counter, count and moment in one statement. `None`: no such claim of
    /// this device, or the counter is not larger than the last.
    async fn open(&mut self, call: &Call) -> Result<Option<Claim>, StoreError>;
    /// Takes an acknowledged claim's call to give the secret away: counter and `handed` in one statement. `None`: no such
    /// claim of this device, or the counter is not larger than the last.
    async fn hand(&mut self, call: &Call) -> Result<Option<Claim>, StoreError>;
    /// Writes the acknowledged claim of the device that was given the secret by `handed_by`. `false`: this device has
    /// one for this secret already.
    async fn insert_handed(
        &mut self,
        new: &NewClaim,
        handed_by: [u8; 32],
    ) -> Result<bool, StoreError>;
    /// Ends an open claim as `acked` or `lapsed`; `false` if it was not open.
    async fn end(
        &mut self,
        id: ClaimId,
        to: ClaimState,
        now: Timestamp,
    ) -> Result<bool, StoreError>;
    /// Ends every open claim of a secret as `lapsed`: a burn.
    async fn end_all(&mut self, secret: SecretId, now: Timestamp) -> Result<(), StoreError>;
}

/// Writing down what happened.
#[async_trait]
pub trait AuditRepository: Send {
    /// Adds one event.
    async fn record(&mut self, event: &AuditEvent) -> Result<(), StoreError>;
    /// Events, oldest first, at most `limit`, after the event `after`.
    async fn list(
        &mut self,
        after: Option<(Timestamp, EventId)>,
        limit: u32,
    ) -> Result<Vec<AuditEvent>, StoreError>;
}

/// Leaving messages, to be delivered after the commit.
#[async_trait]
pub trait OutboxRepository: Send {
    /// Adds one message.
    async fn send(&mut self, message: &OutboxMessage) -> Result<(), StoreError>;
}
