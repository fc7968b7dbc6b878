//! One transaction's connection.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use sqlx::{PgConnection, SqliteConnection};
use wax_store::StoreError;

use super::{
    Query, Row, Rows, Unit,
    failure::{self, BrokenUnit},
    query::bound,
};

/// A transaction under way, lent to one run of a unit.
pub(crate) struct Session<'u> {
    connection: Connection<'u>,
    health: &'u mut Health,
}

pub(super) enum Connection<'u> {
    Postgres(&'u mut PgConnection),
    Sqlite(&'u mut SqliteConnection),
}

/// How the statements of one run went.
#[derive(Default)]
pub(super) struct Health {
    /// A statement failed: Postgres would answer a COMMIT with a silent rollback from now on.
    failed: bool,
    /// It failed by a deadlock or a serialisation failure: another run may succeed.
    pub(super) retry: bool,
}

impl Health {
    fn watch<T>(&mut self, result: Result<T, sqlx::Error>) -> Result<T, StoreError> {
        result.map_err(|error| {
            self.failed = true;
            if let sqlx::Error::Database(error) = &error {
                // serialization_failure, deadlock_detected
                self.retry |= matches!(&*failure::code(&**error), "40001" | "40P01");
            }
            failure::refused(error)
        })
    }
}

impl Session<'_> {
    /// Runs a statement that answers no rows; tells how many it changed.
    pub(crate) async fn execute(&mut self, query: Query) -> Result<u64, StoreError> {
        let Query { statement, values } = query;
        let result = match &mut self.connection {
            Connection::Postgres(connection) => {
                let query = bound::<sqlx::Postgres>(statement.postgres, values);
                query.execute(&mut **connection).await.map(|done| done.rows_affected())
            }
            Connection::Sqlite(connection) => {
                let query = bound::<sqlx::Sqlite>(statement.sqlite, values);
                query.execute(&mut **connection).await.map(|done| done.rows_affected())
            }
        };
        self.health.watch(result)
    }

    /// Runs a statement that changes one row or none; tells whether it changed one.
    pub(crate) async fn changed(&mut self, query: Query) -> Result<bool, StoreError> {
        Ok(self.execute(query).await? > 0)
    }
}

impl Rows for Session<'_> {
    async fn rows(&mut self, query: Query) -> Result<Vec<Row>, StoreError> {
        let Query { statement, values } = query;
        let result = match &mut self.connection {
            Connection::Postgres(connection) => {
                let rows = bound::<sqlx::Postgres>(statement.postgres, values)
                    .fetch_all(&mut **connection)
                    .await;
                rows.map(|rows| rows.into_iter().map(Row::Postgres).collect())
            }
            Connection::Sqlite(connection) => {
                let rows = bound::<sqlx::Sqlite>(statement.sqlite, values)
                    .fetch_all(&mut **connection)
                    .await;
                rows.map(|rows| rows.into_iter().map(Row::Sqlite).collect())
            }
        };
        self.health.watch(result)
    }
}

/// Runs a unit once inside an open transaction. `Ok` means that it may be committed.
pub(super) async fn run_once(
    unit: &Unit,
    connection: Connection<'_>,
    health: &mut Health,
) -> Result<(), StoreError> {
    let run = async { unit(Session { connection, health: &mut *health }).await };
    let result = AssertUnwindSafe(run).catch_unwind().await;
    match result {
        Err(_) => Err(BrokenUnit::Panicked.into()),
        Ok(Ok(())) if health.failed => Err(BrokenUnit::WentOn.into()),
        Ok(result) => result,
    }
}

/// Lends a connection as if it were in a transaction.
#[cfg(test)]
pub(crate) async fn lend_sqlite<T>(
    connection: &mut SqliteConnection,
    work: impl for<'u> FnOnce(Session<'u>) -> futures_util::future::BoxFuture<'u, Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let mut health = Health::default();
    work(Session { connection: Connection::Sqlite(connection), health: &mut health }).await
}
