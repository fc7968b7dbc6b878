//! The program as members and their programs run it, against the real services.
#![expect(clippy::unwrap_used, reason = "a test says so by failing")]

mod keys;
mod members;
mod platform;
mod run;
mod sharing;
mod signing_in;
#[cfg(target_os = "linux")]
mod terminal;
