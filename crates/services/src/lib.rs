#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod answer;
mod connection;
mod keys;
mod listener;
#[cfg(test)]
mod tests;

pub use keys::EdgeKeys;
pub use listener::{Listener, ListenerParts};
