//! The service's HTTP face: parse, call, view.

mod billing;
mod buying;
mod changing;
mod invoices;
mod names;
mod problem;
mod stripe;
mod usage;
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

use crate::Billing;

#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "Waxseal", description = "What organizations pay for: docs/billing.md."),
    components(schemas(wax_httpkit::ProblemDocument))
)]
struct Document;

#[derive(Clone)]
struct State {
    billing: Billing,
    authenticator: SharedAuthenticator,
}

impl FromRef<State> for Billing {
    fn from_ref(state: &State) -> Self {
        state.billing.clone()
    }
}

impl FromRef<State> for SharedAuthenticator {
    fn from_ref(state: &State) -> Self {
        Self::clone(&state.authenticator)
    }
}

fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(billing::billing))
        .routes(routes!(billing::refresh))
        .routes(routes!(buying::checkout))
        .routes(routes!(buying::portal))
        .routes(routes!(changing::preview))
        .routes(routes!(changing::change))
        .routes(routes!(changing::cancel))
        .routes(routes!(changing::resume))
        .routes(routes!(invoices::invoices))
        .routes(routes!(usage::usage))
        .routes(routes!(usage::csv))
        .routes(routes!(stripe::hear))
}

/// What is known of payments changes while somebody waits for it.
async fn unkept(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let kept = HeaderValue::from_static("no-store");
    response.headers_mut().insert(header::CACHE_CONTROL, kept);
    response
}

/// The service's routes on the platform's host: below `/v1/organizations/{organization}/billing` and `…/usage`, and
/// `/v1/billing/stripe`. Every answer that is an error is a problem document in the caller's language.
pub fn router(billing: Billing, authenticator: SharedAuthenticator) -> Router {
    let (router, _) = routes().split_for_parts();
    router
        .fallback(|| async { Problem::new(Code::NotAvailable).into_response() })
        .method_not_allowed_fallback(|| async { Problem::new(Code::Method) })
        .layer(middleware::from_fn(unkept))
        .layer(middleware::from_fn(localize))
        .with_state(State { billing, authenticator })
}

/// The OpenAPI 3.1 document of the routes.
pub fn openapi() -> utoipa::openapi::OpenApi {
    let (_, document) = routes().split_for_parts();
    document
}
