//! A transaction that belongs to no tenant.

use async_trait::async_trait;
use wax_model::{OutboxMessage, Tenant, TenantScope};
use wax_store::{
    AccountRepository, BillingRepository, DomainRepository, OperatorRepository, OutboxRepository,
    PlatformUnit, SessionRepository, StoreError, TokenRepository, UnitOfWork,
};

use crate::{engine::Session, outbox, scoped::Scoped, tenants};

/// A session as accounts see it. Each noun's file implements its repository for it.
pub(crate) struct Unscoped<S> {
    pub(crate) session: S,
}

#[async_trait]
impl PlatformUnit for Unscoped<Session<'_>> {
    fn accounts(&mut self) -> &mut dyn AccountRepository {
        self
    }

    fn sessions(&mut self) -> &mut dyn SessionRepository {
        self
    }

    fn tokens(&mut self) -> &mut dyn TokenRepository {
        self
    }

    fn outbox(&mut self) -> &mut dyn OutboxRepository {
        self
    }

    fn domains(&mut self) -> &mut dyn DomainRepository {
        self
    }

    fn billing(&mut self) -> &mut dyn BillingRepository {
        self
    }

    fn operator(&mut self) -> &mut dyn OperatorRepository {
        self
    }

    fn within(&mut self, scope: TenantScope) -> Box<dyn UnitOfWork + '_> {
        Box::new(Scoped::new(self.session.again(), scope))
    }

    async fn insert_tenant(&mut self, tenant: &Tenant) -> Result<bool, StoreError> {
        tenants::insert(&mut self.session, tenant).await
    }

    async fn find_tenant(&mut self, name: &str) -> Result<Option<Tenant>, StoreError> {
        tenants::find_by_name(&mut self.session, name).await
    }
}

#[async_trait]
impl OutboxRepository for Unscoped<Session<'_>> {
    async fn send(&mut self, message: &OutboxMessage) -> Result<(), StoreError> {
        outbox::insert(&mut self.session, None, message).await
    }
}
