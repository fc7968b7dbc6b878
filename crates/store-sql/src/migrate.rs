//! The schema's history: the files of `migrations/`, embedded, one folder per engine with equal names.

use std::borrow::Cow;

use sqlx::{
    PgConnection, SqlSafeStr as _, SqliteConnection,
    migrate::{MigrateError, Migration, MigrationType, Migrator},
};
use wax_store::StoreError;

/// Number and name of every migration. A file that is not named here does not exist for the server.
macro_rules! migrations {
    ($engine:literal) => {
        migrations!($engine: "0001" "first_schema", "0002" "context_keys", "0003" "accounts", "0005" "operator", "0006" "certificates", "0007" "domains", "0008" "feed", "0009" "limited", "0010" "usage", "0011" "billing")
    };
    ($engine:literal: $($version:literal $name:literal),+) => {
        Migrator::with_migrations(vec![$(
            migration($version, $name, include_str!(concat!(
                "../../../migrations/", $engine, "/", $version, "_", $name, ".sql"
            )))
        ),+])
    };
}

/// Applies what is missing.
pub(crate) async fn sqlite(connection: &mut SqliteConnection) -> Result<(), MigrateError> {
    // Not `run`: its future asks for more of the connection's lifetime than a lent connection has.
    migrations!("sqlite").run_direct(None, connection, false).await
}

/// Applies what is missing, behind a lock that other processes wait for.
pub(crate) async fn postgres(connection: &mut PgConnection) -> Result<(), MigrateError> {
    migrations!("postgres").run_direct(None, connection, false).await
}

fn migration(version: &str, name: &'static str, text: &'static str) -> Migration {
    Migration::new(
        version.parse().expect("a migration's file name starts with its number"),
        Cow::Borrowed(name),
        MigrationType::Simple,
        text.into_sql_str(),
        false,
    )
}

/// The text of every migration of Postgres: equal texts make equal schemas.
pub fn schema_text() -> String {
    migrations!("postgres").iter().map(|one| one.sql.as_str()).collect()
}

/// The file names of all migrations.
#[cfg(test)]
pub(crate) fn names() -> std::collections::BTreeSet<String> {
    let name = |one: &Migration| format!("{:04}_{}.sql", one.version, one.description);
    migrations!("postgres").iter().map(name).collect()
}

/// A migration that does not apply needs a person: it is not the request's fault, nor does it pass.
pub(crate) fn failed(error: MigrateError) -> StoreError {
    StoreError::Backend(error.into())
}
