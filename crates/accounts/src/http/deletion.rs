//! `/v1/organizations/{organization}/deletion`

use axum::{Json as JsonAnswer, extract::State};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wax_httpkit::{
    Json, Problem, ProblemResponses,
    auth::{Allowed, may},
};

use crate::Accounts;

/// That it is meant.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DeletionBody {
    /// The organization's name, as it is.
    name: String,
}

/// When.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DeletionView {
    /// UTC milliseconds.
    due_at_ms: i64,
}

/// Decides that the organization is erased in 7 days. Its owners are told by mail.
#[utoipa::path(
    post, path = "/v1/organizations/{organization}/deletion", tag = "organizations", operation_id = "delete_organization",
    request_body = DeletionBody, params(("organization" = String, Path)),
    responses((status = 200, body = DeletionView), ProblemResponses),
    extensions(("x-permission" = json!("organization.delete")))
)]
pub(super) async fn schedule(
    State(accounts): State<Accounts>,
    allowed: Allowed<may::OrganizationDelete>,
    Json(body): Json<DeletionBody>,
) -> Result<JsonAnswer<DeletionView>, Problem> {
    let due = accounts.schedule_deletion(&allowed.into(), &body.name).await?;
    Ok(JsonAnswer(DeletionView { due_at_ms: due.as_ms() }))
}

/// Takes the deletion back.
#[utoipa::path(
    delete, path = "/v1/organizations/{organization}/deletion", tag = "organizations", operation_id = "keep_organization",
    params(("organization" = String, Path)),
    responses((status = 204, description = "it stays"), ProblemResponses),
    extensions(("x-permission" = json!("organization.delete")))
)]
pub(super) async fn cancel(
    State(accounts): State<Accounts>,
    allowed: Allowed<may::OrganizationDelete>,
) -> Result<StatusCode, Problem> {
    accounts.cancel_deletion(&allowed.into()).await?;
    Ok(StatusCode::NO_CONTENT)
}
