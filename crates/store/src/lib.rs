#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

#[cfg(feature = "conformance")]
pub mod conformance;
mod copies;
mod error;
mod handovers;
mod platform;
mod repositories;
pub mod transitions;
mod unit_of_work;

pub use copies::{CopyReads, CopyRepository, SealedCopy};
pub use error::StoreError;
pub use handovers::{HandoverReads, HandoverRepository};
pub use platform::{
    DueClaim, DueSecret, EXPIRED_KEY_KEPT, NewDomain, Outage, PlatformStore, RegisteredKey,
};
pub use repositories::{
    Attempt, AttemptOutcome, AuditRepository, Call, ClaimReads, ClaimRepository, NewClaim,
    NewSecret, OutboxMessage, OutboxRepository, SealedContent, SealedWrap, SecretReads,
    SecretRepository,
};
pub use unit_of_work::{Reader, Store, UnitOfWork, Work};
