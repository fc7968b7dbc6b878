//! What the server itself asks, across tenants. Never reached from a request.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use wax_kernel::{ClaimId, ContextKeyId, SecretId, TenantId, Timestamp};
use wax_model::{Meter, Month, OperatorEvent, PlanId, Tenant};

use crate::{BillingPlatform, DomainPlatform, HighUsage, NewDomain, Outbox, StoreError};

/// A secret with something due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueSecret {
    /// Whose.
    pub tenant: TenantId,
    /// Which.
    pub id: SecretId,
}

/// A claim whose window has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueClaim {
    /// Whose.
    pub tenant: TenantId,
    /// Of which secret.
    pub secret: SecretId,
    /// Which.
    pub id: ClaimId,
}

/// A time in which no reaper ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outage {
    /// The last beat before it.
    pub from: Timestamp,
    /// The first beat after it.
    pub to: Timestamp,
}

/// The key with which an edge signs its contexts, as services on other machines may know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegisteredKey {
    /// Names it in every context.
    pub id: ContextKeyId,
    /// Ed25519, 32 bytes (RFC 8032 §5.1.5).
    pub public_key: [u8; 32],
    /// From then on nothing that it signed is believed.
    pub expires_at: Timestamp,
}

/// The key of the tickets of one period, for all edges. Sealed by the key ring.
#[derive(Clone, PartialEq, Eq)]
pub struct TicketRow {
    /// Which six hours since the epoch.
    pub period: i64,
    /// Sealed.
    pub key: Vec<u8>,
}

impl fmt::Debug for TicketRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TicketRow").field("period", &self.period).finish_non_exhaustive()
    }
}

/// How long an expired key stays registered, so that services can tell "expired" from "unknown" in their logs.
pub const EXPIRED_KEY_KEPT: Duration = Duration::from_hours(24);

/// The server's own work. Every method is its own transaction and runs to its end.
#[async_trait]
pub trait PlatformStore: Send + Sync {
    /// Writes a tenant; does nothing if one with this slug exists. Answers the one that exists.
    async fn ensure_tenant(&self, tenant: &Tenant) -> Result<Tenant, StoreError>;
    /// Writes a domain that is the tenant's without proof, with its brand, and tells edges; replaces the brand if this
    /// tenant has the host already. `false`: another tenant holds the host.
    async fn ensure_domain(&self, new: &NewDomain) -> Result<bool, StoreError>;
    /// How many tenants there are.
    async fn count_tenants(&self) -> Result<u64, StoreError>;

    /// Registers the key of an edge, and forgets those that expired more than [`EXPIRED_KEY_KEPT`] ago.
    async fn register_context_key(
        &self,
        key: &RegisteredKey,
        now: Timestamp,
    ) -> Result<(), StoreError>;
    /// Every registered key, the first to end first: one or two for each edge that ran lately.
    async fn context_keys(&self) -> Result<Vec<RegisteredKey>, StoreError>;

    /// Secrets in `ready`, `locked` or `bound` whose expiry is at or before `before`.
    async fn due_expiries(
        &self,
        before: Timestamp,
        limit: u32,
    ) -> Result<Vec<DueSecret>, StoreError>;
    /// Open claims whose window ends at or before `before`.
    async fn due_windows(&self, before: Timestamp, limit: u32)
    -> Result<Vec<DueClaim>, StoreError>;
    /// Secrets in a final state whose receipt's time is over.
    async fn due_tombstones(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<DueSecret>, StoreError>;
    /// Records that a reaper is alive. If the last beat is more than `gap_ms` ago, first moves the end of every open
    /// window later by the time since, but not beyond the life of its secret's day key, in the same transaction, and
    /// says so: an outage must not destroy what was not received.
    async fn beat(&self, now: Timestamp, gap_ms: i64) -> Result<Option<Outage>, StoreError>;
    /// Deletes asks that ended at or before `before` and were not answered.
    async fn forget_asks(&self, before: Timestamp) -> Result<(), StoreError>;
    /// Deletes audit events of `before` or earlier, the oldest first, at most `limit`. Answers how many.
    async fn forget_events(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError>;
    /// The same of organizations with one of these plans; `others`: of those with none of them.
    async fn forget_events_of(
        &self,
        plans: &[PlanId],
        others: bool,
        before: Timestamp,
        limit: u32,
    ) -> Result<u64, StoreError>;
    /// Meters of which owners may have to be told in this month, by organization and meter, after this one, at most `limit`.
    /// Whether they are at 80 or 100 % now, [`UsageReads::used`](crate::UsageReads::used) says; that owners are told,
    /// [`tell`](crate::UsageRepository::tell).
    async fn high_usage(
        &self,
        month: Month,
        after: Option<(TenantId, Meter)>,
        limit: u32,
    ) -> Result<Vec<HighUsage>, StoreError>;
    /// Organizations whose deletion is due, the longest due first:
    /// [`erase`](crate::OrganizationRepository::erase) is called for each until it is done.
    async fn due_erasures(&self, now: Timestamp, limit: u32) -> Result<Vec<TenantId>, StoreError>;
    /// Deletes sessions, tokens, invitations, tries, known devices and usage whose time is over, at most `limit` of each.
    /// Answers how many.
    async fn forget_ended(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError>;
    /// Deletes events of accounts' histories of `before` or earlier, the oldest first, at most `limit`. Answers how many.
    async fn forget_account_events(&self, before: Timestamp, limit: u32)
    -> Result<u64, StoreError>;

    /// What the operator did, newest first, at most `limit`.
    async fn operator_events(&self, limit: u32) -> Result<Vec<OperatorEvent>, StoreError>;

    /// Writes those keys of tickets whose period has none, forgets those of earlier periods, and answers those that stand,
    /// by period. `keys`: by period.
    async fn ticket_keys(&self, keys: &[TicketRow]) -> Result<Vec<TicketRow>, StoreError>;
    /// The change log, and work on domains.
    fn domains(&self) -> &dyn DomainPlatform;
    /// What we know of payments.
    fn billing(&self) -> &dyn BillingPlatform;
    /// What waits to be delivered, and to whom nothing is.
    fn outbox(&self) -> &dyn Outbox;

    /// The database's clock: what all nodes of one database go by. On `SQLite` it is this machine's.
    async fn clock(&self) -> Result<Timestamp, StoreError>;
    /// Makes what was deleted unreadable in the database's files (on `SQLite`, a TRUNCATE checkpoint).
    async fn checkpoint(&self) -> Result<(), StoreError>;
    /// Whether the database answers, and keeps what it acknowledges (synchronous and fsync settings).
    async fn check(&self) -> Result<(), StoreError>;
}
