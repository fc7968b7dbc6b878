#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod http;
mod service;

pub use http::{openapi, router};
pub use service::{
    Chunk, Domains, Everywhere, Feed, FeedFault, FileFeed, IssuerPlace, Lookup, Noted, Parts,
    Settings, UrlFeed, jobs,
};
