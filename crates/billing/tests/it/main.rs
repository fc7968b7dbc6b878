//! What the service promises, over HTTP, against a store in memory and what somebody says is true at Stripe.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod buying;
mod drift;
mod erasure;
mod hearing;
mod history;
mod kit;
mod outage;
mod seats;
mod standing;
mod usage;
