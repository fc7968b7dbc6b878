//! Readers: a few connections that only read, each lent to one statement at a time.
//!
//! Not the driver's pool: that asks a connection whether it lives when it comes back, from a task of its own. What lives
//! in this process needs no asking, and the question costs as many thread switches as the read (ADR 0016).

use std::sync::{Arc, Mutex, PoisonError};

use sqlx::{ConnectOptions as _, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::sync::Semaphore;
use wax_store::StoreError;

use super::super::{
    Query, Row,
    failure::{refused, unavailable},
    query::bound,
};

/// Readers do not wait for the writer in WAL mode: a few connections read more than one machine can serve.
const READERS: u32 = 4;

/// The readers of one file. Clones are the same ones.
#[derive(Debug, Clone)]
pub(super) struct Readers {
    options: Arc<SqliteConnectOptions>,
    /// The last one back is the first one out: its pages are in the cache.
    idle: Arc<Mutex<Vec<SqliteConnection>>>,
    turns: Arc<Semaphore>,
}

impl Readers {
    /// Connects when somebody reads.
    pub(super) fn new(options: SqliteConnectOptions) -> Self {
        let options = Arc::new(options.pragma("query_only", "ON"));
        let turns = Arc::new(Semaphore::new(READERS as usize));
        Self { options, idle: Arc::default(), turns }
    }

    pub(super) async fn rows(&self, query: Query) -> Result<Vec<Row>, StoreError> {
        let closed = |_| unavailable("the store is closed");
        let _turn = self.turns.acquire().await.map_err(closed)?;
        let waiting = self.idle().pop();
        let mut connection = match waiting {
            Some(connection) => connection,
            None => self.options.connect().await.map_err(refused)?,
        };
        let query = bound::<sqlx::Sqlite>(query.statement.sqlite, query.values);
        // Whoever stops waiting here ends the connection; the next reader makes another.
        let rows = query.fetch_all(&mut connection).await;
        self.idle().push(connection);
        Ok(rows.map_err(refused)?.into_iter().map(Row::Sqlite).collect())
    }

    /// Refuses further reads, waits for those under way, and closes every connection.
    pub(super) async fn close(&self) {
        // Fails when they are closed already.
        drop(self.turns.acquire_many(READERS).await);
        self.turns.close();
        let idle = std::mem::take(&mut *self.idle());
        for connection in idle {
            if let Err(error) = sqlx::Connection::close(connection).await {
                tracing::debug!(%error, "a reader was not closed cleanly");
            }
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<SqliteConnection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
