//! The thin layer between our statements and two databases. Nothing above it knows which one is there.

mod failure;
mod postgres;
mod query;
mod row;
mod session;
mod sqlite;

use std::{
    future::Future,
    sync::{Arc, Mutex, PoisonError},
};

use futures_util::future::BoxFuture;
use wax_cache::{Hints, MemoryHints};
use wax_kernel::Rng;
use wax_store::StoreError;

#[cfg(test)]
pub(crate) use self::{failure::refused, session::lend_sqlite};
use self::{postgres::Postgres, sqlite::Sqlite};
pub(crate) use self::{
    query::{Query, sql},
    row::{Fields, Row},
    session::Session,
};
use crate::Settings;

/// What runs in one transaction. It may run twice, and awaits nothing but its session.
pub(crate) type Unit =
    Arc<dyn for<'u> Fn(Session<'u>) -> BoxFuture<'u, Result<(), StoreError>> + Send + Sync>;

/// Whoever answers a query with rows: a transaction, or the database outside of one.
pub(crate) trait Rows: Send {
    /// Every row of the answer.
    fn rows(&mut self, query: Query) -> impl Future<Output = Result<Vec<Row>, StoreError>> + Send;

    /// The first row of the answer.
    fn row(
        &mut self,
        query: Query,
    ) -> impl Future<Output = Result<Option<Row>, StoreError>> + Send {
        let rows = self.rows(query);
        async { Ok(rows.await?.into_iter().next()) }
    }
}

/// A database of either kind. Clones are the same one.
#[derive(Debug, Clone)]
pub(crate) enum Database {
    Postgres(Postgres),
    Sqlite(Sqlite),
}

impl Database {
    pub(crate) async fn open(settings: &Settings) -> Result<Self, StoreError> {
        match settings {
            Settings::SqliteFile(path) => Sqlite::file(path).await.map(Self::Sqlite),
            Settings::SqliteMemory => Sqlite::memory().await.map(Self::Sqlite),
            Settings::Postgres { url, connections } => {
                Postgres::open(url.expose(), *connections).await.map(Self::Postgres)
            }
        }
    }

    /// As [`Self::open`], but a server may be away until it is needed.
    pub(crate) async fn open_later(settings: &Settings) -> Result<Self, StoreError> {
        match settings {
            Settings::Postgres { url, connections } => {
                Postgres::open_later(url.expose(), *connections).map(Self::Postgres)
            }
            _ => Self::open(settings).await,
        }
    }

    /// Runs a unit in one transaction, to its end, whatever happens to the caller.
    pub(crate) async fn run(&self, unit: Unit) -> Result<(), StoreError> {
        match self {
            Self::Postgres(postgres) => postgres.run(unit).await,
            Self::Sqlite(sqlite) => sqlite.run(unit).await,
        }
    }

    /// Runs `work` as a unit and answers what its last, committed run answered.
    pub(crate) async fn transact<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'u> Fn(Session<'u>) -> BoxFuture<'u, Result<T, StoreError>> + Send + Sync + 'static,
    {
        let answer = Arc::new(Mutex::new(None));
        let slot = Arc::clone(&answer);
        let work = Arc::new(work);
        self.run(Arc::new(move |session| {
            let (slot, work) = (Arc::clone(&slot), Arc::clone(&work));
            Box::pin(async move {
                let value = work(session).await?;
                *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
                Ok(())
            })
        }))
        .await?;
        let value = answer.lock().unwrap_or_else(PoisonError::into_inner).take();
        Ok(value.expect("a unit that was committed has left its answer"))
    }

    /// SQLite tells nobody of a change: hints stay in this process.
    pub(crate) fn hints(&self, rng: &dyn Rng) -> Arc<dyn Hints> {
        match self {
            Self::Postgres(postgres) => postgres.hints(rng),
            Self::Sqlite(_) => Arc::new(MemoryHints::default()),
        }
    }

    /// Brings the schema up to date.
    pub(crate) async fn migrate(&self) -> Result<(), StoreError> {
        match self {
            Self::Postgres(postgres) => postgres.migrate().await,
            Self::Sqlite(sqlite) => sqlite.migrate().await,
        }
    }

    /// Makes what was deleted unreadable in the database's files. Postgres has no such command: there, the day keys
    /// are what makes it unreadable.
    pub(crate) async fn checkpoint(&self) -> Result<(), StoreError> {
        match self {
            Self::Postgres(_) => Ok(()),
            Self::Sqlite(sqlite) => sqlite.checkpoint().await,
        }
    }

    /// Refuses further units, waits for those that run, and closes every connection.
    pub(crate) async fn close(&self) {
        match self {
            Self::Postgres(postgres) => postgres.close().await,
            Self::Sqlite(sqlite) => sqlite.close().await,
        }
    }
}

impl Rows for Database {
    async fn rows(&mut self, query: Query) -> Result<Vec<Row>, StoreError> {
        match self {
            Self::Postgres(postgres) => postgres.rows(query).await,
            Self::Sqlite(sqlite) => sqlite.rows(query).await,
        }
    }
}
