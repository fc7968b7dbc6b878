//! `/v1/account/sessions…`

use axum::{
    Json as JsonAnswer,
    extract::{Path, State},
    http::StatusCode,
};
use serde::Serialize;
use utoipa::ToSchema;
use wax_httpkit::{Code, Problem, ProblemResponses, auth::SignedIn};
use wax_kernel::SessionId;
use wax_model::Session;

use super::{caller::member, names};
use crate::Accounts;

/// A signed-in browser or command line.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SessionRow {
    id: String,
    /// Whether it is the one that asks.
    current: bool,
    #[schema(schema_with = names::session_kind)]
    kind: &'static str,
    device: String,
    network: String,
    /// UTC milliseconds.
    created_at_ms: i64,
    /// UTC milliseconds, to the minute.
    last_used_at_ms: i64,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SessionsView {
    items: Vec<SessionRow>,
}

/// Lists the account's sessions, used last first.
#[utoipa::path(
    get, path = "/v1/account/sessions", tag = "account", operation_id = "list_sessions",
    extensions(("x-permission" = json!("account"))),
    responses((status = 200, body = SessionsView), ProblemResponses)
)]
pub(super) async fn list(
    State(accounts): State<Accounts>,
    caller: SignedIn,
) -> Result<JsonAnswer<SessionsView>, Problem> {
    let sessions = accounts.sessions(caller.session.account).await?;
    let items = sessions.into_iter().map(|session| row(session, caller.session.id)).collect();
    Ok(JsonAnswer(SessionsView { items }))
}

/// Ends every session but this one.
#[utoipa::path(
    delete, path = "/v1/account/sessions", tag = "account", operation_id = "end_other_sessions",
    extensions(("x-permission" = json!("account"))),
    responses((status = 204), ProblemResponses)
)]
pub(super) async fn end_others(
    State(accounts): State<Accounts>,
    caller: SignedIn,
) -> Result<StatusCode, Problem> {
    let (account, this) = (caller.session.account, caller.session.id);
    accounts.end_other_sessions(account, this, &member(&caller)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends one session.
#[utoipa::path(
    delete, path = "/v1/account/sessions/{session}", tag = "account", operation_id = "end_session",
    extensions(("x-permission" = json!("account"))),
    params(("session" = String, Path)),
    responses((status = 204), ProblemResponses)
)]
pub(super) async fn end(
    State(accounts): State<Accounts>,
    caller: SignedIn,
    Path(session): Path<String>,
) -> Result<StatusCode, Problem> {
    let id = SessionId::parse(&session).map_err(|_| Problem::new(Code::NotAvailable))?;
    accounts.end_session(caller.session.account, id, &member(&caller)).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn row(session: Session, current: SessionId) -> SessionRow {
    SessionRow {
        id: session.id.to_string(),
        current: session.id == current,
        kind: session.kind.as_str(),
        device: session.device,
        network: session.network,
        created_at_ms: session.created_at.as_ms(),
        last_used_at_ms: session.last_used_at.as_ms(),
    }
}
