//! Certificates that others got: a feed of what is logged publicly (Certificate Transparency), followed as it grows.

mod file;
mod following;
mod logged;
mod nearby;
mod sighting;
mod url;

use std::{
    fmt,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use wax_kernel::Timestamp;

use self::nearby::Nearby;
pub use self::{file::FileFeed, url::UrlFeed};

/// Where lines come from. A feed only grows; one that is shorter than it was began anew.
#[async_trait]
pub trait Feed: Send + Sync + fmt::Debug {
    /// Under which its position is kept: its path or URL.
    fn name(&self) -> &str;
    /// Bytes from a position on, at most `most`. None: nothing has come since.
    async fn read(&self, from: u64, most: usize) -> Result<Chunk, FeedFault>;
}

/// A part of a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// Where it begins: where it was asked for, or 0 in a feed that began anew.
    pub from: u64,
    /// Its bytes, which may end within a line.
    pub bytes: Vec<u8>,
}

/// Why nothing is heard of certificates. Logged when it changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FeedFault {
    /// There is no such file, or it may not be read.
    #[error("cannot be read")]
    Unreadable,
    /// No connection, or no answer in time.
    #[error("does not answer")]
    Unreachable,
    /// An answer that is neither the rest of the feed nor that there is none.
    #[error("answers something else than the part that was asked for (RFC 9110 §14)")]
    NoRanges,
    /// Lines that are not of the form of docs/domains.md §9. They are passed over.
    #[error("has lines that cannot be read")]
    BadLines,
}

/// One process's view of the feed.
#[derive(Debug)]
pub(super) struct Following {
    feed: Arc<dyn Feed>,
    nearby: Mutex<Option<(Timestamp, Arc<Nearby>)>>,
    /// What was last logged.
    fault: Mutex<Option<FeedFault>>,
}

impl Following {
    pub(super) fn new(feed: Arc<dyn Feed>) -> Self {
        Self { feed, nearby: Mutex::default(), fault: Mutex::default() }
    }
}
