//! Audit events: written with what they tell of, never changed.

use async_trait::async_trait;
use wax_kernel::{EventId, Timestamp};
use wax_model::{Action, AuditEvent};
use wax_store::{AuditRepository, StoreError};

use crate::{
    engine::{Fields, Rows as _, Session, sql},
    scoped::Scoped,
    statements::{both, statements},
};

statements! {
    INSERT_EVENT = both("INSERT INTO audit_events (tenant_id, id, at_ms, action, subject, network)
        VALUES ($1, $2, $3, $4, $5, $6)");
    LIST_EVENTS = both("SELECT id, at_ms, action, subject, network FROM audit_events
        WHERE tenant_id = $1 AND (at_ms, id) > ($2, $3) ORDER BY at_ms, id LIMIT $4");
    FORGET_EVENTS = both("DELETE FROM audit_events WHERE (tenant_id, id) IN
        (SELECT tenant_id, id FROM audit_events WHERE at_ms <= $1 ORDER BY at_ms LIMIT $2)");
}

fn event(row: Fields<'_>) -> Result<AuditEvent, StoreError> {
    Ok(AuditEvent {
        id: row.parse("id", EventId::parse)?,
        at: row.at("at_ms")?,
        action: row.parse("action", Action::parse)?,
        subject: row.get("subject")?,
        network: row.get("network")?,
    })
}

#[async_trait]
impl AuditRepository for Scoped<Session<'_>> {
    async fn record(&mut self, event: &AuditEvent) -> Result<(), StoreError> {
        let insert = sql(INSERT_EVENT)
            .bind(self.tenant)
            .bind(event.id)
            .bind(event.at)
            .bind(event.action.as_str())
            .bind(&*event.subject)
            .bind(event.network.as_deref());
        self.session.execute(insert).await
    }

    async fn list(
        &mut self,
        after: Option<(Timestamp, EventId)>,
        limit: u32,
    ) -> Result<Vec<AuditEvent>, StoreError> {
        let query = sql(LIST_EVENTS).bind(self.tenant);
        let query = match after {
            Some((at, id)) => query.bind(at).bind(id),
            None => query.bind(i64::MIN).bind(""),
        };
        let rows = self.session.rows(query.bind(limit)).await?;
        rows.iter().map(|row| event(row.of("audit_events"))).collect()
    }
}

/// Deletes events of `before` or earlier, the oldest first, at most `limit`.
pub(crate) async fn forget(
    session: &mut Session<'_>,
    before: Timestamp,
    limit: u32,
) -> Result<u64, StoreError> {
    session.changes(sql(FORGET_EVENTS).bind(before).bind(limit)).await
}
