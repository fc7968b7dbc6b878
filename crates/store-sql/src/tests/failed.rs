//! A statement that failed is the last one of its transaction.

use sqlx::{Connection as _, SqliteConnection};

use crate::{
    engine::{Rows as _, lend_sqlite, sql},
    statements::both,
};

/// Without a transaction, as if `BEGIN` had been what failed: whatever ran now would be committed at once.
#[tokio::test]
async fn nothing_runs_after_a_failed_statement() {
    let connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
    let refused = lend_sqlite::<[bool; 3]>(connection, |mut session| {
        Box::pin(async move {
            assert!(session.changes(sql(both("ROLLBACK"))).await.is_err());
            Ok([
                session.execute(sql(both("SELECT 1"))).await.is_err(),
                session.changes(sql(both("SELECT 1"))).await.is_err(),
                session.rows(sql(both("SELECT 1"))).await.is_err(),
            ])
        })
    });
    assert_eq!(refused.await.unwrap(), [true; 3]);
}
