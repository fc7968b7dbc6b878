#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod base64url;
mod clock;
mod error_kind;
mod hostname;
mod ids;
mod job;
mod redacted;
mod rng;
mod synced_clock;

pub use base64url::{Base64UrlError, decode as base64url_decode, encode as base64url_encode};
pub use clock::{Clock, ManualClock, SystemClock, Timestamp};
pub use error_kind::ErrorKind;
pub use hostname::{Hostname, HostnameError};
pub use ids::{
    ClaimId, ContextKeyId, DomainId, EventId, IdError, ReceiptId, RequestId, SecretId, TenantId,
};
pub use job::{Job, JobError};
pub use redacted::Redacted;
pub use rng::{Rng, SeededRng, SystemRng};
pub use synced_clock::{Asking, Measured, SteadyClock, SyncedClock, TOLERANCE};
