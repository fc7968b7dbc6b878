//! The end of an organization: a batch at a time, until no row names it.

use wax_kernel::{DomainId, TenantId, Timestamp};
use wax_store::{ERASURE_SETTLES, StoreError};

use crate::{
    burials, change_log,
    engine::{Rows, Session, sql},
    statements::{both, statements},
    tenants,
};

/// Deletes at most $2 of a tenant's rows. `$key` names a row within the tenant.
#[rustfmt::skip] // One text.
macro_rules! batch {
    ($table:literal, $key:literal) => {
        both(concat!(
            "DELETE FROM ", $table, " WHERE tenant_id = $1 AND (", $key, ") IN
            (SELECT ", $key, " FROM ", $table, " WHERE tenant_id = $1 LIMIT $2)"
        ))
    };
}

statements! {
    ERASE_WRAPS = batch!("secret_wraps", "secret_id");
    /// Passkey copies go with them (ON DELETE CASCADE).
    ERASE_CONTENTS = batch!("secret_contents", "secret_id");
    ERASE_HANDOVERS = batch!("handovers", "secret_id, thumbprint");
    ERASE_CLAIMS = batch!("claims", "id");
    ERASE_SECRETS = batch!("secrets", "id");
    ERASE_KEYS = batch!("api_keys", "id");
    /// What is sealed in them names the tenant. There are at most as many as open invitations.
    ERASE_INVITATION_TOKENS = both("DELETE FROM tokens WHERE purpose = 'invitation' AND subject IN
        (SELECT id FROM invitations WHERE tenant_id = $1)");
    ERASE_INVITATIONS = batch!("invitations", "id");
    ERASE_MEMBERS = batch!("memberships", "account_id");
    ERASE_OUTBOX = batch!("outbox", "id");
    ERASE_ISSUANCES = batch!("issuances", "domain_id");
    ERASE_CERTIFICATES = batch!("certificates", "id");
    ERASE_EVENTS = batch!("audit_events", "id");
    /// Whoever still pays for something is told to stop by a job, which knows nothing of the organization any more.
    PART = both("INSERT INTO billing_partings (customer, due_at_ms)
        SELECT customer, CAST($2 AS BIGINT) FROM billing_customers WHERE tenant_id = $1 ON CONFLICT (customer) DO NOTHING");
    ERASE_CUSTOMER = both("DELETE FROM billing_customers WHERE tenant_id = $1");
    ERASE_DRIFT = batch!("billing_drift", "kind, subject");
    ERASE_USAGE = batch!("usage", "meter, period, shard");
    ERASE_ALERTS = batch!("usage_alerts", "meter, period");
    DOMAINS_TO_ERASE = both("SELECT id, host FROM domains WHERE tenant_id = $1 ORDER BY id LIMIT $2");
    /// Its look, history and report go with it (ON DELETE CASCADE).
    ERASE_DOMAIN = both("DELETE FROM domains WHERE tenant_id = $1 AND id = $2");
    ERASE_TENANT = both("DELETE FROM tenants WHERE id = $1");
    DUE_ERASURES = both("SELECT id FROM tenants WHERE deletion_due_at_ms <= $1 ORDER BY deletion_due_at_ms LIMIT $2");
}

/// Deletes at most `limit` rows once the deletion is due. `true`: nothing is left to do now.
pub(crate) async fn erase(
    session: &mut Session<'_>,
    tenant: TenantId,
    now: Timestamp,
    limit: u32,
) -> Result<bool, StoreError> {
    let due_at = tenants::lock(session, tenant).await?.and_then(|tenant| tenant.deletion_due_at);
    let Some(due_at) = due_at.filter(|due_at| *due_at <= now) else { return Ok(true) };
    session.execute(sql(PART).bind(tenant).bind(now)).await?;
    session.execute(sql(ERASE_CUSTOMER).bind(tenant)).await?;
    let left = erase_rows(session, tenant, limit).await?;
    let left = erase_domains(session, tenant, now, left).await?;
    if left == 0 {
        return Ok(false);
    }
    if due_at.plus(ERASURE_SETTLES) <= now {
        session.execute(sql(ERASE_TENANT).bind(tenant)).await?;
    }
    Ok(true)
}

/// Data keys first; then what refers to something before what it refers to. Answers how much of `limit` is left.
async fn erase_rows(
    session: &mut Session<'_>,
    tenant: TenantId,
    limit: u32,
) -> Result<u32, StoreError> {
    let batches = [
        sql(ERASE_WRAPS),
        sql(ERASE_CONTENTS),
        sql(ERASE_HANDOVERS),
        sql(ERASE_CLAIMS),
        sql(ERASE_SECRETS),
        sql(ERASE_KEYS),
        sql(ERASE_INVITATIONS),
        sql(ERASE_MEMBERS),
        sql(ERASE_OUTBOX),
        sql(ERASE_ISSUANCES),
        sql(ERASE_CERTIFICATES),
        sql(ERASE_EVENTS),
        sql(ERASE_DRIFT),
        sql(ERASE_USAGE),
        sql(ERASE_ALERTS),
    ];
    session.execute(sql(ERASE_INVITATION_TOKENS).bind(tenant)).await?;
    let mut left = limit;
    for batch in batches {
        if left == 0 {
            break;
        }
        let erased = session.changes(batch.bind(tenant).bind(left)).await?;
        left = left.saturating_sub(u32::try_from(erased).unwrap_or(u32::MAX));
    }
    Ok(left)
}

/// Each leaves a tombstone, and its number in the change log, which tells edges to drop it.
async fn erase_domains(
    session: &mut Session<'_>,
    tenant: TenantId,
    now: Timestamp,
    limit: u32,
) -> Result<u32, StoreError> {
    let rows = session.rows(sql(DOMAINS_TO_ERASE).bind(tenant).bind(limit)).await?;
    let mut gone = Vec::with_capacity(rows.len());
    for row in &rows {
        let row = row.of("domains");
        let (id, host) = (row.parse("id", DomainId::parse)?, row.get::<String>("host")?);
        burials::tombstone(session, &host, now).await?;
        session.execute(sql(ERASE_DOMAIN).bind(tenant).bind(id)).await?;
        gone.push(id);
    }
    for id in &gone {
        change_log::announce(session, *id, now).await?;
    }
    Ok(limit.saturating_sub(u32::try_from(gone.len()).unwrap_or(u32::MAX)))
}

/// Whose deletion is due, the longest due first.
pub(crate) async fn due(
    database: &mut impl Rows,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<TenantId>, StoreError> {
    let rows = database.rows(sql(DUE_ERASURES).bind(now).bind(limit)).await?;
    rows.iter().map(|row| row.of("tenants").parse("id", TenantId::parse)).collect()
}
