//! `GET /v1/organizations/{organization}/export`

use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use futures_util::stream;
use http::header;
use wax_httpkit::{
    Problem, ProblemResponses,
    auth::{Allowed, may},
};

use super::audit::failed;
use crate::Accounts;

/// Everything the organization has, as JSON lines, each with its `type`: nothing that opens a secret, a session or a key.
#[utoipa::path(
    get, path = "/v1/organizations/{organization}/export", tag = "organizations", operation_id = "export_organization",
    params(("organization" = String, Path)),
    responses((status = 200, description = "JSON lines", content_type = "application/x-ndjson"), ProblemResponses),
    extensions(("x-permission" = json!("organization.export")))
)]
pub(super) async fn export(
    State(accounts): State<Accounts>,
    allowed: Allowed<may::OrganizationExport>,
) -> Result<Response, Problem> {
    let begin = (accounts.clone(), Some(accounts.begin_export(allowed.into()).await?));
    let batches = stream::try_unfold(begin, |(accounts, next)| async move {
        let Some(export) = next else { return Ok(None) };
        let (lines, next) =
            accounts.export_lines(export).await.map_err(|refusal| failed(&refusal))?;
        let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
        let text = lines.join("\n") + "\n";
        Ok::<_, std::io::Error>(Some((text, (accounts, next))))
    });
    let headers = [
        (header::CONTENT_TYPE, "application/x-ndjson"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"organization.jsonl\""),
    ];
    Ok((headers, Body::from_stream(batches)).into_response())
}
