//! Keeps what the edge serves true to the store, and serves from its file while the store is away.

mod challenges;
mod entry;
mod follow;
mod journal;
mod serve;

use std::{path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Context as _, Result};
use tokio::{sync::Mutex, time::timeout};
use wax_acme::{OrderStore, PlatformName, Vault};
use wax_config::Console;
use wax_crypto::at_rest::KeyRing;
use wax_edge::{LocalCa, Readiness, Routes};
use wax_kernel::{Clock, Job, Rng, base64url_encode};
use wax_model::Plans;
use wax_store::Store;
use wax_telemetry::Metrics;

pub(crate) use self::challenges::Challenges;
use self::{entry::Certificates, follow::Follower, journal::Journal, serve::Serve};

/// How often the store is asked. A refusal is in force on every edge after at most twice this.
const EVERY: Duration = Duration::from_secs(1);

/// How long a start waits for the store, if there is a file to serve from. It is asked again at once.
const PATIENCE: Duration = Duration::from_millis(500);

/// What it is made of.
#[derive(Debug)]
pub(crate) struct HostsParts {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) orders: Arc<dyn OrderStore>,
    pub(crate) edge_ring: Arc<KeyRing>,
    pub(crate) routes: Routes,
    pub(crate) local_ca: Arc<LocalCa>,
    pub(crate) plans: Plans,
    pub(crate) console: Console,
    /// Names that no organization has.
    pub(crate) own: Vec<PlatformName>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) rng: Arc<dyn Rng>,
    /// Where its file is. `None`: nothing outlives this process.
    pub(crate) folder: Option<PathBuf>,
}

/// Follows the store. Clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct Hosts {
    follower: Arc<Mutex<Follower>>,
    challenges: Challenges,
}

impl Hosts {
    /// Serves what its file remembers, and the console.
    pub(crate) fn open(parts: HostsParts) -> Result<Self> {
        let HostsParts { store, orders, edge_ring, routes, local_ca, plans, console, own, .. } =
            parts;
        let (clock, rng, challenges) = (parts.clock, parts.rng, Challenges::default());
        let certificates = Certificates::new(Vault::new(Arc::clone(&edge_ring), Arc::clone(&rng)));
        let serve = Serve {
            routes,
            local_ca,
            plans,
            console,
            certificates,
            own,
            shown: std::sync::RwLock::default(),
        };
        serve.put_console()?;
        let node = base64url_encode(rng.bytes::<9>());
        let mut follower = Follower::new(store, orders, serve, challenges.clone(), clock, node);
        if let Some(folder) = parts.folder {
            std::fs::create_dir_all(&folder)?;
            match Journal::open(&folder, edge_ring, rng, |chunk| follower.remember(chunk)) {
                Ok(journal) => follower.write_to(journal),
                Err(error) => tracing::warn!(
                    error = format!("{error:#}"),
                    "the edge's file is not used: without the database this edge will not start"
                ),
            }
        }
        Ok(Self { follower: Arc::new(Mutex::new(follower)), challenges })
    }

    /// Takes in what the store says. If it says nothing, what the file remembers is served.
    ///
    /// # Errors
    /// When the store cannot be asked and nothing is remembered.
    pub(crate) async fn begin(&self) -> Result<()> {
        let mut follower = self.follower.lock().await;
        if !follower.knows_something() {
            return follower.follow().await;
        }
        let outcome = timeout(PATIENCE, follower.follow()).await;
        if let Err(error) = outcome.context("it does not answer").flatten() {
            let error = format!("{error:#}");
            tracing::warn!(error, "the database cannot be asked; hosts are served as they were");
        }
        Ok(())
    }

    /// Whether its file gave it anything to serve.
    pub(crate) async fn knows_something(&self) -> bool {
        self.follower.lock().await.knows_something()
    }

    /// The repeated work.
    pub(crate) fn job(&self, readiness: &Readiness, metrics: &Metrics) -> Job {
        let (hosts, readiness) = (self.clone(), readiness.clone());
        let help = "When the edge's routes were last known to be true.";
        let followed = metrics.gauge("waxseal_edge_routes_timestamp_seconds", help, &[]);
        let job = Job::new("edge.routes", EVERY, move || {
            let (hosts, readiness, followed) = (hosts.clone(), readiness.clone(), followed.clone());
            async move {
                let mut follower = hosts.follower.lock().await;
                follower.follow().await?;
                readiness.followed();
                followed.set(&[], follower.clock.now().as_ms() / 1_000);
                Ok(())
            }
        });
        // What was refused while the store was away is refused as soon as it is back.
        job.pausing_at_most(EVERY)
    }

    /// What issuers look for on this edge.
    pub(crate) fn challenges(&self) -> Challenges {
        self.challenges.clone()
    }
}

#[cfg(test)]
mod tests;
