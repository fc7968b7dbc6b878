//! Orders against real and scripted issuers, and against a simulated world.
#![expect(clippy::unwrap_used, reason = "a test says so by failing")]

mod fuse;
mod house;
mod pebble;
mod scripted;
mod simulation;
mod uploads;
