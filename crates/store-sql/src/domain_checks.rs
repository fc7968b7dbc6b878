//! Whose records are to be looked at, and when.

use wax_kernel::{Hostname, Timestamp};
use wax_model::Domain;
use wax_store::StoreError;

use crate::{
    dialect::skipping_locked,
    domains,
    engine::{Query, Rows, Session, sql},
    statements::{both, statements},
};

/// Claims of the names $1 and $2 that wait for their proof, were neither looked at nor hastened after $3, and are not due
/// at $4 anyway.
macro_rules! waiting {
    () => {
        "host IN ($1, $2) AND ownership IN ('pending', 'lapsed') AND next_check_at_ms > $4
        AND (checked_at_ms IS NULL OR checked_at_ms <= $3) AND (hastened_at_ms IS NULL OR hastened_at_ms <= $3)"
    };
}

statements! {
    ANY_DUE_CHECK = both("SELECT id FROM domains WHERE next_check_at_ms <= $1 LIMIT 1");
    TAKE_DUE_CHECK = skipping_locked!(
        "WITH due AS MATERIALIZED (SELECT id AS due_id FROM domains
            WHERE next_check_at_ms <= $1 ORDER BY next_check_at_ms, id LIMIT 1",
        concat!(") UPDATE domains SET next_check_at_ms = $2 FROM due WHERE domains.id = due.due_id
        RETURNING ", domains::columns!())
    );
    ANY_TO_HASTEN = both(concat!("SELECT id FROM domains WHERE ", waiting!(), " LIMIT 1"));
    HASTEN = both(concat!("UPDATE domains SET next_check_at_ms = $4, hastened_at_ms = $4 WHERE ", waiting!()));
}

pub(crate) async fn any_due(database: &mut impl Rows, now: Timestamp) -> Result<bool, StoreError> {
    Ok(database.row(sql(ANY_DUE_CHECK).bind(now)).await?.is_some())
}

pub(crate) async fn take(
    session: &mut Session<'_>,
    now: Timestamp,
    again_at: Timestamp,
) -> Result<Option<Domain>, StoreError> {
    let row = session.row(sql(TAKE_DUE_CHECK).bind(now).bind(again_at)).await?;
    row.map(|row| domains::domain(row.of("domains"))).transpose()
}

fn named(query: Query, host: &Hostname, not_after: Timestamp, now: Timestamp) -> Query {
    let parent = host.as_str().split_once('.').map(|(_, parent)| format!("*.{parent}"));
    let covering = parent.as_deref().unwrap_or(host.as_str());
    query.bind(host).bind(covering).bind(not_after).bind(now)
}

pub(crate) async fn any_to_hasten(
    database: &mut impl Rows,
    host: &Hostname,
    not_after: Timestamp,
    now: Timestamp,
) -> Result<bool, StoreError> {
    Ok(database.row(named(sql(ANY_TO_HASTEN), host, not_after, now)).await?.is_some())
}

pub(crate) async fn hasten(
    session: &mut Session<'_>,
    host: &Hostname,
    not_after: Timestamp,
    now: Timestamp,
) -> Result<u64, StoreError> {
    session.changes(named(sql(HASTEN), host, not_after, now)).await
}
