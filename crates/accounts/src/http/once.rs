//! `Idempotency-Key`: what the client draws for a request that it may have to send again.

use axum::extract::FromRequestParts;
use http::request::Parts;
use wax_httpkit::Problem;
use wax_model::{Actor, Invalid, Rule};

use crate::{Accounts, service::Once};

const NAME: &str = "idempotency-key";
const MIN: usize = 16;
const MAX: usize = 64;

/// The key, if the request has one: 16 to 64 characters of base64url.
#[derive(Debug)]
pub(super) struct IdempotencyKey(Option<String>);

impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get(NAME) else { return Ok(Self(None)) };
        let known = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        let fits =
            (MIN..=MAX).contains(&value.len()) && value.as_bytes().iter().copied().all(known);
        let text = value.to_str().ok().filter(|_| fits).map(str::to_owned);
        let text = text.ok_or_else(|| Invalid::new("Idempotency-Key", Rule::Form))?;
        Ok(Self(Some(text)))
    }
}

impl IdempotencyKey {
    /// The request that it names. `what`: the operation, and what it is about.
    pub(super) fn of(
        &self,
        accounts: &Accounts,
        who: Actor,
        what: &str,
        body: &[u8],
    ) -> Option<Once> {
        let body = String::from_utf8_lossy(body);
        self.0.as_deref().map(|key| accounts.once_of(key, who, what, &body))
    }
}
