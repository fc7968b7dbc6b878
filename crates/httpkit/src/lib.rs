#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod auth;
mod body;
mod code;
mod context;
mod mount;
mod problem;
mod query;
mod render;
mod services;

pub use body::{Body, Json, has_content_type, receive};
pub use code::Code;
pub use context::{ClientAddress, Context, Network, PlatformContext, RequestContext};
pub use mount::{HostKind, Mount, Mounts, segments_below};
pub use problem::Problem;
pub use query::{Asked, Cursor, Page, PageLimit, number};
pub use render::{
    ProblemDocument, ProblemResponses, language, localize, method_not_allowed, render, request_id,
};
pub use services::{CONTEXT_HEADER, ROUTE_HEADER, RouteTemplate, Services, method_name};
