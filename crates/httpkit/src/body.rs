//! JSON bodies, read strictly.

use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use http::{HeaderMap, Uri, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use wax_model::{Invalid, Members, Rule};

use crate::{Code, Problem};

/// Requests that carry no content: everything but creation.
const SMALL: usize = 16 * 1_024;

/// Most characters of a field's name in an answer.
const FIELD_CHARS: usize = 64;

/// A JSON body of at most `LIMIT` bytes.
#[derive(Debug)]
pub struct Json<T, const LIMIT: usize = SMALL>(pub T);

/// A JSON body with the bytes it was read from and the request's head: for checking a signature over them.
#[derive(Debug)]
pub struct Body<T, const LIMIT: usize = SMALL> {
    /// What the body says.
    pub value: T,
    /// The body as it arrived.
    pub bytes: Bytes,
    /// The request's headers.
    pub headers: HeaderMap,
    /// The request's path and query.
    pub uri: Uri,
}

impl<T: DeserializeOwned, S: Sync, const LIMIT: usize> FromRequest<S> for Json<T, LIMIT> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        Body::<T, LIMIT>::from_request(request, state).await.map(|body| Self(body.value))
    }
}

impl<T: DeserializeOwned, S: Sync, const LIMIT: usize> FromRequest<S> for Body<T, LIMIT> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (head, body) = request.into_parts();
        if !has_content_type(&head.headers, "application/json") {
            return Err(Problem::new(Code::MediaType));
        }
        let bytes = receive(body, LIMIT).await?;
        let value = read(&bytes)?;
        Ok(Self { value, bytes, headers: head.headers, uri: head.uri })
    }
}

/// Takes a body in, whole.
///
/// # Errors
/// `too-large` beyond `limit` bytes; `malformed` when it does not arrive.
pub async fn receive(body: axum::body::Body, limit: usize) -> Result<Bytes, Problem> {
    let whole = Limited::new(body, limit).collect().await.map_err(|error| {
        if error.is::<LengthLimitError>() {
            Problem::too_large(limit)
        } else {
            Problem::new(Code::Malformed)
        }
    })?;
    Ok(whole.to_bytes())
}

/// Whether the body says it is of this type, whatever its parameters.
pub fn has_content_type(headers: &HeaderMap, wanted: &str) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    content_type.is_some_and(|text| {
        let essence = text.split(';').next().unwrap_or_default();
        essence.trim().eq_ignore_ascii_case(wanted)
    })
}

/// Tells text that is not JSON (400) from JSON that says the wrong thing (422, with the field).
fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let text = std::str::from_utf8(bytes).map_err(|_| Problem::new(Code::Malformed))?;
    let mut json = serde_json::Deserializer::from_str(text);
    let Members(value) = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        if !error.inner().is_data() {
            return Problem::new(Code::Malformed);
        }
        let message = error.inner().to_string();
        let path = error.path().to_string();
        let named = message.split('`').nth(1).filter(|_| message.contains(" field `"));
        let field = match (path.as_str(), named) {
            (".", Some(name)) => name.to_owned(),
            (path, Some(name)) if !path.ends_with(name) => format!("{path}.{name}"),
            (path, _) => path.to_owned(),
        };
        // An unknown field has any name that the caller likes, as long as the body.
        let field: String = field.chars().take(FIELD_CHARS).collect();
        Invalid::new(field, Rule::from_serde(&message)).into()
    })?;
    json.end().map_err(|_| Problem::new(Code::Malformed))?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read")]
    struct Sample {
        id: wax_kernel::SecretId,
        n: u32,
    }

    fn refusal(text: &[u8]) -> (Code, String, String) {
        let problem = read::<Sample>(text).unwrap_err();
        let member = |name: &str| {
            problem.members.get(name).and_then(|v| v.as_str()).unwrap_or("").to_owned()
        };
        (problem.code(), member("field"), member("rule"))
    }

    #[test]
    fn a_refusal_says_which_field_and_why() {
        let id = "AAAAAAAAAAAAAAAAAAAAAA";
        let invalid = |field: &str, rule: &str| (Code::Invalid, field.to_owned(), rule.to_owned());
        assert_eq!(refusal(format!(r#"{{"id":"{id}"}}"#).as_bytes()), invalid("n", "required"));
        assert_eq!(
            refusal(format!(r#"{{"id":"{id}","n":1,"x":2}}"#).as_bytes()),
            invalid("x", "unknown")
        );
        assert_eq!(
            refusal(format!(r#"{{"id":"{id}","n":1,"n":2}}"#).as_bytes()),
            invalid("n", "duplicate")
        );
        assert_eq!(refusal(format!(r#"{{"id":"{id}","n":"1"}}"#).as_bytes()), invalid("n", "type"));
        assert_eq!(refusal(br#"{"id":"AA","n":1}"#), invalid("id", "form"));
        assert_eq!(refusal(format!(r#"["{id}",1]"#).as_bytes()), invalid(".", "type"));
    }

    #[test]
    fn a_name_that_the_caller_made_up_is_cut_at_64_characters() {
        let name = "秘".repeat(1_000);
        let (code, field, rule) = refusal(format!(r#"{{"{name}":1}}"#).as_bytes());
        assert_eq!((code, &*rule), (Code::Invalid, "unknown"));
        assert_eq!(field, "秘".repeat(64));
    }

    #[test]
    fn what_is_not_json_is_malformed() {
        for text in [&b""[..], b"{", b"\xff", br#"{"id":"AAAAAAAAAAAAAAAAAAAAAA","n":1} {}"#] {
            assert_eq!(refusal(text).0, Code::Malformed, "{text:?}");
        }
    }
}
