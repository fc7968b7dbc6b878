//! What jobs and views need of payments: each method is its own transaction.

use std::sync::Arc;

use async_trait::async_trait;
use wax_kernel::Timestamp;
use wax_model::{PlanId, TenantScope};
use wax_store::{BillingCustomer, BillingEvent, BillingPlatform, BillingPrice, Drift, StoreError};

use crate::{SqlStore, billing, billing_drift};

#[async_trait]
impl BillingPlatform for SqlStore {
    async fn customer(&self, scope: TenantScope) -> Result<Option<BillingCustomer>, StoreError> {
        billing::find(&mut self.database.clone(), scope.tenant()).await
    }

    /// Looks first: jobs ask every second, and a transaction would hold up `SQLite`'s one writer.
    async fn take_due(
        &self,
        now: Timestamp,
        leased_until: Timestamp,
    ) -> Result<Option<BillingCustomer>, StoreError> {
        if !billing::any_due(&mut self.database.clone(), now).await? {
            return Ok(None);
        }
        self.database
            .transact(move |mut session| {
                Box::pin(async move { billing::take_due(&mut session, now, leased_until).await })
            })
            .await
    }

    async fn take(
        &self,
        scope: TenantScope,
        now: Timestamp,
        leased_until: Timestamp,
    ) -> Result<Option<BillingCustomer>, StoreError> {
        let tenant = scope.tenant();
        self.database
            .transact(move |mut session| {
                Box::pin(
                    async move { billing::take(&mut session, tenant, now, leased_until).await },
                )
            })
            .await
    }

    async fn members(&self, scope: TenantScope) -> Result<u64, StoreError> {
        billing::members(&mut self.database.clone(), scope.tenant()).await
    }

    async fn unknown_customers(&self, customers: Vec<String>) -> Result<Vec<String>, StoreError> {
        billing::unknown(&mut self.database.clone(), customers).await
    }

    async fn mark_seats(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.database
            .transact(move |mut session| {
                Box::pin(async move { billing::mark_seats(&mut session, now).await })
            })
            .await
    }

    async fn prices(&self) -> Result<Vec<BillingPrice>, StoreError> {
        billing_drift::prices(&mut self.database.clone()).await
    }

    async fn set_prices(&self, prices: &[BillingPrice]) -> Result<(), StoreError> {
        let prices: Arc<[BillingPrice]> = prices.into();
        self.database
            .transact(move |mut session| {
                let prices = Arc::clone(&prices);
                Box::pin(async move { billing_drift::set_prices(&mut session, &prices).await })
            })
            .await
    }

    async fn take_turn(
        &self,
        name: &str,
        now: Timestamp,
        again_at: Timestamp,
    ) -> Result<bool, StoreError> {
        let name: Arc<str> = name.into();
        self.database
            .transact(move |mut session| {
                let name = Arc::clone(&name);
                Box::pin(async move {
                    billing_drift::take_turn(&mut session, &name, now, again_at).await
                })
            })
            .await
    }

    async fn drift(&self) -> Result<Vec<Drift>, StoreError> {
        billing_drift::all(&mut self.database.clone()).await
    }

    async fn plans_in_use(&self) -> Result<Vec<PlanId>, StoreError> {
        billing_drift::plans_in_use(&mut self.database.clone()).await
    }

    async fn forget_billing_events(
        &self,
        before: Timestamp,
        limit: u32,
    ) -> Result<u64, StoreError> {
        self.database
            .transact(move |mut session| {
                Box::pin(async move { billing::forget_events(&mut session, before, limit).await })
            })
            .await
    }

    async fn event(&self, id: &str) -> Result<Option<BillingEvent>, StoreError> {
        billing::event(&mut self.database.clone(), id).await
    }

    /// Looks first, for the same reason.
    async fn take_parting(
        &self,
        now: Timestamp,
        again_at: Timestamp,
    ) -> Result<Option<String>, StoreError> {
        if !billing_drift::any_parting(&mut self.database.clone(), now).await? {
            return Ok(None);
        }
        self.database
            .transact(move |mut session| {
                Box::pin(
                    async move { billing_drift::take_parting(&mut session, now, again_at).await },
                )
            })
            .await
    }

    async fn parted(&self, customer: &str) -> Result<(), StoreError> {
        let customer: Arc<str> = customer.into();
        self.database
            .transact(move |mut session| {
                let customer = Arc::clone(&customer);
                Box::pin(async move { billing_drift::parted(&mut session, &customer).await })
            })
            .await
    }
}
