//! The store as everybody else sees it.

use std::sync::Arc;

use async_trait::async_trait;
use wax_cache::Hints;
use wax_kernel::Rng;
use wax_model::TenantScope;
use wax_store::{AccountReads, PlatformStore, PlatformWork, Reader, Store, StoreError, Work};

use crate::{Settings, durability, engine::Database, scoped::Scoped, unscoped::Unscoped};

/// A store on `SQLite` or Postgres.
#[derive(Debug)]
pub struct SqlStore {
    pub(crate) database: Database,
}

impl SqlStore {
    /// Connects, and refuses a database that would lose what it acknowledged. The schema is [`Self::migrate`]'s.
    pub async fn open(settings: &Settings) -> Result<Arc<Self>, StoreError> {
        let store = Self { database: Database::open(settings).await? };
        store.check().await?;
        Ok(Arc::new(store))
    }

    /// As [`Self::open`], but the database may be away until it is needed, and is not checked: for processes that only
    /// look at it.
    pub async fn open_later(settings: &Settings) -> Result<Arc<Self>, StoreError> {
        Ok(Arc::new(Self { database: Database::open_later(settings).await? }))
    }

    /// Brings the schema up to date. Safe to call from several processes at once.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        self.database.migrate().await
    }

    /// Refuses further work, waits for what is under way (at most 10 seconds), and closes every connection.
    pub async fn close(&self) {
        self.database.close().await;
    }

    /// Hints between all processes that use this database; within this one where no others can.
    pub fn hints(&self, rng: &dyn Rng) -> Arc<dyn Hints> {
        self.database.hints(rng)
    }

    pub(crate) async fn check(&self) -> Result<(), StoreError> {
        self.database
            .transact(|mut session| Box::pin(async move { durability::check(&mut session).await }))
            .await
    }
}

#[async_trait]
impl Store for SqlStore {
    async fn run(&self, scope: TenantScope, work: Work) -> Result<(), StoreError> {
        self.database
            .run(Arc::new(move |session| {
                let work = Arc::clone(&work);
                Box::pin(async move { work(&mut Scoped::new(session, scope)).await })
            }))
            .await
    }

    async fn run_platform(&self, work: PlatformWork) -> Result<(), StoreError> {
        self.database
            .run(Arc::new(move |session| {
                let work = Arc::clone(&work);
                Box::pin(async move { work(&mut Unscoped { session }).await })
            }))
            .await
    }

    fn read(&self, scope: TenantScope) -> Box<dyn Reader> {
        Box::new(Scoped::new(self.database.clone(), scope))
    }

    fn accounts(&self) -> &dyn AccountReads {
        self
    }

    fn platform(&self) -> &dyn PlatformStore {
        self
    }
}
