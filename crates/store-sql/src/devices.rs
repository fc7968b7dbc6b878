//! Browsers that have signed in to an account.

use wax_kernel::{AccountId, Timestamp};
use wax_store::{DEVICE_KNOWN, StoreError, TokenHash};

use crate::{
    engine::{Query, Session, sql},
    statements::{both, statements},
};

statements! {
    SEE_AGAIN = both("UPDATE known_devices SET seen_at_ms = $3
        WHERE account_id = $1 AND device_sha256 = $2 AND seen_at_ms > $4");
    /// Changes nothing if it was seen by another sign-in just now: of two at once, one is the first.
    SEE_FIRST = both("INSERT INTO known_devices (account_id, device_sha256, seen_at_ms) VALUES ($1, $2, $3)
        ON CONFLICT (account_id, device_sha256) DO UPDATE SET seen_at_ms = excluded.seen_at_ms
        WHERE known_devices.seen_at_ms <= $4");
}

/// `true`: for the first time in [`DEVICE_KNOWN`].
pub(crate) async fn see(
    session: &mut Session<'_>,
    account: AccountId,
    device: TokenHash,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let known_since = now.minus(DEVICE_KNOWN);
    let seen = |query: Query| query.bind(account).bind(&device).bind(now).bind(known_since);
    if session.changed(seen(sql(SEE_AGAIN))).await? {
        return Ok(false);
    }
    session.changed(seen(sql(SEE_FIRST))).await
}
