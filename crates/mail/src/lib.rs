#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod content;
mod html;
mod letter;
mod plain;
mod postbox;
pub mod samples;
mod smtp;
mod tame;
mod transport;

pub use letter::{Letter, Office, Preview};
pub use postbox::{Postbox, Unreadable};
pub use smtp::{BadSetup, Security, Server, Smtp};
pub use transport::{Accepted, Drawer, Failure, Folder, Remedy, Transport};
