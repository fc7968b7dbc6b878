//! `Idempotency-Key`: what the client draws for a request that it may have to send again.

use axum::extract::FromRequestParts;
use http::request::Parts;
use wax_httpkit::Problem;
use wax_model::{Invalid, Rule};

/// The key, if the request has one: 16 to 64 characters of base64url.
#[derive(Debug)]
pub(super) struct IdempotencyKey(pub(super) Option<String>);

impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get("idempotency-key") else { return Ok(Self(None)) };
        let known = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        let fits = |text: &&str| (16..=64).contains(&text.len()) && text.bytes().all(known);
        let text = value.to_str().ok().filter(fits);
        let text = text.ok_or_else(|| Invalid::new("Idempotency-Key", Rule::Form))?;
        Ok(Self(Some(text.to_owned())))
    }
}
