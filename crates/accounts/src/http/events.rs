//! `GET /v1/account/events`

use axum::{Json as JsonAnswer, extract::State};
use serde::Serialize;
use utoipa::ToSchema;
use wax_httpkit::{Problem, ProblemResponses, auth::SignedIn};
use wax_model::AccountEvent;

use super::page::EventPage;
use crate::Accounts;

/// Something that happened to the account.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AccountEventView {
    id: String,
    /// UTC milliseconds.
    at_ms: i64,
    /// Such as `account.signed_in.password`.
    action: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    network: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AccountEventsView {
    items: Vec<AccountEventView>,
    /// The cursor of the next part, if this one was full.
    next: Option<String>,
}

/// Tells the account's own history, newest first.
#[utoipa::path(
    get, path = "/v1/account/events", tag = "account", operation_id = "list_account_events",
    extensions(("x-permission" = json!("account"))),
    params(
        ("cursor" = Option<String>, Query, description = "`next` of the part before"),
        ("limit" = Option<u32>, Query, description = "1 to 200; 50 unless said")
    ),
    responses((status = 200, body = AccountEventsView), ProblemResponses)
)]
pub(super) async fn list(
    State(accounts): State<Accounts>,
    caller: SignedIn,
    page: EventPage,
) -> Result<JsonAnswer<AccountEventsView>, Problem> {
    let events = accounts.events(caller.session.account, page.before, page.limit).await?;
    let next = page.next(events.len(), events.last().map(|event| (event.at, event.id)));
    Ok(JsonAnswer(AccountEventsView { items: events.into_iter().map(view).collect(), next }))
}

fn view(event: AccountEvent) -> AccountEventView {
    AccountEventView {
        id: event.id.to_string(),
        at_ms: event.at.as_ms(),
        action: event.action.as_str(),
        network: event.network,
        device: event.device,
    }
}
