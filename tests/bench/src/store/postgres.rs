//! The store on Postgres beside pgbench, which sends the very same statements.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, Row as _};
use wax_kernel::Redacted;
use wax_store_sql::{Settings, SqlStore};

use super::pgbench::{self, Amount, Script};
use super::recorder::Recorder;
use super::units::{Story, Unit, stories};
use super::{Arguments, TASKS};
use crate::load;
use crate::report::{Budget, Report};
use crate::samples::Samples;

/// DESIGN's share of what pgbench does; pgbench is C, has no types, and reads no answer.
const SHARE: Budget = Budget::AtLeast(0.5);

/// A database of this run; the server's own are left alone.
pub(super) struct Database {
    server: String,
    name: String,
}

impl Database {
    /// Makes it anew, with the store's schema.
    pub(super) async fn migrated(server: &str, name: &str) -> Result<Self> {
        let database = Self { server: server.to_owned(), name: format!("bench_{name}") };
        database.drop().await?;
        database.on_server(format!("CREATE DATABASE {}", database.name)).await?;
        let store = database.store(1).await?;
        store.migrate().await?;
        store.close().await;
        Ok(database)
    }

    pub(super) async fn drop(&self) -> Result<()> {
        self.on_server(format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name)).await
    }

    async fn on_server(&self, statement: String) -> Result<()> {
        let mut connection = PgConnection::connect(&self.server).await?;
        connection.execute(AssertSqlSafe(statement)).await?;
        Ok(connection.close().await?)
    }

    pub(super) fn url(&self) -> String {
        let server = self.server.rsplit_once('/').map_or(&*self.server, |(server, _)| server);
        format!("{server}/{}", self.name)
    }

    pub(super) async fn store(&self, connections: u32) -> Result<Arc<SqlStore>> {
        open(self.url(), connections).await
    }

    pub(super) async fn connection(&self) -> Result<PgConnection> {
        Ok(PgConnection::connect(&self.url()).await?)
    }

    /// How many secrets came to their end.
    async fn destroyed(&self) -> Result<i64> {
        let mut connection = self.connection().await?;
        let count = "SELECT count(*) FROM secrets WHERE state = 'destroyed'";
        Ok(connection.fetch_one(count).await?.try_get(0)?)
    }
}

async fn open(url: String, connections: u32) -> Result<Arc<SqlStore>> {
    Ok(SqlStore::open(&Settings::Postgres { url: Redacted::new(url), connections }).await?)
}

pub(super) async fn compare(
    arguments: &Arguments,
    folder: &Path,
    report: &mut Report,
) -> Result<()> {
    let ours = Database::migrated(&arguments.postgres, "ours").await?;
    let theirs = Database::migrated(&arguments.postgres, "pgbench").await?;
    report.keep("postgres", durable(&theirs).await?);
    let scripts = record(&theirs, folder).await?;
    let mut first = 0;
    for tasks in TASKS {
        report.measuring(&format!("Postgres and pgbench, {tasks} connections"));
        let each = arguments.units.div_ceil(tasks);
        let store = ours.store(u32::try_from(tasks)?).await?;
        let mut rates: [[Samples; 2]; 3] = Default::default();
        for _ in 0..arguments.rounds {
            let amount = Amount { clients: tasks, each, base: first };
            let rates = rates.each_mut().map(|pair| pair.each_mut().map(|samples| &mut samples.0));
            round(&store, arguments, &theirs.url(), &scripts, amount, rates).await?;
            first += tasks * each;
        }
        store.close().await;
        for (unit, [ours, theirs]) in Unit::ALL.iter().zip(rates) {
            let name = format!("Postgres, {tasks} connections: {}", unit.name());
            report.row(format!("{name} ÷ pgbench"), "×", SHARE, ours.over(&theirs));
            report.row(name, "/s", Budget::None, ours);
            report.row(format!("  pgbench, {tasks} clients"), "/s", Budget::None, theirs);
        }
    }
    // A statement that changes nothing would be fast. (pgbench's database has one more: the recorded one.)
    let (ended, expected) = (ours.destroyed().await?, i64::try_from(first)?);
    ensure!(ended == expected, "{ended} of our {expected} secrets were destroyed");
    let ended = theirs.destroyed().await?;
    ensure!(ended == expected + 1, "{ended} of pgbench's {expected} secrets were destroyed");
    ours.drop().await?;
    theirs.drop().await
}

/// Ours, theirs, ours, theirs: whatever else the machine does, it does it to both.
async fn round(
    store: &Arc<SqlStore>,
    arguments: &Arguments,
    theirs: &str,
    scripts: &[Script; 3],
    amount: Amount,
    rates: [[&mut Vec<f64>; 2]; 3],
) -> Result<()> {
    let Amount { clients, each, base } = amount;
    let stories = stories(base, clients * each);
    for ((unit, script), [our_rates, their_rates]) in Unit::ALL.iter().zip(scripts).zip(rates) {
        let (store, stories) = (Arc::clone(store), Arc::clone(&stories));
        let work = move |n: usize| Arc::clone(&stories[n]).run(*unit, store.clone());
        our_rates.push(load::rate(clients, each, work).await?);
        their_rates.push(pgbench::run(&arguments.pgbench, theirs, script, amount).await?);
    }
    Ok(())
}

/// Lets the store run one unit of each kind, and writes down what it sent.
async fn record(database: &Database, folder: &Path) -> Result<[Script; 3]> {
    let url = database.url();
    let (server, name) = url.rsplit_once('/').context("a postgres URL has a database")?;
    let (host, port) = server.rsplit_once(':').context("the postgres URL names a port")?;
    let recorder = Recorder::start(port.parse()?).await?;
    let url = format!("{host}:{}/{name}?sslmode=disable", recorder.port);
    let store = open(url, 1).await?;
    // A number that no measured story has. (The fixtures' seeds take 32 bits of it.)
    let story = Arc::new(Story::new(u32::MAX.into()));
    let mut scripts = Vec::new();
    for unit in Unit::ALL {
        recorder.take();
        Arc::clone(&story).run(unit, store.clone()).await?;
        let path = folder.join(unit.name()).with_extension("sql");
        scripts.push(Script::write(path, &recorder.take(), &ids(&story))?);
    }
    store.close().await;
    scripts.try_into().ok().context("three units make three scripts")
}

/// Values that are another in every transaction. The tenant is not: units of one tenant are the harder case.
fn ids(story: &Story) -> [(&'static str, String); 6] {
    [
        ("secret", story.new.secret.id.to_string()),
        ("receipt", story.new.secret.rid.to_string()),
        ("claim", story.claim.id.to_string()),
        ("created", story.event(Unit::Create).to_string()),
        ("claimed", story.event(Unit::Claim).to_string()),
        ("acked", story.event(Unit::Ack).to_string()),
    ]
}

/// Refuses a server that would acknowledge before the disk has it. The store asked as well when it was opened.
async fn durable(database: &Database) -> Result<serde_json::Value> {
    let mut connection = database.connection().await?;
    let mut settings = serde_json::Map::new();
    for name in ["fsync", "synchronous_commit"] {
        let value = setting(&mut connection, name).await?;
        ensure!(value == "on", "{name} is {value}");
        settings.insert(name.to_owned(), value.into());
    }
    Ok(settings.into())
}

async fn setting(connection: &mut PgConnection, name: &str) -> Result<String> {
    let row = connection.fetch_one(AssertSqlSafe(format!("SHOW {name}"))).await?;
    Ok(row.try_get(0)?)
}

pub(super) async fn version(server: &str) -> Result<String> {
    let mut connection = PgConnection::connect(server).await?;
    let version = setting(&mut connection, "server_version").await?;
    Ok(format!("Postgres {}", version.split(' ').next().unwrap_or_default()))
}
