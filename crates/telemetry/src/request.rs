//! What the log says about one request.

use std::{fmt, time::Duration};

use tracing::Span;
use wax_kernel::RequestId;

/// The span of one request: everything logged while it is served carries its id.
///
/// Takes fixed words and the route template only, so a path, a header or a body cannot reach the log through it.
#[derive(Debug, Clone)]
pub struct RequestSpan(Span);

impl RequestSpan {
    /// Opens the span. `method` is one of the fixed method names.
    pub fn new(id: RequestId, method: &'static str) -> Self {
        Self(tracing::info_span!("request", %id, method))
    }

    /// The span, to run the request's future in.
    pub const fn span(&self) -> &Span {
        &self.0
    }

    /// Writes an edge's line about the request.
    pub fn answered(&self, access: &Access<'_>) {
        let Access { route, status, path, protocol, received_bytes, sent_bytes, is_whole, .. } =
            *access;
        let host = access.host.unwrap_or("-");
        let (took_ms, lasted_ms) = (in_ms(access.took), in_ms(access.lasted));
        self.0.in_scope(|| {
            tracing::info!(
                route, status, host, %path, protocol, received_bytes, sent_bytes, is_whole, took_ms, lasted_ms,
                "answered"
            );
        });
    }

    /// Writes a service's one line about the request. `route` is the template, such as `/s/{id}`.
    pub fn finish(&self, route: &str, status: u16, took: Duration) {
        let took_ms = in_ms(took);
        self.0.in_scope(|| tracing::info!(route, status, took_ms, "answered"));
    }
}

/// What an edge tells of a request. Fixed words, numbers, our own hosts, and the path as a hash.
#[derive(Debug, Clone, Copy)]
pub struct Access<'a> {
    /// The template, such as `/s/{id}`.
    pub route: &'a str,
    /// The answer's status.
    pub status: u16,
    /// The host, if it is one that is served.
    pub host: Option<&'a str>,
    /// The path.
    pub path: PathHash,
    /// `HTTP/2` and the like.
    pub protocol: &'static str,
    /// Bytes of the request's body that were taken in.
    pub received_bytes: u64,
    /// Bytes of the answer's body that were handed over to the connection.
    pub sent_bytes: u64,
    /// Whether that was all of it.
    pub is_whole: bool,
    /// From the request's head to the answer's.
    pub took: Duration,
    /// From the request's head to the end of the answer.
    pub lasted: Duration,
}

/// A path under a key that is thrown away: 64 bits, in hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PathHash(u64);

impl PathHash {
    /// The first bytes of a keyed hash. Nothing else may go in: it is printed.
    pub const fn new(bytes: [u8; 8]) -> Self {
        Self(u64::from_be_bytes(bytes))
    }
}

impl fmt::Display for PathHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

fn in_ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use wax_kernel::SeededRng;

    use super::*;
    use crate::log::{LogFormat, testing::log_of};

    #[test]
    fn a_request_in_the_log_is_its_id_method_template_status_and_duration() {
        let id = RequestId::random(&SeededRng::new(1));
        let log = log_of(LogFormat::Human, "info", || {
            RequestSpan::new(id, "POST").finish("/v1/secrets/claim", 200, Duration::from_millis(7));
        });
        let fields = [
            "method=\"POST\"",
            "route=\"/v1/secrets/claim\"",
            "status=200",
            "took_ms=7",
            "answered",
        ];
        assert!(fields.iter().all(|field| log.contains(field)), "{log}");
        assert!(log.contains(&id.to_string()), "{log}");
    }

    #[test]
    fn an_edge_tells_the_host_and_a_hash_of_the_path_beside() {
        let id = RequestId::random(&SeededRng::new(1));
        let log = log_of(LogFormat::Json, "info", || {
            RequestSpan::new(id, "GET").answered(&Access {
                route: "/s/{id}",
                status: 200,
                host: None,
                path: PathHash::new([0, 1, 2, 3, 4, 5, 6, 255]),
                protocol: "HTTP/2",
                received_bytes: 0,
                sent_bytes: 1_024,
                is_whole: true,
                took: Duration::from_millis(1),
                lasted: Duration::from_millis(20),
            });
        });
        let line: serde_json::Value = serde_json::from_str(&log).unwrap();
        assert_eq!((&line["route"], &line["host"]), (&"/s/{id}".into(), &"-".into()));
        assert_eq!(line["path"], "00010203040506ff");
        assert_eq!((&line["sent_bytes"], &line["lasted_ms"]), (&1_024.into(), &20.into()));
    }
}
