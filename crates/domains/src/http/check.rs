//! `POST …/domains/{domain}/check`

use axum::{
    Json as JsonAnswer,
    extract::{Path, State},
};
use wax_httpkit::{
    Problem, ProblemResponses,
    auth::{Allowed, may},
};

use super::{id, view::DomainDetailView};
use crate::Domains;

/// Looks at the host's records now: at most 4 seconds. Not within 10 seconds of the last look.
#[utoipa::path(
    post, path = "/v1/organizations/{organization}/domains/{domain}/check", tag = "domains", operation_id = "check_domain",
    params(("organization" = String, Path), ("domain" = String, Path)),
    responses((status = 200, body = DomainDetailView), ProblemResponses),
    extensions(("x-permission" = json!("domains.write")))
)]
pub(super) async fn check(
    State(domains): State<Domains>,
    allowed: Allowed<may::DomainsWrite>,
    Path(path): Path<(String, String)>,
) -> Result<JsonAnswer<DomainDetailView>, Problem> {
    Ok(JsonAnswer(domains.check(&allowed.into(), id(&path.1)?).await?.into()))
}
