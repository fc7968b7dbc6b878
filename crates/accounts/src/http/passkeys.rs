//! `/v1/account/passkeys…`

use axum::{
    Json as JsonAnswer,
    extract::{Path, State},
    http::StatusCode,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use wax_httpkit::{
    Code, Json, Problem, ProblemResponses,
    auth::{SignedIn, SteppedUp},
};
use wax_kernel::{PasskeyId, Redacted, Timestamp};
use wax_model::StoredPasskey;
use webauthn_rs::prelude::RegisterPublicKeyCredential;

use super::{caller::member, session::NoQuestion};
use crate::{
    Accounts,
    service::{Asked, Name},
};

/// A question to the browser's authenticator (W3C Web Authentication Level 3).
#[derive(Serialize, ToSchema)]
pub(super) struct CeremonyView {
    /// To be sent along with the answer, once, within 5 minutes, by the browser that asked.
    ceremony: String,
    /// For `PublicKeyCredential.parseCreationOptionsFromJSON` or `parseRequestOptionsFromJSON` (§5.1.8, §5.1.9).
    #[schema(value_type = Object)]
    options: Value,
}

impl From<Asked> for JsonAnswer<CeremonyView> {
    fn from(Asked { ceremony, options }: Asked) -> Self {
        Self(CeremonyView { ceremony: ceremony.expose().to_owned(), options })
    }
}

/// A passkey of the account.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PasskeyView {
    id: String,
    name: String,
    /// UTC milliseconds.
    created_at_ms: i64,
    /// UTC milliseconds. Absent: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used_at_ms: Option<i64>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PasskeysView {
    items: Vec<PasskeyView>,
}

/// Lists the account's passkeys, oldest first.
#[utoipa::path(
    get, path = "/v1/account/passkeys", tag = "account", operation_id = "list_passkeys",
    extensions(("x-permission" = json!("account"))),
    responses((status = 200, body = PasskeysView), ProblemResponses)
)]
pub(super) async fn list(
    State(accounts): State<Accounts>,
    caller: SignedIn,
) -> Result<JsonAnswer<PasskeysView>, Problem> {
    let passkeys = accounts.passkeys(caller.session.account).await?;
    Ok(JsonAnswer(PasskeysView { items: passkeys.into_iter().map(view).collect() }))
}

/// Asks the browser for a new passkey. An account has at most 20.
#[utoipa::path(
    post, path = "/v1/account/passkeys/start", tag = "account", operation_id = "start_passkey",
    extensions(("x-permission" = json!("step-up"))),
    request_body = NoQuestion, responses((status = 200, body = CeremonyView), ProblemResponses)
)]
pub(super) async fn start(
    State(accounts): State<Accounts>,
    SteppedUp(caller): SteppedUp,
    Json(NoQuestion {}): Json<NoQuestion>,
) -> Result<JsonAnswer<CeremonyView>, Problem> {
    Ok(accounts.start_passkey(&member(&caller), &caller.session).await?.into())
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPasskeyBody {
    #[schema(value_type = String)]
    ceremony: Redacted<String>,
    /// What the person calls it, 1 to 80 characters.
    name: String,
    /// `RegistrationResponseJSON` (§5.1.3).
    #[schema(value_type = Object)]
    credential: RegisterPublicKeyCredential,
}

/// Keeps the passkey that the browser has made. Refused as a conflict if somebody has this credential.
#[utoipa::path(
    post, path = "/v1/account/passkeys/finish", tag = "account", operation_id = "finish_passkey",
    extensions(("x-permission" = json!("account"))),
    request_body = NewPasskeyBody, responses((status = 200, body = PasskeyView), ProblemResponses)
)]
pub(super) async fn finish(
    State(accounts): State<Accounts>,
    caller: SignedIn,
    Json(body): Json<NewPasskeyBody>,
) -> Result<JsonAnswer<PasskeyView>, Problem> {
    let NewPasskeyBody { ceremony, name, credential } = body;
    let name = Name::parse("name", &name)?;
    let (member, session) = (member(&caller), &caller.session);
    let made =
        accounts.finish_passkey(&member, session, ceremony.expose(), name, &credential).await?;
    Ok(JsonAnswer(view(made)))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PasskeyNameBody {
    /// 1 to 80 characters.
    name: String,
}

/// Calls a passkey something else.
#[utoipa::path(
    patch, path = "/v1/account/passkeys/{passkey}", tag = "account", operation_id = "rename_passkey",
    extensions(("x-permission" = json!("account"))),
    params(("passkey" = String, Path)),
    request_body = PasskeyNameBody, responses((status = 200, body = PasskeyView), ProblemResponses)
)]
pub(super) async fn rename(
    State(accounts): State<Accounts>,
    caller: SignedIn,
    Path(passkey): Path<String>,
    Json(body): Json<PasskeyNameBody>,
) -> Result<JsonAnswer<PasskeyView>, Problem> {
    let (id, name) = (parse(&passkey)?, Name::parse("name", &body.name)?);
    Ok(JsonAnswer(view(accounts.rename_passkey(caller.session.account, id, name).await?)))
}

/// Removes a passkey. Refused for the last one of an account without a password.
#[utoipa::path(
    delete, path = "/v1/account/passkeys/{passkey}", tag = "account", operation_id = "delete_passkey",
    extensions(("x-permission" = json!("step-up"))),
    params(("passkey" = String, Path)),
    responses((status = 204), ProblemResponses)
)]
pub(super) async fn delete(
    State(accounts): State<Accounts>,
    SteppedUp(caller): SteppedUp,
    Path(passkey): Path<String>,
) -> Result<StatusCode, Problem> {
    let id = parse(&passkey)?;
    accounts.delete_passkey(&member(&caller), caller.session.account, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn parse(passkey: &str) -> Result<PasskeyId, Problem> {
    PasskeyId::parse(passkey).map_err(|_| Problem::new(Code::NotAvailable))
}

fn view(passkey: StoredPasskey) -> PasskeyView {
    PasskeyView {
        id: passkey.id.to_string(),
        name: passkey.name,
        created_at_ms: passkey.created_at.as_ms(),
        last_used_at_ms: passkey.last_used_at.map(Timestamp::as_ms),
    }
}
