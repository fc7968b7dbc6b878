//! How an organization stands, as its members see it.

use wax_kernel::Timestamp;
use wax_model::{
    Plan, TenantScope,
    billing::{Standing, Subscription},
};
use wax_store::{BillingCustomer, Frozen};

use super::{Acting, Billing, KeptInvoice, Offer, Refusal, following::Following, truth::Truth};

/// Everything about an organization's payments.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) plan: Plan,
    pub(crate) standing: Standing,
    pub(crate) until: Option<Timestamp>,
    /// The subscription that counts.
    pub(crate) subscription: Option<Subscription>,
    /// What a plan that is paid by members would be paid for now.
    pub(crate) members: u64,
    pub(crate) customer: bool,
    pub(crate) asked_at: Option<Timestamp>,
    /// Whether Stripe did not answer when it was last asked.
    pub(crate) stale: bool,
    pub(crate) has_tried: bool,
    pub(crate) frozen: Frozen,
    pub(crate) offers: Vec<Offer>,
}

impl Billing {
    /// What we know; nobody is asked.
    pub(crate) async fn see(&self, acting: &Acting) -> Result<Seen, Refusal> {
        self.payments()?;
        let scope = acting.scope;
        let tenant = self.store().read(scope).organization().find().await?;
        let tenant = tenant.ok_or(Refusal::NotAvailable)?;
        let (customer, truth) = self.known(scope).await?;
        let following = Following::of(&truth.subscriptions, self.plans(), self.now());
        let plan = self.plans().of(&tenant.plan).clone();
        Ok(Seen {
            frozen: self.store().read(scope).usage().frozen(&plan.entitlements, self.now()).await?,
            plan,
            standing: following.standing,
            until: following.until,
            subscription: truth.counting().cloned(),
            members: self.platform().members(scope).await?,
            customer: customer.is_some(),
            asked_at: customer.as_ref().and_then(|customer| customer.asked_at),
            stale: customer.is_some_and(|customer| customer.failures > 0),
            has_tried: truth.has_tried(),
            offers: self.offers().await?,
        })
    }

    /// The last invoices, as we last saw them.
    pub(crate) async fn invoices(&self, acting: &Acting) -> Result<Vec<KeptInvoice>, Refusal> {
        self.payments()?;
        Ok(self.known(acting.scope).await?.1.invoices)
    }

    /// The customer and what is kept of it.
    pub(super) async fn known(
        &self,
        scope: TenantScope,
    ) -> Result<(Option<BillingCustomer>, Truth), Refusal> {
        let customer = self.platform().customer(scope).await?;
        let truth = customer.as_ref().map(|customer| self.kept(customer)).transpose()?;
        Ok((customer, truth.unwrap_or_default()))
    }
}
