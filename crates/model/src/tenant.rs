//! Tenants, and the proof of acting for one.

use wax_kernel::{TenantId, Timestamp};

use crate::PlanId;

/// A business and everything it owns. People read "organization".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// Random.
    pub id: TenantId,
    /// Short name in host names and commands: `acme`.
    pub slug: String,
    /// The name people read.
    pub name: String,
    /// What it may do.
    pub plan: PlanId,
    /// Whether it has not paid for too long: it may read and open, and make nothing new.
    pub limited: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it is erased, if its deletion was decided.
    pub deletion_due_at: Option<Timestamp>,
}

/// Proof that the bearer acts for one tenant. The store takes this and never a tenant's id, so a handler cannot reach
/// into another tenant by passing the wrong string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TenantScope {
    tenant: TenantId,
}

impl TenantScope {
    /// Mints the proof. Only for those who have it from a verified host, a verified context or a job's row:
    /// the edge's context, jobs that act on rows the store says are due, and tests (`clippy.toml` forbids it elsewhere).
    pub const fn proven(tenant: TenantId) -> Self {
        Self { tenant }
    }

    /// The tenant.
    pub const fn tenant(&self) -> TenantId {
        self.tenant
    }
}
