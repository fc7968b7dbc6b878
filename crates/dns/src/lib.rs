#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod address;
mod advice;
mod ask;
mod caa;
mod dnssec;
mod evidence;
mod finding;
mod gather;
mod host;
mod likeness;
mod lookup;
mod name;
mod ownership;
mod pointing;
mod provider;
mod question;
mod report;
mod walk;
mod wire;

pub use address::{Proxy, is_public};
pub use ask::{Dns, Limits, Reach, Roots};
pub use caa::{CaaRecord, CaaRefusal, CaaVerdict, Issuance};
pub use dnssec::{Anchors, Dnssec, Flaw};
pub use evidence::{Answer, CaaSeen, Chain, Evidence, Fault, ServerSeen, ZoneSeen};
pub use finding::{Action, Actor, Change, Check, Code, Finding, RecordKind, Severity};
pub use host::{HostFault, PUBLIC_SUFFIX_LIST, TenantHost};
pub use likeness::{Likeness, LookAlikes, Registered};
pub use name::{DnsName, DnsNameError};
pub use ownership::{
    Claim, ClaimToken, ClaimTokenError, Lock, Method, Proof, draw_target_label, hold_record, seen,
    shows_text,
};
pub use pointing::{EdgePlaces, pointing};
pub use provider::{Hint, Provider};
pub use report::{Expected, Report, ServerSays, Verdict};
pub use wire::{IsOurs, Sockets, Wire};
