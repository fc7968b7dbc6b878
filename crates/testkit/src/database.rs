//! Databases for one test.

use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    thread,
};

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use tempfile::TempDir;
use wax_kernel::Redacted;
use wax_store::Store;
use wax_store_sql::{Settings, SqlStore};

/// Connections of one test's store: enough to race, few enough for many tests at once.
const CONNECTIONS: u32 = 8;
/// Serialises the making of the template between test processes.
const TEMPLATE_LOCK: i64 = 0x7761_7873_6561_6c31;

/// A migrated store in a file, and its folder.
pub async fn sqlite_file() -> (Arc<dyn Store>, TempDir) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let settings = Settings::SqliteFile(folder.path().join("waxseal.db"));
    (open(&settings).await, folder)
}

/// A migrated store in memory.
pub async fn sqlite_memory() -> (Arc<dyn Store>, ()) {
    (open(&Settings::SqliteMemory).await, ())
}

/// A migrated store in memory that keeps orders, too.
pub async fn sqlite_memory_with_orders() -> Arc<SqlStore> {
    open_sql(&Settings::SqliteMemory).await
}

/// A migrated store on Postgres, and its database.
pub async fn postgres() -> (Arc<dyn Store>, PostgresDatabase) {
    let database = PostgresDatabase::migrated().await;
    (open(&database.settings(CONNECTIONS)).await, database)
}

async fn open(settings: &Settings) -> Arc<dyn Store> {
    open_sql(settings).await
}

async fn open_sql(settings: &Settings) -> Arc<SqlStore> {
    let store = SqlStore::open(settings).await.expect("the database can be opened");
    store.migrate().await.expect("the migrations apply");
    store
}

/// A database of one test on the shared server; dropped with this value.
#[derive(Debug)]
pub struct PostgresDatabase {
    server: String,
    name: String,
}

impl PostgresDatabase {
    /// A database with the newest schema, copied from a template that is made once per schema.
    ///
    /// # Panics
    /// Without `WAXSEAL_TEST_POSTGRES_URL`: a test that cannot run is a failure.
    pub async fn migrated() -> Self {
        let server = server();
        let template = template(&server).await;
        Self::create(server, Some(&template)).await
    }

    /// A database without any table.
    ///
    /// # Panics
    /// As [`Self::migrated`].
    pub async fn empty() -> Self {
        Self::create(server(), None).await
    }

    async fn create(server: String, template: Option<&str>) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("waxseal_test_{}_{number}", std::process::id());
        let template = template.unwrap_or("template0");
        let mut admin = connect(&server).await;
        run(&mut admin, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
        run(&mut admin, format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
        Self { server, name }
    }

    /// Its name on the server.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it is.
    pub fn url(&self) -> String {
        in_database(&self.server, &self.name)
    }

    /// Where it is, for a store with this many connections.
    pub fn settings(&self, connections: u32) -> Settings {
        Settings::Postgres { url: Redacted::new(self.url()), connections }
    }

    /// Runs a statement as superuser, in this database.
    pub async fn execute(&self, statement: &str) {
        run(&mut connect(&self.url()).await, statement.to_owned()).await;
    }
}

impl Drop for PostgresDatabase {
    /// On a thread of its own, because the test's runtime is busy dropping this.
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        let dropping = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime can be made").block_on(async {
                let statement = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
                run(&mut connect(&server).await, statement).await;
            });
        });
        // The server is the test run's own: a database that stays behind goes with it.
        drop(dropping.join());
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests are told by the environment where their server is"
)]
fn server() -> String {
    std::env::var("WAXSEAL_TEST_POSTGRES_URL").unwrap_or_else(|_| {
        panic!(
            "this test needs Postgres: set WAXSEAL_TEST_POSTGRES_URL to a superuser's URL, \
             or run `cargo xtask test`, which starts a server"
        )
    })
}

/// The name of a database with the newest schema. Named after the migrations' text, so that another schema gets another.
async fn template(server: &str) -> String {
    let mut hasher = DefaultHasher::new();
    wax_store_sql::schema_text().hash(&mut hasher);
    let name = format!("waxseal_template_{:016x}", hasher.finish());
    let mut admin = connect(server).await;
    run(&mut admin, format!("SELECT pg_advisory_lock({TEMPLATE_LOCK})")).await;
    let exists = sqlx::query("SELECT 1 FROM pg_database WHERE datname = $1").bind(&name);
    if exists.fetch_optional(&mut admin).await.expect("the server answers").is_none() {
        // Under another name until it is whole: a test that is killed here must not leave half a template.
        let unfinished = format!("{name}_unfinished");
        run(&mut admin, format!("DROP DATABASE IF EXISTS {unfinished} WITH (FORCE)")).await;
        run(&mut admin, format!("CREATE DATABASE {unfinished} TEMPLATE template0")).await;
        migrate(&in_database(server, &unfinished)).await;
        run(&mut admin, format!("ALTER DATABASE {unfinished} RENAME TO {name}")).await;
    }
    admin.close().await.expect("the server answers");
    name
}

async fn migrate(url: &str) {
    let settings = Settings::Postgres { url: Redacted::new(url.to_owned()), connections: 1 };
    let store = SqlStore::open(&settings).await.expect("the database can be opened");
    store.migrate().await.expect("the migrations apply");
    store.close().await;
}

async fn connect(url: &str) -> PgConnection {
    PgConnection::connect(url).await.expect("WAXSEAL_TEST_POSTGRES_URL leads to a server")
}

async fn run(connection: &mut PgConnection, statement: String) {
    connection.execute(AssertSqlSafe(statement)).await.expect("the server does as it is told");
}

/// The same server, another database.
fn in_database(server: &str, name: &str) -> String {
    let (server, parameters) = server.split_once('?').unwrap_or((server, ""));
    let (host, _) = server.rsplit_once('/').expect("the URL names a database");
    format!("{host}/{name}?{parameters}")
}
