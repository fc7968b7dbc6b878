//! Errors tell what went wrong, never with what.

use std::error::Error;

use sqlx::{Connection as _, PgConnection};
use wax_testkit::database::PostgresDatabase;

use super::schema::migrated_sqlite;
use crate::engine::refused;

const MARKER: &str = "a-value-that-nobody-may-read";
const VIOLATIONS: [&str; 2] = [
    "INSERT INTO outbox (id, topic, payload, due_at_ms) VALUES ($1, 'x', 'y', 0)",
    "INSERT INTO tenants (id, slug, name, plan, created_at_ms) VALUES ('2', $1, 'n', 'p', 0)",
];
const FIRST: &str =
    "INSERT INTO tenants (id, slug, name, plan, created_at_ms) VALUES ('1', $1, 'n', 'p', 0)";

/// Everything that a log could print of an error.
fn printed(error: &(dyn Error + 'static)) -> String {
    let chain = std::iter::successors(Some(error), |&error| error.source());
    chain.fold(String::new(), |text, error| text + &format!("{error:?} {error} "))
}

#[tokio::test]
async fn an_error_of_postgres_does_not_print_the_row() {
    let database = PostgresDatabase::migrated().await;
    let mut connection = PgConnection::connect(&database.url()).await.unwrap();
    sqlx::query(FIRST).bind(MARKER).execute(&mut connection).await.unwrap();
    for statement in VIOLATIONS {
        let query = sqlx::query(statement).bind(MARKER);
        let error = query.execute(&mut connection).await.unwrap_err();
        assert!(printed(&error).contains(MARKER), "the driver prints it");
        let ours = printed(&refused(error));
        assert!(!ours.contains(MARKER), "{ours}");
        assert!(ours.contains("23"), "the class of the failure is told: {ours}");
    }
}

#[tokio::test]
async fn an_error_of_sqlite_does_not_print_the_row() {
    let mut connection = migrated_sqlite().await;
    sqlx::query(FIRST).bind(MARKER).execute(&mut connection).await.unwrap();
    for statement in VIOLATIONS {
        let query = sqlx::query(statement).bind(MARKER);
        let ours = printed(&refused(query.execute(&mut connection).await.unwrap_err()));
        assert!(!ours.contains(MARKER) && ours.contains("constraint failed"), "{ours}");
    }
}
