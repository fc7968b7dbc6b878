//! Hints between two processes on one database.

use std::{sync::Arc, time::Duration};

use tokio::time::timeout;
use wax_cache::{Hints, Listener};
use wax_kernel::{Redacted, SystemRng};
use wax_testkit::database::PostgresDatabase;

use crate::{Settings, SqlStore};

/// Generous: nothing is measured here.
const SOON: Duration = Duration::from_secs(10);

async fn process(database: &PostgresDatabase) -> (Arc<SqlStore>, Arc<dyn Hints>) {
    let settings = Settings::Postgres { url: Redacted::new(database.url()), connections: 4 };
    let store = SqlStore::open(&settings).await.unwrap();
    let hints = store.hints(&SystemRng);
    (store, hints)
}

async fn hears(listener: &mut Box<dyn Listener>) -> bool {
    timeout(SOON, listener.changed()).await.is_ok()
}

/// Publishes until the other process hears, because it may only just be beginning to listen.
async fn arrives(from: &dyn Hints, listener: &mut Box<dyn Listener>) -> bool {
    let again = async {
        loop {
            from.publish("a").await;
            if timeout(Duration::from_millis(200), listener.changed()).await.is_ok() {
                return;
            }
        }
    };
    timeout(SOON, again).await.is_ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hint_reaches_the_other_processes_and_its_own() {
    let database = PostgresDatabase::migrated().await;
    let ((one, here), (two, there)) = (process(&database).await, process(&database).await);
    let (mut own, mut others) = (here.subscribe("a"), there.subscribe("a"));
    assert!(arrives(&*here, &mut others).await);
    assert!(hears(&mut own).await);
    one.close().await;
    two.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_broken_connection_everybody_looks_and_hints_arrive_again() {
    let database = PostgresDatabase::migrated().await;
    let ((one, here), (two, there)) = (process(&database).await, process(&database).await);
    let (mut listener, mut bystander) = (there.subscribe("a"), there.subscribe("b"));
    assert!(arrives(&*here, &mut listener).await);
    // It listens now. Whoever subscribed before that was told to look, and is not to be told twice.
    let _ = timeout(Duration::ZERO, bystander.changed()).await;
    let break_all = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()";
    database.execute(break_all).await;
    assert!(hears(&mut bystander).await, "what was said meanwhile is lost, so it looks");
    assert!(arrives(&*here, &mut listener).await);
    one.close().await;
    two.close().await;
}
