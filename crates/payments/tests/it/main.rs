//! What is asked of Stripe, against a scripted one; and what it signs.
#![expect(clippy::unwrap_used, reason = "a test says so by failing")]

mod client;
mod house;
mod localstripe;
mod pages;
mod scripted;
mod trouble;
mod webhook;
