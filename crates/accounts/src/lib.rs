#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod http;
mod service;

pub use http::{openapi, router, unsubscribe_router};
pub use service::{Accounts, Argon2Cost, NoLink, OperatorLink, Parts, Settings, jobs};
