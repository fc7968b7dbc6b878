//! What edges know of domains, and what is known of edges.

use serde::{Deserialize, Serialize};
use wax_kernel::{DomainId, HostPattern, TenantId, Timestamp};

use super::{DomainSettings, Gate, Ownership, Transport};
use crate::{Brand, PlanId, text_enum::text_enum};

/// What an edge needs to serve a name, except its certificate: one entry of the routing snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// The name served.
    pub host: HostPattern,
    /// Whose it is.
    pub tenant: TenantId,
    /// The domain.
    pub domain: DomainId,
    /// The label below our own zone.
    pub label: String,
    /// How it is reached.
    pub transport: Transport,
    /// Whether it is its tenant's.
    pub ownership: Ownership,
    /// Whether we let it.
    pub gate: Gate,
    /// Its organization's plan.
    #[serde(default = "PlanId::self_hosted")]
    pub plan: PlanId,
    /// What visitors may do.
    pub settings: DomainSettings,
    /// What visitors see.
    pub brand: Brand,
}

text_enum! {
    /// What serves from the change log.
    NodeKind {
        /// Terminates TLS.
        Edge = "edge",
        /// Answers for our own zone.
        Dns = "dns",
    }
}

/// A process that follows the change log, and how far it got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its name: random, drawn at its start.
    pub name: String,
    /// What it is.
    pub kind: NodeKind,
    /// The last change that it serves.
    pub position: i64,
    /// When it said so.
    pub seen_at: Timestamp,
}
