//! `POST /v1/billing/stripe`

use axum::extract::{Request, State};
use http::StatusCode;
use wax_httpkit::{Problem, ProblemResponses, receive};

use crate::Billing;

/// Stripe's events are far smaller.
const LARGEST: usize = 256 * 1_024;
const SIGNATURE: &str = "stripe-signature";

/// Takes an event of Stripe's. It is signed over exactly the bytes that came (`Stripe-Signature`); what it says is not believed,
/// Stripe is asked. 400 `malformed` with `reason`: `signature`, `event`. 404 where nothing is sold.
#[utoipa::path(
    post, path = "/v1/billing/stripe", tag = "billing", operation_id = "stripe_event",
    request_body(content = Object, content_type = "application/json", description = "An event as Stripe makes it"),
    params(("Stripe-Signature" = String, Header, description = "`t=…,v1=…`")),
    responses((status = 200, description = "kept, or known"), ProblemResponses),
    extensions(("x-permission" = json!("nobody")))
)]
pub(super) async fn hear(
    State(billing): State<Billing>,
    request: Request,
) -> Result<StatusCode, Problem> {
    let (head, body) = request.into_parts();
    let header = head.headers.get(SIGNATURE).and_then(|value| value.to_str().ok());
    let body = receive(body, LARGEST).await?;
    billing.hear(header, &body).await?;
    Ok(StatusCode::OK)
}
