//! The same schema on both engines.

use std::{collections::BTreeSet, fs, path::Path};

use sqlx::{Connection as _, PgConnection, Row as _, SqliteConnection};
use wax_testkit::database::PostgresDatabase;

use crate::migrate;

pub(super) async fn migrated_sqlite() -> SqliteConnection {
    let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
    migrate::sqlite(&mut connection).await.unwrap();
    connection
}

/// One line per column and per unique key.
type Schema = BTreeSet<String>;

/// The types that we use, by what they hold.
fn class(declared: &str) -> &'static str {
    match declared {
        "TEXT" | "text" => "text",
        "INTEGER" | "bigint" => "integer",
        "BLOB" | "bytea" => "bytes",
        "boolean" => "boolean",
        other => panic!("{other} is not a type of both engines"),
    }
}

fn column(table: &str, column: &str, declared: &str, nullable: bool) -> String {
    let null = if nullable { "null" } else { "not null" };
    format!("{table}.{column} {} {null}", class(declared))
}

async fn sqlite_schema() -> Schema {
    let mut connection = migrated_sqlite().await;
    let mut schema = Schema::new();
    let columns = sqlx::query(
        "SELECT m.name, c.name, c.type, c.\"notnull\" FROM sqlite_schema m JOIN pragma_table_info(m.name) c
         WHERE m.type = 'table' AND m.name NOT LIKE '\\_sqlx%' ESCAPE '\\'",
    );
    for row in columns.fetch_all(&mut connection).await.unwrap() {
        let nullable = row.get::<i64, _>(3) == 0;
        schema.insert(column(row.get(0), row.get(1), row.get(2), nullable));
    }
    let indexes = sqlx::query(
        "SELECT m.name, i.\"unique\", group_concat(x.name, ',') FROM sqlite_schema m
         JOIN pragma_index_list(m.name) i JOIN pragma_index_info(i.name) x
         WHERE m.type = 'table' AND m.name NOT LIKE '\\_sqlx%' ESCAPE '\\' GROUP BY m.name, i.name",
    );
    for row in indexes.fetch_all(&mut connection).await.unwrap() {
        schema.insert(index(row.get(0), row.get::<i64, _>(1) == 1, row.get(2)));
    }
    schema
}

fn index(table: &str, unique: bool, columns: &str) -> String {
    format!("{table} {} ({columns})", if unique { "unique" } else { "index" })
}

async fn postgres_schema() -> Schema {
    let database = PostgresDatabase::migrated().await;
    let mut connection = PgConnection::connect(&database.url()).await.unwrap();
    let mut schema = Schema::new();
    let columns = sqlx::query(
        "SELECT table_name::text, column_name::text, data_type::text, is_nullable = 'YES'
         FROM information_schema.columns
         WHERE table_schema = 'public' AND table_name NOT LIKE '\\_sqlx%'",
    );
    for row in columns.fetch_all(&mut connection).await.unwrap() {
        schema.insert(column(row.get(0), row.get(1), row.get(2), row.get(3)));
    }
    let indexes = sqlx::query(
        "SELECT t.relname::text, i.indisunique, string_agg(a.attname, ',' ORDER BY k.n)
         FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace s ON s.oid = t.relnamespace
         CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k (attnum, n)
         JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.attnum
         WHERE s.nspname = 'public' AND t.relname NOT LIKE '\\_sqlx%' GROUP BY t.relname, i.indexrelid, i.indisunique",
    );
    for row in indexes.fetch_all(&mut connection).await.unwrap() {
        schema.insert(index(row.get(0), row.get(1), row.get(2)));
    }
    schema
}

#[tokio::test]
async fn both_engines_have_the_same_tables_columns_and_keys() {
    let (sqlite, postgres) = (sqlite_schema().await, postgres_schema().await);
    let one_sided = sqlite.symmetric_difference(&postgres).collect::<Vec<_>>();
    assert!(one_sided.is_empty(), "on one engine only: {one_sided:#?}");
    // The test sees what it compares.
    for line in [
        "claims.last_open_at_ms integer null",
        "claims unique (tenant_id,secret_id,thumbprint)",
        "claims index (window_ends_at_ms)",
    ] {
        assert!(sqlite.contains(line), "{line} is missing: {sqlite:#?}");
    }
}

#[test]
fn both_engines_have_migrations_of_the_same_names() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations");
    let names = |engine: &str| {
        let files = fs::read_dir(folder.join(engine)).unwrap();
        files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect::<BTreeSet<_>>()
    };
    let postgres = names("postgres");
    assert_eq!(names("sqlite"), postgres);
    assert_eq!(postgres, migrate::names(), "the files, and those that are embedded");
}
