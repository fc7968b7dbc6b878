//! `GET /v1/key`: what a program is told of the key that it shows.

use axum::{Json as JsonAnswer, extract::State};
use serde::Serialize;
use utoipa::ToSchema;
use wax_httpkit::{Problem, ProblemResponses, auth::WithKey};

use super::{keys::KeyView, organizations::OrganizationView};
use crate::{Accounts, service::Acting};

/// A key, and whose it is.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OwnKeyView {
    #[serde(flatten)]
    key: KeyView,
    /// The organization, and what the key may do there.
    organization: OrganizationView,
}

/// Shows the key that the request shows, whatever its scopes: without it a program could not know which organization it
/// acts for, nor until when.
#[utoipa::path(
    get, path = "/v1/key", tag = "keys", operation_id = "own_key", extensions(("x-permission" = json!("key"))),
    responses((status = 200, body = OwnKeyView), ProblemResponses)
)]
pub(super) async fn own_key(
    State(accounts): State<Accounts>,
    caller: WithKey,
) -> Result<JsonAnswer<OwnKeyView>, Problem> {
    let key = caller.key.clone();
    let organization = accounts.seen_by(&Acting::from(caller)).await?.into();
    Ok(JsonAnswer(OwnKeyView { key: key.into(), organization }))
}
