//! `POST …/billing/checkout`, `POST …/billing/portal`

use axum::{Json as JsonAnswer, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wax_httpkit::{
    Json, Problem, ProblemResponses,
    auth::{Allowed, may},
};
use wax_model::{
    Invalid, PlanId, Rule,
    billing::{Currency, Interval},
};

use super::names;
use crate::{Billing, service::Wanted};

/// What is to be subscribed to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CheckoutBody {
    /// A plan's id.
    plan: String,
    #[schema(schema_with = names::interval)]
    interval: Interval,
    /// Three letters of ISO 4217.
    currency: String,
}

/// A page of Stripe's.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PaymentsPageView {
    /// Where to send the browser.
    url: String,
}

/// A plan as a field names it.
pub(super) fn wanted(plan: &str, interval: Interval) -> Result<Wanted, Invalid> {
    let plan = PlanId::parse(plan).map_err(|_| Invalid::new("plan", Rule::Choice))?;
    Ok(Wanted { plan, interval })
}

/// Where to subscribe: Stripe's page. 409 `conflict` with `reason`: `subscribed` if a subscription is alive, `currency` if another
/// one counts, which is named.
#[utoipa::path(
    post, path = "/v1/organizations/{organization}/billing/checkout", tag = "billing", operation_id = "checkout",
    params(("organization" = String, Path)), request_body = CheckoutBody,
    responses((status = 200, body = PaymentsPageView), ProblemResponses),
    extensions(("x-permission" = json!("billing.write")))
)]
pub(super) async fn checkout(
    State(billing): State<Billing>,
    allowed: Allowed<may::BillingWrite>,
    Json(body): Json<CheckoutBody>,
) -> Result<JsonAnswer<PaymentsPageView>, Problem> {
    let wanted = wanted(&body.plan, body.interval)?;
    let currency = Currency::parse(&body.currency);
    let currency = currency.map_err(|_| Invalid::new("currency", Rule::Choice))?;
    let url = billing.checkout(&allowed.into(), &wanted, currency).await?;
    Ok(JsonAnswer(PaymentsPageView { url }))
}

/// Where to see to payments: Stripe's customer portal. 409 `conflict` with the reason `not-subscribed` without a customer.
#[utoipa::path(
    post, path = "/v1/organizations/{organization}/billing/portal", tag = "billing", operation_id = "billing_portal",
    params(("organization" = String, Path)),
    responses((status = 200, body = PaymentsPageView), ProblemResponses),
    extensions(("x-permission" = json!("billing.write")))
)]
pub(super) async fn portal(
    State(billing): State<Billing>,
    allowed: Allowed<may::BillingWrite>,
) -> Result<JsonAnswer<PaymentsPageView>, Problem> {
    let url = billing.portal(&allowed.into()).await?;
    Ok(JsonAnswer(PaymentsPageView { url }))
}
