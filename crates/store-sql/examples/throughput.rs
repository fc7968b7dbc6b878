//! How many secrets a store makes and opens in a second, durably, and what the grouping of commits is worth.
//!
//! `cargo run --release -p wax-store-sql --example throughput -- <new folder or postgres URL>`
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a program for people who measure")]

use std::{sync::Arc, time::Instant};

use futures_util::future::join_all;
use tokio::sync::Semaphore;
use wax_kernel::Redacted;
use wax_store::{
    NewSecret, Store,
    conformance::fixtures::{START, claim, create, secret, tenant},
    transitions::Claimed,
};
use wax_store_sql::{Settings, SqlStore};

const SECRETS: u64 = 4_000;

#[tokio::main]
async fn main() {
    let place = std::env::args().nth(1).expect("a new folder, or a postgres:// URL");
    let store = open(&place).await;
    println!("{:>24} {:>12} {:>12}", "", "creates/s", "claims/s");
    let mut first = 0;
    // One at a time: every unit pays for its own commit, whoever else waits.
    for (tasks, at_once) in [(1, 1), (64, 1), (16, 16), (64, 64)] {
        let secrets = (first..first + SECRETS).map(|n| Arc::new(secret(n, 1))).collect::<Vec<_>>();
        first += SECRETS;
        let creates = rate(&store, &secrets, tasks, at_once, make).await;
        let claims = rate(&store, &secrets, tasks, at_once, open_it).await;
        println!(
            "{:>24} {creates:>12.0} {claims:>12.0}",
            format!("{tasks} tasks, {at_once} at once")
        );
    }
}

async fn open(place: &str) -> Arc<dyn Store> {
    let settings = if place.starts_with("postgres") {
        Settings::Postgres { url: Redacted::new(place.into()), connections: 16 }
    } else {
        std::fs::create_dir(place).expect("the folder is new");
        Settings::SqliteFile(std::path::Path::new(place).join("waxseal.db"))
    };
    let store = SqlStore::open(&settings).await.unwrap();
    store.migrate().await.unwrap();
    store
}

async fn make(store: Arc<dyn Store>, new: Arc<NewSecret>) {
    assert!(create(&store, tenant(1), &new).await);
}

async fn open_it(store: Arc<dyn Store>, new: Arc<NewSecret>) {
    assert!(matches!(claim(&store, &new, 1, START).await, Claimed::Taken { .. }));
}

/// Units a second, with `tasks` callers of whom `at_once` may be in the store.
async fn rate<F: Future<Output = ()> + Send + 'static>(
    store: &Arc<dyn Store>,
    secrets: &[Arc<NewSecret>],
    tasks: usize,
    at_once: usize,
    unit: fn(Arc<dyn Store>, Arc<NewSecret>) -> F,
) -> f64 {
    let gate = Arc::new(Semaphore::new(at_once));
    let started = Instant::now();
    let callers = secrets.chunks(secrets.len().div_ceil(tasks)).map(|share| {
        let (store, gate, share) = (Arc::clone(store), Arc::clone(&gate), share.to_vec());
        let caller = async move {
            for new in share {
                let _turn = gate.acquire().await.unwrap();
                unit(Arc::clone(&store), new).await;
            }
        };
        #[expect(clippy::disallowed_methods, reason = "the callers of a measurement")]
        tokio::spawn(caller)
    });
    join_all(callers.collect::<Vec<_>>()).await.into_iter().for_each(|ended| ended.unwrap());
    #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
    let units = secrets.len() as f64;
    units / started.elapsed().as_secs_f64()
}
