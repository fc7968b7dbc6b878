//! What is wrong with a request, as Stripe says it (<https://docs.stripe.com/api/errors>).

use serde_json::{Value, json};

/// An error document and its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    kind: &'static str,
    code: Option<&'static str>,
    message: String,
    param: Option<String>,
}

impl Refusal {
    fn new(status: u16, kind: &'static str, code: &'static str, message: String) -> Self {
        Self { status, kind, code: Some(code), message, param: None }
    }

    fn request(code: &'static str, param: &str, message: String) -> Self {
        let refusal = Self::new(400, "invalid_request_error", code, message);
        Self { param: Some(param.to_owned()), ..refusal }
    }

    pub(super) fn unknown(param: &str) -> Self {
        Self::request("parameter_unknown", param, format!("Received unknown parameter: {param}"))
    }

    pub(super) fn missing(param: &str) -> Self {
        Self::request("parameter_missing", param, format!("Missing required param: {param}."))
    }

    pub(super) fn empty(param: &str) -> Self {
        let message = format!("You passed an empty string for '{param}'.");
        Self::request("parameter_invalid_empty", param, message)
    }

    pub(super) fn integer(param: &str, given: &str) -> Self {
        Self::request("parameter_invalid_integer", param, format!("Invalid integer: {given}"))
    }

    pub(super) fn invalid(param: &str, message: impl Into<String>) -> Self {
        let refusal = Self::request("", param, message.into());
        Self { code: None, ..refusal }
    }

    /// Something that is named in a parameter, or (`id`) in the path.
    pub(super) fn absent(what: &str, id: &str, param: &str) -> Self {
        let refusal = Self::request("resource_missing", param, format!("No such {what}: '{id}'"));
        Self { status: if param == "id" { 404 } else { 400 }, ..refusal }
    }

    pub(super) fn route(method: &str, path: &str) -> Self {
        let message = format!("Unrecognized request URL ({method}: {path}).");
        Self { code: None, ..Self::new(404, "invalid_request_error", "", message) }
    }

    pub(super) fn key() -> Self {
        let message = "Invalid API Key provided.".to_owned();
        Self { code: None, ..Self::new(401, "invalid_request_error", "", message) }
    }

    pub(super) fn declined() -> Self {
        let message = "Your card was declined.".to_owned();
        Self::new(402, "card_error", "card_declined", message)
    }

    pub(super) fn other_parameters(key: &str) -> Self {
        let message = format!(
            "Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a \
             key other than '{key}' if you meant to execute a different request."
        );
        Self { code: None, ..Self::new(400, "idempotency_error", "", message) }
    }

    pub(super) fn key_in_use() -> Self {
        let message = "There is currently another in-progress request using this Idempotent Key.";
        Self::new(409, "idempotency_error", "idempotency_key_in_use", message.to_owned())
    }

    pub(super) fn too_many() -> Self {
        let message = "Request rate limit exceeded.".to_owned();
        Self::new(429, "invalid_request_error", "rate_limit", message)
    }

    pub(super) fn broken() -> Self {
        let message = "An unknown error occurred.".to_owned();
        Self { code: None, ..Self::new(500, "api_error", "", message) }
    }

    pub(super) fn document(&self) -> Value {
        let mut error = json!({"type": self.kind, "message": self.message});
        if let Some(code) = self.code {
            error["code"] = code.into();
            error["doc_url"] = format!("https://stripe.com/docs/error-codes/{code}").into();
        }
        if let Some(param) = &self.param {
            error["param"] = param.as_str().into();
        }
        json!({"error": error})
    }
}
