//! Domains, and what edges follow (docs/domains.md).

use std::time::Duration;

use async_trait::async_trait;
use wax_kernel::{AccountId, DomainId, EventId, HostPattern, Timestamp};
use wax_model::{
    Brand, Tenant,
    domain::{Domain, DomainEvent, Node, NodeKind, Route},
};

use crate::{Premises, StoreError};

/// How long the change log remembers a domain that is gone. Whoever was away for longer reads everything anew.
pub const CHANGES_KEPT: Duration = Duration::from_hours(24);

/// How long after it last said so a process counts as serving. An edge says it every second.
pub const NODE_ALIVE: Duration = Duration::from_secs(10);

/// A domain to be written, with its look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDomain {
    /// The domain.
    pub domain: Domain,
    /// What its visitors see.
    pub brand: Brand,
}

/// What the server itself knows of who sends from a domain. Nothing in it is a text of a brand or of a sender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    /// The organization's name.
    pub organization: String,
    /// The domain's name.
    pub host: HostPattern,
    /// Since when the DNS has proved it, without a break. `None`: it was given, and nothing proves it.
    pub proven_since: Option<Timestamp>,
    /// Whether the organization lets recipients know its members' names.
    pub shows_member: bool,
    /// The name of the member who was asked for, as long as they are one.
    pub member: Option<String>,
}

/// Looking at one tenant's domains.
#[async_trait]
pub trait DomainReads: Send {
    /// The domain with this id.
    async fn find(&mut self, id: DomainId) -> Result<Option<Domain>, StoreError>;
    /// The same, with what its organization's row says of the plan: in one statement.
    async fn premises(&mut self, id: DomainId) -> Result<Option<Premises>, StoreError>;
    /// By host, after this one, at most `limit` (1 to 200).
    async fn list(
        &mut self,
        after: Option<&HostPattern>,
        limit: u32,
    ) -> Result<Vec<Domain>, StoreError>;
    /// What the last check said, as JSON.
    async fn report(&mut self, id: DomainId) -> Result<Option<String>, StoreError>;
    /// Its look, with its logo.
    async fn brand(&mut self, id: DomainId) -> Result<Option<Brand>, StoreError>;
    /// Its history, newest first, before this cursor, at most `limit` (1 to 200).
    async fn history(
        &mut self,
        id: DomainId,
        before: Option<(Timestamp, EventId)>,
        limit: u32,
    ) -> Result<Vec<DomainEvent>, StoreError>;
    /// Who sends from it, and the name of this member.
    async fn sender(
        &mut self,
        id: DomainId,
        member: Option<AccountId>,
    ) -> Result<Option<Sender>, StoreError>;
    /// How many secrets of it can still be opened.
    async fn live_secrets(&mut self, id: DomainId) -> Result<u64, StoreError>;
}

/// Changing domains, whosesoever: several tenants may claim one host. Rules that read before they write take
/// [`Self::lock_host`] first.
#[async_trait]
pub trait DomainRepository: Send {
    /// Locks every claim to a name, oldest first, and reads them.
    async fn lock_host(&mut self, host: &HostPattern) -> Result<Vec<Domain>, StoreError>;
    /// The domain with this id, unlocked: to learn its host.
    async fn domain(&mut self, id: DomainId) -> Result<Option<Domain>, StoreError>;
    /// How many domains a tenant has.
    async fn count(&mut self, tenant: wax_kernel::TenantId) -> Result<u64, StoreError>;
    /// Writes a new one with its look. `false`: this tenant has the host, or another holds what is verified from the start;
    /// nothing was written.
    async fn insert(&mut self, new: &NewDomain) -> Result<bool, StoreError>;
    /// Writes what may change: all but id, tenant, host, label and creation. `false`: another claim holds the host, or the
    /// domain is gone; nothing was written.
    ///
    /// Of two claims that change hands, whoever loses is written first.
    async fn update(&mut self, domain: &Domain) -> Result<bool, StoreError>;
    /// Keeps what a check said, as JSON.
    async fn keep_report(&mut self, id: DomainId, report: &str) -> Result<(), StoreError>;
    /// Writes that something was seen of a domain in a feed of certificates: how many such things were seen of it in the day
    /// before, this one included. `None`: it was seen before; nothing was written.
    async fn sight(
        &mut self,
        domain: &Domain,
        about: &str,
        now: Timestamp,
    ) -> Result<Option<u64>, StoreError>;
    /// Writes its look and logo.
    async fn set_brand(&mut self, domain: &Domain, brand: &Brand) -> Result<(), StoreError>;
    /// Writes a row of its history.
    async fn record(&mut self, domain: &Domain, event: &DomainEvent) -> Result<(), StoreError>;
    /// Deletes it with all that hangs on it: look, history, report, certificates and their keys, its order, invitations to it
    /// and members that are confined to it. What stays is a tombstone: SHA-256 of the host, and when. Edges hear of it by
    /// [`Self::announce`].
    async fn bury(&mut self, domain: &Domain, now: Timestamp) -> Result<(), StoreError>;
    /// Tells edges that it has changed: the next number of the change log, which no reader sees before those below it.
    /// Last in a unit, because it holds the log until the unit ends.
    async fn announce(&mut self, id: DomainId, now: Timestamp) -> Result<i64, StoreError>;
}

/// What edges follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changes {
    /// The number of the last change that is in it.
    pub position: i64,
    /// Domains that changed, as they are now.
    pub changed: Vec<(DomainId, RouteNow)>,
}

/// What the store says of a domain's route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RouteNow {
    /// It is held by somebody.
    Held(Box<Route>),
    /// Nobody holds it (any more).
    Gone,
    /// Its row holds something that this version cannot read: written by a newer one, or damaged. No reason to serve others
    /// less.
    Unreadable {
        /// Where.
        column: &'static str,
    },
}

impl RouteNow {
    /// The route, if there is one that can be read.
    pub fn held(self) -> Option<Route> {
        match self {
            Self::Held(route) => Some(*route),
            Self::Gone | Self::Unreadable { .. } => None,
        }
    }
}

/// What our own zone knows of a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DomainLabel {
    /// Which.
    pub domain: DomainId,
    /// Its name: one below the platform's own suffix is in our zone itself.
    pub host: HostPattern,
    /// What it points to; empty if nothing does.
    pub label: String,
}

/// The change log, and work on domains across tenants. Every method is its own transaction.
#[async_trait]
pub trait DomainPlatform: Send + Sync {
    /// Names that are held, with their looks, in the order of their ids, after this one, at most `limit`: how an edge reads
    /// everything. Take [`Self::position`] first, and follow from there: what changes meanwhile comes again.
    async fn routes(
        &self,
        after: Option<DomainId>,
        limit: u32,
    ) -> Result<Vec<(DomainId, RouteNow)>, StoreError>;
    /// The number of the last change.
    async fn position(&self) -> Result<i64, StoreError>;
    /// What changed after `position`, at most `limit` changes (1 or more). A domain that changes again comes with its last
    /// change. `None`: some of it is forgotten, or the log does not reach so far, because it was restored; read everything
    /// anew.
    async fn changes(&self, position: i64, limit: u32) -> Result<Option<Changes>, StoreError>;
    /// Which change nodes must have seen to serve a domain, or a name of the platform's own, as it is now. `None`: it was
    /// never to be seen, or went long ago.
    async fn last_change(&self, id: DomainId) -> Result<Option<i64>, StoreError>;
    /// Forgets domains that went [`CHANGES_KEPT`] ago or earlier, and processes that long silent.
    async fn forget_changes(&self, now: Timestamp) -> Result<(), StoreError>;
    /// Says how far a process got.
    async fn note_node(&self, node: &Node) -> Result<(), StoreError>;
    /// Processes of a kind that are [`NODE_ALIVE`].
    async fn nodes(&self, kind: NodeKind, now: Timestamp) -> Result<Vec<Node>, StoreError>;
    /// Takes the domain whose check is due the longest, and moves its next check to `again_at`, so that nobody else takes it
    /// meanwhile, and it comes again should this process die.
    async fn take_due_check(
        &self,
        now: Timestamp,
        again_at: Timestamp,
    ) -> Result<Option<Domain>, StoreError>;
    /// Brings the check of every claim of a name that waits for its proof forward to `now`, unless it was looked at or
    /// hastened after `not_after`. Answers how many. For handshakes of names that wait: any label below a wildcard's base
    /// counts.
    async fn hasten(
        &self,
        host: &wax_kernel::Hostname,
        not_after: Timestamp,
        now: Timestamp,
    ) -> Result<u64, StoreError>;
    /// Organizations that have no domain `<slug>.<suffix>`, at most `limit`; none of those whose deletion was decided.
    async fn tenants_without_host(
        &self,
        suffix: &wax_kernel::Hostname,
        limit: u32,
    ) -> Result<Vec<Tenant>, StoreError>;
    /// How far a feed of certificates was read: bytes.
    async fn feed_position(&self, feed: &str) -> Result<u64, StoreError>;
    /// Says how far.
    async fn set_feed_position(&self, feed: &str, position: u64) -> Result<(), StoreError>;
    /// The domain with this id, whosesoever. For work that an id was given for.
    async fn domain(&self, id: DomainId) -> Result<Option<Domain>, StoreError>;
    /// Names that our own zone answers for, proved or not, in the order of their ids, after this one, at most `limit`.
    async fn labels(
        &self,
        after: Option<DomainId>,
        limit: u32,
    ) -> Result<Vec<DomainLabel>, StoreError>;
    /// The same of these, at most 1,000; those that are gone are missing.
    async fn labels_of(&self, domains: &[DomainId]) -> Result<Vec<DomainLabel>, StoreError>;
}
