//! What the edge answers itself: pages, assets, and a tenant's brand.
//!
//! None of it looks anything up: `/s/<id>` and `/r/<rid>` are the same bytes for every id, so that neither a link
//! scanner nor a stranger can learn or change anything with a GET.

use axum::{body::Body, response::Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use wax_pages::{BrandFiles, Pages};

use crate::refusal::Refusal;

/// The files of a tenant's host.
pub trait Site: Send + Sync + std::fmt::Debug {
    /// The answer to a GET of this path, or `None` if there is no such page, asset or brand file.
    fn answer(
        &self,
        path: &str,
        request: &HeaderMap,
        brand: &BrandFiles,
    ) -> Option<http::Response<Bytes>>;

    /// The page for an address that has none.
    fn missing(&self, request: &HeaderMap, brand: &BrandFiles) -> http::Response<Bytes>;
}

impl Site for Pages {
    fn answer(
        &self,
        path: &str,
        request: &HeaderMap,
        brand: &BrandFiles,
    ) -> Option<http::Response<Bytes>> {
        Self::answer(self, path, request, brand)
    }

    fn missing(&self, request: &HeaderMap, brand: &BrandFiles) -> http::Response<Bytes> {
        Self::missing(self, request, brand)
    }
}

/// Answers a request that is not for a service.
pub(crate) fn respond(
    site: &dyn Site,
    method: &Method,
    path: &str,
    request: &HeaderMap,
    brand: &BrandFiles,
) -> Result<Response, Refusal> {
    if !matches!(*method, Method::GET | Method::HEAD) {
        return Err(Refusal::method("GET, HEAD"));
    }
    let found = match path {
        "/robots.txt" => Some(robots()),
        "/favicon.ico" => {
            Some(brand.logo.as_ref().map_or_else(no_icon, |logo| logo.respond(request)))
        }
        _ => site.answer(path, request, brand),
    };
    let response = found.unwrap_or_else(|| site.missing(request, brand));
    Ok(if *method == Method::HEAD { without_body(response) } else { response.map(Body::from) })
}

/// A GET's headers without its content (RFC 9110 §9.3.2).
fn without_body(response: http::Response<Bytes>) -> Response {
    let (mut parts, body) = response.into_parts();
    if parts.status != StatusCode::NOT_MODIFIED {
        parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    }
    Response::from_parts(parts, Body::empty())
}

/// Links are for the person they were sent to: no crawler has any business here.
fn robots() -> http::Response<Bytes> {
    let mut response = http::Response::new(Bytes::from_static(b"User-agent: *\nDisallow: /\n"));
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

fn no_icon() -> http::Response<Bytes> {
    let mut response = http::Response::new(Bytes::new());
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

/// The path as logs and metrics may have it.
pub(crate) fn template(path: &str, status: StatusCode) -> &'static str {
    match path {
        _ if path.starts_with("/s/") => "/s/{id}",
        _ if path.starts_with("/r/") => "/r/{id}",
        _ if status == StatusCode::NOT_FOUND => "(none)",
        _ if path.starts_with("/assets/") => "/assets/{file}",
        "/" => "/",
        "/brand.json" => "/brand.json",
        "/brand.css" => "/brand.css",
        "/brand/logo" => "/brand/logo",
        "/robots.txt" => "/robots.txt",
        "/favicon.ico" => "/favicon.ico",
        wax_pages::RELEASE_PATH => wax_pages::RELEASE_PATH,
        _ => "(none)",
    }
}
