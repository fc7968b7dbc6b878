#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod authority;
mod caps;
mod labels;
mod network;
mod query;
mod rate;
mod reply;
mod server;
mod settings;

pub use labels::{Label, LabelError, LabelSource, Labels, Snapshot, labels_job};
pub use rate::Rate;
pub use server::{ZoneParts, ZoneServer};
pub use settings::{NameServer, Settings, SettingsError};
