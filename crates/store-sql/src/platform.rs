//! What the server itself asks: each method is its own transaction.

use std::sync::Arc;

use async_trait::async_trait;
use wax_kernel::{TenantId, Timestamp};
use wax_model::{Meter, Month, OperatorEvent, PlanId, Tenant};
use wax_store::{
    BillingPlatform, DomainPlatform, DueClaim, DueSecret, HighUsage, NewDomain, Outage, Outbox,
    PlatformStore, RegisteredKey, StoreError, TicketRow,
};

use crate::{
    SqlStore, audit, context_keys, domains, erasure, forgetting, handovers, operator, reaper,
    tenants, ticket_keys, usage,
};

#[async_trait]
impl PlatformStore for SqlStore {
    async fn ensure_tenant(&self, tenant: &Tenant) -> Result<Tenant, StoreError> {
        let tenant = Arc::new(tenant.clone());
        self.database
            .transact(move |mut session| {
                let tenant = Arc::clone(&tenant);
                Box::pin(async move { tenants::ensure(&mut session, &tenant).await })
            })
            .await
    }

    async fn ensure_domain(&self, new: &NewDomain) -> Result<bool, StoreError> {
        let new = Arc::new(new.clone());
        self.database
            .transact(move |mut session| {
                let new = Arc::clone(&new);
                Box::pin(async move { domains::ensure(&mut session, &new).await })
            })
            .await
    }

    async fn count_tenants(&self) -> Result<u64, StoreError> {
        tenants::count(&mut self.database.clone()).await
    }

    async fn register_context_key(
        &self,
        key: &RegisteredKey,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let key = *key;
        self.database
            .transact(move |mut session| {
                Box::pin(async move { context_keys::register(&mut session, &key, now).await })
            })
            .await
    }

    async fn context_keys(&self) -> Result<Vec<RegisteredKey>, StoreError> {
        context_keys::all(&mut self.database.clone()).await
    }

    async fn due_expiries(
        &self,
        before: Timestamp,
        limit: u32,
    ) -> Result<Vec<DueSecret>, StoreError> {
        reaper::due_expiries(&mut self.database.clone(), before, limit).await
    }

    async fn due_windows(
        &self,
        before: Timestamp,
        limit: u32,
    ) -> Result<Vec<DueClaim>, StoreError> {
        reaper::due_windows(&mut self.database.clone(), before, limit).await
    }

    async fn due_tombstones(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<DueSecret>, StoreError> {
        reaper::due_tombstones(&mut self.database.clone(), now, limit).await
    }

    async fn beat(&self, now: Timestamp, gap_ms: i64) -> Result<Option<Outage>, StoreError> {
        self.database
            .transact(move |mut session| {
                Box::pin(async move { reaper::beat(&mut session, now, gap_ms).await })
            })
            .await
    }

    async fn forget_asks(&self, before: Timestamp) -> Result<(), StoreError> {
        self.database
            .transact(move |mut session| {
                Box::pin(async move { handovers::forget(&mut session, before).await })
            })
            .await
    }

    async fn forget_events(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        self.database
            .transact(move |mut session| {
                Box::pin(async move { audit::forget(&mut session, before, limit).await })
            })
            .await
    }

    async fn forget_events_of(
        &self,
        plans: &[PlanId],
        others: bool,
        before: Timestamp,
        limit: u32,
    ) -> Result<u64, StoreError> {
        let plans: Arc<[PlanId]> = plans.into();
        self.database
            .transact(move |mut session| {
                let plans = Arc::clone(&plans);
                Box::pin(async move {
                    audit::forget_of(&mut session, &plans, others, before, limit).await
                })
            })
            .await
    }

    async fn high_usage(
        &self,
        month: Month,
        after: Option<(TenantId, Meter)>,
        limit: u32,
    ) -> Result<Vec<HighUsage>, StoreError> {
        usage::high(&mut self.database.clone(), month, after, limit).await
    }

    async fn due_erasures(&self, now: Timestamp, limit: u32) -> Result<Vec<TenantId>, StoreError> {
        erasure::due(&mut self.database.clone(), now, limit).await
    }

    async fn forget_ended(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError> {
        self.database
            .transact(move |mut session| {
                Box::pin(async move { forgetting::ended(&mut session, now, limit).await })
            })
            .await
    }

    async fn forget_account_events(
        &self,
        before: Timestamp,
        limit: u32,
    ) -> Result<u64, StoreError> {
        self.database
            .transact(move |mut session| {
                Box::pin(
                    async move { forgetting::account_events(&mut session, before, limit).await },
                )
            })
            .await
    }

    async fn operator_events(&self, limit: u32) -> Result<Vec<OperatorEvent>, StoreError> {
        operator::events(&mut self.database.clone(), limit).await
    }

    fn domains(&self) -> &dyn DomainPlatform {
        self
    }

    async fn ticket_keys(&self, keys: &[TicketRow]) -> Result<Vec<TicketRow>, StoreError> {
        let keys: Arc<[TicketRow]> = keys.into();
        self.database
            .transact(move |mut session| {
                let keys = Arc::clone(&keys);
                Box::pin(async move { ticket_keys::keep(&mut session, &keys).await })
            })
            .await
    }

    fn billing(&self) -> &dyn BillingPlatform {
        self
    }

    fn outbox(&self) -> &dyn Outbox {
        self
    }

    async fn clock(&self) -> Result<Timestamp, StoreError> {
        reaper::clock(&mut self.database.clone()).await
    }

    async fn checkpoint(&self) -> Result<(), StoreError> {
        self.database.checkpoint().await
    }

    async fn check(&self) -> Result<(), StoreError> {
        Self::check(self).await
    }
}
