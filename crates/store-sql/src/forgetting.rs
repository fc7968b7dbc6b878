//! What is over and belongs to nobody's work: deleted by the clock, a batch at a time.

use wax_kernel::Timestamp;
use wax_model::Month;
use wax_store::{DEVICE_KNOWN, MONTHS_KEPT, StoreError, TRIES_KEPT};

use crate::{
    engine::{Session, sql},
    statements::{both, statements},
};

/// Deletes at most $2 rows of which `$ended` is at or before $1, those of longest ago first. The condition stands twice
/// because a row may have begun anew since it was chosen.
#[rustfmt::skip] // One text.
macro_rules! forget {
    ($table:literal, $key:literal, $ended:literal) => {
        both(concat!(
            "DELETE FROM ", $table, " WHERE ", $ended, " <= $1 AND (", $key, ") IN
            (SELECT ", $key, " FROM ", $table, " WHERE ", $ended, " <= $1 ORDER BY ", $ended, " LIMIT $2)"
        ))
    };
}

statements! {
    FORGET_SESSIONS = forget!("sessions", "id", "idle_ends_at_ms");
    FORGET_TOKENS = forget!("tokens", "purpose, token_sha256", "expires_at_ms");
    FORGET_INVITATIONS = forget!("invitations", "tenant_id, id", "expires_at_ms");
    FORGET_TRIES = forget!("sign_in_tries", "whose", "last_at_ms");
    FORGET_DEVICES = forget!("known_devices", "account_id, device_sha256", "seen_at_ms");
    FORGET_USAGE = forget!("usage", "tenant_id, meter, period, shard", "period");
    FORGET_ALERTS = forget!("usage_alerts", "tenant_id, meter, period", "period");
    FORGET_ACCOUNT_EVENTS = forget!("account_events", "account_id, id", "at_ms");
}

/// At most `limit` of each kind. Answers how many in all.
pub(crate) async fn ended(
    session: &mut Session<'_>,
    now: Timestamp,
    limit: u32,
) -> Result<u64, StoreError> {
    let month = Month::of(now).plus(-MONTHS_KEPT - 1).number();
    let batches = [
        sql(FORGET_SESSIONS).bind(now),
        sql(FORGET_TOKENS).bind(now),
        sql(FORGET_INVITATIONS).bind(now),
        sql(FORGET_TRIES).bind(now.minus(TRIES_KEPT)),
        sql(FORGET_DEVICES).bind(now.minus(DEVICE_KNOWN)),
        sql(FORGET_USAGE).bind(month),
        sql(FORGET_ALERTS).bind(month),
    ];
    let mut forgotten = 0;
    for batch in batches {
        forgotten += session.changes(batch.bind(limit)).await?;
    }
    Ok(forgotten)
}

/// Events of accounts' histories of `before` or earlier.
pub(crate) async fn account_events(
    session: &mut Session<'_>,
    before: Timestamp,
    limit: u32,
) -> Result<u64, StoreError> {
    session.changes(sql(FORGET_ACCOUNT_EVENTS).bind(before).bind(limit)).await
}
