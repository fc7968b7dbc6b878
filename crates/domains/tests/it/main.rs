//! What the service promises, over HTTP, against a store in memory and a small Internet.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod adding;
mod certificates;
mod connecting;
mod contests;
mod feed;
mod kit;
mod losing;
mod plans;
mod proving;
mod races;
mod removing;
mod settings;
mod simulation;
mod slugs;
