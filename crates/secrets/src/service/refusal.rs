//! Why the service says no.

use std::time::Duration;

use wax_crypto::{
    Challenge,
    at_rest::{EnvelopeError, KeyStoreError},
    channel::SignedConfig,
};
use wax_model::{Claim, Denied, Invalid, SecretState, Tries};
use wax_store::StoreError;

/// Everything but the answer that was asked for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    /// Not sealed to the channel key that it names, for this host and path.
    #[error("not sealed for this channel")]
    NotSealed,
    /// Sealed to a channel key that is not accepted, or not any more; here is the one to use.
    #[error("the channel key is not accepted")]
    ChannelKey(SignedConfig),
    /// Unknown or not proven: one answer for both.
    #[error("not available")]
    NotAvailable,
    /// The domain's organization lets members and keys alone create there.
    #[error("guests create nothing here")]
    MembersOnly,
    /// The domain's DNS names somebody else, or it was stopped.
    #[error("the domain is held")]
    Held,
    /// The organization's plan does not let this member or key.
    #[error("the plan does not let it")]
    Denied(Denied),
    /// Nor does it let a guest, who is not told why.
    #[error("the organization takes nothing new")]
    TakesNothingNew,
    /// A field breaks a rule.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The id exists with another body.
    #[error("the id exists with another body")]
    Conflict,
    /// The device's signature does not verify.
    #[error("the signature does not verify")]
    BadSignature,
    /// The challenge is too old or for something else; here is a fresh one.
    #[error("the challenge is stale")]
    StaleChallenge(Challenge),
    /// The claim key is wrong; the try was counted.
    #[error("wrong key")]
    WrongKey(Tries),
    /// Tries are held back for this long.
    #[error("tries are held back")]
    HeldBack(Tries, Duration),
    /// Too many wrong tries.
    #[error("locked")]
    Locked(Tries),
    /// As many ask as may ask at once; for how long at least.
    #[error("too many ask")]
    TooMany(Duration),
    /// Proven, but there is nothing to take any more.
    #[error("gone")]
    Gone { state: SecretState, openings: Vec<Claim> },
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
    /// The key store failed.
    #[error("the key store failed")]
    Keys(#[from] KeyStoreError),
    /// A sealed column does not open: the row or the keys were tampered with, or damaged.
    #[error("a sealed column does not open")]
    Envelope(#[from] EnvelopeError),
}
