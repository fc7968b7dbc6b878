//! `POST /v1/sign-in/passkey/…` and `/v1/account/step-up/passkey/…`

use axum::{Json as JsonAnswer, extract::State};
use serde::Deserialize;
use utoipa::ToSchema;
use wax_httpkit::{Json, Problem, ProblemResponses, auth::SignedIn};
use wax_kernel::Redacted;
use webauthn_rs::prelude::PublicKeyCredential;

use super::{
    caller::{Visitor, member},
    passkeys::CeremonyView,
    session::NoQuestion,
    sign_in::{SignInAnswer, SignInView, done},
    step_up::{SteppedUpView, stepped_up},
};
use crate::Accounts;

/// What the browser's authenticator has answered.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PasskeyProofBody {
    #[schema(value_type = String)]
    ceremony: Redacted<String>,
    /// `AuthenticationResponseJSON` (W3C Web Authentication Level 3 §5.1.4).
    #[schema(value_type = Object)]
    credential: PublicKeyCredential,
}

/// Asks the browser for any passkey of this server: no address is asked for, and none is named.
#[utoipa::path(
    post, path = "/v1/sign-in/passkey/start", tag = "sign-in", operation_id = "start_passkey_sign_in",
    extensions(("x-permission" = json!("nobody"))),
    request_body = NoQuestion, responses((status = 200, body = CeremonyView), ProblemResponses)
)]
pub(super) async fn start_sign_in(
    State(accounts): State<Accounts>,
    Visitor { caller, .. }: Visitor,
    Json(NoQuestion {}): Json<NoQuestion>,
) -> Result<JsonAnswer<CeremonyView>, Problem> {
    Ok(accounts.start_passkey_sign_in(&caller).await?.into())
}

/// Signs in by a passkey, which is both factors. Whatever is wrong with it, the answer is the same.
#[utoipa::path(
    post, path = "/v1/sign-in/passkey/finish", tag = "sign-in", operation_id = "finish_passkey_sign_in",
    extensions(("x-permission" = json!("nobody"))),
    request_body = PasskeyProofBody, responses((status = 200, body = SignInView), ProblemResponses)
)]
pub(super) async fn finish_sign_in(
    State(accounts): State<Accounts>,
    Visitor { caller, .. }: Visitor,
    Json(body): Json<PasskeyProofBody>,
) -> Result<SignInAnswer, Problem> {
    let PasskeyProofBody { ceremony, credential } = body;
    let session = accounts.finish_passkey_sign_in(&caller, ceremony.expose(), &credential).await?;
    Ok(done(None).session(&session))
}

/// Asks the browser for one of the account's passkeys.
#[utoipa::path(
    post, path = "/v1/account/step-up/passkey/start", tag = "account", operation_id = "start_passkey_step_up",
    extensions(("x-permission" = json!("account"))),
    request_body = NoQuestion, responses((status = 200, body = CeremonyView), ProblemResponses)
)]
pub(super) async fn start_step_up(
    State(accounts): State<Accounts>,
    caller: SignedIn,
    Json(NoQuestion {}): Json<NoQuestion>,
) -> Result<JsonAnswer<CeremonyView>, Problem> {
    Ok(accounts.start_passkey_step_up(&member(&caller), &caller.session).await?.into())
}

/// Proves the person again by a passkey, for 10 minutes of dangerous acts.
#[utoipa::path(
    post, path = "/v1/account/step-up/passkey/finish", tag = "account", operation_id = "finish_passkey_step_up",
    extensions(("x-permission" = json!("account"))),
    request_body = PasskeyProofBody, responses((status = 200, body = SteppedUpView), ProblemResponses)
)]
pub(super) async fn finish_step_up(
    State(accounts): State<Accounts>,
    caller: SignedIn,
    Json(body): Json<PasskeyProofBody>,
) -> Result<JsonAnswer<SteppedUpView>, Problem> {
    let PasskeyProofBody { ceremony, credential } = body;
    let (member, session) = (member(&caller), &caller.session);
    let until =
        accounts.finish_passkey_step_up(&member, session, ceremony.expose(), &credential).await?;
    Ok(stepped_up(until))
}
