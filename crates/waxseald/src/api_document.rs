//! What every service answers, and to whom: `GET /v1/openapi.json` for programs, `GET /docs/api` for people.

use anyhow::Result;
use axum::{
    Router,
    body::Body,
    response::{IntoResponse as _, Response},
    routing::get,
};
use http::{HeaderMap, header};
use wax_httpkit::Code;
use wax_pages::{Reference, Served};

/// Where the page is. Below it is nothing.
pub(crate) const PAGE: &str = "/docs/api";

/// The document of all services, generated from the types.
pub(crate) fn json() -> Result<String> {
    let document = wax_secrets::openapi()
        .merge_from(wax_accounts::openapi())
        .merge_from(wax_domains::openapi())
        .merge_from(wax_billing::openapi());
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

/// Serves it as a page, written once. `origin`: where members' operations are, as examples name it.
pub(crate) fn page_router(origin: &str) -> Result<Router> {
    let page = page(origin)?;
    let respond = async move |headers: HeaderMap| -> Response {
        page.respond(&headers).map(Body::from).into_response()
    };
    Ok(Router::new().route(PAGE, get(respond)))
}

fn page(origin: &str) -> Result<Served> {
    let problems: Vec<_> =
        Code::ALL.iter().map(|code| (code.as_str(), code.status().as_u16())).collect();
    Ok(Reference { document: &json()?, problems: &problems, origin }.page()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_made_of_the_document_that_is_served() {
        let html = String::from_utf8(page("https://app.example").unwrap().body().to_vec()).unwrap();
        let document: serde_json::Value = serde_json::from_str(&json().unwrap()).unwrap();
        let paths = document["paths"].as_object().unwrap().values();
        let count: usize = paths.map(|item| item.as_object().unwrap().len()).sum();
        assert_eq!(html.matches("<article id=").count(), count);
        for code in Code::ALL {
            assert!(html.contains(&format!("id=\"problem-{}\"", code.as_str())));
        }
    }
}
