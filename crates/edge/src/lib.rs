#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod access;
mod answer;
mod body;
mod certificate;
mod class;
mod connection;
mod context;
mod day_key;
mod edge;
mod frames;
mod framing;
mod hygiene;
mod limits;
mod listener;
mod local_ca;
mod management;
mod memory;
mod network;
mod pending;
mod preface;
mod proxy;
mod rate;
mod redirect;
mod refusal;
mod remote;
mod request;
mod response;
mod site;
mod snapshot;
#[cfg(test)]
mod testing;
mod tls;
mod upstream;

pub use certificate::{HostCertificate, SealedCertificate};
pub use class::RouteClass;
pub use edge::{Edge, EdgeParts};
pub use limits::Limits;
pub use local_ca::{LocalCa, LocalCaError};
pub use management::{Readiness, listen_management};
pub use pending::{NoPendingHosts, PendingHosts};
pub use proxy::Proxies;
pub use rate::{Rate, RateClass, Rates};
pub use remote::{Place, Remote, RemoteParts, Signing};
pub use site::{ConsoleSite, Site};
pub use snapshot::{At, Route, RouteError, RouteOwner, Routes, Snapshot, TenantHost, Transport};
pub use tls::{TicketKey, TicketRing, Tickets, Tls, TlsError};
pub use upstream::Upstream;
