//! `GET …/billing/invoices`

use axum::{Json as JsonAnswer, extract::State};
use serde::Serialize;
use utoipa::ToSchema;
use wax_httpkit::{
    Problem, ProblemResponses,
    auth::{Allowed, may},
};

use crate::{Billing, service::KeptInvoice};

/// Newest first.
#[derive(Serialize, ToSchema)]
pub(super) struct InvoicesView {
    invoices: Vec<InvoiceView>,
}

#[derive(Serialize, ToSchema)]
struct InvoiceView {
    id: String,
    /// What it says it is.
    number: Option<String>,
    /// UTC milliseconds.
    created_at_ms: i64,
    /// `open`, `paid`, `uncollectible`, `void`.
    status: String,
    /// In the currency's smallest unit.
    total: i64,
    /// Small letters of ISO 4217.
    currency: String,
    /// How many of the total's digits are after the point.
    decimals: u8,
    /// Stripe's page of it.
    url: Option<String>,
    /// As a file.
    pdf: Option<String>,
}

impl From<KeptInvoice> for InvoiceView {
    fn from(invoice: KeptInvoice) -> Self {
        let KeptInvoice { id, number, created_at, status, total, currency, url, pdf } = invoice;
        Self {
            id,
            number,
            created_at_ms: created_at.as_ms(),
            status,
            total,
            currency: currency.as_str().to_owned(),
            decimals: currency.decimals(),
            url,
            pdf,
        }
    }
}

/// The last 24, as we last saw them.
#[utoipa::path(
    get, path = "/v1/organizations/{organization}/billing/invoices", tag = "billing", operation_id = "invoices",
    params(("organization" = String, Path)),
    responses((status = 200, body = InvoicesView), ProblemResponses),
    extensions(("x-permission" = json!("billing.read")))
)]
pub(super) async fn invoices(
    State(billing): State<Billing>,
    allowed: Allowed<may::BillingRead>,
) -> Result<JsonAnswer<InvoicesView>, Problem> {
    let invoices = billing.invoices(&allowed.into()).await?;
    Ok(JsonAnswer(InvoicesView { invoices: invoices.into_iter().map(Into::into).collect() }))
}
