//! Addresses that get no mail.

use wax_kernel::Timestamp;
use wax_store::{StoreError, Suppression, SuppressionReason};

use crate::{
    engine::{Fields, Rows, Session, sql},
    statements::{both, statements},
};

statements! {
    UPSERT_SUPPRESSION = both("INSERT INTO suppressions (address_code, reason, since_ms, ends_at_ms) VALUES ($1, $2, $3, $4)
        ON CONFLICT (address_code, reason) DO UPDATE SET since_ms = excluded.since_ms, ends_at_ms = excluded.ends_at_ms");
    FIND_SUPPRESSIONS = both("SELECT address_code, reason, since_ms, ends_at_ms FROM suppressions
        WHERE address_code = $1 AND (ends_at_ms IS NULL OR ends_at_ms > $2) ORDER BY reason");
    DELETE_SUPPRESSION = both("DELETE FROM suppressions WHERE address_code = $1 AND reason = $2");
    FORGET_SUPPRESSIONS = both("DELETE FROM suppressions WHERE ends_at_ms <= $1");
}

fn suppression(row: Fields<'_>) -> Result<Suppression, StoreError> {
    let reason = |text: &str| {
        SuppressionReason::ALL.into_iter().find(|reason| reason.as_str() == text).ok_or(())
    };
    Ok(Suppression {
        code: row.bytes("address_code")?,
        reason: row.parse("reason", reason)?,
        since: row.at("since_ms")?,
        ends_at: row.maybe_at("ends_at_ms")?,
    })
}

pub(crate) async fn insert(session: &mut Session<'_>, new: &Suppression) -> Result<(), StoreError> {
    session.execute(sql(FORGET_SUPPRESSIONS).bind(new.since)).await?;
    let upsert = sql(UPSERT_SUPPRESSION)
        .bind(&new.code)
        .bind(new.reason.as_str())
        .bind(new.since)
        .bind(new.ends_at);
    session.execute(upsert).await
}

pub(crate) async fn find(
    database: &mut impl Rows,
    code: [u8; 32],
    now: Timestamp,
) -> Result<Vec<Suppression>, StoreError> {
    let rows = database.rows(sql(FIND_SUPPRESSIONS).bind(&code).bind(now)).await?;
    rows.iter().map(|row| suppression(row.of("suppressions"))).collect()
}

pub(crate) async fn lift(
    session: &mut Session<'_>,
    code: [u8; 32],
    reason: SuppressionReason,
) -> Result<bool, StoreError> {
    session.changed(sql(DELETE_SUPPRESSION).bind(&code).bind(reason.as_str())).await
}
