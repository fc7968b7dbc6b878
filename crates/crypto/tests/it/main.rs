//! One binary for all tests that use the crate as its neighbours do.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod channel;
#[cfg(unix)]
mod key_store;
mod produce;
mod properties;
mod rfc9421;
mod schema;
mod vectors;
mod vectors_channel;
