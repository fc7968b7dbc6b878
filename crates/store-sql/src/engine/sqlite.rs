//! `SQLite`: one writer, some readers.

mod pipeline;
mod readers;
mod writer;

use std::{io, path::Path, time::Duration};

use sqlx::{
    ConnectOptions as _, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use wax_store::StoreError;
use wax_telemetry::Tasks;

pub(super) use self::pipeline::Pipeline;
use self::{readers::Readers, writer::Writer};
use super::{
    Query, Row, Unit,
    failure::{refused, unavailable},
    query::bound,
};
use crate::migrate;

/// How long a writer of this file waits for a writer in another process (`waxseald migrate` beside the server).
const BUSY_WITHIN: Duration = Duration::from_secs(5);
/// Prepared statements that a connection keeps.
const STATEMENTS: usize = 256;
/// How long closing waits for units under way.
const CLOSE_WITHIN: Duration = Duration::from_secs(10);

#[derive(Debug, Clone)]
pub(crate) struct Sqlite {
    writer: Writer,
    /// `None` in memory: a second connection would be a second, empty database, and the shared cache that could join
    /// them makes readers fail while the writer writes. Reads then go through the writer, where nothing waits for a disk.
    readers: Option<Readers>,
    tasks: Tasks,
}

impl Sqlite {
    pub(super) async fn file(path: &Path) -> Result<Self, StoreError> {
        create_private(path).map_err(unavailable)?;
        let options = options().filename(path).journal_mode(SqliteJournalMode::Wal);
        let connection = options.connect().await.map_err(refused)?;
        Ok(Self::start(connection, Some(Readers::new(options))))
    }

    pub(super) async fn memory() -> Result<Self, StoreError> {
        let connection = options().in_memory(true).connect().await.map_err(refused)?;
        Ok(Self::start(connection, None))
    }

    fn start(connection: SqliteConnection, readers: Option<Readers>) -> Self {
        let tasks = Tasks::new();
        Self { writer: Writer::start(connection, &tasks), readers, tasks }
    }

    pub(super) async fn run(&self, unit: Unit) -> Result<(), StoreError> {
        self.writer.run(unit).await
    }

    pub(super) async fn rows(&self, query: Query) -> Result<Vec<Row>, StoreError> {
        if let Some(readers) = &self.readers {
            return readers.rows(query).await;
        }
        let query = bound::<sqlx::Sqlite>(query.statement.sqlite, query.values);
        let rows = self.writer.alone(|connection| Box::pin(query.fetch_all(connection))).await?;
        Ok(rows.map_err(refused)?.into_iter().map(Row::Sqlite).collect())
    }

    pub(super) async fn migrate(&self) -> Result<(), StoreError> {
        self.writer
            .alone(|connection| Box::pin(migrate::sqlite(connection)))
            .await?
            .map_err(migrate::failed)
    }

    /// Writes everything into the database file and empties the WAL, in which deleted rows may still stand.
    pub(super) async fn checkpoint(&self) -> Result<(), StoreError> {
        if self.readers.is_none() {
            return Ok(());
        }
        let checkpoint = sqlx::query_scalar::<_, i64>("PRAGMA wal_checkpoint(TRUNCATE)");
        let held_up = self
            .writer
            .alone(|connection| Box::pin(checkpoint.fetch_one(connection)))
            .await?
            .map_err(refused)?;
        if held_up == 0 { Ok(()) } else { Err(unavailable("a reader held up the checkpoint")) }
    }

    pub(super) async fn close(&self) {
        self.tasks.shut_down(CLOSE_WITHIN).await;
        if let Some(readers) = &self.readers {
            readers.close().await;
        }
    }
}

/// What every connection needs; the settings that keep promises are read back by `check`.
fn options() -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .pragma("secure_delete", "ON")
        // Sorting must not leave rows in a temporary file.
        .pragma("temp_store", "MEMORY")
        .busy_timeout(BUSY_WITHIN)
        // A statement counts once for every company in which it travels.
        .statement_cache_capacity(STATEMENTS)
        .disable_statement_logging()
}

/// Makes the file readable by its owner only; `SQLite` gives the WAL beside it the same mode.
fn create_private(path: &Path) -> io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(|_| ())
}
