//! Why the service does not do what it was asked.

use std::time::Duration;

use wax_crypto::at_rest::EnvelopeError;
use wax_model::{Denied, Invalid, Permission};
use wax_store::StoreError;

/// Why not. What it looks like from outside is decided in `http/problem.rs`.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// A field breaks a rule.
    Invalid(Invalid),
    /// The password in this field is too easy to guess.
    WeakPassword,
    /// Nobody is signed in by this.
    SignIn,
    /// Whoever was signed in has no account any more.
    SignedOut,
    /// The second factor is wrong.
    SecondFactor,
    /// No such thing, or not any more.
    NotAvailable,
    /// No command line waits with this code.
    NoSuchCode,
    /// No second factor is being set up.
    NoSetup,
    /// It belongs to another browser.
    OtherDevice,
    /// The organization's plan has no room for it.
    Denied(Denied),
    /// The same, told to somebody who is no member yet: the organization has no room for them.
    NoRoom,
    /// The caller may see it, but not do this.
    Forbidden(Permission),
    /// Another organization has the short name.
    SlugTaken,
    /// Who is invited is a member.
    AlreadyMember,
    /// The address has an account.
    HasAccount,
    /// Somebody has the credential of the passkey.
    PasskeyTaken,
    /// The same key names another request.
    OtherRequest,
    /// Tries are held back for so long.
    HeldBack(Duration),
    /// Nobody may sign up by themselves.
    SignUpClosed,
    /// An organization would lose its only owner.
    LastOwner,
    /// The account would lose its only way in.
    LastWayIn,
    /// More passwords are waiting than the server wants to verify.
    Busy,
    /// The database did not do it.
    Store(StoreError),
    /// A row does not open with these keys.
    Envelope(EnvelopeError),
}

impl From<Invalid> for Refusal {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(invalid)
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<EnvelopeError> for Refusal {
    fn from(error: EnvelopeError) -> Self {
        Self::Envelope(error)
    }
}
