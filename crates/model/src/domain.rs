//! Host names of tenants: what they are, whose they are, and what follows for visitors (docs/domains.md).

mod axes;
pub mod ownership;
pub mod schedule;

use wax_kernel::{DomainId, Hostname, TenantId, Timestamp};

use crate::Brand;

pub use axes::{CertificateState, Gate, Ownership, Pointing, Service, Transport, service};

/// A custom host name of a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Domain {
    /// Random.
    pub id: DomainId,
    /// The name; owned by one tenant only.
    pub host: Hostname,
    /// When it was added.
    pub created_at: Timestamp,
}

/// What an edge needs to serve a host: one entry of the routing snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The host name served.
    pub host: Hostname,
    /// Whose it is.
    pub tenant: TenantId,
    /// The domain.
    pub domain: DomainId,
    /// What visitors see.
    pub brand: Brand,
}
