//! Whole processes.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod destruction;
mod domains;
mod ephemeral;
mod fleet;
mod memory;
mod server;
mod siege;
mod startup;
