//! Which host belongs to whom: the whole routing table as one value, swapped at run time.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use arc_swap::ArcSwap;
use rustls::{SignatureAlgorithm, sign::CertifiedKey};
use wax_httpkit::HostKind;
use wax_kernel::{DomainId, Hostname, TenantId};
use wax_pages::BrandFiles;

/// One host: whose it is, and how it is reached.
#[derive(Debug, Clone)]
pub struct Route {
    /// Whose it is.
    pub owner: RouteOwner,
    /// How the host may be reached.
    pub transport: Transport,
    /// The certificate served for it; ECDSA only. A loopback route may do without.
    pub certificate: Option<Arc<CertifiedKey>>,
}

/// Whose a host is. The two kinds share no page and no route.
#[derive(Debug, Clone)]
pub enum RouteOwner {
    /// A tenant's, where strangers open links.
    Tenant {
        /// The tenant everything on this host belongs to.
        tenant: TenantId,
        /// The tenant's domain this host is.
        domain: DomainId,
        /// Its brand, rendered.
        brand: Arc<BrandFiles>,
    },
    /// The platform's own, where members are.
    Platform,
}

impl RouteOwner {
    pub(crate) const fn kind(&self) -> HostKind {
        match self {
            Self::Tenant { .. } => HostKind::Tenant,
            Self::Platform => HostKind::Platform,
        }
    }
}

/// How a host may be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// By anyone, over TLS alone.
    Tls,
    /// By this machine alone, plain or over TLS.
    Loopback,
}

/// A route that was left out of a snapshot, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RouteError {
    /// Two routes name the host. Neither is served: serving one might serve a stranger.
    #[error("{0} is routed twice")]
    Duplicate(Hostname),
    /// A TLS route without a certificate.
    #[error("{0} has no certificate")]
    NoCertificate(Hostname),
    /// The certificate's key is not ECDSA: RSA costs the server fifteen times the work of a signature.
    #[error("{0} has a certificate whose key is not ECDSA")]
    NotEcdsa(Hostname),
}

/// The routing table. Exact names only; a name that is not in it is a miss, never a default.
#[derive(Debug, Default)]
pub struct Snapshot(HashMap<Hostname, Arc<Route>>);

impl Snapshot {
    /// Builds a table from the usable routes, and tells which were left out: one bad row must not take down the rest.
    pub fn build(routes: impl IntoIterator<Item = (Hostname, Route)>) -> (Self, Vec<RouteError>) {
        let mut table = HashMap::new();
        let mut twice = HashSet::new();
        let mut left_out = Vec::new();
        for (host, route) in routes {
            if let Err(error) = usable(&host, &route) {
                left_out.push(error);
            } else if table.insert(host.clone(), Arc::new(route)).is_some() {
                twice.insert(host);
            }
        }
        for host in twice {
            table.remove(&host);
            left_out.push(RouteError::Duplicate(host));
        }
        (Self(table), left_out)
    }

    /// The route of a host, for a peer on this machine or elsewhere.
    pub(crate) fn find(&self, host: &Hostname, peer_is_loopback: bool) -> Option<&Arc<Route>> {
        let route = self.0.get(host)?;
        (route.transport == Transport::Tls || peer_is_loopback).then_some(route)
    }

    /// How many hosts it serves.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it serves none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn usable(host: &Hostname, route: &Route) -> Result<(), RouteError> {
    match &route.certificate {
        Some(certificate) if certificate.key.algorithm() != SignatureAlgorithm::ECDSA => {
            Err(RouteError::NotEcdsa(host.clone()))
        }
        None if route.transport == Transport::Tls => Err(RouteError::NoCertificate(host.clone())),
        _ => Ok(()),
    }
}

/// The snapshot in force. Clones are the same handle: one side publishes, the edge reads.
#[derive(Debug, Clone, Default)]
pub struct Routes(Arc<ArcSwap<Snapshot>>);

impl Routes {
    /// Puts a new table in force at once. Requests under way keep the route they began with.
    pub fn publish(&self, snapshot: Snapshot) {
        self.0.store(Arc::new(snapshot));
    }

    /// The route of a host in the table in force, for a peer on this machine or elsewhere.
    pub fn find(&self, host: &Hostname, peer_is_loopback: bool) -> Option<Arc<Route>> {
        self.0.load().find(host, peer_is_loopback).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{host, route};

    #[test]
    fn an_unknown_host_is_a_miss_and_never_a_default() {
        let (snapshot, left_out) =
            Snapshot::build([(host("a.localhost"), route(Transport::Loopback))]);
        assert!(left_out.is_empty());
        assert!(snapshot.find(&host("a.localhost"), true).is_some());
        for other in ["b.localhost", "localhost", "x.a.localhost"] {
            assert!(snapshot.find(&host(other), true).is_none(), "{other}");
        }
    }

    #[test]
    fn a_loopback_route_does_not_exist_for_other_machines() {
        let (snapshot, _) = Snapshot::build([(host("a.localhost"), route(Transport::Loopback))]);
        assert!(snapshot.find(&host("a.localhost"), false).is_none());
    }

    #[test]
    fn a_host_that_is_routed_twice_is_served_for_neither() {
        let twice = || (host("a.localhost"), route(Transport::Loopback));
        let (snapshot, left_out) =
            Snapshot::build([twice(), (host("b.localhost"), route(Transport::Loopback)), twice()]);
        assert_eq!(left_out, [RouteError::Duplicate(host("a.localhost"))]);
        assert_eq!(snapshot.len(), 1);
    }

    #[test]
    fn a_tls_route_needs_a_certificate() {
        let (snapshot, left_out) = Snapshot::build([(host("a.example"), route(Transport::Tls))]);
        assert_eq!(left_out, [RouteError::NoCertificate(host("a.example"))]);
        assert!(snapshot.is_empty());
    }

    #[test]
    fn what_is_published_is_seen_by_every_handle_at_once() {
        let routes = Routes::default();
        let reader = routes.clone();
        assert!(reader.find(&host("a.localhost"), true).is_none());
        routes.publish(Snapshot::build([(host("a.localhost"), route(Transport::Loopback))]).0);
        assert!(reader.find(&host("a.localhost"), true).is_some());
        routes.publish(Snapshot::default());
        assert!(reader.find(&host("a.localhost"), true).is_none());
    }
}
