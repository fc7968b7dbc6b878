#![doc = include_str!("../README.md")]

mod http;
mod service;

pub use http::{members_router, openapi, router};
pub use service::{Parts, Secrets, audit_job, jobs};
