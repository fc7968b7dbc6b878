#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod bound;
mod channel;
mod client;
mod devices;
mod error;
mod folder;
mod known_hosts;
mod localhost;
mod offer;
mod open;
mod platform;
mod problem;
mod profiles;
mod receipt;
mod retry;
mod session;
mod share;
mod verify;
mod wire;

pub use bound::Asked;
pub use client::{Client, Options};
pub use devices::{DeviceStore, Stored};
pub use error::{Error, NetworkError};
pub use folder::FolderError;
pub use known_hosts::{HostKeyError, KnownHosts};
pub use offer::Offer;
pub use open::{Looked, Opened, Opener, Way};
pub use platform::{
    Account, ApiKey, Belonging, Change, Credential, DeviceLogin, DnsRecord, Domain,
    DomainConnection, DomainEvent, DomainName, DomainReport, Finding, Invitation, Invite,
    KeyChange, LetIn, LoginEnd, Member, MemberChange, NewApiKey, NewKey, Organization,
    OrganizationReceipt, OwnKey, Place, Platform, Proof, ReceiptFilter, ServerAnswer, SessionToken,
    SignedInSession, Told, Verdict,
};
pub use problem::{Code, Problem};
pub use profiles::{
    ChosenOrganization, Profile, ProfileName, Profiles, ProfilesError, ProfilesFile,
};
pub use receipt::StatusStream;
pub use retry::Retry;
pub use session::Session;
pub use share::{Draft, Shared};
pub use verify::{
    Checked, Claim, Difference, Fault, Fingerprint, Release, ReleaseError, ReleaseFile, Report,
    Verifier, Visitor,
};
pub use wire::{
    Ask, BoundTo, Created, Delivery, Opening, Peek, Receipt, Reopened, Sender, SentBy, Tries,
};

pub(crate) use session::Handle;
