//! What we know of payments (docs/billing.md §5): customers, what came from Stripe, and what does not add up.

use std::fmt;

use async_trait::async_trait;
use wax_kernel::{TenantId, Timestamp};
use wax_model::{
    PlanId, TenantScope,
    billing::{Currency, DriftKind, Interval, Standing},
};

use crate::StoreError;

/// An organization that is a customer at Stripe.
#[derive(Clone, PartialEq, Eq)]
pub struct BillingCustomer {
    /// Whose.
    pub tenant: TenantId,
    /// Stripe's id of it: `cus_…`.
    pub customer: String,
    /// What was wanted when the row was read. Only whoever took the row may say that it is fetched.
    pub wanted: i64,
    /// What was wanted when the copy was asked for.
    pub fetched: i64,
    /// Who took it last.
    pub fence: i64,
    /// Times in a row that Stripe did not answer.
    pub failures: u32,
    /// When Stripe last answered.
    pub asked_at: Option<Timestamp>,
    /// What the organization was last told that it is.
    pub standing: Standing,
    /// Of what it was last reminded.
    pub reminded: Option<String>,
    /// Subscriptions and invoices, sealed by the service. `None`: Stripe was never asked.
    pub copy: Option<Vec<u8>>,
}

/// It holds what opens invoices.
impl fmt::Debug for BillingCustomer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BillingCustomer")
            .field("tenant", &self.tenant)
            .field("wanted", &self.wanted)
            .field("fetched", &self.fetched)
            .field("fence", &self.fence)
            .finish_non_exhaustive()
    }
}

/// What whoever took a customer leaves.
#[derive(Clone, PartialEq, Eq)]
pub struct Attended {
    /// Of which organization.
    pub tenant: TenantId,
    /// As it was taken.
    pub fence: i64,
    /// What was wanted when the copy was asked for.
    pub fetched: i64,
    /// 0: Stripe answered.
    pub failures: u32,
    /// When Stripe last answered.
    pub asked_at: Option<Timestamp>,
    /// What the organization is told that it is.
    pub standing: Standing,
    /// Of what it is reminded.
    pub reminded: Option<String>,
    /// For how many members is paid; `None`: not by members, or nothing to put right.
    pub seats: Option<u64>,
    /// Subscriptions and invoices, sealed; `None`: as they were.
    pub copy: Option<Vec<u8>>,
    /// When it is taken next, if nothing happens.
    pub due_at: Timestamp,
    /// When, if more was wanted meanwhile.
    pub again_at: Timestamp,
}

/// It holds what opens invoices.
impl fmt::Debug for Attended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attended")
            .field("tenant", &self.tenant)
            .field("fence", &self.fence)
            .field("fetched", &self.fetched)
            .finish_non_exhaustive()
    }
}

/// What Stripe sent.
#[derive(Clone, PartialEq, Eq)]
pub struct BillingEvent {
    /// Stripe's id: `evt_…`.
    pub id: String,
    /// Whom it names.
    pub customer: Option<String>,
    /// Stripe's word for what happened.
    pub kind: String,
    /// When it came.
    pub received_at: Timestamp,
    /// As it came, sealed by the service.
    pub body: Vec<u8>,
}

impl fmt::Debug for BillingEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BillingEvent").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// A price, in one of its currencies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BillingPrice {
    /// By which the configuration names it.
    pub lookup_key: String,
    /// How often it is paid.
    pub interval: Interval,
    /// In what.
    pub currency: Currency,
    /// How much, in the currency's smallest unit.
    pub amount: i64,
}

/// A difference between Stripe and us that only people can mend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    /// Which.
    pub kind: DriftKind,
    /// What it is about: a subscription, a price, a plan, a customer.
    pub subject: String,
    /// Whose; `None`: nobody's that we know.
    pub tenant: Option<TenantId>,
    /// Since when it is known.
    pub since: Timestamp,
}

/// Changing what we know of payments. Rules that read before they write take the organization's lock first.
#[async_trait]
pub trait BillingRepository: Send {
    /// Writes a new customer, to be taken at `due_at`. `false`: the organization is one, or another is this one; nothing was
    /// written.
    async fn insert_customer(
        &mut self,
        tenant: TenantId,
        customer: &str,
        due_at: Timestamp,
    ) -> Result<bool, StoreError>;
    /// Says that something may have changed at Stripe: what is wanted rises, and is due now. `None`: nobody has this customer.
    async fn mark(
        &mut self,
        customer: &str,
        now: Timestamp,
    ) -> Result<Option<TenantId>, StoreError>;
    /// Writes what came. `false`: it came before, nothing was written.
    async fn keep_event(&mut self, event: &BillingEvent) -> Result<bool, StoreError>;
    /// Writes what whoever took a customer leaves, and lets it go. `false`: somebody else took it meanwhile, or it is gone;
    /// nothing was written, and the unit writes nothing else.
    async fn attend(&mut self, attended: &Attended) -> Result<bool, StoreError>;
    /// Replaces an organization's drift; `None`: that of customers whom we do not know. What was known keeps its time. Answers
    /// what is new.
    async fn replace_drift(
        &mut self,
        tenant: Option<TenantId>,
        drift: &[Drift],
    ) -> Result<Vec<Drift>, StoreError>;
    /// Adds one. `false`: it is known.
    async fn add_drift(&mut self, drift: &Drift) -> Result<bool, StoreError>;
}

/// What jobs and views need. Every method is its own transaction.
#[async_trait]
pub trait BillingPlatform: Send + Sync {
    /// An organization's customer, to look at.
    async fn customer(&self, scope: TenantScope) -> Result<Option<BillingCustomer>, StoreError>;
    /// Takes the customer that is due the longest until `leased_until`, unless somebody has it.
    async fn take_due(
        &self,
        now: Timestamp,
        leased_until: Timestamp,
    ) -> Result<Option<BillingCustomer>, StoreError>;
    /// Takes an organization's customer, due or not. `None`: it is none, or somebody has it.
    async fn take(
        &self,
        scope: TenantScope,
        now: Timestamp,
        leased_until: Timestamp,
    ) -> Result<Option<BillingCustomer>, StoreError>;
    /// How many members an organization has.
    async fn members(&self, scope: TenantScope) -> Result<u64, StoreError>;
    /// Marks the customers that pay for another number of members than they have. Answers how many.
    async fn mark_seats(&self, now: Timestamp) -> Result<u64, StoreError>;
    /// Every price, by lookup key and currency.
    async fn prices(&self) -> Result<Vec<BillingPrice>, StoreError>;
    /// Replaces them all.
    async fn set_prices(&self, prices: &[BillingPrice]) -> Result<(), StoreError>;
    /// Takes a piece of work that one process does for all, until `again_at`. `false`: it is not due.
    async fn take_turn(
        &self,
        name: &str,
        now: Timestamp,
        again_at: Timestamp,
    ) -> Result<bool, StoreError>;
    /// Everything that does not add up, by kind and subject.
    async fn drift(&self) -> Result<Vec<Drift>, StoreError>;
    /// Those of these customers whom no organization is.
    async fn unknown_customers(&self, customers: Vec<String>) -> Result<Vec<String>, StoreError>;
    /// The plans that organizations have.
    async fn plans_in_use(&self) -> Result<Vec<PlanId>, StoreError>;
    /// Deletes events of `before` or earlier, the oldest first, at most `limit`. Answers how many.
    async fn forget_billing_events(&self, before: Timestamp, limit: u32)
    -> Result<u64, StoreError>;
    /// What came, and is kept: to look at. `None`: it is not known.
    async fn event(&self, id: &str) -> Result<Option<BillingEvent>, StoreError>;
    /// Takes the customer of an organization that was erased, until `again_at`.
    async fn take_parting(
        &self,
        now: Timestamp,
        again_at: Timestamp,
    ) -> Result<Option<String>, StoreError>;
    /// It pays for nothing any more.
    async fn parted(&self, customer: &str) -> Result<(), StoreError>;
}
