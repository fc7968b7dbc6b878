//! One transaction's connection.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use sqlx::PgConnection;
use wax_store::StoreError;

use super::{
    Query, Row, Rows, Unit,
    failure::{self, BrokenUnit},
    query::bound,
    sqlite::Pipeline,
};

/// A transaction under way, lent to one run of a unit.
pub(crate) struct Session<'u> {
    connection: Connection<'u>,
    health: &'u mut Health,
}

pub(super) enum Connection<'u> {
    Postgres(&'u mut PgConnection),
    Sqlite(&'u mut Pipeline),
}

/// How the statements of one run went.
#[derive(Default)]
pub(super) struct Health {
    /// A statement failed: Postgres would answer a COMMIT with a silent rollback from now on.
    failed: bool,
    /// It failed by a deadlock, a serialisation failure or a race for something unique: another run may succeed.
    pub(super) retry: bool,
}

impl Health {
    /// After a failed statement nothing runs: it might have been the one that begins the transaction.
    fn check(&self) -> Result<(), BrokenUnit> {
        if self.failed { Err(BrokenUnit::WentOn) } else { Ok(()) }
    }

    fn watch<T>(&mut self, result: Result<T, sqlx::Error>) -> Result<T, StoreError> {
        result.map_err(|error| {
            self.failed = true;
            if let sqlx::Error::Database(error) = &error {
                // serialization_failure, deadlock_detected, unique_violation: statements look first whether something
                // is taken, so the next run sees who was faster.
                self.retry |= matches!(&*failure::code(&**error), "40001" | "40P01" | "23505");
            }
            failure::refused(error)
        })
    }
}

impl Session<'_> {
    /// The same transaction, lent on.
    pub(crate) fn again(&mut self) -> Session<'_> {
        let connection = match &mut self.connection {
            Connection::Postgres(connection) => Connection::Postgres(connection),
            Connection::Sqlite(pipeline) => Connection::Sqlite(pipeline),
        };
        Session { connection, health: self.health }
    }

    /// Runs a statement whose answer nobody needs, before the next one or the end of the unit: an error of it may be
    /// told only there.
    pub(crate) async fn execute(&mut self, query: Query) -> Result<(), StoreError> {
        if let Connection::Sqlite(pipeline) = &mut self.connection {
            self.health.check()?;
            pipeline.later(query);
            return Ok(());
        }
        self.changes(query).await.map(|_| ())
    }

    /// Runs a statement that answers no rows; tells how many it changed.
    pub(crate) async fn changes(&mut self, query: Query) -> Result<u64, StoreError> {
        self.health.check()?;
        let result = match &mut self.connection {
            Connection::Postgres(connection) => {
                let query = bound::<sqlx::Postgres>(query.statement.postgres, query.values);
                query.execute(&mut **connection).await.map(|done| done.rows_affected())
            }
            Connection::Sqlite(pipeline) => pipeline.run(query).await.map(|answer| answer.changed),
        };
        self.health.watch(result)
    }

    /// Runs a statement that changes one row or none; tells whether it changed one.
    pub(crate) async fn changed(&mut self, query: Query) -> Result<bool, StoreError> {
        Ok(self.changes(query).await? > 0)
    }
}

impl Rows for Session<'_> {
    async fn rows(&mut self, query: Query) -> Result<Vec<Row>, StoreError> {
        self.health.check()?;
        let result = match &mut self.connection {
            Connection::Postgres(connection) => {
                let query = bound::<sqlx::Postgres>(query.statement.postgres, query.values);
                let rows = query.fetch_all(&mut **connection).await;
                rows.map(|rows| rows.into_iter().map(Row::Postgres).collect())
            }
            Connection::Sqlite(pipeline) => {
                let answer = pipeline.run(query).await;
                answer.map(|answer| answer.rows.into_iter().map(Row::Sqlite).collect())
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
    connection: sqlx::SqliteConnection,
    work: impl for<'u> FnOnce(Session<'u>) -> futures_util::future::BoxFuture<'u, Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let mut pipeline = Pipeline::new(connection);
    let mut health = Health::default();
    work(Session { connection: Connection::Sqlite(&mut pipeline), health: &mut health }).await
}
