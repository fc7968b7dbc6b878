//! `GET /v1/openapi.json`: what every service answers, and to whom.

use anyhow::Result;
use axum::{Router, routing::get};
use http::header;

/// The document of all services, generated from the types.
pub(crate) fn json() -> Result<String> {
    let document = wax_secrets::openapi().merge_from(wax_accounts::openapi());
    Ok(document.to_pretty_json()? + "\n")
}

/// Serves it.
pub(crate) fn router() -> Result<Router> {
    let json = json()?;
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "public, max-age=300"),
    ];
    Ok(Router::new().route("/v1/openapi.json", get(move || async move { (headers, json) })))
}
