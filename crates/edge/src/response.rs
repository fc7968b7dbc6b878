//! What every answer carries, whoever gave it.

use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use wax_httpkit::HostKind;
use wax_kernel::RequestId;

use crate::hygiene::remove_hop_by_hop;

/// For answers that are not pages; pages bring a stricter fit.
const DEFAULTS: [(HeaderName, &str); 6] = [
    (header::CACHE_CONTROL, "no-store"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    ),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Two years, as browsers ask of hosts that mean it.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=63072000");

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Says that the connection ends, if the edge says so; nobody behind it can.
pub(crate) fn finish(mut response: Response, id: RequestId, hsts: bool, close: bool) -> Response {
    let headers = response.headers_mut();
    remove_hop_by_hop_of_answer(headers);
    headers.remove(header::SERVER);
    for (name, value) in DEFAULTS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if hsts {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HSTS);
    }
    if let Ok(id) = HeaderValue::try_from(id.to_string()) {
        headers.insert(REQUEST_ID, id);
    }
    if close {
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// Only the platform has cookies that a service sets: whoever could set one on a tenant's host would be remembered there.
pub(crate) fn keep_cookies(headers: &mut HeaderMap, host: HostKind) {
    match host {
        HostKind::Tenant => drop(headers.remove(header::SET_COOKIE)),
        HostKind::Platform => {}
    }
}

/// As for requests, except that an answer's length stays: a HEAD has no body to tell it from.
fn remove_hop_by_hop_of_answer(headers: &mut HeaderMap) {
    let length = headers.remove(header::CONTENT_LENGTH);
    remove_hop_by_hop(headers);
    if let Some(length) = length {
        headers.insert(header::CONTENT_LENGTH, length);
    }
}
