//! Keeps the edge's routing snapshot true to the store.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use anyhow::Result;
use wax_config::Console;
use wax_edge::{At, LocalCa, Route, RouteOwner, Routes, Snapshot, TenantHost, Transport};
use wax_kernel::{HostPattern, Hostname, Job};
use wax_model::{
    Entitlements,
    domain::{Gate, Ownership, Route as StoredRoute, Service},
};
use wax_pages::BrandFiles;
use wax_store::Store as _;
use wax_store_sql::SqlStore;

use crate::first_tenants;

/// How often the store is asked. A change of a host is visible after at most this.
const EVERY: Duration = Duration::from_secs(2);

/// A host that could not be built is tried again after this, or as soon as it changes.
const AGAIN: Duration = Duration::from_mins(1);

/// How many routes are read at once.
const PAGE: u32 = 500;

/// Builds a snapshot from the store whenever the store says something new. Clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct Hosts(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Arc<SqlStore>,
    routes: Routes,
    local_ca: Arc<LocalCa>,
    entitlements: Entitlements,
    console: Console,
    /// The console's host, if there is one. It is no row of the store, and always served.
    platform: Option<(Hostname, Route)>,
    /// What the snapshot in force was built from.
    served: Mutex<Served>,
}

impl Hosts {
    pub(crate) fn new(
        store: Arc<SqlStore>,
        routes: Routes,
        local_ca: Arc<LocalCa>,
        entitlements: Entitlements,
        console: Console,
    ) -> Result<Self> {
        let platform = console
            .host
            .clone()
            .map(|host| reached(&host, RouteOwner::Platform, &local_ca).map(|route| (host, route)));
        let (platform, served) = (platform.transpose()?, Mutex::default());
        let inner = Inner { store, routes, local_ca, entitlements, console, platform, served };
        Ok(Self(Arc::new(inner)))
    }

    /// Publishes the first snapshot.
    ///
    /// # Errors
    /// Also when a tenant has a domain that cannot be beside the console's: that is told before anybody is served.
    pub(crate) async fn begin(&self) -> Result<()> {
        let stored = self.stored().await?;
        stored
            .iter()
            .try_for_each(|route| first_tenants::check(&self.0.console, route.host.host()))?;
        self.publish(stored, Instant::now());
        Ok(())
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
        let stored = self.stored().await?;
        let now = Instant::now();
        let is_new = {
            let served = self.0.served.lock().unwrap_or_else(PoisonError::into_inner);
            !served.is_up_to_date(&stored, now)
        };
        if is_new {
            self.publish(stored, now);
        }
        Ok(())
    }

    /// Everything that is held, page after page. Names with a wildcard have no certificate here yet.
    async fn stored(&self) -> Result<Vec<StoredRoute>> {
        let domains = self.0.store.platform().domains();
        let (mut stored, mut after) = (Vec::new(), None);
        loop {
            let page = domains.routes(after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(stored) };
            after = Some(last.domain);
            stored.extend(page.into_iter().filter(|route| !route.host.is_wildcard()));
        }
    }

    fn publish(&self, stored: Vec<StoredRoute>, now: Instant) {
        let mut served = self.0.served.lock().unwrap_or_else(PoisonError::into_inner);
        let next = served.follow(stored, now, |route| self.build(route));
        let all = next.built().chain(self.0.platform.clone());
        let all = all.map(|(host, route)| (At::Host(host), route));
        let (snapshot, left_out) = Snapshot::build(all);
        for error in left_out {
            tracing::warn!(%error, "a host is not served");
        }
        tracing::info!(hosts = snapshot.len(), "routing snapshot published");
        self.0.routes.publish(snapshot);
        *served = next;
    }

    fn build(&self, route: &StoredRoute) -> Result<Route> {
        // Whatever the store says, the console's name is the console's.
        let host = route.host.host();
        anyhow::ensure!(self.0.console.host.as_ref() != Some(host), "it is console.host");
        let is_owned = matches!(route.ownership, Ownership::Verified | Ownership::Contested);
        let is_full = is_owned && route.gate == Gate::Open;
        let owner = RouteOwner::Tenant(TenantHost {
            tenant: route.tenant,
            domain: route.domain,
            brand: Arc::new(BrandFiles::render(&route.brand, &self.0.entitlements)),
            service: if is_full { Service::Full } else { Service::Held },
        });
        reached(host, owner, &self.0.local_ca)
    }
}

/// A host's route: below localhost for this machine alone, under a certificate of the local authority.
fn reached(host: &Hostname, owner: RouteOwner, local_ca: &LocalCa) -> Result<Route> {
    let local = host.is_localhost();
    let certificate = if local { Some(local_ca.issue(host)?.into()) } else { None };
    let transport = if local { Transport::Loopback } else { Transport::Tls };
    Ok(Route { owner, transport, certificate })
}

/// What a snapshot was built from.
#[derive(Debug, Default)]
struct Served(HashMap<HostPattern, (StoredRoute, Built)>);

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
            Built::Route(route) => Some((host.host().clone(), route.clone())),
            Built::Failed(_) => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use wax_config::Config;
    use wax_kernel::{Clock as _, DomainId, ManualClock, SeededRng, TenantId};
    use wax_model::{
        Brand, Domain,
        domain::{DomainSettings, Transport as Reached},
    };
    use wax_store::NewDomain;
    use wax_store_sql::Settings;

    use super::*;

    fn stored(host: &str) -> StoredRoute {
        StoredRoute {
            host: HostPattern::parse(host).unwrap(),
            tenant: TenantId::from_bytes([1; 16]),
            domain: DomainId::from_bytes([2; 16]),
            label: String::new(),
            transport: Reached::Loopback,
            ownership: Ownership::Verified,
            gate: Gate::Open,
            settings: DomainSettings::default(),
            brand: Brand::plain("Acme"),
        }
    }

    fn build(route: &StoredRoute) -> Result<Route> {
        anyhow::ensure!(!route.host.to_string().starts_with("bad"), "it has no certificate");
        let brand = Arc::new(BrandFiles::render(&route.brand, &Entitlements::SELF_HOSTED));
        let (tenant, domain) = (route.tenant, route.domain);
        let service = Service::Full;
        let owner = RouteOwner::Tenant(TenantHost { tenant, domain, brand, service });
        Ok(Route { owner, transport: Transport::Loopback, certificate: None })
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
            build(&StoredRoute { tenant: route.tenant, ..stored("mended.localhost") })
        });
        assert_eq!(tried.get(), 1, "the others keep what they have");
        assert_eq!(hosts(&mended).len(), 3);
    }

    fn host(name: &str) -> Hostname {
        Hostname::parse(name).unwrap()
    }

    async fn store() -> Arc<SqlStore> {
        let store = SqlStore::open(&Settings::SqliteMemory).await.unwrap();
        store.migrate().await.unwrap();
        store
    }

    fn hosts_of(store: &Arc<SqlStore>, routes: &Routes, config: &Config) -> Hosts {
        let clock = Arc::new(ManualClock::at_ms(1_800_000_000_000));
        let ca = Arc::new(LocalCa::in_memory(clock).unwrap());
        let (store, console) = (Arc::clone(store), config.console.clone());
        Hosts::new(store, routes.clone(), ca, Entitlements::SELF_HOSTED, console).unwrap()
    }

    fn is_platforms(routes: &Routes, name: &str) -> Option<bool> {
        let route = routes.find(&host(name), true)?;
        Some(matches!(route.owner, RouteOwner::Platform))
    }

    #[tokio::test]
    async fn the_consoles_host_is_the_platforms_whatever_the_store_says() {
        let (store, routes, config) = (store().await, Routes::default(), Config::default());
        let (clock, rng) = (ManualClock::at_ms(1_800_000_000_000), SeededRng::new(1));
        first_tenants::ensure(&store, &config, &clock, &rng).await.unwrap();
        let hosts = hosts_of(&store, &routes, &config);
        hosts.begin().await.unwrap();
        assert_eq!(is_platforms(&routes, "app.localhost"), Some(true));
        assert_eq!(is_platforms(&routes, "local.localhost"), Some(false));

        let tenant = store.platform().domains().routes(None, 1).await.unwrap()[0].tenant;
        let (id, name) = (DomainId::random(&rng), HostPattern::exact(host("app.localhost")));
        let domain = Domain::given(id, tenant, name, Reached::Loopback, clock.now());
        let taken = NewDomain { domain, brand: Brand::plain("Mallory") };
        store.platform().ensure_domain(&taken).await.unwrap();
        hosts.refresh().await.unwrap();
        assert_eq!(is_platforms(&routes, "app.localhost"), Some(true));
        assert_eq!(is_platforms(&routes, "local.localhost"), Some(false));

        let told = hosts_of(&store, &routes, &config).begin().await.unwrap_err().to_string();
        assert!(told.starts_with("console.host is app.localhost"), "{told}");
    }

    #[tokio::test]
    async fn a_console_that_would_be_a_first_tenants_neighbour_is_refused_before_anything_is_made()
    {
        let store = store().await;
        let name = ("WAXSEAL_CONSOLE__HOST".to_owned(), "x.local.localhost".to_owned());
        let config = Config::load(None, [name].into_iter(), None).unwrap();
        let (clock, rng) = (ManualClock::at_ms(1_800_000_000_000), SeededRng::new(1));
        let told = first_tenants::ensure(&store, &config, &clock, &rng).await.unwrap_err();
        assert!(told.to_string().contains("local.localhost"), "{told}");
        assert_eq!(store.platform().count_tenants().await.unwrap(), 0);
    }

    #[tokio::test]
    async fn without_a_console_no_host_is_the_platforms() {
        let (store, routes) = (store().await, Routes::default());
        let name = ("WAXSEAL_CONSOLE__HOST".to_owned(), String::new());
        let config = Config::load(None, [name].into_iter(), None).unwrap();
        hosts_of(&store, &routes, &config).begin().await.unwrap();
        assert_eq!(is_platforms(&routes, "app.localhost"), None);
    }
}
