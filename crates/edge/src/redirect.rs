//! Port 80: the way to https, and the files in which certificate authorities look for proof. Nothing else is there.

use axum::{
    body::Body,
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, Uri, header, request::Parts};
use wax_kernel::Hostname;

use crate::{
    RateClass, connection::Peer, edge::Shared, hygiene::Called, network::Subscriber,
    refusal::Refusal, request::is_api,
};

/// Where files for http-01 are (RFC 8555 §8.3).
const CHALLENGES: &str = "/.well-known/acme-challenge/";

/// RFC 8555 §8 sets no upper limit to a token; issuers use 43 characters.
const LONGEST_TOKEN: usize = 128;

impl Shared {
    /// Answers on port 80, and tells the path as logs and metrics may have it.
    ///
    /// A page that somebody typed or followed moves to https. A call of the API does not: it may have carried a key or a
    /// text in the clear already, and whoever wrote it must hear that, and not be helped along.
    pub(crate) fn redirect(
        &self,
        parts: &Parts,
        called: &Called,
        peer: &Peer,
        https: u16,
    ) -> Result<(Response, &'static str), Refusal> {
        let network = Subscriber::at(peer.address);
        self.gate.check(RateClass::Request, network).map_err(Refusal::rate_limited)?;
        let host = called.host.as_ref().ok_or_else(Refusal::unknown_host)?;
        if let Some(token) = parts.uri.path().strip_prefix(CHALLENGES) {
            let file = self.file_for_issuer(&parts.method, host, token);
            return file.map(|file| (file, "/.well-known/acme-challenge/{token}"));
        }
        let reads = matches!(parts.method, Method::GET | Method::HEAD);
        if !reads || is_api(parts.uri.path()) {
            return Err(Refusal::needs_tls());
        }
        let route = self.routes.find(host, peer.is_loopback());
        if route.is_none_or(|route| route.certificate.is_none()) {
            return Err(Refusal::unknown_host());
        }
        let location = over_tls(host, https, &parts.uri).ok_or_else(Refusal::malformed)?;
        let moved = (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, location)]);
        Ok((moved.into_response(), "(redirect)"))
    }

    fn file_for_issuer(
        &self,
        method: &Method,
        host: &Hostname,
        token: &str,
    ) -> Result<Response, Refusal> {
        let file = Some(token).filter(|token| *method == Method::GET && is_token(token));
        let file = file.and_then(|token| self.pending.http_answer(host, token));
        self.counts.proved.add(&["http-01"], u64::from(file.is_some()));
        file.map(as_file).ok_or_else(Refusal::unknown_host)
    }
}

/// 1 to 128 characters of base64url (RFC 8555 §8.1).
fn is_token(text: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=LONGEST_TOKEN).contains(&text.len()) && text.bytes().all(known)
}

fn as_file(content: Bytes) -> Response {
    let kind = HeaderValue::from_static("application/octet-stream");
    ([(header::CONTENT_TYPE, kind)], Body::from(content)).into_response()
}

/// The same path and query at the host's https.
fn over_tls(host: &Hostname, port: u16, uri: &Uri) -> Option<HeaderValue> {
    let target = uri.path_and_query()?;
    let location = match port {
        443 => format!("https://{host}{target}"),
        port => format!("https://{host}:{port}{target}"),
    };
    HeaderValue::try_from(location).ok()
}

#[cfg(test)]
mod tests;
