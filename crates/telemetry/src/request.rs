//! What the log says about one request.

use std::time::Duration;

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

    /// Writes the request's one line. `route` is the template, such as `/s/{id}`.
    pub fn finish(&self, route: &str, status: u16, took: Duration) {
        let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        self.0.in_scope(|| tracing::info!(route, status, took_ms, "answered"));
    }
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
}
