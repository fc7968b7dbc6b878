//! What Stripe last said of a customer, as we keep it: sealed, because it opens invoices.

use serde::{Deserialize, Serialize};
use wax_crypto::at_rest::Slot;
use wax_kernel::{TenantId, Timestamp};
use wax_model::billing::{Currency, Subscription};
use wax_payments::Invoice;
use wax_store::BillingCustomer;

use super::{Billing, Refusal};

/// Everything that was fetched. The default: nothing was.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Truth {
    pub(super) subscriptions: Vec<Subscription>,
    pub(super) invoices: Vec<KeptInvoice>,
}

/// An invoice, as it is kept.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeptInvoice {
    pub(crate) id: String,
    pub(crate) number: Option<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) status: String,
    pub(crate) total: i64,
    pub(crate) currency: Currency,
    pub(crate) url: Option<String>,
    pub(crate) pdf: Option<String>,
}

impl From<Invoice> for KeptInvoice {
    fn from(invoice: Invoice) -> Self {
        let Invoice { id, number, created_at, status, total, currency, url, pdf } = invoice;
        Self { id, number, created_at, status, total, currency, url, pdf }
    }
}

impl Truth {
    /// The subscription that counts.
    pub(super) fn counting(&self) -> Option<&Subscription> {
        Subscription::counting(&self.subscriptions)
    }

    /// In what the customer pays: the first subscription has fixed it.
    pub(super) fn currency(&self) -> Option<Currency> {
        let oldest = self.subscriptions.iter().min_by_key(|one| one.created_at);
        self.counting().or(oldest).map(|one| one.currency)
    }

    /// Whether something was tried already.
    pub(super) fn has_tried(&self) -> bool {
        self.subscriptions.iter().any(|one| one.trial_ends_at.is_some())
    }
}

impl Billing {
    /// Ready for the row.
    pub(super) fn seal(&self, tenant: TenantId, truth: &Truth) -> Vec<u8> {
        let json = serde_json::to_vec(truth).expect("the truth has a JSON form");
        self.0.keys.ring().seal(slot(&tenant), &json, self.rng())
    }

    /// What the row holds; nothing, if Stripe was never asked.
    pub(super) fn kept(&self, customer: &BillingCustomer) -> Result<Truth, Refusal> {
        let Some(sealed) = &customer.copy else { return Ok(Truth::default()) };
        let json = self.0.keys.ring().open(slot(&customer.tenant), sealed);
        let json = json.map_err(|_| Refusal::Unreadable)?;
        serde_json::from_slice(&json).map_err(|_| Refusal::Unreadable)
    }
}

fn slot(tenant: &TenantId) -> Slot<'_> {
    Slot { table: "billing_customers", column: "copy", row: tenant.as_bytes() }
}
