//! The register of statements: understood by both engines, and nothing in it for nothing.

use std::{collections::HashSet, fs, path::Path};

use sqlx::{Connection as _, Executor as _, PgConnection, SqlSafeStr as _};
use wax_testkit::database::PostgresDatabase;

use super::schema::migrated_sqlite;
use crate::statements::ALL;

#[tokio::test]
async fn every_statement_is_prepared_by_sqlite() {
    let mut connection = migrated_sqlite().await;
    connection.execute("SAVEPOINT mark").await.unwrap();
    for (name, statement) in ALL.iter().copied().flatten() {
        let prepared = connection.prepare(statement.sqlite.into_sql_str()).await;
        assert!(prepared.is_ok(), "{name}: {}", prepared.unwrap_err());
    }
}

#[tokio::test]
async fn every_statement_is_prepared_by_postgres() {
    let database = PostgresDatabase::migrated().await;
    let mut connection = PgConnection::connect(&database.url()).await.unwrap();
    for (name, statement) in ALL.iter().copied().flatten() {
        let prepared = connection.prepare(statement.postgres.into_sql_str()).await;
        assert!(prepared.is_ok(), "{name}: {}", prepared.unwrap_err());
    }
}

#[test]
fn every_statement_is_used_and_every_file_of_statements_is_registered() {
    let sources = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap();
    let texts = sources
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .map(|path| fs::read_to_string(path).unwrap())
        .collect::<Vec<_>>();
    let declaring = texts.iter().filter(|text| text.contains("\nstatements! {\n")).count();
    assert_eq!(declaring, ALL.len(), "files with statements and files in `ALL`");

    let mut names = HashSet::new();
    for (name, _) in ALL.iter().copied().flatten() {
        assert!(names.insert(name), "{name} is declared twice");
        let uses = texts.iter().map(|text| text.matches(&format!("sql({name})")).count());
        assert!(uses.sum::<usize>() > 0, "nothing runs {name}");
    }
}
