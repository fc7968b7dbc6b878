//! `/v1/account/notices`: what a notice's own link does, for who is signed in.

use axum::{Json as JsonAnswer, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wax_httpkit::{Json, Problem, ProblemResponses, auth::SignedIn};

use crate::Accounts;

/// How it stands with notices to the account's address: mails that tell of keys and secrets.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NoticesView {
    /// Whether they are mailed. What is mailed for safety always is.
    sent: bool,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NoticesBody {
    /// Whether to mail them.
    sent: bool,
}

/// Tells whether notices are mailed to the account's address.
#[utoipa::path(
    get, path = "/v1/account/notices", tag = "account", operation_id = "notices",
    extensions(("x-permission" = json!("account"))),
    responses((status = 200, body = NoticesView), ProblemResponses)
)]
pub(super) async fn show(
    State(accounts): State<Accounts>,
    caller: SignedIn,
) -> Result<JsonAnswer<NoticesView>, Problem> {
    let sent = accounts.sends_own_notices(caller.session.account).await?;
    Ok(JsonAnswer(NoticesView { sent }))
}

/// Stops notices to the account's address, or sends them again. The same as by the link of a notice.
#[utoipa::path(
    patch, path = "/v1/account/notices", tag = "account", operation_id = "change_notices",
    extensions(("x-permission" = json!("account"))),
    request_body = NoticesBody, responses((status = 200, body = NoticesView), ProblemResponses)
)]
pub(super) async fn change(
    State(accounts): State<Accounts>,
    caller: SignedIn,
    Json(NoticesBody { sent }): Json<NoticesBody>,
) -> Result<JsonAnswer<NoticesView>, Problem> {
    accounts.send_own_notices(caller.session.account, sent).await?;
    Ok(JsonAnswer(NoticesView { sent }))
}
