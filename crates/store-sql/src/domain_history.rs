//! What changed of a domain, and why.

use wax_kernel::{DomainId, EventId, TenantId, Timestamp};
use wax_model::{
    Actor,
    domain::{Axis, AxisChange, DomainEvent},
};
use wax_store::StoreError;

use crate::{
    engine::{Fields, Rows, Session, sql},
    statements::{both, statements},
};

statements! {
    /// Nothing, if the domain has gone: an order may be the platform's own, and outlive what it was for.
    INSERT_DOMAIN_EVENT = both("INSERT INTO domain_history
            (tenant_id, domain_id, id, at_ms, axis, was, became, actor, code, evidence)
        SELECT tenant_id, id, $2, CAST($3 AS BIGINT), $4, $5, $6, $7, $8, $9 FROM domains WHERE id = $1
        ON CONFLICT DO NOTHING");
    DOMAIN_HISTORY = both("SELECT id, at_ms, axis, was, became, actor, code, evidence FROM domain_history
        WHERE tenant_id = $1 AND domain_id = $2 AND (at_ms, id) < ($3, $4) ORDER BY at_ms DESC, id DESC LIMIT $5");
}

fn event(domain: DomainId, row: Fields<'_>) -> Result<DomainEvent, StoreError> {
    let (axis, was) = (row.parse("axis", Axis::parse)?, row.get::<String>("was")?);
    Ok(DomainEvent {
        id: row.parse("id", EventId::parse)?,
        domain,
        at: row.at("at_ms")?,
        change: row.parse("became", |became| AxisChange::parse(axis, &was, became))?,
        actor: row.maybe_parse("actor", Actor::parse)?,
        code: row.get("code")?,
        evidence: row.get("evidence")?,
    })
}

/// `false`: it stands there, or its domain has gone.
pub(crate) async fn record(
    session: &mut Session<'_>,
    event: &DomainEvent,
) -> Result<bool, StoreError> {
    let [was, became] = event.change.texts();
    let insert = sql(INSERT_DOMAIN_EVENT)
        .bind(event.domain)
        .bind(event.id)
        .bind(event.at)
        .bind(event.change.axis().as_str())
        .bind(was)
        .bind(became)
        .bind(event.actor)
        .bind(event.code.as_deref())
        .bind(event.evidence.as_deref());
    session.changed(insert).await
}

/// Newest first.
pub(crate) async fn list_back(
    database: &mut impl Rows,
    tenant: TenantId,
    domain: DomainId,
    before: Option<(Timestamp, EventId)>,
    limit: u32,
) -> Result<Vec<DomainEvent>, StoreError> {
    let query = sql(DOMAIN_HISTORY).bind(tenant).bind(domain).before(before).bind(limit);
    let rows = database.rows(query).await?;
    rows.iter().map(|row| event(domain, row.of("domain_history"))).collect()
}
