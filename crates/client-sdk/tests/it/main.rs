//! The client against a strict double of the server, which fails on cue.
#![expect(clippy::unwrap_used, reason = "a test says so by failing")]

mod bound;
mod channel;
mod double;
mod flow;
