#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod base64url;
mod clock;
mod email_address;
mod error_kind;
mod host_pattern;
mod hostname;
pub mod html;
mod ids;
mod invisible;
mod job;
mod redacted;
mod rng;
mod synced_clock;

pub use base64url::{Base64UrlError, decode as base64url_decode, encode as base64url_encode};
pub use clock::{Clock, ManualClock, SystemClock, Timestamp};
pub use email_address::{EmailAddress, EmailAddressError};
pub use error_kind::ErrorKind;
pub use host_pattern::{HostPattern, HostPatternError};
pub use hostname::{Hostname, HostnameError};
pub use ids::{
    AccountId, ApiKeyId, CertificateId, ClaimId, ContextKeyId, DomainId, EventId, IdError,
    InvitationId, PasskeyId, ReceiptId, RequestId, SecretId, SessionId, TenantId,
};
pub use invisible::is_invisible;
pub use job::{Job, JobError};
pub use redacted::Redacted;
pub use rng::{Rng, SeededRng, SystemRng};
pub use synced_clock::{Asking, Measured, SteadyClock, SyncedClock, TOLERANCE};
