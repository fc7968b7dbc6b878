//! What happened, kept in the transaction in which it happened.

use wax_kernel::{EventId, Timestamp};

use crate::{SecretState, text_enum::text_enum};

text_enum! {
    /// What happened.
    Action {
        /// A secret was made.
        SecretCreated = "secret.created",
        /// A view was taken by a device.
        SecretClaimed = "secret.claimed",
        /// The device confirmed.
        SecretAcked = "secret.acked",
        /// The device that it is bound to opened it again.
        SecretOpened = "secret.opened",
        /// A claim's window ended without confirmation.
        SecretLapsed = "secret.lapsed",
        /// A device asked for what is bound to another.
        SecretAsked = "secret.asked",
        /// The device that it was bound to gave it to another.
        SecretHanded = "secret.handed",
        /// A wrong claim key was counted.
        SecretWrongKey = "secret.wrong_key",
        /// Wrong tries locked it.
        SecretLocked = "secret.locked",
        /// The sender unlocked it.
        SecretUnlocked = "secret.unlocked",
        /// It ended: every view was taken and no claim is open.
        SecretDestroyed = "secret.destroyed",
        /// It ended: the sender destroyed it.
        SecretBurned = "secret.burned",
        /// It ended: its time ran out.
        SecretExpired = "secret.expired",
    }
}

impl Action {
    /// The event of a secret that has come into this state, if it is an end.
    pub const fn end(state: SecretState) -> Option<Self> {
        match state {
            SecretState::Destroyed => Some(Self::SecretDestroyed),
            SecretState::Burned => Some(Self::SecretBurned),
            SecretState::Expired => Some(Self::SecretExpired),
            _ => None,
        }
    }
}

/// One row of `audit_events`. It names things by ids that open nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEvent {
    /// Random.
    pub id: EventId,
    /// When.
    pub at: Timestamp,
    /// What.
    pub action: Action,
    /// To what: the receipt id of a secret.
    pub subject: String,
    /// From where, as a network (`192.0.2.0/24`, `2001:db8:1::/48`), if a caller did it. Never a full address.
    pub network: Option<String>,
}
