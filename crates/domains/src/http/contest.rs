//! `POST …/domains/{domain}/contest`

use axum::{
    Json as JsonAnswer,
    extract::{Path, State},
};
use serde::Deserialize;
use utoipa::ToSchema;
use wax_httpkit::{
    Json, Problem, ProblemResponses,
    auth::{Allowed, may},
};

use super::{id, names, view::DomainDetailView};
use crate::Domains;

/// What the holder says.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Answer {
    Mine,
}

/// An answer to another organization that has proved the host.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ContestBody {
    #[schema(schema_with = names::mine)]
    answer: Answer,
}

/// Answers a contest: `records` has a fresh TXT record to set within the time that is left.
#[utoipa::path(
    post, path = "/v1/organizations/{organization}/domains/{domain}/contest", tag = "domains", operation_id = "answer_contest",
    params(("organization" = String, Path), ("domain" = String, Path)), request_body = ContestBody,
    responses((status = 200, body = DomainDetailView), ProblemResponses),
    extensions(("x-permission" = json!("domains.control")))
)]
pub(super) async fn answer(
    State(domains): State<Domains>,
    allowed: Allowed<may::DomainsControl>,
    Path(path): Path<(String, String)>,
    Json(body): Json<ContestBody>,
) -> Result<JsonAnswer<DomainDetailView>, Problem> {
    let Answer::Mine = body.answer;
    Ok(JsonAnswer(domains.answer_contest(&allowed.into(), id(&path.1)?).await?.into()))
}
