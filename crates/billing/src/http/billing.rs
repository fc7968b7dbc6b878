//! `GET …/billing`, `POST …/billing/refresh`

use axum::{Json as JsonAnswer, extract::State};
use wax_httpkit::{
    Problem, ProblemResponses,
    auth::{Allowed, may},
};

use super::view::BillingView;
use crate::Billing;

/// How an organization pays and what it may, as Stripe last said. 404 where nothing is sold.
#[utoipa::path(
    get, path = "/v1/organizations/{organization}/billing", tag = "billing", operation_id = "billing",
    params(("organization" = String, Path)),
    responses((status = 200, body = BillingView), ProblemResponses),
    extensions(("x-permission" = json!("billing.read")))
)]
pub(super) async fn billing(
    State(billing): State<Billing>,
    allowed: Allowed<may::BillingRead>,
) -> Result<JsonAnswer<BillingView>, Problem> {
    Ok(JsonAnswer(billing.see(&allowed.into()).await?.into()))
}

/// Asks Stripe now: at most 8 seconds, and every 5 seconds. If it does not answer, `stale` says so.
#[utoipa::path(
    post, path = "/v1/organizations/{organization}/billing/refresh", tag = "billing", operation_id = "refresh_billing",
    params(("organization" = String, Path)),
    responses((status = 200, body = BillingView), ProblemResponses),
    extensions(("x-permission" = json!("billing.read")))
)]
pub(super) async fn refresh(
    State(billing): State<Billing>,
    allowed: Allowed<may::BillingRead>,
) -> Result<JsonAnswer<BillingView>, Problem> {
    Ok(JsonAnswer(billing.refresh(&allowed.into()).await?.into()))
}
