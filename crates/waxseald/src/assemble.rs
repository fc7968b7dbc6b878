//! Puts the rooms together: the one place that knows everyone.

use std::{
    num::NonZeroU32,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, Result};
use wax_cache::MemoryHints;
use wax_config::{Config, DatabaseUrl};
use wax_crypto::{
    at_rest::{FileKeyStore, KeyStore, MemoryKeyStore},
    sealed_bytes,
};
use wax_edge::{
    Edge, EdgeParts, Limits, LocalCa, Rate, Rates, Readiness, RouteClass, Routes, Upstream,
};
use wax_kernel::{Clock, Rng, SystemClock, SystemRng};
use wax_model::Entitlements;
use wax_pages::Pages;
use wax_secrets::{Parts, Secrets};
use wax_store::Store;
use wax_store_sql::{Settings, SqlStore};
use wax_telemetry::{Metrics, Tasks};

use crate::{first_tenants, hosts::Hosts};

/// Connections to Postgres that one process holds.
const POSTGRES_CONNECTIONS: u32 = 16;

/// A server that has everything but listeners.
pub(crate) struct Server {
    pub(crate) edge: Edge,
    pub(crate) readiness: Readiness,
    pub(crate) metrics: Metrics,
    pub(crate) tasks: Tasks,
    pub(crate) store: Arc<SqlStore>,
    pub(crate) local_ca: Arc<LocalCa>,
}

/// Assembles the server and starts its jobs.
pub(crate) async fn server(config: &Config) -> Result<Server> {
    let (clock, rng): (Arc<dyn Clock>, Arc<dyn Rng>) = (Arc::new(SystemClock), Arc::new(SystemRng));
    let pages = Arc::new(Pages::load()?);
    let store = store(config).await?;
    store.migrate().await.context("the database's schema could not be brought up to date")?;
    first_tenants::ensure(&store, config.server.demo, &*clock, &*rng).await?;

    let secrets = Secrets::new(Parts {
        store: Arc::clone(&store) as Arc<dyn Store>,
        keys: keys(config, &rng)?,
        hints: Arc::new(MemoryHints::default()),
        clock: Arc::clone(&clock),
        rng: Arc::clone(&rng),
        entitlements: entitlements(config),
    });
    secrets.check_keys().await.map_err(anyhow::Error::from_boxed).with_context(|| {
        let folder = keys_folder(config);
        format!(
            "secrets are stored whose keys are not in {} (store.data_dir): put that folder back; without it nothing \
             that is stored can be opened again",
            folder.display()
        )
    })?;
    let (routes, tasks, metrics) = (Routes::default(), Tasks::new(), Metrics::default());
    let local_ca = Arc::new(local_ca(config, &clock)?);
    let hosts =
        Hosts::new(Arc::clone(&store), routes.clone(), Arc::clone(&local_ca), entitlements(config));
    hosts.refresh().await?;
    let mut jobs = wax_secrets::jobs(&secrets);
    jobs.push(hosts.job());
    wax_worker::start(jobs, &tasks);

    let readiness = Readiness::default();
    let edge = Edge::new(EdgeParts {
        routes,
        upstream: Upstream::local(wax_secrets::router(secrets)),
        site: pages,
        limits: limits(config),
        rates: rates(config),
        classes: vec![
            RouteClass::create("/v1/secrets/create"),
            RouteClass::deliver("/v1/secrets/claim"),
            RouteClass::deliver("/v1/secrets/recover"),
            RouteClass::deliver("/v1/secrets/open"),
        ],
        readiness: readiness.clone(),
        metrics: metrics.clone(),
        clock,
        rng,
    });
    Ok(Server { edge, readiness, metrics, tasks, store, local_ca })
}

/// Opens the database that the configuration names.
pub(crate) async fn store(config: &Config) -> Result<Arc<SqlStore>> {
    let settings = match &config.store.database_url {
        _ if config.server.ephemeral => Settings::SqliteMemory,
        DatabaseUrl::Sqlite(file) => {
            make_private(&config.store.data_dir)?;
            Settings::SqliteFile(config.store.data_dir.join(file))
        }
        DatabaseUrl::Postgres(url) => {
            Settings::Postgres { url: url.clone(), connections: POSTGRES_CONNECTIONS }
        }
    };
    SqlStore::open(&settings).await.context("the database cannot be used (store.database_url)")
}

fn keys(config: &Config, rng: &Arc<dyn Rng>) -> Result<Arc<dyn KeyStore>> {
    if config.server.ephemeral {
        return Ok(Arc::new(MemoryKeyStore::new(Arc::clone(rng))));
    }
    make_private(&config.store.data_dir)?;
    let store = FileKeyStore::open(&keys_folder(config), Arc::clone(rng))?;
    Ok(Arc::new(store))
}

fn keys_folder(config: &Config) -> PathBuf {
    config.store.data_dir.join("keys")
}

fn local_ca(config: &Config, clock: &Arc<dyn Clock>) -> Result<LocalCa> {
    if config.server.ephemeral {
        return Ok(LocalCa::in_memory(Arc::clone(clock))?);
    }
    Ok(LocalCa::open(&config.store.data_dir.join("local-ca"), Arc::clone(clock))?)
}

/// Makes the data directory, for its owner alone.
fn make_private(path: &Path) -> Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path).with_context(|| {
        format!("cannot make the data directory {} (store.data_dir)", path.display())
    })
}

fn entitlements(config: &Config) -> Entitlements {
    Entitlements {
        max_views: config.secrets.max_views,
        max_lifetime: config.secrets.max_lifetime,
        max_content_bytes: sealed_bytes(config.secrets.max_content_bytes as usize),
        ..Entitlements::SELF_HOSTED
    }
}

/// The edge's limits, as far as they are configured.
pub(crate) fn limits(config: &Config) -> Limits {
    Limits {
        connections: config.limits.connections as usize,
        connections_per_network: config.limits.connections_per_network as usize,
        ..Limits::default()
    }
}

fn rates(config: &Config) -> Rates {
    let rate = |per_minute, burst| Rate {
        per_minute: NonZeroU32::new(per_minute).unwrap_or(NonZeroU32::MIN),
        burst: NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN),
    };
    Rates {
        create: rate(config.limits.creates_per_minute, config.limits.create_burst),
        request: rate(config.limits.requests_per_minute, config.limits.request_burst),
    }
}
