//! A secret as the server knows it: everything but what it says.

use std::time::Duration;

use wax_kernel::{DomainId, ReceiptId, SecretId, Timestamp};

use crate::{
    Actor, Argon2Params, Claim, ClaimState, Kind, Sealed, Tries, text_enum::text_enum, tries,
};

/// Smallest sealed content: the least padded manifest (1 KiB) and one record's tag.
pub const MIN_CONTENT_BYTES: usize = 1_024 + 16;
/// Largest sealed content inline in a request: a 1 MiB manifest and its 16 records' tags.
pub const MAX_CONTENT_BYTES: usize = 1_048_576 + 16 * 16;
/// How long a receipt outlives its secret's expiry.
pub const RECEIPT_KEPT: Duration = Duration::from_secs(30 * 86_400);

text_enum! {
    /// Where a secret stands (protocol.md §8, ARCHITECTURE.md "States").
    SecretState {
        /// Can be claimed.
        Ready = "ready",
        /// Too many wrong tries: open claims go on, no new one starts.
        Locked = "locked",
        /// No new claim, some claim still open.
        Draining = "draining",
        /// Device-bound, and acknowledged by its device.
        Bound = "bound",
        /// Every view was taken and no claim is open.
        Destroyed = "destroyed",
        /// The sender destroyed it.
        Burned = "burned",
        /// Its time ran out before every view was taken.
        Expired = "expired",
        /// Made before the database was restored from a backup: refused.
        Restored = "restored",
    }
}

impl SecretState {
    /// Nothing can follow; both data keys are gone.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Destroyed | Self::Burned | Self::Expired | Self::Restored)
    }
}

/// How a secret can end: what remains is its tombstone, and nothing opens it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndState {
    /// Nothing is left to take.
    Destroyed,
    /// The sender destroyed it.
    Burned,
    /// Its time ran out.
    Expired,
}

impl From<EndState> for SecretState {
    fn from(end: EndState) -> Self {
        match end {
            EndState::Destroyed => Self::Destroyed,
            EndState::Burned => Self::Burned,
            EndState::Expired => Self::Expired,
        }
    }
}

/// One row of `secrets`. It holds hashes of proofs and no key; after the end it is the tombstone and the receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret {
    /// Derived from the link.
    pub id: SecretId,
    /// Derived from the receipt key.
    pub rid: ReceiptId,
    /// The domain on which it was made. May be gone by now.
    pub domain: DomainId,
    /// Who made it; `None`: a stranger.
    pub created_by: Option<Actor>,
    /// Where it stands.
    pub state: SecretState,
    /// One-time or device-bound.
    pub kind: Kind,
    /// Where it was sealed.
    pub sealed: Sealed,
    /// The passphrase's cost, if there is one.
    pub passphrase: Option<Argon2Params>,
    /// SHA-256 of the peek key.
    pub peek_sha256: [u8; 32],
    /// SHA-256 of the acknowledgement's preimage.
    pub ack_sha256: [u8; 32],
    /// SHA-256 of the receipt key.
    pub receipt_sha256: [u8; 32],
    /// SHA-256 of the request that created it: the same request again gets the same answer.
    pub body_sha256: [u8; 32],
    /// Views in all, 1 to 1,000.
    pub views: u32,
    /// Views not yet taken.
    pub views_left: u32,
    /// Claims between taken and ended.
    pub open_claims: u32,
    /// Wrong claim keys since creation or the last unlock.
    pub wrong_tries: u32,
    /// Until when tries are held back; the epoch if they are not.
    pub next_try_at: Timestamp,
    /// Rises when a later change tightens the rules; a claim names the version it was checked against.
    pub policy_version: i64,
    /// Sealed size of the content, in bytes.
    pub content_bytes: u32,
    /// The UTC day whose key wraps this secret's data keys.
    pub key_day: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// First moment at which it can no longer be claimed.
    pub expires_at: Timestamp,
    /// When it reached a final state.
    pub ended_at: Option<Timestamp>,
    /// Until when the receipt and tombstone stay.
    pub kept_until: Timestamp,
}

impl Secret {
    /// Views taken so far.
    pub const fn views_taken(&self) -> u32 {
        self.views.saturating_sub(self.views_left)
    }

    /// The state a stranger with the link should hear at `now`: a secret past its expiry that the reaper has not
    /// reached yet is expired, not ready.
    pub fn state_at(&self, now: Timestamp) -> SecretState {
        match self.state {
            SecretState::Ready | SecretState::Locked if now >= self.expires_at => {
                if self.open_claims > 0 { SecretState::Draining } else { SecretState::Expired }
            }
            SecretState::Bound if now >= self.expires_at => SecretState::Expired,
            state => state,
        }
    }

    /// Whether it is bound at `now`.
    pub fn is_bound_at(&self, now: Timestamp) -> bool {
        self.state_at(now) == SecretState::Bound
    }

    /// Whether it is bound at `now`, and by this claim: whether the claim's device may return.
    pub fn is_bound_to(&self, claim: &Claim, now: Timestamp) -> bool {
        self.is_bound_at(now) && claim.secret == self.id && claim.state == ClaimState::Acked
    }

    /// Wrong tries as people and clients see them.
    pub fn tries_at(&self, now: Timestamp) -> Tries {
        Tries {
            wrong: self.wrong_tries,
            left: tries::lock_at(self.views_taken()).saturating_sub(self.wrong_tries),
            next_at: Some(self.next_try_at).filter(|at| *at > now),
        }
    }
}
