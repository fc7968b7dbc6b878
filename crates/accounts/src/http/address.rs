//! `POST /v1/account/address` and `/finish`

use axum::{Json as JsonAnswer, extract::State, http::StatusCode};
use wax_httpkit::{
    Json, Problem, ProblemResponses,
    auth::{SignedIn, SteppedUp},
};

use super::{
    answer::{Nothing, accepted},
    caller::member,
    sign_in::EmailBody,
    sign_up::TokenBody,
};
use crate::Accounts;

/// Mails a link to another address. The answer is the same for every address.
#[utoipa::path(
    post, path = "/v1/account/address", tag = "account", operation_id = "start_new_address",
    extensions(("x-permission" = json!("step-up"))),
    request_body = EmailBody, responses((status = 202, body = Nothing), ProblemResponses)
)]
pub(super) async fn start(
    State(accounts): State<Accounts>,
    SteppedUp(caller): SteppedUp,
    Json(body): Json<EmailBody>,
) -> Result<(StatusCode, JsonAnswer<Nothing>), Problem> {
    accounts.mail_new_address(&member(&caller), caller.session.account, &body.email).await?;
    Ok(accepted())
}

/// Takes the address that the token proves, and tells the old one.
#[utoipa::path(
    post, path = "/v1/account/address/finish", tag = "account", operation_id = "finish_new_address",
    extensions(("x-permission" = json!("account"))),
    request_body = TokenBody, responses((status = 200, body = Nothing), ProblemResponses)
)]
pub(super) async fn finish(
    State(accounts): State<Accounts>,
    caller: SignedIn,
    Json(body): Json<TokenBody>,
) -> Result<JsonAnswer<Nothing>, Problem> {
    let (account, token) = (caller.session.account, body.token.expose());
    accounts.finish_new_address(&member(&caller), account, token).await?;
    Ok(JsonAnswer(Nothing {}))
}
