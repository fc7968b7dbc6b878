//! Host names of tenants: what they are, whose they are, and what follows for visitors (docs/domains.md).

mod axes;
pub mod ownership;
mod record;
mod route;
pub mod schedule;
mod settings;

pub use axes::{
    CertificateState, Gate, Ownership, Pointing, Service, Transport, service, standing,
};
pub use record::{Axis, AxisChange, Checks, Domain, DomainEvent, ProofToken};
pub use route::{Node, NodeKind, Route};
pub use settings::{Creators, DomainDefaults, DomainLimits, DomainSettings, Home};
