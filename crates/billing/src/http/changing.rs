//! `POST …/billing/preview`, `…/change`, `…/cancel`, `…/resume`

use axum::{Json as JsonAnswer, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wax_httpkit::{
    Json, Problem, ProblemResponses,
    auth::{Allowed, may},
};
use wax_kernel::Timestamp;
use wax_model::billing::Interval;
use wax_payments::{Preview, PreviewLine};

use super::{buying::wanted, names, view::BillingView};
use crate::{
    Billing,
    service::{Acting, Shown},
};

/// What is to be subscribed to instead.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PreviewBody {
    /// A plan's id.
    plan: String,
    #[schema(schema_with = names::interval)]
    interval: Interval,
}

/// What was shown.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangeBody {
    /// A plan's id.
    plan: String,
    #[schema(schema_with = names::interval)]
    interval: Interval,
    /// Of the preview: at most 10 minutes ago.
    at_ms: i64,
}

/// What a change would cost. Amounts are in the currency's smallest unit.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PreviewView {
    /// Small letters of ISO 4217.
    currency: String,
    /// How many of an amount's digits are after the point.
    decimals: u8,
    /// What the change itself costs or gives back, below 0.
    due_now: i64,
    /// What the next invoice comes to.
    next: i64,
    /// When that is, UTC milliseconds.
    next_at_ms: i64,
    /// To which moment this is worked out, UTC milliseconds: to be sent along with the change.
    at_ms: i64,
    lines: Vec<PreviewLineView>,
}

#[derive(Debug, Serialize, ToSchema)]
struct PreviewLineView {
    /// Stripe's words, in the customer's language.
    text: String,
    /// Below 0: given back.
    amount: i64,
}

impl From<Shown> for PreviewView {
    fn from(Shown { preview, at }: Shown) -> Self {
        let Preview { currency, due_now, next, next_at, lines } = preview;
        let line = |PreviewLine { text, amount }| PreviewLineView { text, amount };
        Self {
            currency: currency.as_str().to_owned(),
            decimals: currency.decimals(),
            due_now,
            next,
            next_at_ms: next_at.as_ms(),
            at_ms: at.as_ms(),
            lines: lines.into_iter().map(line).collect(),
        }
    }
}

/// What another plan would cost. 409 `conflict` with the reason `not-subscribed` without a subscription.
#[utoipa::path(
    post, path = "/v1/organizations/{organization}/billing/preview", tag = "billing", operation_id = "preview_plan",
    params(("organization" = String, Path)), request_body = PreviewBody,
    responses((status = 200, body = PreviewView), ProblemResponses),
    extensions(("x-permission" = json!("billing.write")))
)]
pub(super) async fn preview(
    State(billing): State<Billing>,
    allowed: Allowed<may::BillingWrite>,
    Json(body): Json<PreviewBody>,
) -> Result<JsonAnswer<PreviewView>, Problem> {
    let wanted = wanted(&body.plan, body.interval)?;
    Ok(JsonAnswer(billing.preview(&allowed.into(), &wanted).await?.into()))
}

/// Changes to another plan, prorated as the preview said.
#[utoipa::path(
    post, path = "/v1/organizations/{organization}/billing/change", tag = "billing", operation_id = "change_plan",
    params(("organization" = String, Path)), request_body = ChangeBody,
    responses((status = 200, body = BillingView), ProblemResponses),
    extensions(("x-permission" = json!("billing.write")))
)]
pub(super) async fn change(
    State(billing): State<Billing>,
    allowed: Allowed<may::BillingWrite>,
    Json(body): Json<ChangeBody>,
) -> Result<JsonAnswer<BillingView>, Problem> {
    let acting = Acting::from(allowed);
    let wanted = wanted(&body.plan, body.interval)?;
    billing.change(&acting, &wanted, Timestamp::from_ms(body.at_ms)).await?;
    Ok(JsonAnswer(billing.see_after_asking(&acting).await?.into()))
}

/// Ends the subscription with what is paid.
#[utoipa::path(
    post, path = "/v1/organizations/{organization}/billing/cancel", tag = "billing", operation_id = "cancel_plan",
    params(("organization" = String, Path)),
    responses((status = 200, body = BillingView), ProblemResponses),
    extensions(("x-permission" = json!("billing.write")))
)]
pub(super) async fn cancel(
    State(billing): State<Billing>,
    allowed: Allowed<may::BillingWrite>,
) -> Result<JsonAnswer<BillingView>, Problem> {
    let acting = Acting::from(allowed);
    billing.end_with_period(&acting, true).await?;
    Ok(JsonAnswer(billing.see_after_asking(&acting).await?.into()))
}

/// Takes a cancellation back.
#[utoipa::path(
    post, path = "/v1/organizations/{organization}/billing/resume", tag = "billing", operation_id = "resume_plan",
    params(("organization" = String, Path)),
    responses((status = 200, body = BillingView), ProblemResponses),
    extensions(("x-permission" = json!("billing.write")))
)]
pub(super) async fn resume(
    State(billing): State<Billing>,
    allowed: Allowed<may::BillingWrite>,
) -> Result<JsonAnswer<BillingView>, Problem> {
    let acting = Acting::from(allowed);
    billing.end_with_period(&acting, false).await?;
    Ok(JsonAnswer(billing.see_after_asking(&acting).await?.into()))
}
