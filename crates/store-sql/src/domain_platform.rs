//! What the server itself asks of domains: each method is its own transaction.

use std::sync::Arc;

use async_trait::async_trait;
use wax_kernel::{DomainId, Hostname, Timestamp};
use wax_model::{
    Tenant,
    domain::{Domain, Node, NodeKind},
};
use wax_store::{Changes, DomainLabel, DomainPlatform, RouteNow, StoreError};

use crate::{SqlStore, change_log, domain_checks, domains, feed, labels, routes, tenants};

#[async_trait]
impl DomainPlatform for SqlStore {
    async fn routes(
        &self,
        after: Option<DomainId>,
        limit: u32,
    ) -> Result<Vec<(DomainId, RouteNow)>, StoreError> {
        routes::list(&mut self.database.clone(), after, limit).await
    }

    async fn position(&self) -> Result<i64, StoreError> {
        change_log::position(&mut self.database.clone()).await
    }

    async fn feed_position(&self, feed: &str) -> Result<u64, StoreError> {
        feed::position(&mut self.database.clone(), feed).await
    }

    async fn set_feed_position(&self, feed: &str, position: u64) -> Result<(), StoreError> {
        let feed: Arc<str> = feed.into();
        self.database
            .transact(move |mut session| {
                let feed = Arc::clone(&feed);
                Box::pin(async move { feed::set_position(&mut session, &feed, position).await })
            })
            .await
    }

    async fn changes(&self, position: i64, limit: u32) -> Result<Option<Changes>, StoreError> {
        change_log::changes(&mut self.database.clone(), position, limit).await
    }

    async fn last_change(&self, id: DomainId) -> Result<Option<i64>, StoreError> {
        change_log::last(&mut self.database.clone(), id).await
    }

    async fn forget_changes(&self, now: Timestamp) -> Result<(), StoreError> {
        self.database
            .transact(move |mut session| {
                Box::pin(async move { change_log::forget(&mut session, now).await })
            })
            .await
    }

    async fn note_node(&self, node: &Node) -> Result<(), StoreError> {
        let node = Arc::new(node.clone());
        self.database
            .transact(move |mut session| {
                let node = Arc::clone(&node);
                Box::pin(async move { change_log::note_node(&mut session, &node).await })
            })
            .await
    }

    async fn nodes(&self, kind: NodeKind, now: Timestamp) -> Result<Vec<Node>, StoreError> {
        change_log::nodes(&mut self.database.clone(), kind, now).await
    }

    /// Looks first: workers ask every second, and a transaction would hold up `SQLite`'s one writer.
    async fn take_due_check(
        &self,
        now: Timestamp,
        again_at: Timestamp,
    ) -> Result<Option<Domain>, StoreError> {
        if !domain_checks::any_due(&mut self.database.clone(), now).await? {
            return Ok(None);
        }
        self.database
            .transact(move |mut session| {
                Box::pin(async move { domain_checks::take(&mut session, now, again_at).await })
            })
            .await
    }

    /// Looks first, for the same reason: anybody can open handshakes.
    async fn hasten(
        &self,
        host: &Hostname,
        not_after: Timestamp,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut database = self.database.clone();
        if !domain_checks::any_to_hasten(&mut database, host, not_after, now).await? {
            return Ok(0);
        }
        let host = Arc::new(host.clone());
        self.database
            .transact(move |mut session| {
                let host = Arc::clone(&host);
                Box::pin(
                    async move { domain_checks::hasten(&mut session, &host, not_after, now).await },
                )
            })
            .await
    }

    async fn tenants_without_host(
        &self,
        suffix: &Hostname,
        limit: u32,
    ) -> Result<Vec<Tenant>, StoreError> {
        tenants::without_host(&mut self.database.clone(), suffix, limit).await
    }

    async fn domain(&self, id: DomainId) -> Result<Option<Domain>, StoreError> {
        domains::find_anywhere(&mut self.database.clone(), id).await
    }

    async fn labels(
        &self,
        after: Option<DomainId>,
        limit: u32,
    ) -> Result<Vec<DomainLabel>, StoreError> {
        labels::list(&mut self.database.clone(), after, limit).await
    }

    async fn labels_of(&self, domains: &[DomainId]) -> Result<Vec<DomainLabel>, StoreError> {
        labels::of(&mut self.database.clone(), domains).await
    }
}
