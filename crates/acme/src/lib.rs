#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod answers;
mod ca;
mod certificate;
mod challenge;
mod engine;
mod issuance;
mod issuer;
pub mod ledger;
mod phase;
mod platform;
mod reason;
mod renewal;
mod store;
mod vault;

pub use answers::Answers;
pub use ca::{
    Account, AccountFault, AcmeCa, BadTrust, CertificateAuthority, OrderState, Progress,
    StoredAccount, Wanted, Wire,
};
pub use certificate::{AriId, Chain, Facts, Fault, Upload};
pub use challenge::{
    ACME_TLS_ALPN, AccountThumbprint, Answer, HTTP_PATH, Method, NoCertificate, NotAToken, Token,
    http_answer,
};
pub use engine::{Authority, Engine, Parts};
pub use issuance::{Failures, InUse, Issuance};
pub use issuer::{ExternalAccount, Issuer, IssuerId, Trust};
pub use ledger::{Bucket, Buckets, Budget, Charge, Lane, Limit, Wait};
pub use phase::{Event, Phase, Step, TRANSITIONS};
pub use platform::PlatformName;
pub use reason::{Actor, Detail, Failure, Reason, Retry, Rule, Trouble};
pub use renewal::{Plan, Validity, Window};
pub use store::{Change, Lease, MemoryOrders, OrderStore, StoreFault};
pub use vault::{Certificate, Locked, SealedKey, Vault};
