//! A request's line in the log.

use std::time::{Duration, Instant};

use http::{Method, Version, request::Parts};
use wax_httpkit::method_name;
use wax_kernel::{Hostname, RequestId};
use wax_telemetry::{Access, PathHash, RequestSpan};

use crate::{day_key::DayKeys, request::Template};

/// What is known of a request so far. The line is written when the answer has been handed over to the connection, or when
/// nobody waits for it any more.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) span: RequestSpan,
    /// One of the fixed names.
    pub(crate) method: &'static str,
    /// When its head was there.
    pub(crate) began: Instant,
    protocol: &'static str,
    path: PathHash,
    /// The host, once it is known to be one that is served here. What strangers make up is not written down.
    pub(crate) host: Option<Hostname>,
    pub(crate) received_bytes: u64,
    pub(crate) sent_bytes: u64,
    answered: Option<Answered>,
    /// Whether the whole answer was handed over.
    pub(crate) is_whole: bool,
}

#[derive(Debug)]
struct Answered {
    template: Template,
    status: u16,
    after: Duration,
}

impl Line {
    pub(crate) fn begin(parts: &Parts, id: RequestId, keys: &DayKeys) -> Self {
        let method = method_name(&parts.method);
        Self {
            span: RequestSpan::new(id, method),
            method,
            began: Instant::now(),
            protocol: protocol(parts.version),
            path: path_hash(parts.uri.path(), keys),
            host: None,
            received_bytes: 0,
            sent_bytes: 0,
            answered: None,
            // A HEAD's answer is its head.
            is_whole: parts.method == Method::HEAD,
        }
    }

    /// The answer's head is there.
    pub(crate) fn answered(&mut self, template: Template, status: u16) {
        self.answered = Some(Answered { template, status, after: self.began.elapsed() });
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let Some(Answered { template, status, after }) = &self.answered else { return };
        self.span.answered(&Access {
            route: template.as_str(),
            status: *status,
            host: self.host.as_ref().map(Hostname::as_str),
            path: self.path,
            protocol: self.protocol,
            received_bytes: self.received_bytes,
            sent_bytes: self.sent_bytes,
            is_whole: self.is_whole,
            took: *after,
            lasted: self.began.elapsed(),
        });
    }
}

/// The path under the day's key: two requests for one link can be told to be that, on one day, on one edge, and by nobody
/// can the link be told from it.
fn path_hash(path: &str, keys: &DayKeys) -> PathHash {
    let name = keys.name(path.as_bytes());
    PathHash::new(std::array::from_fn(|i| name[i]))
}

fn protocol(version: Version) -> &'static str {
    match version {
        Version::HTTP_2 => "HTTP/2",
        Version::HTTP_10 => "HTTP/1.0",
        _ => "HTTP/1.1",
    }
}
