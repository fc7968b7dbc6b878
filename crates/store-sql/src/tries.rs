//! Wrong tries to sign in.

use wax_kernel::Timestamp;
use wax_model::wait_after;
use wax_store::{SignInTries, StoreError, TRIES_KEPT, Tried};

use crate::{
    engine::{Fields, Rows, Session, sql},
    statements::{both, statements},
};

statements! {
    /// One statement, so that no two tries count as one. On the right of every `=` stands the row as it was. $3: a last
    /// try of then or before is forgotten; $4, $5, $6: until when the next is held back after the 5th, 6th and any later
    /// one.
    COUNT_TRY = both("INSERT INTO sign_in_tries AS tries (whose, wrong, next_at_ms, last_at_ms) VALUES ($1, 1, NULL, $2)
        ON CONFLICT (whose) DO UPDATE SET
            wrong = CASE WHEN tries.last_at_ms <= $3 THEN 1 ELSE tries.wrong + 1 END,
            next_at_ms = CASE
                WHEN tries.last_at_ms <= $3 OR tries.wrong < 4 THEN CAST(NULL AS BIGINT)
                WHEN tries.wrong = 4 THEN $4
                WHEN tries.wrong = 5 THEN $5
                ELSE $6 END,
            last_at_ms = $2
        WHERE tries.next_at_ms IS NULL OR tries.next_at_ms <= $2
        RETURNING wrong, next_at_ms");
    FIND_TRIES = both("SELECT wrong, next_at_ms FROM sign_in_tries WHERE whose = $1 AND last_at_ms > $2");
    CLEAR_TRIES = both("DELETE FROM sign_in_tries WHERE whose = $1");
}

fn tries(row: Fields<'_>) -> Result<SignInTries, StoreError> {
    Ok(SignInTries { wrong: row.number("wrong")?, next_at: row.maybe_at("next_at_ms")? })
}

pub(crate) async fn find(
    database: &mut impl Rows,
    whose: [u8; 32],
    now: Timestamp,
) -> Result<SignInTries, StoreError> {
    let query = sql(FIND_TRIES).bind(&whose).bind(now.minus(TRIES_KEPT));
    let row = database.row(query).await?;
    row.map_or_else(|| Ok(SignInTries::default()), |row| tries(row.of("sign_in_tries")))
}

pub(crate) async fn count(
    session: &mut Session<'_>,
    whose: [u8; 32],
    now: Timestamp,
) -> Result<Tried, StoreError> {
    let count = sql(COUNT_TRY)
        .bind(&whose)
        .bind(now)
        .bind(now.minus(TRIES_KEPT))
        .bind(now.plus(wait_after(5)))
        .bind(now.plus(wait_after(6)))
        .bind(now.plus(wait_after(7)));
    match session.row(count).await? {
        Some(row) => tries(row.of("sign_in_tries")).map(Tried::Counted),
        None => find(session, whose, now).await.map(Tried::HeldBack),
    }
}

pub(crate) async fn clear(session: &mut Session<'_>, whose: [u8; 32]) -> Result<(), StoreError> {
    session.execute(sql(CLEAR_TRIES).bind(&whose)).await
}
