//! Audit events: written with what they tell of, never changed.

use async_trait::async_trait;
use wax_kernel::{EventId, TenantId, Timestamp};
use wax_model::{Action, Actor, AuditEvent, PlanId};
use wax_store::{AuditFilter, AuditRepository, StoreError};

use crate::{
    dialect::listed,
    engine::{Fields, Rows, Session, sql},
    scoped::Scoped,
    statements::{both, statements},
};

/// Up to what its organization's plan must be.
macro_rules! of_plans {
    () => {
        "DELETE FROM audit_events WHERE (tenant_id, id) IN (SELECT event.tenant_id, event.id FROM tenants
            JOIN audit_events AS event ON event.tenant_id = tenants.id WHERE tenants.plan"
    };
}

statements! {
    INSERT_EVENT = both("INSERT INTO audit_events (tenant_id, id, at_ms, action, actor, subject, network)
        VALUES ($1, $2, $3, $4, $5, $6, $7)");
    LIST_EVENTS = both("SELECT id, at_ms, action, actor, subject, network FROM audit_events
        WHERE tenant_id = $1 AND (at_ms, id) > ($2, $3) ORDER BY at_ms, id LIMIT $4");
    /// NULL: any. The comparison stands first: it tells Postgres the parameter's type.
    LIST_EVENTS_BACK = both("SELECT id, at_ms, action, actor, subject, network FROM audit_events
        WHERE tenant_id = $1 AND (at_ms, id) < ($2, $3) AND at_ms >= $4 AND at_ms < $5
            AND (action = $6 OR $6 IS NULL) AND (actor = $7 OR $7 IS NULL) AND (subject = $8 OR $8 IS NULL)
        ORDER BY at_ms DESC, id DESC LIMIT $9");
    FORGET_EVENTS = both("DELETE FROM audit_events WHERE (tenant_id, id) IN
        (SELECT tenant_id, id FROM audit_events WHERE at_ms <= $1 ORDER BY at_ms LIMIT $2)");
    /// An organization at a time, by `audit_events_by_time`: those that are kept for longer are not looked at.
    FORGET_EVENTS_OF = listed!(concat!(of_plans!(), " IN "), " AND event.at_ms <= $2 LIMIT $3)");
    FORGET_EVENTS_OF_OTHERS = listed!(concat!(of_plans!(), " NOT IN "), " AND event.at_ms <= $2 LIMIT $3)");
}

fn event(row: Fields<'_>) -> Result<AuditEvent, StoreError> {
    Ok(AuditEvent {
        id: row.parse("id", EventId::parse)?,
        at: row.at("at_ms")?,
        action: row.parse("action", Action::parse)?,
        actor: row.maybe_parse("actor", Actor::parse)?,
        subject: row.get("subject")?,
        network: row.get("network")?,
    })
}

/// Writes an event of a tenant's trail.
pub(crate) async fn insert(
    session: &mut Session<'_>,
    tenant: TenantId,
    event: &AuditEvent,
) -> Result<(), StoreError> {
    let insert = sql(INSERT_EVENT)
        .bind(tenant)
        .bind(event.id)
        .bind(event.at)
        .bind(event.action.as_str())
        .bind(event.actor)
        .bind(&*event.subject)
        .bind(event.network.as_deref());
    session.execute(insert).await
}

#[async_trait]
impl AuditRepository for Scoped<Session<'_>> {
    async fn record(&mut self, event: &AuditEvent) -> Result<(), StoreError> {
        insert(&mut self.session, self.tenant, event).await
    }

    async fn list(
        &mut self,
        after: Option<(Timestamp, EventId)>,
        limit: u32,
    ) -> Result<Vec<AuditEvent>, StoreError> {
        let query = sql(LIST_EVENTS).bind(self.tenant).after(after).bind(limit);
        let rows = self.session.rows(query).await?;
        rows.iter().map(|row| event(row.of("audit_events"))).collect()
    }
}

/// Newest first.
pub(crate) async fn list_back(
    database: &mut impl Rows,
    tenant: TenantId,
    filter: &AuditFilter,
    before: Option<(Timestamp, EventId)>,
    limit: u32,
) -> Result<Vec<AuditEvent>, StoreError> {
    let query = sql(LIST_EVENTS_BACK)
        .bind(tenant)
        .before(before)
        .bind(filter.from.map_or(i64::MIN, Timestamp::as_ms))
        .bind(filter.to.map_or(i64::MAX, Timestamp::as_ms))
        .bind(filter.action.map(Action::as_str))
        .bind(filter.actor)
        .bind(filter.subject.as_deref())
        .bind(limit);
    let rows = database.rows(query).await?;
    rows.iter().map(|row| event(row.of("audit_events"))).collect()
}

/// Deletes events of `before` or earlier, the oldest first, at most `limit`.
pub(crate) async fn forget(
    session: &mut Session<'_>,
    before: Timestamp,
    limit: u32,
) -> Result<u64, StoreError> {
    session.changes(sql(FORGET_EVENTS).bind(before).bind(limit)).await
}

/// The same of organizations with one of these plans; `others`: with none of them.
pub(crate) async fn forget_of(
    session: &mut Session<'_>,
    plans: &[PlanId],
    others: bool,
    before: Timestamp,
    limit: u32,
) -> Result<u64, StoreError> {
    let forget = if others { sql(FORGET_EVENTS_OF_OTHERS) } else { sql(FORGET_EVENTS_OF) };
    session.changes(forget.bind(plans).bind(before).bind(limit)).await
}
