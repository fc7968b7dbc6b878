//! One request, from an edge's connection to the service and back.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{body::Body, response::Response};
use bytes::Bytes;
use futures_util::StreamExt as _;
use http::{HeaderValue, Request, Uri, header, request::Parts};
use http_body::Body as _;
use http_body_util::{BodyExt as _, Limited};
use tokio::time::timeout;
use tracing::Instrument as _;
use wax_crypto::{ContextError, ContextTarget, context_key_id};
use wax_httpkit::{
    CONTEXT_HEADER, Code, Context, Problem, ROUTE_HEADER, RouteTemplate, Services, language,
    method_name, render,
};
use wax_kernel::Clock;
use wax_telemetry::{Counter, Metrics, RequestSpan, Tasks};

use crate::{
    EdgeKeys,
    keys::{KeyError, KnownKeys},
};

/// More than any service takes: the edge has its own, smaller limits for every route.
const MAX_BODY: usize = 8 * 1024 * 1024;
/// Edges send a body at once, because they have it whole. Who does not has died.
const BODY_WITHIN: Duration = Duration::from_secs(10);

/// What every connection uses.
#[derive(Debug)]
pub(crate) struct Door {
    services: Services,
    keys: KnownKeys,
    clock: Arc<dyn Clock>,
    answered: Counter,
    refused: Counter,
    pub(crate) tasks: Tasks,
}

/// Why a request goes no further.
enum Refused {
    Context(ContextError),
    /// The store could not be asked whose key it is.
    Keys(wax_store::StoreError),
    /// It ended before it was whole.
    Body,
}

impl Door {
    pub(crate) fn new(
        services: Services,
        keys: Arc<dyn EdgeKeys>,
        clock: Arc<dyn Clock>,
        metrics: &Metrics,
    ) -> Self {
        Self {
            services,
            keys: KnownKeys::new(keys, Arc::clone(&clock)),
            clock,
            answered: metrics.counter(
                "waxseal_services_requests_total",
                "Requests of edges in other processes, by route template.",
                &["route", "method", "status"],
            ),
            refused: metrics.counter(
                "waxseal_services_refused_total",
                "Requests that came without a valid context, or not whole.",
                &["reason"],
            ),
            tasks: Tasks::new(),
        }
    }

    /// Answers one request.
    pub(crate) async fn answer<B>(&self, request: Request<B>) -> Response
    where
        B: http_body::Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>>
            + Send,
    {
        let lang = language(request.headers());
        let (mut parts, body) = request.into_parts();
        match self.receive(&mut parts, body).await {
            Ok((context, body)) => self.ask(parts, context, body).await,
            Err(refused) => {
                self.tell(&refused);
                // Nothing was done, and the next try may come with a context that is in order. No stranger learns why.
                render(&Problem::new(Code::Unavailable), lang, None)
            }
        }
    }

    /// Verifies the context before it reads a byte of the body.
    async fn receive<B>(&self, parts: &mut Parts, body: B) -> Result<(Context, Bytes), Refused>
    where
        B: http_body::Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>>,
    {
        let context = self.verify(parts).await?;
        let body = timeout(BODY_WITHIN, Limited::new(body, MAX_BODY).collect()).await;
        let body = body.map_err(|_| Refused::Body)?.map_err(|_| Refused::Body)?;
        Ok((context, body.to_bytes()))
    }

    /// Takes the context off the request, and gives the request the form that services know.
    async fn verify(&self, parts: &mut Parts) -> Result<Context, Refused> {
        let token = parts.headers.remove(CONTEXT_HEADER).ok_or(ContextError::Missing)?;
        let token = token.to_str().map_err(|_| ContextError::Malformed)?;
        let key = self.keys.find(context_key_id(token)?).await?;
        let authority = parts.uri.authority().ok_or(ContextError::Host)?.as_str().to_owned();
        let path_and_query = parts.uri.path_and_query().ok_or(ContextError::Path)?.clone();
        let target = ContextTarget {
            method: parts.method.as_str(),
            authority: &authority,
            path_and_query: path_and_query.as_str(),
        };
        let claims = key.verify(token, target, self.clock.now())?;
        parts.uri = Uri::from(path_and_query);
        let host = HeaderValue::try_from(authority).map_err(|_| ContextError::Host)?;
        parts.headers.insert(header::HOST, host);
        Ok(Context::signed(claims))
    }

    /// Runs the service as a task of its own: an edge that goes away does not interrupt work half-way.
    async fn ask(&self, mut parts: Parts, context: Context, body: Bytes) -> Response {
        let began = Instant::now();
        let (lang, id, method) =
            (language(&parts.headers), context.request_id(), method_name(&parts.method));
        let span = RequestSpan::new(id, method);
        parts.extensions = context.into_extensions();
        let request = Request::from_parts(parts, Body::from(body));
        let services = self.services.clone();
        let task = span.span().in_scope(|| {
            self.tasks.spawn("request", async move { services.answer(request).await })
        });
        let mut response = match task.instrument(span.span().clone()).await {
            Ok(Some(response)) => response,
            // Dropped where it stood, because the time for stopping was up.
            Ok(None) => render(&Problem::new(Code::NoAnswer), lang, Some(id)),
            Err(_) => render(&Problem::new(Code::Internal), lang, Some(id)),
        };
        let template = response.extensions_mut().remove::<RouteTemplate>();
        let route = template.as_ref().map_or("(none)", |template| &*template.0);
        self.answered.add(&[route, method, response.status().as_str()], 1);
        span.finish(route, response.status().as_u16(), began.elapsed());
        if let Ok(route) = HeaderValue::try_from(route) {
            response.headers_mut().insert(ROUTE_HEADER, route);
        }
        self.until_stopped(response)
    }

    /// An answer without a length is a stream, which may end after any piece; its reader asks again. When the server
    /// stops, it does.
    fn until_stopped(&self, response: Response) -> Response {
        let stopping = self.tasks.stopping();
        response.map(|body| {
            if body.size_hint().exact().is_some() {
                return body;
            }
            let pieces = body.into_data_stream().take_until(stopping.cancelled_owned());
            Body::from_stream(pieces)
        })
    }

    fn tell(&self, refused: &Refused) {
        let reason = match refused {
            Refused::Context(reason) => {
                tracing::warn!(%reason, "refused a request at the services' door");
                reason.label()
            }
            Refused::Keys(error) => {
                tracing::warn!(%error, "the edges' keys cannot be read");
                "keys"
            }
            Refused::Body => {
                tracing::info!("an edge did not send the whole request");
                "body"
            }
        };
        self.refused.add(&[reason], 1);
    }
}

impl From<ContextError> for Refused {
    fn from(error: ContextError) -> Self {
        Self::Context(error)
    }
}

impl From<KeyError> for Refused {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Context(error) => Self::Context(error),
            KeyError::Store(error) => Self::Keys(error),
        }
    }
}
