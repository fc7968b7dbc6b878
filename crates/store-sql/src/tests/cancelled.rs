//! Requests whose clients go away (ADR 0003): sqlx 0.9.0 forgets a transaction that was being opened.

use std::{future::Future, pin::pin, sync::Arc, task::Poll};

use sqlx::{PgPool, postgres::PgPoolOptions};
use wax_store::{
    Store,
    conformance::fixtures::{create, find, secret, tenant},
};
use wax_testkit::database::PostgresDatabase;

use crate::{Settings, SqlStore, engine::Database};

const REQUESTS: u64 = 400;

/// Drops the future when it has been polled `polls` times, or lets it end before.
async fn cancelled_at<F: Future>(polls: u64, future: F) {
    let mut future = pin!(future);
    let mut left = polls;
    std::future::poll_fn(|context| {
        let ended = future.as_mut().poll(context).is_ready();
        left -= 1;
        if ended || left == 0 { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

async fn database() -> PostgresDatabase {
    let database = PostgresDatabase::migrated().await;
    database.execute("CREATE TABLE acknowledged (n BIGINT PRIMARY KEY)").await;
    database
}

fn settings(database: &PostgresDatabase) -> Settings {
    Settings::Postgres { url: wax_kernel::Redacted::new(database.url()), connections: 1 }
}

/// Rows that are there afterwards, of [`REQUESTS`] that were acknowledged between cancelled `begin()`s.
async fn kept(database: &PostgresDatabase, pool: PgPool) -> i64 {
    for n in 0..REQUESTS {
        cancelled_at(1 + n % 8, pool.begin()).await;
        let insert = sqlx::query("INSERT INTO acknowledged VALUES ($1)");
        insert.bind(i64::try_from(n).unwrap()).execute(&pool).await.unwrap();
    }
    pool.close().await;
    let reader = PgPool::connect(&database.url()).await.unwrap();
    sqlx::query_scalar("SELECT COUNT(*) FROM acknowledged").fetch_one(&reader).await.unwrap()
}

/// The bug is there. When this fails, the driver was mended: take the belt off.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bare_begin_loses_acknowledged_rows() {
    let database = database().await;
    let pool = PgPoolOptions::new().max_connections(1).connect(&database.url()).await.unwrap();
    let kept = kept(&database, pool).await;
    assert!(kept < 400, "all {kept} rows were kept");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_pool_loses_none() {
    let database = database().await;
    let Database::Postgres(postgres) = Database::open(&settings(&database)).await.unwrap() else {
        panic!("it is Postgres");
    };
    assert_eq!(kept(&database, postgres.pool()).await, 400);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_units_lose_none() {
    let database = PostgresDatabase::migrated().await;
    let opened = SqlStore::open(&settings(&database)).await.unwrap();
    let store: Arc<dyn Store> = opened.clone();
    for n in 0..REQUESTS {
        cancelled_at(1 + n % 8, create(&store, tenant(1), &secret(1_000 + n, 1))).await;
        assert!(create(&store, tenant(1), &secret(n, 1)).await);
    }
    opened.close().await;
    let store: Arc<dyn Store> = SqlStore::open(&settings(&database)).await.unwrap();
    for n in 0..REQUESTS {
        assert!(find(&store, secret(n, 1).secret.id).await.is_some(), "{n} was acknowledged");
        assert!(find(&store, secret(1_000 + n, 1).secret.id).await.is_some(), "{n} was begun");
    }
}

/// A belt that warns a thousand times a second in somebody's log is soon taken off.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_belt_is_silent_and_clears_any_transaction() {
    let database = database().await;
    let Database::Postgres(postgres) = Database::open(&settings(&database)).await.unwrap() else {
        panic!("it is Postgres");
    };
    let pool = postgres.pool();
    for leave in ["SELECT 1", "BEGIN; INSERT INTO acknowledged VALUES (1)", "BEGIN; SELECT 1 / 0"] {
        // The last one fails, which is its point.
        drop(sqlx::raw_sql(leave).execute(&pool).await);
        let open = "SELECT COUNT(*) FROM pg_stat_activity
            WHERE datname = current_database() AND state LIKE 'idle in transaction%'";
        let left: i64 = sqlx::query_scalar(open).fetch_one(&pool).await.unwrap();
        let rows: i64 =
            sqlx::query_scalar("SELECT COUNT(*) FROM acknowledged").fetch_one(&pool).await.unwrap();
        assert_eq!((left, rows), (0, 0), "after {leave}");
    }
}
