//! What the edge answers itself: pages, assets, and a tenant's brand.
//!
//! None of it looks anything up: `/s/<id>` and `/r/<rid>` are the same bytes for every id, so that neither a link
//! scanner nor a stranger can learn or change anything with a GET. A tenant's host and the platform's share no file.

use std::sync::Arc;

use axum::{body::Body, response::Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts};
use wax_pages::{BrandFiles, Console, Page, Pages};

use crate::{RouteOwner, TenantHost, refusal::Refusal};

/// The files of a tenant's host.
pub trait Site: Send + Sync + std::fmt::Debug {
    /// The answer to a GET of this path, or `None` if there is no such page, asset or brand file.
    fn answer(
        &self,
        path: &str,
        request: &HeaderMap,
        brand: &BrandFiles,
    ) -> Option<http::Response<Bytes>>;

    /// A page that stands at no path of its own: for an address that has none, say.
    fn instead(&self, page: Page, request: &HeaderMap, brand: &BrandFiles)
    -> http::Response<Bytes>;
}

/// The files of the platform's host.
pub trait ConsoleSite: Send + Sync + std::fmt::Debug {
    /// The answer to a GET of this path, or `None` if it is nothing of the console's.
    fn answer(&self, path: &str, request: &HeaderMap) -> Option<http::Response<Bytes>>;
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

    fn instead(
        &self,
        page: Page,
        request: &HeaderMap,
        brand: &BrandFiles,
    ) -> http::Response<Bytes> {
        Self::instead(self, page, request, brand)
    }
}

impl ConsoleSite for Console {
    fn answer(&self, path: &str, request: &HeaderMap) -> Option<http::Response<Bytes>> {
        Self::answer(self, path, request)
    }
}

/// The files of every host.
#[derive(Debug)]
pub(crate) struct Sites {
    pub(crate) tenants: Arc<dyn Site>,
    /// `None`: the platform's host has an API and no pages.
    pub(crate) console: Option<Arc<dyn ConsoleSite>>,
}

impl Sites {
    /// Answers a request that is not for a service, and tells its path as logs and metrics may have it.
    pub(crate) fn respond(
        &self,
        parts: &Parts,
        owner: &RouteOwner,
    ) -> Result<(Response, &'static str), Refusal> {
        if !matches!(parts.method, Method::GET | Method::HEAD) {
            return Err(Refusal::method("GET, HEAD"));
        }
        let path = parts.uri.path();
        let (response, template) = match owner {
            RouteOwner::Tenant(host) => {
                let response = self.of_tenant(path, &parts.headers, host);
                let template = template(path, response.status());
                (response, template)
            }
            RouteOwner::Platform => {
                let response = self.of_platform(path, &parts.headers);
                let template = console_template(path, response.status());
                (response, template)
            }
        };
        let head = parts.method == Method::HEAD;
        Ok((if head { without_body(response) } else { response.map(Body::from) }, template))
    }

    fn of_tenant(
        &self,
        path: &str,
        request: &HeaderMap,
        host: &TenantHost,
    ) -> http::Response<Bytes> {
        let brand = host.brand.files();
        if let Some(page) = host.instead_of(path) {
            return self.tenants.instead(page, request, brand);
        }
        let found = match path {
            "/robots.txt" => Some(robots()),
            "/favicon.ico" => {
                Some(brand.logo.as_ref().map_or_else(nothing, |logo| logo.respond(request)))
            }
            _ => self.tenants.answer(path, request, brand),
        };
        found.unwrap_or_else(|| self.tenants.instead(Page::Missing, request, brand))
    }

    fn of_platform(&self, path: &str, request: &HeaderMap) -> http::Response<Bytes> {
        if path == "/robots.txt" {
            return robots();
        }
        let found = self.console.as_ref().and_then(|console| console.answer(path, request));
        found.unwrap_or_else(nothing)
    }
}

/// A GET's headers without its content (RFC 9110 §9.3.2).
fn without_body(response: http::Response<Bytes>) -> Response {
    let (mut parts, body) = response.into_parts();
    if parts.status != StatusCode::NOT_MODIFIED {
        parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    }
    Response::from_parts(parts, Body::empty())
}

/// Links are for the person they were sent to, and the console is for members: no crawler has any business here.
fn robots() -> http::Response<Bytes> {
    let mut response = http::Response::new(Bytes::from_static(b"User-agent: *\nDisallow: /\n"));
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

fn nothing() -> http::Response<Bytes> {
    let mut response = http::Response::new(Bytes::new());
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

/// The path on a tenant's host as logs and metrics may have it.
fn template(path: &str, status: StatusCode) -> &'static str {
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

/// The same on the platform's host, where every other page is the console's shell.
fn console_template(path: &str, status: StatusCode) -> &'static str {
    match path {
        _ if status == StatusCode::NOT_FOUND => "(none)",
        _ if path.starts_with("/assets/") => "/assets/{file}",
        "/robots.txt" => "/robots.txt",
        wax_pages::RELEASE_PATH => wax_pages::RELEASE_PATH,
        _ => "(console)",
    }
}
