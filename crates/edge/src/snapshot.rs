//! Which host belongs to whom: the routing table, swapped at run time.

use std::{
    collections::{HashMap, HashSet},
    hash::{BuildHasher as _, RandomState},
    sync::Arc,
};

use arc_swap::ArcSwap;
use wax_httpkit::HostKind;
use wax_kernel::{DomainId, Hostname, TenantId};
use wax_model::domain::Service;
use wax_pages::{Look, Page};

use crate::HostCertificate;

/// One host: whose it is, and how it is reached.
#[derive(Debug, Clone)]
pub struct Route {
    /// Whose it is.
    pub owner: RouteOwner,
    /// How the host may be reached.
    pub transport: Transport,
    /// The certificate served for it. A loopback route may do without.
    pub certificate: Option<HostCertificate>,
}

/// Whose a host is. The two kinds share no page and no route.
#[derive(Debug, Clone)]
pub enum RouteOwner {
    /// A tenant's, where strangers open links.
    Tenant(TenantHost),
    /// The platform's own, where members are.
    Platform,
}

/// A tenant's host.
#[derive(Debug, Clone)]
pub struct TenantHost {
    /// The tenant everything on this host belongs to.
    pub tenant: TenantId,
    /// The tenant's domain this host is.
    pub domain: DomainId,
    /// Its look.
    pub brand: Arc<Look>,
    /// What its visitors meet.
    pub service: Service,
}

impl TenantHost {
    /// The page that stands at a path instead of the one that usually does.
    pub(crate) fn instead_of(&self, path: &str) -> Option<Page> {
        match (Page::at(path)?, self.service) {
            (Page::Home | Page::Open, Service::Held) => Some(Page::Held),
            _ => None,
        }
    }
}

impl RouteOwner {
    pub(crate) const fn kind(&self) -> HostKind {
        match self {
            Self::Tenant(_) => HostKind::Tenant,
            Self::Platform => HostKind::Platform,
        }
    }

    /// Whether nothing may be made, claimed or opened here.
    pub(crate) const fn is_held(&self) -> bool {
        matches!(self, Self::Tenant(TenantHost { service: Service::Held, .. }))
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
}

/// Where routes stand: at a host, or at every host one label below one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum At {
    /// This host.
    Host(Hostname),
    /// Every host one label below it that has no route of its own.
    Below(Hostname),
}

/// A whole routing table. A name that is not in it is a miss, never a default.
#[derive(Debug, Default)]
pub struct Snapshot(HashMap<At, Arc<Route>>);

impl Snapshot {
    /// Builds a table from the usable routes, and tells which were left out: one bad row must not take down the rest.
    pub fn build(routes: impl IntoIterator<Item = (At, Route)>) -> (Self, Vec<RouteError>) {
        let mut table = HashMap::new();
        let mut twice = HashSet::new();
        let mut left_out = Vec::new();
        for (at, route) in routes {
            if let Err(error) = usable(&at, &route) {
                left_out.push(error);
            } else if table.insert(at.clone(), Arc::new(route)).is_some() {
                twice.insert(at);
            }
        }
        for at in twice {
            table.remove(&at);
            left_out.push(RouteError::Duplicate(at.into_name()));
        }
        (Self(table), left_out)
    }

    /// How many names it serves.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it serves none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn usable(at: &At, route: &Route) -> Result<(), RouteError> {
    let needs = route.transport == Transport::Tls && route.certificate.is_none();
    if needs { Err(RouteError::NoCertificate(at.clone().into_name())) } else { Ok(()) }
}

impl At {
    fn into_name(self) -> Hostname {
        match self {
            Self::Host(name) | Self::Below(name) => name,
        }
    }

    const fn name(&self) -> &Hostname {
        match self {
            Self::Host(name) | Self::Below(name) => name,
        }
    }
}

/// How many parts a table has. One change copies one part: of 100,000 names, some 400.
const PARTS: usize = 256;

#[derive(Debug, Clone, Default)]
struct Part {
    hosts: HashMap<Hostname, Arc<Route>>,
    below: HashMap<Hostname, Arc<Route>>,
}

impl Part {
    fn table(&mut self, at: &At) -> &mut HashMap<Hostname, Arc<Route>> {
        match at {
            At::Host(_) => &mut self.hosts,
            At::Below(_) => &mut self.below,
        }
    }

    fn set(&mut self, at: At, route: Option<Arc<Route>>) {
        let table = self.table(&at);
        let name = at.into_name();
        match route {
            Some(route) => table.insert(name, route),
            None => table.remove(&name),
        };
    }
}

/// The routing table in force. Clones are the same handle: one side publishes, the edge reads.
#[derive(Debug, Clone)]
pub struct Routes(Arc<Table>);

#[derive(Debug)]
struct Table {
    parts: Box<[ArcSwap<Part>]>,
    hasher: RandomState,
}

impl Default for Routes {
    fn default() -> Self {
        let parts = (0..PARTS).map(|_| ArcSwap::default()).collect();
        Self(Arc::new(Table { parts, hasher: RandomState::new() }))
    }
}

impl Routes {
    /// Puts a new table in force. Requests under way keep the route they began with.
    pub fn publish(&self, snapshot: Snapshot) {
        let mut parts: Vec<Part> = (0..PARTS).map(|_| Part::default()).collect();
        for (at, route) in snapshot.0 {
            parts[self.place(at.name().as_str())].set(at, Some(route));
        }
        for (part, new) in self.0.parts.iter().zip(parts) {
            part.store(Arc::new(new));
        }
    }

    /// Puts one name's route in force, or takes it out: at once, and no other name is touched. For one publisher.
    ///
    /// # Errors
    /// If the route is unusable. Then the name is served no longer: what it was before is what it must not be now.
    pub fn put(&self, at: At, route: Option<Route>) -> Result<(), RouteError> {
        self.put_all([(at, route)]).pop().map_or(Ok(()), Err)
    }

    /// As [`Self::put`], for many: a part is copied once for all its names. Answers what was wrong.
    pub fn put_all(
        &self,
        changes: impl IntoIterator<Item = (At, Option<Route>)>,
    ) -> Vec<RouteError> {
        let (mut parts, mut left_out) = (HashMap::new(), Vec::new());
        for (at, route) in changes {
            let error = route.as_ref().and_then(|route| usable(&at, route).err());
            let place = self.place(at.name().as_str());
            let part =
                parts.entry(place).or_insert_with(|| Part::clone(&self.0.parts[place].load()));
            part.set(at, route.filter(|_| error.is_none()).map(Arc::new));
            left_out.extend(error);
        }
        for (place, part) in parts {
            self.0.parts[place].store(Arc::new(part));
        }
        left_out
    }

    /// The route of a host in the table in force, for a peer on this machine or elsewhere. A host's own route comes before
    /// that of a wildcard above it.
    pub fn find(&self, host: &Hostname, peer_is_loopback: bool) -> Option<Arc<Route>> {
        let name = host.as_str();
        let own = self.part(name).load().hosts.get(name).cloned();
        let route = own.or_else(|| {
            let (_, parent) = name.split_once('.')?;
            self.part(parent).load().below.get(parent).cloned()
        })?;
        (route.transport == Transport::Tls || peer_is_loopback).then_some(route)
    }

    /// How many names are served.
    pub fn len(&self) -> usize {
        let names = |part: &ArcSwap<Part>| part.load().hosts.len() + part.load().below.len();
        self.0.parts.iter().map(names).sum()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn part(&self, name: &str) -> &ArcSwap<Part> {
        &self.0.parts[self.place(name)]
    }

    fn place(&self, name: &str) -> usize {
        usize::try_from(self.0.hasher.hash_one(name) % PARTS as u64).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{at, host, route};

    fn routes(table: impl IntoIterator<Item = (At, Route)>) -> Routes {
        let (snapshot, left_out) = Snapshot::build(table);
        assert!(left_out.is_empty(), "{left_out:?}");
        let routes = Routes::default();
        routes.publish(snapshot);
        routes
    }

    #[test]
    fn an_unknown_host_is_a_miss_and_never_a_default() {
        let routes = routes([(at("a.localhost"), route(Transport::Loopback))]);
        assert!(routes.find(&host("a.localhost"), true).is_some());
        for other in ["b.localhost", "localhost", "x.a.localhost"] {
            assert!(routes.find(&host(other), true).is_none(), "{other}");
        }
    }

    #[test]
    fn a_loopback_route_does_not_exist_for_other_machines() {
        let routes = routes([(at("a.localhost"), route(Transport::Loopback))]);
        assert!(routes.find(&host("a.localhost"), false).is_none());
    }

    #[test]
    fn a_host_that_is_routed_twice_is_served_for_neither() {
        let twice = || (at("a.localhost"), route(Transport::Loopback));
        let (snapshot, left_out) =
            Snapshot::build([twice(), (at("b.localhost"), route(Transport::Loopback)), twice()]);
        assert_eq!(left_out, [RouteError::Duplicate(host("a.localhost"))]);
        assert_eq!(snapshot.len(), 1);
    }

    #[test]
    fn a_tls_route_needs_a_certificate() {
        let (snapshot, left_out) = Snapshot::build([(at("a.example"), route(Transport::Tls))]);
        assert_eq!(left_out, [RouteError::NoCertificate(host("a.example"))]);
        assert!(snapshot.is_empty());
    }

    #[test]
    fn a_hosts_own_route_comes_before_a_wildcards_which_covers_one_label() {
        let (own, wild) = (route(Transport::Loopback), RouteOwner::Platform);
        let wild = Route { owner: wild, ..route(Transport::Loopback) };
        let routes = routes([(at("own.a.localhost"), own), (At::Below(host("a.localhost")), wild)]);
        let is_platforms = |name| {
            let route = routes.find(&host(name), true)?;
            Some(matches!(route.owner, RouteOwner::Platform))
        };
        assert_eq!(is_platforms("own.a.localhost"), Some(false));
        assert_eq!(is_platforms("other.a.localhost"), Some(true));
        assert_eq!(is_platforms("a.localhost"), None);
        assert_eq!(is_platforms("x.other.a.localhost"), None);
    }

    #[test]
    fn what_is_published_is_seen_by_every_handle_at_once() {
        let routes = Routes::default();
        let reader = routes.clone();
        assert!(reader.find(&host("a.localhost"), true).is_none());
        routes.publish(Snapshot::build([(at("a.localhost"), route(Transport::Loopback))]).0);
        assert!(reader.find(&host("a.localhost"), true).is_some());
        routes.publish(Snapshot::default());
        assert!(reader.find(&host("a.localhost"), true).is_none());
    }

    #[test]
    fn one_name_changes_and_no_other() {
        let routes = routes(
            ["a.localhost", "b.localhost"].map(|name| (at(name), route(Transport::Loopback))),
        );
        routes.put(at("a.localhost"), None).unwrap();
        routes.put(at("c.localhost"), Some(route(Transport::Loopback))).unwrap();
        let found = ["a", "b", "c"]
            .map(|name| routes.find(&host(&format!("{name}.localhost")), true).is_some());
        assert_eq!(found, [false, true, true]);
        assert_eq!(routes.len(), 2);
    }

    #[test]
    fn a_name_whose_new_route_is_unusable_is_served_no_longer() {
        let routes = routes([(at("a.localhost"), route(Transport::Loopback))]);
        let refused = routes.put(at("a.localhost"), Some(route(Transport::Tls)));
        assert_eq!(refused, Err(RouteError::NoCertificate(host("a.localhost"))));
        assert!(routes.find(&host("a.localhost"), true).is_none());
    }
}
