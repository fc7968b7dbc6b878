//! The service's HTTP face: parse, call, view.

mod certificate;
mod check;
mod connect;
mod contest;
mod domains;
mod history;
mod names;
mod once;
mod order;
mod problem;
mod report;
mod settings;
mod view;

use axum::{
    Router,
    extract::{FromRef, Request},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
};
use http::{HeaderValue, header};
use utoipa::OpenApi as _;
use utoipa_axum::{router::OpenApiRouter, routes};
use wax_httpkit::{Code, Problem, auth::SharedAuthenticator, localize};
use wax_kernel::DomainId;

use crate::Domains;

#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "Waxseal", description = "Organizations' own domains: docs/domains.md."),
    components(schemas(wax_httpkit::ProblemDocument))
)]
struct Document;

#[derive(Clone)]
struct State {
    domains: Domains,
    authenticator: SharedAuthenticator,
}

impl FromRef<State> for Domains {
    fn from_ref(state: &State) -> Self {
        state.domains.clone()
    }
}

impl FromRef<State> for SharedAuthenticator {
    fn from_ref(state: &State) -> Self {
        Self::clone(&state.authenticator)
    }
}

fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(domains::list, domains::add))
        .routes(routes!(domains::one, domains::remove))
        .routes(routes!(check::check))
        .routes(routes!(history::list))
        .routes(routes!(settings::change))
        .routes(routes!(certificate::bring, certificate::take_back))
        .routes(routes!(contest::answer))
        .routes(routes!(connect::connect))
        .routes(routes!(order::order))
}

/// What is known of a domain changes while somebody waits for it.
async fn unkept(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let kept = HeaderValue::from_static("no-store");
    response.headers_mut().insert(header::CACHE_CONTROL, kept);
    response
}

/// The service's routes, below `/v1/organizations/{organization}/domains` on the platform's host. Every answer that is an
/// error is a problem document in the caller's language.
pub fn router(domains: Domains, authenticator: SharedAuthenticator) -> Router {
    let (router, _) = routes().split_for_parts();
    router
        .fallback(|| async { Problem::new(Code::NotAvailable).into_response() })
        .method_not_allowed_fallback(|| async { Problem::new(Code::Method) })
        .layer(middleware::from_fn(unkept))
        .layer(middleware::from_fn(localize))
        .with_state(State { domains, authenticator })
}

/// The OpenAPI 3.1 document of the routes.
pub fn openapi() -> utoipa::openapi::OpenApi {
    let (_, document) = routes().split_for_parts();
    document
}

/// A path's domain. What is no id names nothing.
fn id(text: &str) -> Result<DomainId, Problem> {
    DomainId::parse(text).map_err(|_| Problem::new(Code::NotAvailable))
}
