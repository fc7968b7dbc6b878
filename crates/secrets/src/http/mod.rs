//! The service's HTTP face: parse, call, view. One file per route, or per pair that share their shapes.

mod ack;
mod bytes;
mod channel;
mod claim;
mod create;
mod creator;
mod handover;
mod live;
mod open;
mod organization;
mod peek;
mod problem;
mod receipt;
mod signed;
mod status;
mod view;

use axum::{
    Router,
    extract::{FromRef, Request},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
};
use utoipa::OpenApi as _;
use utoipa_axum::{router::OpenApiRouter, routes};
use wax_httpkit::{Code, Problem, auth::SharedAuthenticator, localize};

use crate::Secrets;

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Waxseal",
        description = "One-time secrets under your own seal. The bytes: docs/protocol.md."
    ),
    components(schemas(wax_httpkit::ProblemDocument))
)]
struct Document;

#[derive(Clone)]
struct State {
    secrets: Secrets,
    streams: status::Streams,
    authenticator: SharedAuthenticator,
}

impl FromRef<State> for SharedAuthenticator {
    fn from_ref(state: &State) -> Self {
        Self::clone(&state.authenticator)
    }
}

impl FromRef<State> for Secrets {
    fn from_ref(state: &State) -> Self {
        state.secrets.clone()
    }
}

impl FromRef<State> for status::Streams {
    fn from_ref(state: &State) -> Self {
        state.streams.clone()
    }
}

fn strangers_routes() -> OpenApiRouter<State> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(channel::channel))
        .routes(routes!(create::create))
        .routes(routes!(peek::peek))
        .routes(routes!(claim::claim))
        .routes(routes!(claim::recover))
        .routes(routes!(ack::heartbeat))
        .routes(routes!(ack::ack))
        .routes(routes!(open::open))
        .routes(routes!(handover::ask))
        .routes(routes!(handover::give))
        .routes(routes!(receipt::receipt))
        .routes(routes!(status::status))
        .routes(routes!(receipt::burn))
        .routes(routes!(receipt::unlock))
}

fn members_routes() -> OpenApiRouter<State> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(organization::list, organization::create))
        .routes(routes!(live::live))
        .routes(routes!(organization::burn))
}

/// A query is covered by no signature and read by no route; whoever sends one means something that will not happen.
async fn without_query(request: Request, next: Next) -> Response {
    if request.uri().query().is_some() {
        return Problem::new(Code::Malformed).into_response();
    }
    next.run(request).await
}

/// The service's routes on tenants' hosts. Every answer that is an error is a problem document in the caller's language.
pub fn router(secrets: Secrets, authenticator: SharedAuthenticator) -> Router {
    let (router, _) = strangers_routes().split_for_parts();
    let state = State { secrets, streams: status::Streams::default(), authenticator };
    router
        .fallback(|| async { Problem::new(Code::NotAvailable).into_response() })
        .method_not_allowed_fallback(|| async {
            Problem::new(Code::Method).with("allowed", "POST")
        })
        .layer(middleware::from_fn(without_query))
        .layer(middleware::from_fn(localize))
        .layer(middleware::from_fn_with_state(state.clone(), channel::open_and_seal))
        .with_state(state)
}

/// The service's routes for members and keys, below `/v1/organizations/{organization}/secrets` on the platform's host.
pub fn members_router(secrets: Secrets, authenticator: SharedAuthenticator) -> Router {
    let (router, _) = members_routes().split_for_parts();
    let state = State { secrets, streams: status::Streams::default(), authenticator };
    router
        .fallback(|| async { Problem::new(Code::NotAvailable).into_response() })
        .method_not_allowed_fallback(|| async { Problem::new(Code::Method) })
        .layer(middleware::from_fn(localize))
        .with_state(state)
}

/// The OpenAPI 3.1 document of the routes on both kinds of host.
pub fn openapi() -> utoipa::openapi::OpenApi {
    let (_, mut document) = strangers_routes().split_for_parts();
    channel::describe(&mut document);
    let (_, members) = members_routes().split_for_parts();
    document.merge(members);
    document
}
