//! `GET /v1/account/events`

use axum::{Json as JsonAnswer, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use wax_httpkit::{Asked, Cursor, Page, PageLimit, Problem, ProblemResponses, auth::SignedIn};
use wax_kernel::EventId;
use wax_model::AccountEvent;

use super::names;
use crate::Accounts;

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// Where the last page ended.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor<EventId>>,
    /// 1 to 200, 50 unless said.
    #[serde(default)]
    #[param(value_type = Option<u32>)]
    limit: PageLimit,
}

/// Something that happened to the account.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AccountEventView {
    #[schema(value_type = String)]
    id: EventId,
    /// UTC milliseconds.
    at_ms: i64,
    #[schema(schema_with = names::account_action)]
    action: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    network: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<String>,
}

impl From<AccountEvent> for AccountEventView {
    fn from(event: AccountEvent) -> Self {
        let AccountEvent { id, at, action, network, device, .. } = event;
        Self { id, at_ms: at.as_ms(), action: action.as_str(), network, device }
    }
}

/// Tells the account's own history, newest first.
#[utoipa::path(
    get, path = "/v1/account/events", tag = "account", operation_id = "list_account_events",
    extensions(("x-permission" = json!("account"))),
    params(Wanted),
    responses((status = 200, body = Page<AccountEventView>), ProblemResponses)
)]
pub(super) async fn list(
    State(accounts): State<Accounts>,
    caller: SignedIn,
    Asked(Wanted { cursor, limit }): Asked<Wanted>,
) -> Result<JsonAnswer<Page<AccountEventView>>, Problem> {
    let before = cursor.map(|cursor| (cursor.at, cursor.id));
    let rows = accounts.events(caller.session.account, before, limit.get() + 1).await?;
    let cursor = |row: &AccountEvent| Cursor { at: row.at, id: row.id };
    Ok(JsonAnswer(Page::of(rows, limit, cursor, AccountEventView::from)))
}
