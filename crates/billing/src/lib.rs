#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod http;
mod service;

pub use http::{openapi, router};
pub use service::{Billing, Parts, Refreshed, Settings, jobs};
