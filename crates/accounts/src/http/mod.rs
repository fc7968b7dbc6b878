//! The service's HTTP face: parse, call, view.

mod account;
mod address;
mod answer;
mod audit;
mod caller;
mod csv;
mod deletion;
mod device_login;
mod events;
mod export;
mod invitations;
mod keys;
mod members;
mod names;
mod notices;
mod once;
mod organizations;
mod own_key;
mod passkey_proofs;
mod passkeys;
mod problem;
mod second_factor;
mod session;
mod sessions;
mod sign_in;
mod sign_up;
mod step_up;
mod unsubscribe;

use std::sync::Arc;

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

pub use self::unsubscribe::unsubscribe_router;
use crate::Accounts;

#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "Waxseal", description = "Members of organizations: docs/accounts.md."),
    components(schemas(wax_httpkit::ProblemDocument))
)]
struct Document;

#[derive(Clone)]
struct State {
    accounts: Accounts,
    authenticator: SharedAuthenticator,
}

impl FromRef<State> for Accounts {
    fn from_ref(state: &State) -> Self {
        state.accounts.clone()
    }
}

impl FromRef<State> for SharedAuthenticator {
    fn from_ref(state: &State) -> Self {
        Arc::clone(&state.authenticator)
    }
}

fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::with_openapi(Document::openapi())
        .merge(signing_in())
        .merge(the_account())
        .merge(the_organization())
}

/// What nobody needs a session for.
fn signing_in() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(session::session))
        .routes(routes!(session::sign_out))
        .routes(routes!(sign_up::sign_up))
        .routes(routes!(sign_up::verify))
        .routes(routes!(sign_in::password))
        .routes(routes!(sign_in::second_factor))
        .routes(routes!(passkey_proofs::start_sign_in))
        .routes(routes!(passkey_proofs::finish_sign_in))
        .routes(routes!(sign_in::mail_link))
        .routes(routes!(sign_in::finish_link))
        .routes(routes!(sign_in::mail_reset))
        .routes(routes!(sign_in::finish_reset))
        .routes(routes!(device_login::start))
        .routes(routes!(device_login::poll))
}

/// What a person sees and changes of themselves.
fn the_account() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(account::account, account::change, account::delete))
        .routes(routes!(account::set_password))
        .routes(routes!(notices::show, notices::change))
        .routes(routes!(step_up::step_up))
        .routes(routes!(passkey_proofs::start_step_up))
        .routes(routes!(passkey_proofs::finish_step_up))
        .routes(routes!(passkeys::list))
        .routes(routes!(passkeys::start))
        .routes(routes!(passkeys::finish))
        .routes(routes!(passkeys::rename, passkeys::delete))
        .routes(routes!(address::start))
        .routes(routes!(address::finish))
        .routes(routes!(second_factor::start))
        .routes(routes!(second_factor::finish))
        .routes(routes!(second_factor::disable))
        .routes(routes!(second_factor::recovery_codes))
        .routes(routes!(sessions::list, sessions::end_others))
        .routes(routes!(sessions::end))
        .routes(routes!(device_login::look))
        .routes(routes!(device_login::decide))
        .routes(routes!(events::list))
}

/// What members and keys see and do in an organization.
fn the_organization() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(organizations::found))
        .routes(routes!(organizations::organization, organizations::rename))
        .routes(routes!(organizations::transfer))
        .routes(routes!(export::export))
        .routes(routes!(deletion::schedule, deletion::cancel))
        .routes(routes!(members::list))
        .routes(routes!(members::change, members::remove))
        .routes(routes!(invitations::list, invitations::invite))
        .routes(routes!(invitations::withdraw))
        .routes(routes!(invitations::resend))
        .routes(routes!(invitations::look))
        .routes(routes!(invitations::accept))
        .routes(routes!(invitations::sign_up))
        .routes(routes!(keys::list, keys::make))
        .routes(routes!(keys::change, keys::revoke))
        .routes(routes!(keys::rotate))
        .routes(routes!(own_key::own_key))
        .routes(routes!(audit::list))
        .routes(routes!(audit::export))
}

/// Whoever keeps an answer of ours keeps somebody's account.
async fn unkept(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let kept = HeaderValue::from_static("no-store");
    response.headers_mut().insert(header::CACHE_CONTROL, kept);
    response
}

/// The service's routes. Every answer that is an error is a problem document in the caller's language.
pub fn router(accounts: Accounts) -> Router {
    let (router, _) = routes().split_for_parts();
    let authenticator: SharedAuthenticator = Arc::new(accounts.clone());
    router
        .fallback(|| async { Problem::new(Code::NotAvailable).into_response() })
        .method_not_allowed_fallback(|| async { Problem::new(Code::Method) })
        .layer(middleware::from_fn(unkept))
        .layer(middleware::from_fn(localize))
        .with_state(State { accounts, authenticator })
}

/// The OpenAPI 3.1 document of the routes. `x-permission` says who may: `nobody` (no session is needed), `account` (any
/// session), `step-up` (a session that was proven lately), `key` (any key), or a permission of docs/accounts.md §2.
pub fn openapi() -> utoipa::openapi::OpenApi {
    let (_, document) = routes().split_for_parts();
    document
}

#[cfg(test)]
mod tests;
