#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod account;
mod audit;
pub mod billing;
mod brand;
mod claim;
mod color;
pub mod domain;
mod handover;
mod invalid;
mod mail;
mod members;
mod operator;
mod outbox;
mod permission;
mod plan;
mod policy;
mod secret;
mod tenant;
mod text_enum;
mod token;
pub mod transition;
mod tries;
mod usage;
mod window;

pub use account::{
    Account, Actor, ActorError, ApiKey, Bearer, Belonging, Invitation, KeyBearer, Membership,
    Session, SessionKind, StoredPasskey, Totp,
};
pub use audit::{Action, AuditEvent};
pub use brand::{Brand, Color, Corners, Logo, LogoType};
pub use claim::{Claim, ClaimState, DeviceKind};
pub use color::{contrast, ink_on, readable};
pub use domain::{Domain, DomainSettings, Route};
pub use handover::{ASK_STANDS, Ask, MAX_ASKS};
pub use invalid::{Invalid, Rule};
pub use mail::{BadLink, Link, Mail, MailClass, MailKind};
pub use members::Members;
pub use operator::{OperatorAction, OperatorEvent, SignUpPolicy};
pub use outbox::{OutboxMessage, Topic};
pub use permission::{Permission, Reach, Role, Scope};
pub use plan::{BadPlanId, BadPlans, Entitlements, Limit, Meter, Plan, PlanId, Plans};
pub use policy::{Argon2Params, Expires, Kind, Policy, Sealed};
pub use secret::{
    EndState, MAX_CONTENT_BYTES, MIN_CONTENT_BYTES, RECEIPT_KEPT, Secret, SecretState,
};
pub use tenant::{Tenant, TenantScope};
pub use text_enum::UnknownText;
pub use token::{AccountAction, AccountEvent, TokenPurpose};
pub use tries::{Tries, lock_at, wait_after};
pub use usage::{Denied, Month, Shards};
pub use window::{KEY_DESTROYED_ON_DAY, WINDOW, WINDOW_MAX, window_end};
