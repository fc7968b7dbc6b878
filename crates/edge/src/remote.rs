//! Services in other processes, over HTTP/2.
//!
//! A request goes to one of several endpoints, in turn. It goes to another one only when it was certainly not looked at:
//! no connection, or a node that said so. When the answer is lost afterwards, nobody here knows whether the work was
//! done: the client is told exactly that, and recovers by the protocol's own means (ADR 0012).

mod endpoint;
mod place;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwapOption;
use axum::{
    body::Body,
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use http::{HeaderValue, Request, Uri, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use wax_crypto::{ContextKey, ContextTarget};
use wax_httpkit::{CONTEXT_HEADER, Code, Context, Problem, ROUTE_HEADER, RouteTemplate};
use wax_kernel::Clock;
use wax_telemetry::{Counter, Metrics, Tasks};

use self::endpoint::{Endpoint, Failure};
pub use self::place::Place;

/// How soon a client may ask again when no endpoint can be reached.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// How often each endpoint is tried for one request: a connection that was told to go elsewhere is worth a second one.
const ROUNDS: usize = 2;

/// The key that signs what this edge has verified. Clones are the same handle: a job renews it, requests use it.
#[derive(Clone, Default)]
pub struct Signing(Arc<ArcSwapOption<ContextKey>>);

impl Signing {
    /// Signs with this key from now on. It must be registered already.
    pub fn set(&self, key: ContextKey) {
        self.0.store(Some(Arc::new(key)));
    }
}

impl fmt::Debug for Signing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signing")
    }
}

/// What it takes to ask services in other processes.
#[derive(Debug)]
pub struct RemoteParts {
    /// Where they are. Any of them can answer any request.
    pub places: Vec<Place>,
    /// What proves to them that this edge has verified a request.
    pub signing: Signing,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where it counts.
    pub metrics: Metrics,
}

/// Services in other processes. Clones are the same connections.
#[derive(Debug, Clone)]
pub struct Remote(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    endpoints: Vec<Endpoint>,
    /// Whose turn it is.
    next: AtomicUsize,
    signing: Signing,
    clock: Arc<dyn Clock>,
    sent: Counter,
    /// The connections. Apart from the edge's requests, which a drain waits for.
    tasks: Tasks,
}

impl Remote {
    /// Connects to nothing yet: that happens with the first request, and again whenever it is needed.
    pub fn new(parts: RemoteParts) -> Self {
        let tasks = Tasks::new();
        let endpoints =
            parts.places.into_iter().map(|place| Endpoint::new(place, tasks.clone())).collect();
        let sent = parts.metrics.counter(
            "waxseal_upstream_requests_total",
            "Requests sent to services in other processes, by what became of them there.",
            &["outcome"],
        );
        let next = AtomicUsize::new(0);
        let (signing, clock) = (parts.signing, parts.clock);
        Self(Arc::new(Inner { endpoints, next, signing, clock, sent, tasks }))
    }

    /// Asks one endpoint, or the next if the request was certainly not looked at.
    pub(crate) async fn call(&self, request: Request<Body>) -> Response {
        let unavailable =
            || Problem::new(Code::Unavailable).retry_after(RETRY_AFTER).into_response();
        let Some(request) = self.signed(request).await else { return unavailable() };
        for endpoint in self.in_turn() {
            match endpoint.send(request.clone()).await {
                Ok(response) => {
                    self.count("answered");
                    return received(response);
                }
                Err(Failure::Unsent(reason)) => {
                    self.count("unsent");
                    tracing::info!(%endpoint, reason, "services were not reached there");
                }
                Err(Failure::Lost(reason)) => {
                    self.count("lost");
                    tracing::warn!(%endpoint, reason, "an answer was lost on the way");
                    return Problem::new(Code::NoAnswer).into_response();
                }
            }
        }
        unavailable()
    }

    /// Ends every connection.
    pub(crate) async fn close(&self) {
        self.0.tasks.shut_down(Duration::from_secs(1)).await;
    }

    /// Those that are known to be down come last: they are tried only when nobody else can be reached.
    fn in_turn(&self) -> impl Iterator<Item = &Endpoint> {
        let endpoints = &self.0.endpoints;
        let first = self.0.next.fetch_add(1, Ordering::Relaxed) % endpoints.len().max(1);
        let mut turn: Vec<_> = endpoints[first..].iter().chain(&endpoints[..first]).collect();
        turn.sort_by_key(|endpoint| endpoint.is_down());
        let length = turn.len();
        turn.into_iter().cycle().take(length * ROUNDS)
    }

    /// The request as it travels: whole, with its context signed. `None` if there is nothing to sign it with.
    async fn signed(&self, request: Request<Body>) -> Option<Request<Full<Bytes>>> {
        let (mut parts, body) = request.into_parts();
        let body = body.collect().await.ok()?.to_bytes();
        let context = Context::of(&parts.extensions)?;
        let Some(key) = self.0.signing.0.load_full() else {
            tracing::error!("there is no key yet to sign contexts with");
            return None;
        };
        let (origin, authority) = (context.origin(), context.origin().authority());
        let path_and_query = parts.uri.path_and_query()?.as_str();
        let target =
            ContextTarget { method: parts.method.as_str(), authority: &authority, path_and_query };
        let token = key.sign(&context.claims(), target, self.0.clock.now());
        let scheme = if origin.is_tls() { "https" } else { "http" };
        parts.uri = Uri::builder()
            .scheme(scheme)
            .authority(authority)
            .path_and_query(path_and_query)
            .build()
            .ok()?;
        parts.headers.remove(header::HOST);
        let mut token = HeaderValue::try_from(token).ok()?;
        token.set_sensitive(true);
        parts.headers.insert(CONTEXT_HEADER, token);
        parts.version = http::Version::HTTP_2;
        parts.extensions = http::Extensions::new();
        Some(Request::from_parts(parts, Full::new(body)))
    }

    fn count(&self, outcome: &str) {
        self.0.sent.add(&[outcome], 1);
    }
}

/// The answer as the edge gives it on. Its body may go on for minutes.
fn received(response: http::Response<Incoming>) -> Response {
    let mut response = response.map(Body::new);
    if let Some(route) = response.headers_mut().remove(ROUTE_HEADER)
        && let Ok(route) = route.to_str()
    {
        let template = RouteTemplate(route.into());
        response.extensions_mut().insert(template);
    }
    response
}

#[cfg(test)]
mod tests;
