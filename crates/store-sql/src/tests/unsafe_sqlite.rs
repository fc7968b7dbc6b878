//! Start-up refuses an `SQLite` connection that would lose or keep what it must not.

use sqlx::{ConnectOptions as _, sqlite::SqliteConnectOptions};
use wax_store::StoreError;

use crate::{durability, engine::lend_sqlite};

async fn checked(pragma: &'static str, value: &'static str) -> Result<(), StoreError> {
    let options = SqliteConnectOptions::new().pragma("secure_delete", "ON").pragma(pragma, value);
    let connection = options.in_memory(true).connect().await.unwrap();
    lend_sqlite(connection, |mut session| {
        Box::pin(async move { durability::check(&mut session).await })
    })
    .await
}

#[tokio::test]
async fn a_connection_that_does_not_wait_for_the_disk_or_keeps_what_was_deleted_is_refused() {
    for (pragma, value, found) in [
        ("synchronous", "OFF", "0"),
        ("synchronous", "NORMAL", "1"),
        ("secure_delete", "OFF", "0"),
        ("secure_delete", "FAST", "2"),
    ] {
        match checked(pragma, value).await {
            Err(StoreError::NotDurable { setting, value, .. }) => {
                assert_eq!((setting, &*value), (pragma, found));
            }
            other => panic!("{pragma} = {value} was to be refused: {other:?}"),
        }
    }
    for safe in ["FULL", "EXTRA"] {
        checked("synchronous", safe).await.unwrap();
    }
}
