//! Checks against a tree of name servers in this process, with every fault that it has.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod caa;
mod dnssec;
mod faults;
mod limits;
mod lookup;
mod noise;
mod ownership;
mod pointing;
mod sockets;
mod words;
mod world;
