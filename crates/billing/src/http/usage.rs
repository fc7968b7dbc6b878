//! `GET …/usage`, `GET …/usage.csv`

use std::fmt::Write as _;

use axum::{Json as JsonAnswer, extract::State, response::IntoResponse};
use http::header;
use serde::Serialize;
use utoipa::ToSchema;
use wax_httpkit::{
    Problem, ProblemResponses,
    auth::{Allowed, may},
};
use wax_kernel::Timestamp;
use wax_model::{Limit, Meter};

use super::names;
use crate::{
    Billing,
    service::{Metered, Usage},
};

/// What an organization uses of its plan.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UsageView {
    meters: Vec<MeterView>,
    /// The last twelve, oldest first, the current one included.
    months: Vec<UsageMonthView>,
}

#[derive(Debug, Serialize, ToSchema)]
struct MeterView {
    #[schema(schema_with = names::meter)]
    meter: Meter,
    /// `null`: nothing is counted.
    used: Option<u64>,
    /// `null`: there is none.
    #[schema(value_type = Option<u64>)]
    limit: Limit,
    /// When it begins anew, UTC milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    resets_at_ms: Option<i64>,
}

#[derive(Debug, Serialize, ToSchema)]
struct UsageMonthView {
    /// `2026-11`, UTC.
    month: String,
    /// Made in it.
    secrets: u64,
}

impl From<Usage> for UsageView {
    fn from(Usage { meters, months }: Usage) -> Self {
        let month = |(month, secrets): (wax_model::Month, u64)| UsageMonthView {
            month: month.to_string(),
            secrets,
        };
        Self {
            meters: meters.into_iter().map(MeterView::from).collect(),
            months: months.into_iter().map(month).collect(),
        }
    }
}

impl From<Metered> for MeterView {
    fn from(Metered { meter, used, limit, resets_at }: Metered) -> Self {
        Self { meter, used, limit, resets_at_ms: resets_at.map(Timestamp::as_ms) }
    }
}

/// What is used of each limit, and how many secrets were made in the last twelve months. 404 where nothing is sold.
#[utoipa::path(
    get, path = "/v1/organizations/{organization}/usage", tag = "billing", operation_id = "usage",
    params(("organization" = String, Path)),
    responses((status = 200, body = UsageView), ProblemResponses),
    extensions(("x-permission" = json!("billing.read")))
)]
pub(super) async fn usage(
    State(billing): State<Billing>,
    allowed: Allowed<may::BillingRead>,
) -> Result<JsonAnswer<UsageView>, Problem> {
    Ok(JsonAnswer(billing.usage(&allowed.into()).await?.into()))
}

/// The same months as comma-separated values (RFC 4180).
#[utoipa::path(
    get, path = "/v1/organizations/{organization}/usage.csv", tag = "billing", operation_id = "usage_csv",
    params(("organization" = String, Path)),
    responses((status = 200, body = String, content_type = "text/csv"), ProblemResponses),
    extensions(("x-permission" = json!("billing.read")))
)]
pub(super) async fn csv(
    State(billing): State<Billing>,
    allowed: Allowed<may::BillingRead>,
) -> Result<impl IntoResponse, Problem> {
    let Usage { months, .. } = billing.usage(&allowed.into()).await?;
    let mut text = "month,secrets\r\n".to_owned();
    for (month, secrets) in months {
        // Writing to a text does not fail.
        let _ = write!(text, "{month},{secrets}\r\n");
    }
    let kind = (header::CONTENT_TYPE, "text/csv; charset=utf-8");
    let file = (header::CONTENT_DISPOSITION, "attachment; filename=\"usage.csv\"");
    Ok(([kind, file], text))
}
