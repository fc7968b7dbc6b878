//! What is due across tenants, and the heartbeat of whoever sees to it.

use wax_kernel::{ClaimId, SecretId, TenantId, Timestamp};
use wax_model::KEY_DESTROYED_ON_DAY;
use wax_store::{DueClaim, DueSecret, Outage, StoreError};

use crate::{
    dialect::{CLOCK, locking},
    engine::{Fields, Query, Rows, Session, sql},
    statements::{both, statements},
};

statements! {
    /// The states are those of the index `secrets_by_expiry`.
    DUE_EXPIRIES = both("SELECT tenant_id, id FROM secrets
        WHERE state IN ('ready', 'locked', 'bound') AND expires_at_ms <= $1 ORDER BY expires_at_ms LIMIT $2");
    /// The states are those of the index `secrets_by_keeping`.
    DUE_TOMBSTONES = both("SELECT tenant_id, id FROM secrets
        WHERE state IN ('destroyed', 'burned', 'expired', 'restored') AND kept_until_ms <= $1
        ORDER BY kept_until_ms LIMIT $2");
    DUE_WINDOWS = both("SELECT tenant_id, secret_id, id FROM claims
        WHERE state = 'open' AND window_ends_at_ms <= $1 ORDER BY window_ends_at_ms LIMIT $2");

    /// In the register as every other.
    NOW = CLOCK;
    FIRST_BEAT = both("INSERT INTO heartbeats (name, beat_at_ms) VALUES ('reaper', $1) ON CONFLICT DO NOTHING");
    LOCK_BEAT = locking!("SELECT beat_at_ms FROM heartbeats WHERE name = 'reaper'");
    BEAT = both("UPDATE heartbeats SET beat_at_ms = $1 WHERE name = 'reaper'");
    /// Later by $1, but not beyond the life of the key that opens it: $2 milliseconds a day, kept for $3 days. A window
    /// that reaches beyond already stays as it is.
    EXTEND_WINDOWS = both("UPDATE claims SET window_ends_at_ms = CASE
            WHEN window_ends_at_ms + $1 <= (secrets.key_day + $3) * $2 THEN window_ends_at_ms + $1
            WHEN window_ends_at_ms <= (secrets.key_day + $3) * $2 THEN (secrets.key_day + $3) * $2
            ELSE window_ends_at_ms END
        FROM secrets
        WHERE claims.state = 'open' AND secrets.tenant_id = claims.tenant_id AND secrets.id = claims.secret_id");
}

const DAY_MS: i64 = 86_400_000;

fn due_secret(row: Fields<'_>) -> Result<DueSecret, StoreError> {
    Ok(DueSecret {
        tenant: row.parse("tenant_id", TenantId::parse)?,
        id: row.parse("id", SecretId::parse)?,
    })
}

fn due_claim(row: Fields<'_>) -> Result<DueClaim, StoreError> {
    Ok(DueClaim {
        tenant: row.parse("tenant_id", TenantId::parse)?,
        secret: row.parse("secret_id", SecretId::parse)?,
        id: row.parse("id", ClaimId::parse)?,
    })
}

pub(crate) async fn clock(database: &mut impl Rows) -> Result<Timestamp, StoreError> {
    let row = database.row(sql(NOW)).await?;
    let missing = StoreError::Corrupt { table: "clock", column: "now_ms" };
    row.as_ref().ok_or(missing)?.of("clock").at("now_ms")
}

pub(crate) async fn due_expiries(
    database: &mut impl Rows,
    before: Timestamp,
    limit: u32,
) -> Result<Vec<DueSecret>, StoreError> {
    due_secrets(database, sql(DUE_EXPIRIES).bind(before).bind(limit)).await
}

pub(crate) async fn due_tombstones(
    database: &mut impl Rows,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<DueSecret>, StoreError> {
    due_secrets(database, sql(DUE_TOMBSTONES).bind(now).bind(limit)).await
}

async fn due_secrets(database: &mut impl Rows, query: Query) -> Result<Vec<DueSecret>, StoreError> {
    let rows = database.rows(query).await?;
    rows.iter().map(|row| due_secret(row.of("secrets"))).collect()
}

pub(crate) async fn due_windows(
    database: &mut impl Rows,
    before: Timestamp,
    limit: u32,
) -> Result<Vec<DueClaim>, StoreError> {
    let rows = database.rows(sql(DUE_WINDOWS).bind(before).bind(limit)).await?;
    rows.iter().map(|row| due_claim(row.of("claims"))).collect()
}

/// The heartbeat's row is the lock: of two reapers that come back after an outage, one moves the windows.
pub(crate) async fn beat(
    session: &mut Session<'_>,
    now: Timestamp,
    gap_ms: i64,
) -> Result<Option<Outage>, StoreError> {
    if session.changed(sql(FIRST_BEAT).bind(now)).await? {
        return Ok(None);
    }
    let last = session.row(sql(LOCK_BEAT)).await?;
    let missing = StoreError::Corrupt { table: "heartbeats", column: "name" };
    let from = last.as_ref().ok_or(missing)?.of("heartbeats").at("beat_at_ms")?;
    if now <= from {
        return Ok(None);
    }
    session.execute(sql(BEAT).bind(now)).await?;
    let since_ms = now.as_ms().saturating_sub(from.as_ms());
    if since_ms <= gap_ms {
        return Ok(None);
    }
    session
        .execute(sql(EXTEND_WINDOWS).bind(since_ms).bind(DAY_MS).bind(KEY_DESTROYED_ON_DAY))
        .await?;
    Ok(Some(Outage { from, to: now }))
}
