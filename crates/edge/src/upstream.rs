//! Who answers what the edge does not answer itself.

use axum::{
    Router,
    body::Body,
    extract::{MatchedPath, Request},
    middleware::{Next, from_fn},
    response::{IntoResponse as _, Response},
};
use tower::ServiceExt as _;
use wax_httpkit::{Code, Problem};
use wax_telemetry::Tasks;

/// Where requests for `/v1` go. Whatever it is, it gets the same request, with a `RequestContext` among its extensions.
#[derive(Debug, Clone)]
pub enum Upstream {
    /// Services in this process. Made by [`Upstream::local`].
    Local(Router),
}

impl Upstream {
    /// Services in this process: their routers, merged.
    pub fn local(services: Router) -> Self {
        let services = services
            .route_layer(from_fn(name_route))
            .fallback(|| async { Problem::new(Code::NotAvailable) })
            .method_not_allowed_fallback(|| async { Problem::new(Code::Method) });
        Self::Local(services)
    }

    /// Asks the services. Runs as a task of its own: a client that goes away does not interrupt work half-way, and a
    /// panic costs one answer.
    pub(crate) async fn call(&self, request: http::Request<Body>, tasks: &Tasks) -> Response {
        let answered = match self {
            Self::Local(services) => {
                tasks.spawn("request", services.clone().oneshot(request)).await
            }
        };
        match answered {
            Ok(Some(Ok(response))) => response,
            Ok(None) => Problem::new(Code::Unavailable).into_response(),
            Err(_) => Problem::new(Code::Internal).into_response(),
        }
    }
}

/// Leaves the template of the matched route with the response, for logs and metrics.
async fn name_route(request: Request, next: Next) -> Response {
    let template = request.extensions().get::<MatchedPath>().cloned();
    let mut response = next.run(request).await;
    if let Some(template) = template {
        response.extensions_mut().insert(template);
    }
    response
}
