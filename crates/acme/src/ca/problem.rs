//! What issuers say when they refuse (RFC 8555 §6.7, RFC 9773 §7.4), as reasons.

use std::time::Duration;

use http::StatusCode;
use serde::Deserialize;

use crate::{Failure, Reason};

const PREFIX: &str = "urn:ietf:params:acme:error:";

/// A problem document, with as much as we use of it.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Document {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    detail: String,
    #[serde(default)]
    subproblems: Vec<Document>,
}

/// Every type that RFC 8555 and 9773 know and an order can meet: what it means as the answer to a request of ours, and
/// what as the outcome of a proof.
const TYPES: &[(&str, Reason, Reason)] = &[
    ("accountDoesNotExist", Reason::AccountRefused, Reason::AccountRefused),
    ("alreadyReplaced", Reason::AlreadyReplaced, Reason::AlreadyReplaced),
    ("badCSR", Reason::BadRequest, Reason::BadRequest),
    ("badNonce", Reason::NonceRefused, Reason::NonceRefused),
    ("badPublicKey", Reason::BadRequest, Reason::BadRequest),
    ("badSignatureAlgorithm", Reason::BadRequest, Reason::BadRequest),
    ("caa", Reason::CaaForbids, Reason::CaaForbids),
    ("connection", Reason::HostUnreachable, Reason::HostUnreachable),
    ("dns", Reason::HostDns, Reason::HostDns),
    ("externalAccountRequired", Reason::ExternalAccount, Reason::ExternalAccount),
    ("incorrectResponse", Reason::WrongAnswer, Reason::WrongAnswer),
    ("invalidContact", Reason::BadRequest, Reason::BadRequest),
    ("invalidProfile", Reason::ProfileRefused, Reason::ProfileRefused),
    ("malformed", Reason::BadRequest, Reason::WrongAnswer),
    ("orderNotReady", Reason::NotReady, Reason::NotReady),
    ("rateLimited", Reason::RateLimited, Reason::RateLimited),
    ("rejectedIdentifier", Reason::NameRefused, Reason::NameRefused),
    ("serverInternal", Reason::IssuerBroken, Reason::IssuerBroken),
    ("tls", Reason::HostTls, Reason::HostTls),
    ("unauthorized", Reason::AccountRefused, Reason::WrongAnswer),
    ("unsupportedContact", Reason::BadRequest, Reason::BadRequest),
    ("unsupportedIdentifier", Reason::NameRefused, Reason::NameRefused),
    ("userActionRequired", Reason::TermsChanged, Reason::TermsChanged),
];

impl Document {
    /// Whether it is one at all.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        serde_json::from_slice(body)
            .ok()
            .filter(|document: &Self| document.kind.starts_with(PREFIX))
    }

    pub(super) fn is_bad_nonce(&self) -> bool {
        self.kind.strip_prefix(PREFIX) == Some("badNonce")
    }

    /// `compound` says nothing itself (RFC 8555 §6.7.1).
    fn telling(&self) -> &Self {
        let only = self.kind.strip_prefix(PREFIX) == Some("compound");
        self.subproblems.first().filter(|_| only).unwrap_or(self)
    }

    fn meaning(&self) -> Option<&'static (&'static str, Reason, Reason)> {
        let kind = self.kind.strip_prefix(PREFIX)?;
        TYPES.iter().find(|(known, ..)| *known == kind)
    }
}

/// The reason behind a response that is no success.
pub(super) fn of_response(
    status: StatusCode,
    retry_after: Option<Duration>,
    body: &[u8],
) -> Failure {
    let document = Document::read(body);
    let said = document.as_ref().map(Document::telling);
    let meant = said.and_then(Document::meaning).map(|(_, meant, _)| *meant);
    let reason = match (status, meant) {
        (_, Some(Reason::RateLimited)) if said.is_some_and(is_pause) => Reason::Paused,
        (StatusCode::NOT_FOUND, None | Some(Reason::BadRequest)) => Reason::OrderGone,
        (_, Some(meant)) => meant,
        (StatusCode::TOO_MANY_REQUESTS, None) => Reason::RateLimited,
        (status, None) if status.is_server_error() => Reason::IssuerBroken,
        // A page of some proxy, or a type of the issuer's own.
        (_, None) if document.is_none() => Reason::IssuerBroken,
        (_, None) => Reason::Refused,
    };
    let detail = said.map_or_else(|| format!("HTTP {status}"), |said| said.detail.clone());
    Failure { retry_after, ..Failure::saying(reason, &detail) }
}

/// Let's Encrypt says "rate limited" also when it waits for a person at its portal, and then without a time.
fn is_pause(said: &Document) -> bool {
    said.detail.contains("temporarily prevented") || said.detail.contains("unpause")
}

/// The reason for which a proof or an order came to nothing.
pub(super) fn of_proof(problem: &instant_acme::Problem) -> Failure {
    let first = problem.subproblems.first();
    let kind = match problem.r#type.as_deref() {
        Some(kind) if kind.ends_with(":compound") => {
            first.and_then(|first| first.r#type.as_deref())
        }
        kind => kind,
    };
    let said = Document { kind: kind.unwrap_or_default().to_owned(), ..Document::default() };
    let reason = said.meaning().map_or(Reason::Refused, |(_, _, meant)| *meant);
    Failure::saying(reason, problem.detail.as_deref().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(status: u16, body: &str) -> Reason {
        of_response(StatusCode::from_u16(status).unwrap(), None, body.as_bytes()).reason
    }

    fn document(kind: &str, detail: &str) -> String {
        serde_json::json!({ "type": format!("{PREFIX}{kind}"), "detail": detail }).to_string()
    }

    #[test]
    fn each_refusal_has_its_reason() {
        for (status, body, expected) in [
            (429, document("rateLimited", "too many new orders (300)"), Reason::RateLimited),
            (429, "slow down".to_owned(), Reason::RateLimited),
            (503, document("rateLimited", "busy"), Reason::RateLimited),
            (
                429,
                document("rateLimited", "Your account is temporarily prevented from requesting"),
                Reason::Paused,
            ),
            (409, document("alreadyReplaced", ""), Reason::AlreadyReplaced),
            (403, document("caa", ""), Reason::CaaForbids),
            (403, document("unauthorized", "account is deactivated"), Reason::AccountRefused),
            (404, document("malformed", "no such order"), Reason::OrderGone),
            (404, "404 page not found".to_owned(), Reason::OrderGone),
            (500, document("serverInternal", ""), Reason::IssuerBroken),
            (502, "<html><h1>Bad Gateway</h1></html>".to_owned(), Reason::IssuerBroken),
            (403, "<html>blocked</html>".to_owned(), Reason::IssuerBroken),
            (400, document("ofItsOwn", ""), Reason::Refused),
            (400, r#"{"type":"about:blank"}"#.to_owned(), Reason::IssuerBroken),
            (400, String::new(), Reason::IssuerBroken),
        ] {
            assert_eq!(reason(status, &body), expected, "{status} {body}");
        }
    }

    #[test]
    fn a_compound_problem_is_its_first_part() {
        let body = serde_json::json!({
            "type": "urn:ietf:params:acme:error:compound",
            "subproblems": [{ "type": "urn:ietf:params:acme:error:rejectedIdentifier" }],
        });
        assert_eq!(reason(400, &body.to_string()), Reason::NameRefused);
    }

    #[test]
    fn unauthorized_is_ours_in_a_request_and_the_tenants_in_a_proof() {
        let problem = serde_json::json!({ "type": "urn:ietf:params:acme:error:unauthorized" });
        assert_eq!(of_proof(&serde_json::from_value(problem).unwrap()).reason, Reason::WrongAnswer);
        assert_eq!(reason(401, &document("unauthorized", "")), Reason::AccountRefused);
    }
}
