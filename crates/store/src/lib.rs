#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod accounts;
mod billing;
#[cfg(feature = "conformance")]
pub mod conformance;
mod copies;
mod domains;
mod error;
mod handovers;
mod operator;
mod organizations;
mod outbox;
mod platform;
mod repositories;
pub mod transitions;
mod unit_of_work;
mod usage;

pub use accounts::{
    AccountReads, AccountRepository, DEVICE_KNOWN, NewToken, PlatformUnit, SessionRepository,
    SignInTries, TRIES_KEPT, Token, TokenHash, TokenRepository, Tried,
};
pub use billing::{
    Attended, BillingCustomer, BillingEvent, BillingPlatform, BillingPrice, BillingRepository,
    Drift,
};
pub use copies::{CopyReads, CopyRepository, SealedCopy};
pub use domains::{
    CHANGES_KEPT, Changes, DomainLabel, DomainPlatform, DomainReads, DomainRepository, NODE_ALIVE,
    NewDomain, RouteNow, Sender,
};
pub use error::StoreError;
pub use handovers::{HandoverReads, HandoverRepository};
pub use operator::OperatorRepository;
pub use organizations::{
    AuditFilter, ERASURE_SETTLES, Member, OrganizationReads, OrganizationRepository,
};
pub use outbox::{GivenUp, Outbox, Suppression, SuppressionReason, TakenMessage};
pub use platform::{
    DueClaim, DueSecret, EXPIRED_KEY_KEPT, Outage, PlatformStore, RegisteredKey, TicketRow,
};
pub use repositories::{
    Attempt, AttemptOutcome, AuditRepository, Call, ClaimReads, ClaimRepository, NewClaim,
    NewSecret, OutboxRepository, SealedContent, SealedWrap, SecretFilter, SecretReads,
    SecretRepository,
};
pub use unit_of_work::{PlatformWork, Reader, Store, UnitOfWork, Work};
pub use usage::{
    Frozen, HighUsage, MONTHS_KEPT, Premises, Ranked, UsageReads, UsageRepository, room_for,
    room_to_join,
};
