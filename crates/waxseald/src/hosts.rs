//! Keeps the edge's routing snapshot true to the store.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use anyhow::Result;
use wax_edge::{LocalCa, Route, Routes, Snapshot, Transport};
use wax_kernel::{Hostname, Job};
use wax_model::{Entitlements, Route as StoredRoute};
use wax_pages::BrandFiles;
use wax_store::Store as _;
use wax_store_sql::SqlStore;

/// How often the store is asked. A change of a host is visible after at most this.
const EVERY: Duration = Duration::from_secs(2);

/// A host that could not be built is tried again after this, or as soon as it changes.
const AGAIN: Duration = Duration::from_mins(1);

/// Builds a snapshot from the store whenever the store says something new. Clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct Hosts(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Arc<SqlStore>,
    routes: Routes,
    local_ca: Arc<LocalCa>,
    entitlements: Entitlements,
    /// What the snapshot in force was built from.
    served: Mutex<Served>,
}

impl Hosts {
    pub(crate) fn new(
        store: Arc<SqlStore>,
        routes: Routes,
        local_ca: Arc<LocalCa>,
        entitlements: Entitlements,
    ) -> Self {
        let served = Mutex::default();
        Self(Arc::new(Inner { store, routes, local_ca, entitlements, served }))
    }

    /// The repeated work.
    pub(crate) fn job(&self) -> Job {
        let hosts = self.clone();
        Job::new("edge.routes", EVERY, move || {
            let hosts = hosts.clone();
            async move { hosts.refresh().await.map_err(Into::into) }
        })
    }

    /// Publishes a new snapshot if anything changed. Hosts that stayed as they were keep their certificate.
    pub(crate) async fn refresh(&self) -> Result<()> {
        let stored = self.0.store.platform().routes().await?;
        let now = Instant::now();
        let mut served = self.0.served.lock().unwrap_or_else(PoisonError::into_inner);
        if served.is_up_to_date(&stored, now) {
            return Ok(());
        }
        let next = served.follow(stored, now, |route| self.build(route));
        let (snapshot, left_out) = Snapshot::build(next.built());
        for error in left_out {
            tracing::warn!(%error, "a host is not served");
        }
        tracing::info!(hosts = snapshot.len(), "routing snapshot published");
        self.0.routes.publish(snapshot);
        *served = next;
        Ok(())
    }

    fn build(&self, route: &StoredRoute) -> Result<Route> {
        let local = route.host.is_localhost();
        let certificate = if local { Some(self.0.local_ca.issue(&route.host)?) } else { None };
        Ok(Route {
            tenant: route.tenant,
            domain: route.domain,
            transport: if local { Transport::Loopback } else { Transport::Tls },
            certificate,
            brand: Arc::new(BrandFiles::render(&route.brand, &self.0.entitlements)),
        })
    }
}

/// What a snapshot was built from.
#[derive(Debug, Default)]
struct Served(HashMap<Hostname, (StoredRoute, Built)>);

#[derive(Debug, Clone)]
enum Built {
    Route(Route),
    /// Left out: one bad host must not take down the rest.
    Failed(Instant),
}

impl Built {
    fn is_due(&self, now: Instant) -> bool {
        matches!(self, Self::Failed(at) if now.duration_since(*at) >= AGAIN)
    }
}

impl Served {
    fn is_up_to_date(&self, stored: &[StoredRoute], now: Instant) -> bool {
        stored.len() == self.0.len() && stored.iter().all(|route| self.kept(route, now).is_some())
    }

    /// What was made of this very row, if it is still good.
    fn kept(&self, route: &StoredRoute, now: Instant) -> Option<&Built> {
        let (from, built) = self.0.get(&route.host)?;
        (from == route && !built.is_due(now)).then_some(built)
    }

    /// Keeps what stayed as it was, and builds the rest.
    fn follow(
        &self,
        stored: Vec<StoredRoute>,
        now: Instant,
        build: impl Fn(&StoredRoute) -> Result<Route>,
    ) -> Self {
        let follow = |route: StoredRoute| {
            let kept = self.kept(&route, now).cloned();
            let built = kept.unwrap_or_else(|| match build(&route) {
                Ok(built) => Built::Route(built),
                Err(error) => {
                    let error = format!("{error:#}");
                    tracing::warn!(host = %route.host, error, "a host is not served");
                    Built::Failed(now)
                }
            });
            (route.host.clone(), (route, built))
        };
        Self(stored.into_iter().map(follow).collect())
    }

    fn built(&self) -> impl Iterator<Item = (Hostname, Route)> {
        self.0.iter().filter_map(|(host, (_, built))| match built {
            Built::Route(route) => Some((host.clone(), route.clone())),
            Built::Failed(_) => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use wax_kernel::{DomainId, TenantId};
    use wax_model::Brand;

    use super::*;

    fn stored(host: &str) -> StoredRoute {
        StoredRoute {
            host: Hostname::parse(host).unwrap(),
            tenant: TenantId::from_bytes([1; 16]),
            domain: DomainId::from_bytes([2; 16]),
            brand: Brand::plain("Acme"),
        }
    }

    fn build(route: &StoredRoute) -> Result<Route> {
        anyhow::ensure!(!route.host.to_string().starts_with("bad"), "it has no certificate");
        Ok(Route {
            tenant: route.tenant,
            domain: route.domain,
            transport: Transport::Loopback,
            certificate: None,
            brand: Arc::new(BrandFiles::render(&route.brand, &Entitlements::SELF_HOSTED)),
        })
    }

    fn hosts(served: &Served) -> Vec<String> {
        let mut hosts: Vec<_> = served.built().map(|(host, _)| host.to_string()).collect();
        hosts.sort();
        hosts
    }

    #[test]
    fn a_host_that_cannot_be_built_takes_down_no_other() {
        let rows = ["a.localhost", "bad.localhost", "c.localhost"].map(stored).to_vec();
        let now = Instant::now();
        let served = Served::default().follow(rows.clone(), now, build);
        assert_eq!(hosts(&served), ["a.localhost", "c.localhost"]);
        assert!(served.is_up_to_date(&rows, now), "it is not tried every two seconds");

        let later = now + AGAIN;
        assert!(!served.is_up_to_date(&rows, later));
        let tried = Cell::new(0);
        let mended = served.follow(rows, later, |route| {
            tried.set(tried.get() + 1);
            build(&stored("mended.localhost")).map(|built| Route { tenant: route.tenant, ..built })
        });
        assert_eq!(tried.get(), 1, "the others keep what they have");
        assert_eq!(hosts(&mended).len(), 3);
    }
}
