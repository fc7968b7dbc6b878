#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod client;
mod devices;
mod error;
mod localhost;
mod open;
mod problem;
mod receipt;
mod retry;
mod session;
mod share;
mod verify;
mod wire;

pub use client::{Client, Options};
pub use devices::{DeviceStore, DeviceStoreError, Stored};
pub use error::{Error, NetworkError};
pub use open::{Looked, Opened, Opener};
pub use problem::{Code, Problem};
pub use receipt::StatusStream;
pub use retry::Retry;
pub use session::Session;
pub use share::{Draft, Shared};
pub use verify::{
    Checked, Claim, Difference, Fault, Fingerprint, Release, ReleaseError, ReleaseFile, Report,
    Verifier, Visitor,
};
pub use wire::{Created, Delivery, Opening, Peek, Receipt, Tries};
