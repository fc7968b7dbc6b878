//! A store full of secrets, by SQL: through the service a million would take half an hour.
//!
//! Every row is a copy of one that the store itself wrote, with other ids, so that a new column needs no change here.
//! Half of the secrets wait to be opened, and half are tombstones: what a store looks like after a while.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, PgConnection, Row as _,
    SqliteConnection,
};
use wax_kernel::{SecretId, Timestamp};
use wax_store::conformance::fixtures::START;
use wax_store_sql::SqlStore;

use super::units::{Story, Unit};

/// How many of the waiting secrets are known by name.
const RESIDENTS: usize = 500;

/// A connection beside the store's.
pub(super) enum Engine {
    Postgres(PgConnection),
    Sqlite(SqliteConnection),
}

/// A table with the columns that a copy does not take over, and whom a tombstone's and a waiting secret's rows are
/// copied from.
struct Table {
    name: &'static str,
    /// The column that says which secret, claim or event it is.
    key: &'static str,
    changed: &'static [(&'static str, &'static str)],
}

const TABLES: [Table; 5] = [
    Table {
        name: "secrets",
        key: "id",
        changed: &[
            ("id", "f.secret"),
            ("rid", "f.receipt"),
            ("created_at_ms", "t.created_at_ms + f.n"),
            ("expires_at_ms", "t.expires_at_ms + f.n"),
            ("kept_until_ms", "t.kept_until_ms + f.n"),
        ],
    },
    Table { name: "secret_wraps", key: "secret_id", changed: &[("secret_id", "f.secret")] },
    Table { name: "secret_contents", key: "secret_id", changed: &[("secret_id", "f.secret")] },
    Table {
        name: "claims",
        key: "secret_id",
        changed: &[("id", "f.claim"), ("secret_id", "f.secret")],
    },
    Table {
        name: "audit_events",
        key: "subject",
        changed: &[("id", "f.event"), ("at_ms", "t.at_ms + f.n")],
    },
];

/// The two secrets that all others are copies of.
pub(super) struct Originals {
    waiting: Arc<Story>,
    ended: Arc<Story>,
}

impl Originals {
    pub(super) async fn write(store: &Arc<SqlStore>) -> Result<Self> {
        let (waiting, ended) = (Arc::new(Story::new(0)), Arc::new(Story::new(1)));
        Arc::clone(&waiting).run(Unit::Create, store.clone()).await?;
        for unit in Unit::ALL {
            Arc::clone(&ended).run(unit, store.clone()).await?;
        }
        Ok(Self { waiting, ended })
    }
}

/// What is in a store that was filled.
pub(super) struct Filled {
    rows: usize,
    waiting: Story,
    residents: Vec<SecretId>,
    newcomers: u64,
}

impl Filled {
    pub(super) async fn fill(
        originals: Originals,
        mut engine: Engine,
        rows: usize,
    ) -> Result<Self> {
        let Originals { waiting, ended } = originals;
        engine.prepare(rows).await?;
        // They are made anew once everything is there: sorted, instead of row by row.
        let indexes = engine.drop_indexes().await?;
        for (story, remainder) in [(&waiting, 0), (&ended, 1)] {
            for table in &TABLES {
                engine.copy(table, story, remainder).await?;
            }
        }
        for index in indexes {
            engine.run(index).await?;
        }
        let residents = engine.residents().await?;
        engine.finish().await?;
        Ok(Self { rows, waiting: (*waiting).clone(), residents, newcomers: 2 })
    }

    /// A secret that is not there yet, younger than all others.
    pub(super) fn newcomer(&mut self) -> Arc<Story> {
        self.newcomers += 1;
        let mut story = Story::new(self.newcomers);
        story.new.secret.created_at = Timestamp::from_ms(START.as_ms() + (1 << 40));
        Arc::new(story)
    }

    /// One that waits to be opened, anywhere among the others.
    pub(super) fn resident(&mut self) -> Result<Arc<Story>> {
        let id = self.residents.pop().context("every known secret was claimed")?;
        Ok(Arc::new(self.waiting.clone().of(id)))
    }

    /// When the one in the middle was made.
    pub(super) fn middle(&self) -> Timestamp {
        START.plus(std::time::Duration::from_millis(self.rows as u64 / 2))
    }
}

impl Engine {
    /// For a file that nobody else has open and that is thrown away: it need not survive anything until the measuring
    /// begins.
    pub(super) async fn sqlite(path: &Path) -> Result<Self> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Off)
            .synchronous(SqliteSynchronous::Off)
            .foreign_keys(false)
            .pragma("temp_store", "memory")
            .pragma("cache_size", "-1000000");
        Ok(Self::Sqlite(options.connect().await?))
    }

    /// Draws ids for this many secrets. 21 hexadecimal digits and an `A` are 16 bytes in base64url.
    async fn prepare(&mut self, rows: usize) -> Result<()> {
        let (series, id) = match self {
            Self::Postgres(_) => (
                format!("generate_series(1, {rows}) AS series (n)"),
                "substr(md5(random()::text), 1, 21) || 'A'",
            ),
            Self::Sqlite(_) => (
                format!(
                    "(WITH RECURSIVE series (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM series WHERE n < {rows}) SELECT n FROM series)"
                ),
                "substr(lower(hex(randomblob(11))), 1, 21) || 'A'",
            ),
        };
        if let Self::Postgres(connection) = self {
            // No foreign keys while copying: what they would check was checked for the row that is copied.
            connection.execute("SET session_replication_role = replica").await?;
            for memory in ["SET work_mem = '256MB'", "SET maintenance_work_mem = '512MB'"] {
                connection.execute(memory).await?;
            }
        }
        self.run(format!(
            "CREATE TEMPORARY TABLE filling AS SELECT n, {id} AS secret, {id} AS receipt, \
             'clm_' || {id} AS claim, 'evt_' || {id} AS event FROM {series}"
        ))
        .await
    }

    /// Copies the rows of a story in one table, once for every other number.
    async fn copy(&mut self, table: &Table, story: &Story, remainder: u8) -> Result<()> {
        let Table { name, key, changed } = table;
        let columns = self.columns(name).await?;
        let values = columns.iter().map(|column| {
            let other = changed.iter().find(|(changed, _)| changed == column);
            other.map_or_else(|| format!("t.{column}"), |(_, value)| (*value).to_owned())
        });
        let values = values.collect::<Vec<_>>().join(", ");
        let of = if *key == "subject" {
            // One event stands for all of a secret's.
            format!("t.id = '{}'", story.event(Unit::Create))
        } else {
            format!("t.{key} = '{}'", story.new.secret.id)
        };
        let columns = columns.join(", ");
        self.run(format!(
            "INSERT INTO {name} ({columns}) SELECT {values} FROM filling f, {name} t \
             WHERE {of} AND f.n % 2 = {remainder} ORDER BY 2"
        ))
        .await
    }

    /// Those that are not a key's. Gives the statements that make them.
    async fn drop_indexes(&mut self) -> Result<Vec<String>> {
        let (definition, name, indexes) = match self {
            Self::Postgres(_) => (
                "indexdef",
                "indexname",
                "pg_indexes WHERE schemaname = 'public' AND indexname NOT IN (SELECT conname FROM pg_constraint)",
            ),
            Self::Sqlite(_) => {
                ("sql", "name", "sqlite_schema WHERE type = 'index' AND sql IS NOT NULL")
            }
        };
        let definitions = self.texts(format!("SELECT {definition} FROM {indexes}")).await?;
        for name in self.texts(format!("SELECT {name} FROM {indexes}")).await? {
            self.run(format!("DROP INDEX {name}")).await?;
        }
        Ok(definitions)
    }

    async fn columns(&mut self, table: &str) -> Result<Vec<String>> {
        self.texts(match self {
            Self::Postgres(_) => format!("SELECT column_name::text FROM information_schema.columns WHERE table_name = '{table}'"),
            Self::Sqlite(_) => format!("SELECT name FROM pragma_table_info('{table}')"),
        })
        .await
    }

    async fn residents(&mut self) -> Result<Vec<SecretId>> {
        let some = format!(
            "SELECT secret FROM filling WHERE n % 2 = 0 ORDER BY random() LIMIT {RESIDENTS}"
        );
        self.texts(some).await?.iter().map(|id| Ok(SecretId::parse(id)?)).collect()
    }

    async fn finish(mut self) -> Result<()> {
        match &mut self {
            Self::Postgres(connection) => {
                // What autovacuum would otherwise do while something is measured.
                for statement in ["DROP TABLE filling", "VACUUM ANALYZE", "CHECKPOINT"] {
                    connection.execute(statement).await?;
                }
            }
            Self::Sqlite(connection) => {
                connection.execute("DROP TABLE filling").await?;
            }
        }
        match self {
            Self::Postgres(connection) => connection.close().await?,
            Self::Sqlite(connection) => connection.close().await?,
        }
        Ok(())
    }

    async fn run(&mut self, sql: String) -> Result<()> {
        match self {
            Self::Postgres(connection) => {
                connection.execute(AssertSqlSafe(sql)).await?;
            }
            Self::Sqlite(connection) => {
                connection.execute(AssertSqlSafe(sql)).await?;
            }
        }
        Ok(())
    }

    async fn texts(&mut self, sql: String) -> Result<Vec<String>> {
        let texts = match self {
            Self::Postgres(connection) => {
                let rows = connection.fetch_all(AssertSqlSafe(sql)).await?;
                rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()
            }
            Self::Sqlite(connection) => {
                let rows = connection.fetch_all(AssertSqlSafe(sql)).await?;
                rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()
            }
        };
        Ok(texts?)
    }
}
