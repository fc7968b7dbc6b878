//! Keeps the edge's routing snapshot true to the store.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
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
    served: Mutex<HashMap<Hostname, (StoredRoute, Route)>>,
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
        let mut served = self.0.served.lock().unwrap_or_else(PoisonError::into_inner);
        let same = stored.len() == served.len()
            && stored
                .iter()
                .all(|route| served.get(&route.host).is_some_and(|(old, _)| old == route));
        if same {
            return Ok(());
        }
        let mut next = HashMap::with_capacity(stored.len());
        for route in stored {
            let built = match served.remove(&route.host).filter(|(old, _)| *old == route) {
                Some((_, built)) => built,
                None => self.build(&route)?,
            };
            next.insert(route.host.clone(), (route, built));
        }
        let (snapshot, left_out) =
            Snapshot::build(next.iter().map(|(host, (_, route))| (host.clone(), route.clone())));
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
