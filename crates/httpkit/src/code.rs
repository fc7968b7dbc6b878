//! Every problem there is (protocol.md §9, accounts.md).

use http::StatusCode;
use wax_kernel::ErrorKind;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $status:ident, $kind:ident;)+) => {
        /// What went wrong, as clients match it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code {
            $($(#[$doc])* $name,)+
        }

        impl Code {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The text in documents, and the key in the message catalogue.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// The HTTP status that goes with it.
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status,)+ }
            }

            /// Whose fault it is.
            pub const fn kind(self) -> ErrorKind {
                match self { $(Self::$name => ErrorKind::$kind,)+ }
            }
        }
    };
}

codes! {
    /// Not JSON, not UTF-8, or not HTTP as we take it.
    Malformed = "malformed", BAD_REQUEST, Caller;
    /// Sealed to a channel key that this server does not have, or no longer.
    ChannelKey = "channel-key", BAD_REQUEST, Caller;
    /// The device's signature does not verify.
    BadSignature = "bad-signature", UNAUTHORIZED, Denied;
    /// The challenge is too old or made for something else.
    StaleChallenge = "stale-challenge", UNAUTHORIZED, Denied;
    /// Address, password, link or passkey do not sign anybody in: one answer for all.
    SignIn = "sign-in", UNAUTHORIZED, Denied;
    /// The second factor is wrong.
    SecondFactor = "second-factor", UNAUTHORIZED, Denied;
    /// No session or key, or one that has ended.
    SignedOut = "signed-out", UNAUTHORIZED, Denied;
    /// The claim key is wrong: a wrong passphrase.
    WrongKey = "wrong-key", FORBIDDEN, Denied;
    /// A member or key without this permission.
    Forbidden = "forbidden", FORBIDDEN, Denied;
    /// The person must prove themselves again.
    StepUp = "step-up", FORBIDDEN, Denied;
    /// Not sent by our own pages.
    Csrf = "csrf", FORBIDDEN, Denied;
    /// Nobody may sign up by themselves.
    SignUpClosed = "sign-up-closed", FORBIDDEN, Denied;
    /// Guests create nothing on this domain: its organization decided so.
    MembersOnly = "members-only", FORBIDDEN, Denied;
    /// The plan of the organization has no room for it.
    PlanLimit = "plan-limit", FORBIDDEN, Denied;
    /// The organization takes nothing new: it has not paid for too long, or it does not say why.
    OrganizationLimited = "organization-limited", FORBIDDEN, Denied;
    /// A mailed link in another browser than the one that asked for it.
    OtherDevice = "other-device", FORBIDDEN, Denied;
    /// Unknown, or not proven: one answer for all.
    NotAvailable = "not-available", NOT_FOUND, Missing;
    /// The path exists, the method does not.
    Method = "method", METHOD_NOT_ALLOWED, Caller;
    /// The body did not arrive in time.
    Timeout = "timeout", REQUEST_TIMEOUT, Caller;
    /// The id exists with another body.
    Conflict = "conflict", CONFLICT, Caller;
    /// An organization needs an owner.
    LastOwner = "last-owner", CONFLICT, Caller;
    /// An account needs a way in.
    LastWayIn = "last-way-in", CONFLICT, Caller;
    /// Proven, but nothing can be claimed any more.
    Gone = "gone", GONE, Missing;
    /// The body is too large.
    TooLarge = "too-large", PAYLOAD_TOO_LARGE, Limit;
    /// Not `application/json`.
    MediaType = "media-type", UNSUPPORTED_MEDIA_TYPE, Caller;
    /// The connection's certificate is not this host's.
    Misdirected = "misdirected", MISDIRECTED_REQUEST, Caller;
    /// A field breaks a rule.
    Invalid = "invalid", UNPROCESSABLE_ENTITY, Caller;
    /// A new password that is too easy to guess.
    WeakPassword = "weak-password", UNPROCESSABLE_ENTITY, Caller;
    /// Locked by wrong tries.
    Locked = "locked", LOCKED, Denied;
    /// Tries are held back.
    HeldBack = "held-back", TOO_MANY_REQUESTS, Limit;
    /// Too many requests from one network.
    RateLimited = "rate-limited", TOO_MANY_REQUESTS, Limit;
    /// Our fault.
    Internal = "internal", INTERNAL_SERVER_ERROR, Bug;
    /// The answer was lost between our own machines: the request was done, or not.
    NoAnswer = "no-answer", BAD_GATEWAY, Upstream;
    /// The DNS names somebody else for this host: nothing is made, claimed or opened here until it names us again.
    DomainHeld = "domain-held", SERVICE_UNAVAILABLE, Denied;
    /// Stripe does not answer; nothing was changed.
    PaymentsUnavailable = "payments-unavailable", SERVICE_UNAVAILABLE, Upstream;
    /// A part is down or busy; nothing was changed.
    Unavailable = "unavailable", SERVICE_UNAVAILABLE, Upstream;
}
