//! Services, whoever asks them: an edge in this process, or one on another machine.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::{MatchedPath, Request},
    middleware::{Next, from_fn},
    response::Response,
};
use http::{HeaderName, HeaderValue, Method, header};
use tower::ServiceExt as _;

use crate::{Code, Problem, RequestContext, language, method_not_allowed, render};

/// Carries the signed context from an edge to services in another process. Edges take it off what clients send, as they
/// do with every name that starts like this.
pub const CONTEXT_HEADER: HeaderName = HeaderName::from_static("x-waxseal-context");

/// Carries a [`RouteTemplate`] back. Edges take it off before they answer.
pub const ROUTE_HEADER: HeaderName = HeaderName::from_static("x-waxseal-route");

/// The template of the route that answered, such as `/v1/things/{name}`: what logs and metrics may say. A response
/// extension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteTemplate(pub Arc<str>);

/// The services of this process. Clones are the same ones.
#[derive(Debug, Clone)]
pub struct Services(Router);

impl Services {
    /// Takes the services' routers, merged.
    pub fn new(routers: Router) -> Self {
        let routers = routers
            .route_layer(from_fn(name_route))
            .fallback(|| async { Problem::new(Code::NotAvailable) })
            .method_not_allowed_fallback(|| async { Problem::new(Code::Method) });
        Self(routers)
    }

    /// Answers a request that carries its [`RequestContext`]. Every problem has become a document.
    pub async fn answer(&self, request: http::Request<Body>) -> Response {
        let lang = language(request.headers());
        let id = request.extensions().get::<RequestContext>().map(|context| context.request_id);
        let Ok(mut response) = self.0.clone().oneshot(request).await;
        match response.extensions_mut().remove::<Problem>() {
            None => response,
            Some(problem) if problem.code() == Code::Method => {
                let allow = response.headers_mut().remove(header::ALLOW);
                method_not_allowed(allow.unwrap_or(HeaderValue::from_static("")), lang, id)
            }
            Some(problem) => render(&problem, lang, id),
        }
    }
}

/// Leaves the template of the matched route with the response.
async fn name_route(request: Request, next: Next) -> Response {
    let template = request.extensions().get::<MatchedPath>().cloned();
    let mut response = next.run(request).await;
    if let Some(template) = template {
        response.extensions_mut().insert(RouteTemplate(template.as_str().into()));
    }
    response
}

/// A fixed word for logs and metrics: clients may invent methods.
pub fn method_name(method: &Method) -> &'static str {
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
        .into_iter()
        .find(|name| *name == method.as_str())
        .unwrap_or("OTHER")
}
