//! Postgres: a pool, and a task per unit of work.

use std::{str::FromStr as _, sync::Arc, time::Duration};

use sqlx::{
    ConnectOptions as _, Connection as _, Executor as _, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use wax_kernel::Rng;
use wax_store::StoreError;
use wax_telemetry::Tasks;

use super::{
    Query, Row, Unit,
    failure::{self, refused, unavailable},
    query::bound,
    session::{Connection, Health, run_once},
};
use crate::{hints::PostgresHints, migrate};

/// How long a caller waits for a connection.
const ACQUIRE_WITHIN: Duration = Duration::from_secs(10);
/// How often a unit runs that lost a deadlock. The lock order makes one rare; it does not make it impossible.
const RUNS: u32 = 3;
/// How long closing waits for units under way.
const CLOSE_WITHIN: Duration = Duration::from_secs(10);

#[derive(Debug, Clone)]
pub(crate) struct Postgres {
    pool: PgPool,
    /// Where migrations connect: apart from the pool, because they may take longer than any statement of ours.
    migrations: Arc<PgConnectOptions>,
    tasks: Tasks,
}

impl Postgres {
    /// Connects now.
    pub(super) async fn open(url: &str, connections: u32) -> Result<Self, StoreError> {
        let postgres = Self::open_later(url, connections)?;
        postgres.pool.acquire().await.map_err(refused)?;
        Ok(postgres)
    }

    /// Connects when it is first asked something.
    pub(super) fn open_later(url: &str, connections: u32) -> Result<Self, StoreError> {
        let options = PgConnectOptions::from_str(url)
            .map_err(unavailable)?
            .application_name("waxseal")
            .disable_statement_logging();
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(ACQUIRE_WITHIN)
            // The belt below asks the server something already.
            .test_before_acquire(false)
            .before_acquire(|connection, _| {
                Box::pin(async move { clean(connection).await.map(|()| true) })
            })
            .connect_lazy_with(limited(options.clone()));
        Ok(Self { pool, migrations: Arc::new(options), tasks: Tasks::new() })
    }

    /// In a task of its own, which nobody who waits for it can cancel.
    pub(super) async fn run(&self, unit: Unit) -> Result<(), StoreError> {
        let pool = self.pool.clone();
        let task = self.tasks.spawn("unit of work", async move { run(&pool, &unit).await });
        match task.await {
            Ok(Some(result)) => result,
            Ok(None) | Err(_) => Err(StoreError::Unknown("the unit of work was ended".into())),
        }
    }

    pub(super) async fn rows(&self, query: Query) -> Result<Vec<Row>, StoreError> {
        let query = bound::<sqlx::Postgres>(query.statement.postgres, query.values);
        let rows = query.fetch_all(&self.pool).await.map_err(refused)?;
        Ok(rows.into_iter().map(Row::Postgres).collect())
    }

    pub(super) async fn migrate(&self) -> Result<(), StoreError> {
        let mut connection = PgConnection::connect_with(&self.migrations).await.map_err(refused)?;
        migrate::postgres(&mut connection).await.map_err(migrate::failed)?;
        connection.close().await.map_err(refused)
    }

    pub(super) fn hints(&self, rng: &dyn Rng) -> Arc<PostgresHints> {
        PostgresHints::start(self.pool.clone(), rng, &self.tasks)
    }

    /// The pool as it is, to be maltreated.
    #[cfg(test)]
    pub(crate) fn pool(&self) -> PgPool {
        self.pool.clone()
    }

    pub(super) async fn close(&self) {
        self.tasks.shut_down(CLOSE_WITHIN).await;
        self.pool.close().await;
    }
}

/// A statement or a transaction that hangs holds its locks: the server ends it.
fn limited(options: PgConnectOptions) -> PgConnectOptions {
    options.options([
        ("statement_timeout", "10s"),
        ("lock_timeout", "8s"),
        ("idle_in_transaction_session_timeout", "10s"),
    ])
}

/// Makes sure that no transaction is open that the driver does not know of: sqlx 0.9.0 leaves one behind when a task is
/// dropped inside `begin()`, and everything acknowledged in it would be lost (ADR 0003).
///
/// `BEGIN` first, because a `ROLLBACK` without a transaction writes a warning to the server's log every time. In a
/// left-over transaction it is the `BEGIN` that warns; in a failed one it fails, and the pool drops the connection.
async fn clean(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    connection.execute("BEGIN; ROLLBACK").await.map(|_| ())
}

async fn run(pool: &PgPool, unit: &Unit) -> Result<(), StoreError> {
    let mut run = 1;
    loop {
        let mut health = Health::default();
        let result = attempt(pool, unit, &mut health).await;
        if result.is_ok() || !health.retry || run == RUNS {
            return result;
        }
        run += 1;
    }
}

async fn attempt(pool: &PgPool, unit: &Unit, health: &mut Health) -> Result<(), StoreError> {
    // Named, because a database's default could be stricter and would fail units that lose a race.
    let mut transaction =
        pool.begin_with("BEGIN ISOLATION LEVEL READ COMMITTED").await.map_err(refused)?;
    let result = run_once(unit, Connection::Postgres(&mut transaction), health).await;
    match result {
        Ok(()) => transaction.commit().await.map_err(not_committed),
        Err(error) => {
            if let Err(error) = transaction.rollback().await {
                // The server rolls back when the connection ends, which it does after a failed rollback.
                tracing::debug!(%error, "rollback");
            }
            Err(error)
        }
    }
}

/// Only a refusal says that nothing was written; a connection that breaks says nothing.
fn not_committed(error: sqlx::Error) -> StoreError {
    let known = error.as_database_error().is_some_and(|error| {
        // Rolled back (40), or a constraint checked at the end (23).
        matches!(failure::code(error).get(..2), Some("40" | "23"))
    });
    if known { refused(error) } else { StoreError::Unknown(error.into()) }
}
