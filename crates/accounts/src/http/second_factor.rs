//! `/v1/account/totp…` and `/v1/account/recovery-codes`

use axum::{Json as JsonAnswer, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wax_httpkit::{
    Json, Problem, ProblemResponses,
    auth::{SignedIn, SteppedUp},
};
use wax_kernel::Redacted;

use super::{caller::member, session::NoQuestion};
use crate::Accounts;

#[derive(Serialize, ToSchema)]
pub(super) struct TotpKeyView {
    /// For typing into an app: base32.
    secret: String,
    /// For a QR code: `otpauth://totp/…`.
    uri: String,
}

/// Shows a key for an authenticator app, once. It counts from its first code on.
#[utoipa::path(
    post, path = "/v1/account/totp/start", tag = "account", operation_id = "start_totp",
    extensions(("x-permission" = json!("step-up"))),
    request_body = NoQuestion, responses((status = 200, body = TotpKeyView), ProblemResponses)
)]
pub(super) async fn start(
    State(accounts): State<Accounts>,
    SteppedUp(caller): SteppedUp,
    Json(NoQuestion {}): Json<NoQuestion>,
) -> Result<JsonAnswer<TotpKeyView>, Problem> {
    let (key, uri) = accounts.start_totp(caller.session.account).await?;
    Ok(JsonAnswer(TotpKeyView { secret: key.to_base32(), uri }))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CodeBody {
    /// Six digits.
    #[schema(value_type = String)]
    code: Redacted<String>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct RecoveryCodesView {
    /// Ten, each for once. They are shown this once.
    recovery_codes: Vec<String>,
}

/// Turns the second factor on.
#[utoipa::path(
    post, path = "/v1/account/totp/finish", tag = "account", operation_id = "finish_totp",
    extensions(("x-permission" = json!("account"))),
    request_body = CodeBody, responses((status = 200, body = RecoveryCodesView), ProblemResponses)
)]
pub(super) async fn finish(
    State(accounts): State<Accounts>,
    caller: SignedIn,
    Json(body): Json<CodeBody>,
) -> Result<JsonAnswer<RecoveryCodesView>, Problem> {
    let account = caller.session.account;
    let recovery_codes = accounts.finish_totp(&member(&caller), account, &body.code).await?;
    Ok(JsonAnswer(RecoveryCodesView { recovery_codes }))
}

/// Turns the second factor off.
#[utoipa::path(
    delete, path = "/v1/account/totp", tag = "account", operation_id = "disable_totp",
    extensions(("x-permission" = json!("step-up"))),
    responses((status = 204), ProblemResponses)
)]
pub(super) async fn disable(
    State(accounts): State<Accounts>,
    SteppedUp(caller): SteppedUp,
) -> Result<StatusCode, Problem> {
    accounts.disable_totp(&member(&caller), caller.session.account).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes new recovery codes; the old ones end.
#[utoipa::path(
    post, path = "/v1/account/recovery-codes", tag = "account", operation_id = "new_recovery_codes",
    extensions(("x-permission" = json!("step-up"))),
    request_body = NoQuestion, responses((status = 200, body = RecoveryCodesView), ProblemResponses)
)]
pub(super) async fn recovery_codes(
    State(accounts): State<Accounts>,
    SteppedUp(caller): SteppedUp,
    Json(NoQuestion {}): Json<NoQuestion>,
) -> Result<JsonAnswer<RecoveryCodesView>, Problem> {
    let account = caller.session.account;
    let recovery_codes = accounts.new_recovery_codes(&member(&caller), account).await?;
    Ok(JsonAnswer(RecoveryCodesView { recovery_codes }))
}
