//! Where issuances are kept.

use std::fmt;

use async_trait::async_trait;
use wax_kernel::{DomainId, ErrorKind, TenantId, Timestamp};

use crate::{
    Answer, Bucket, Buckets, Certificate, Chain, Charge, Issuance, IssuerId, StoredAccount, Wait,
};

/// The right to work on one issuance, until it ends. The number rises each time the right is given, and every write names
/// it: who has lost the right cannot write, however late it wakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// Whose issuance.
    pub domain: DomainId,
    /// The fencing number.
    pub fence: i64,
}

/// Why something was not stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreFault {
    /// The lease is somebody else's now, or the domain is gone. Stop; nothing is wrong.
    #[error("somebody else works on it now")]
    Lost,
    /// The database did not do its part.
    #[error("the store did not answer: {0}")]
    Broken(String),
}

impl StoreFault {
    /// Whose fault it is.
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::Lost => ErrorKind::Missing,
            Self::Broken(_) => ErrorKind::Upstream,
        }
    }
}

/// What is written in one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The row as it is now.
    pub issuance: Issuance,
    /// Until when the lease is ours from now on; `None`: it is given back.
    pub lease_until: Option<Timestamp>,
    /// Tokens that the issuer did not count.
    pub give_back: Vec<Charge>,
    /// A bucket that the issuer says is empty, and until when.
    pub empty: Option<(Bucket, Timestamp)>,
    /// The certificate that has come.
    pub certificate: Option<Certificate>,
}

impl Change {
    /// Only the row.
    pub const fn to(issuance: Issuance, lease_until: Option<Timestamp>) -> Self {
        Self { issuance, lease_until, give_back: Vec::new(), empty: None, certificate: None }
    }
}

/// Keeps issuances, the ledger's buckets and accounts. Each method is one transaction and short: none is open while an
/// issuer is asked.
///
/// Where domains are kept beside them, a change of [`Issuance::axis`] is an event of the domain's history, and a certificate
/// or another answer is a change that edges are told, both in the transaction that makes it.
#[async_trait]
pub trait OrderStore: Send + Sync + fmt::Debug {
    /// Adds a domain's issuance. `false`: it has one.
    async fn add(&self, issuance: &Issuance) -> Result<bool, StoreFault>;

    /// Reads one.
    async fn issuance(&self, domain: &DomainId) -> Result<Option<Issuance>, StoreFault>;

    /// Leases the most urgent issuance of those that are due and leased to nobody, by [`Issuance::urgency`].
    async fn claim(
        &self,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<(Issuance, Lease)>, StoreFault>;

    /// Writes under a lease.
    async fn save(&self, lease: &Lease, change: Change, now: Timestamp) -> Result<(), StoreFault>;

    /// Gives back, takes the charges from the ledger in the lane of [`Issuance::lane_at`], and writes the row: all of it, or
    /// nothing.
    async fn spend(
        &self,
        lease: &Lease,
        change: Change,
        charges: &[Charge],
        now: Timestamp,
    ) -> Result<Result<(), Wait>, StoreFault>;

    /// What is in the buckets that these charges are out of, for an estimate.
    async fn buckets(&self, charges: &[Charge]) -> Result<Buckets, StoreFault>;

    /// A person says that it is mended: a blocked or waiting issuance goes on at once. `false`: there is none that waits.
    async fn mend(&self, domain: &DomainId, now: Timestamp) -> Result<bool, StoreFault>;

    /// How many of a tenant's domains wait for their first certificate.
    async fn waiting(&self, tenant: &TenantId) -> Result<usize, StoreFault>;

    /// Puts a certificate that was brought along in the place of all that the domain has, with the issuance that is to
    /// follow it. Who works on the one before has lost its lease.
    async fn bring(
        &self,
        tenant: &TenantId,
        certificate: &Certificate,
        successor: Option<&Issuance>,
    ) -> Result<(), StoreFault>;

    /// Deletes a domain's certificates with their keys, and its issuance. `false`: it had neither.
    async fn clear(&self, domain: &DomainId) -> Result<bool, StoreFault>;

    /// The certificate of a domain that came last, whether it is over or not: those before it have lost their keys.
    async fn certificate(&self, domain: &DomainId) -> Result<Option<Certificate>, StoreFault>;

    /// The chains of every certificate of a domain that is not over, and of the last one; of those before it only they are left.
    async fn chains(&self, domain: &DomainId) -> Result<Vec<Chain>, StoreFault>;

    /// The same of at most 1,000 domains, in no order.
    async fn certificates(&self, domains: &[DomainId]) -> Result<Vec<Certificate>, StoreFault>;

    /// What issuers are to see now of at most 1,000 domains; in no order.
    async fn answers(&self, domains: &[DomainId]) -> Result<Vec<(DomainId, Answer)>, StoreFault>;

    /// The account at an issuer.
    async fn account(&self, issuer: &IssuerId) -> Result<Option<StoredAccount>, StoreFault>;

    /// Writes the account if it still is what `known` says: `None`, if there is none. `false`: somebody was faster.
    async fn put_account(
        &self,
        known: Option<&StoredAccount>,
        account: &StoredAccount,
    ) -> Result<bool, StoreFault>;
}

mod memory;

pub use memory::MemoryOrders;
