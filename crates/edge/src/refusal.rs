//! What the edge itself answers when it will not pass a request on.

use std::time::Duration;

use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, StatusCode, header};
use wax_httpkit::{Code, Problem, method_not_allowed};
use wax_i18n::Lang;
use wax_kernel::RequestId;

/// A held host is looked at hourly.
const HELD_RETRY: Duration = Duration::from_hours(1);

/// A request that goes no further.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Refusal {
    answer: Answer,
    /// What the metric calls it.
    pub(crate) label: &'static str,
    /// Whether the rest of an HTTP/1.1 connection can still be trusted to hold requests.
    pub(crate) close: bool,
}

#[derive(Debug, Clone, PartialEq)]
enum Answer {
    Problem(Problem),
    /// The methods that are served.
    Allow(&'static str),
    /// For callers we owe no document, or no hint of whom they reached.
    Empty(StatusCode),
}

impl Refusal {
    /// Not a request as RFC 9110 and 9112 have it, or one that two servers could read differently.
    pub(crate) fn malformed() -> Self {
        Self::closing(Answer::Problem(Problem::new(Code::Malformed)), "malformed")
    }

    pub(crate) fn uri_too_long() -> Self {
        Self::closing(Answer::Empty(StatusCode::URI_TOO_LONG), "uri_too_long")
    }

    pub(crate) fn too_many_headers() -> Self {
        Self::closing(
            Answer::Empty(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE),
            "too_many_headers",
        )
    }

    /// A method that is never served here; the connection may be a tunnel now.
    pub(crate) fn method(allowed: &'static str) -> Self {
        Self::closing(Answer::Allow(allowed), "method")
    }

    /// The host is nobody's, as far as this connection is concerned.
    pub(crate) fn unknown_host() -> Self {
        Self::closing(Answer::Empty(StatusCode::NOT_FOUND), "unknown_host")
    }

    /// Nothing but pages moves from port 80 to https.
    pub(crate) fn needs_tls() -> Self {
        Self::closing(Answer::Empty(StatusCode::NOT_FOUND), "needs_tls")
    }

    /// The host is served under another certificate than this connection's.
    pub(crate) fn misdirected() -> Self {
        Self::closing(Answer::Problem(Problem::new(Code::Misdirected)), "misdirected")
    }

    /// The host's DNS names somebody else.
    pub(crate) fn held() -> Self {
        let problem = Problem::new(Code::DomainHeld).retry_after(HELD_RETRY);
        Self { answer: Answer::Problem(problem), label: "domain_held", close: false }
    }

    pub(crate) fn too_large(limit: usize) -> Self {
        Self::closing(Answer::Problem(Problem::too_large(limit)), "too_large")
    }

    pub(crate) fn body_timeout(limit: Duration) -> Self {
        Self::closing(Answer::Problem(Problem::timeout(limit)), "body_timeout")
    }

    pub(crate) fn rate_limited(wait: Duration) -> Self {
        let problem = Problem::new(Code::RateLimited).retry_after(wait);
        Self { answer: Answer::Problem(problem), label: "rate_limited", close: false }
    }

    /// Too much is being received already.
    pub(crate) fn busy() -> Self {
        let problem = Problem::new(Code::Unavailable).retry_after(Duration::from_secs(1));
        Self::closing(Answer::Problem(problem), "busy")
    }

    /// Whether the client may still be sending a body, and should be heard out before it is answered.
    pub(crate) fn leaves_body(&self) -> bool {
        self.label != "body_timeout"
    }

    fn closing(answer: Answer, label: &'static str) -> Self {
        Self { answer, label, close: true }
    }

    pub(crate) fn into_response(self, lang: Lang, id: RequestId) -> Response {
        let mut response = match self.answer {
            Answer::Problem(problem) => wax_httpkit::render(&problem, lang, Some(id)),
            Answer::Allow(methods) => {
                method_not_allowed(HeaderValue::from_static(methods), lang, Some(id))
            }
            Answer::Empty(status) => status.into_response(),
        };
        if self.close {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}
