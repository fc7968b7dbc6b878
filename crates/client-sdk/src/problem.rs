//! The server's problem documents (RFC 9457; protocol.md §9, accounts.md §5).

use std::time::Duration;

use serde::Deserialize;
use wax_crypto::{Challenge, channel::SignedConfig};
use wax_model::SecretState;

use crate::wire::{Opening, Tries};

/// What went wrong, as programs tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Code {
    /// The device's signature does not verify.
    BadSignature,
    /// Not sent by the platform's own pages.
    Csrf,
    /// A member or key without this permission.
    Forbidden,
    /// Sealed to a key that this server does not have, or no longer.
    ChannelKey,
    /// The id exists with another body.
    Conflict,
    /// The host's DNS names somebody else: nothing is made, claimed or opened there for now.
    DomainHeld,
    /// Proven, but nothing can be claimed.
    Gone,
    /// Wrong tries are held back for a while.
    HeldBack,
    /// The server's fault.
    Internal,
    /// A field breaks a rule.
    Invalid,
    /// An organization needs an owner.
    LastOwner,
    /// An account needs a way in.
    LastWayIn,
    /// Too many wrong tries; the sender must unlock.
    Locked,
    /// The server could not read the request.
    Malformed,
    /// Not `application/json`.
    MediaType,
    /// Guests create nothing on this host: its organization lets members and keys alone.
    MembersOnly,
    /// Not POST.
    Method,
    /// The connection's certificate is not this host's.
    Misdirected,
    /// The request reached a service, and its answer got lost on the way back: it may have been done.
    NoAnswer,
    /// Unknown, or not proven: one answer for all.
    NotAvailable,
    /// The organization takes nothing new at the moment.
    OrganizationLimited,
    /// A mailed link in another browser than the one that asked for it.
    OtherDevice,
    /// The payment provider does not answer; nothing was changed.
    PaymentsUnavailable,
    /// The organization's plan has no room for it.
    PlanLimit,
    /// Too many requests from this network.
    RateLimited,
    /// The second factor is wrong.
    SecondFactor,
    /// The password is wrong.
    SignIn,
    /// Nobody may sign up by themselves.
    SignUpClosed,
    /// No session or key, or one that has ended.
    SignedOut,
    /// The challenge is too old or for something else.
    StaleChallenge,
    /// The person must prove themselves again.
    StepUp,
    /// The request did not arrive in time.
    Timeout,
    /// The request is too large.
    TooLarge,
    /// A part of the server is down or busy; nothing was changed.
    Unavailable,
    /// A new password that is too easy to guess.
    WeakPassword,
    /// The claim key is wrong: a wrong passphrase.
    WrongKey,
    /// A code that this version does not know.
    #[serde(other)]
    Other,
}

impl Code {
    /// Whether it tells how a secret or a device stands. Only who can open the request knows that.
    pub(crate) const fn is_about_a_secret(self) -> bool {
        matches!(
            self,
            Self::BadSignature
                | Self::Conflict
                | Self::Gone
                | Self::HeldBack
                | Self::Invalid
                | Self::Locked
                | Self::NotAvailable
                | Self::StaleChallenge
                | Self::WrongKey
        )
    }
}

/// A problem document. Members that this version does not know are ignored, as RFC 9457 §3.2 asks.
#[derive(Debug, Clone, Deserialize)]
pub struct Problem {
    /// Which problem.
    pub code: Code,
    /// The HTTP status.
    pub status: u16,
    /// A short name of the problem, in the caller's language. Written by the server: not to be trusted on a terminal.
    pub title: String,
    /// What happened this time, likewise.
    pub detail: String,
    /// The field that breaks a rule.
    pub field: Option<String>,
    /// The rule that the field breaks.
    pub rule: Option<String>,
    /// What a member or a key would need.
    pub permission: Option<String>,
    /// The largest size that would be taken.
    pub limit_bytes: Option<u64>,
    /// Wrong tries so far.
    pub tries: Option<Tries>,
    /// Where the secret stands.
    pub state: Option<SecretState>,
    /// Who opened it.
    #[serde(default)]
    pub openings: Vec<Opening>,
    /// A fresh challenge.
    pub challenge: Option<Challenge>,
    /// The key to seal to from now on.
    pub channel: Option<SignedConfig>,
    /// How long to wait, from the `Retry-After` header (RFC 9110 §10.2.3, the form in seconds).
    #[serde(skip)]
    pub retry_after: Option<Duration>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_from_the_future_is_still_a_problem() {
        let text = r#"{"type":"urn:waxseal:problem:new","code":"new","status":418,"title":"T","detail":"D","x":1}"#;
        let problem: Problem = serde_json::from_str(text).unwrap();
        assert_eq!((problem.code, problem.status), (Code::Other, 418));
    }

    #[test]
    fn every_code_of_the_protocol_is_known() {
        let protocol = include_str!("../../../docs/protocol.md");
        let (_, table) = protocol.split_once("## 9. Problems").unwrap();
        let codes: Vec<&str> =
            table.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
        assert!(codes.len() >= 18, "{codes:?}");
        for code in codes {
            let read: Code = serde_json::from_str(&format!("{code:?}")).unwrap();
            assert_ne!(read, Code::Other, "{code}");
        }
    }
}
