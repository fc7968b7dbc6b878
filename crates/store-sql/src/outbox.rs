//! Messages that leave after the commit.

use async_trait::async_trait;
use wax_kernel::{EventId, TenantId, Timestamp};
use wax_store::{OutboxMessage, OutboxRepository, StoreError};

use crate::{
    dialect::skipping_locked,
    engine::{Fields, Rows as _, Session, sql},
    scoped::Scoped,
    statements::{both, statements},
};

statements! {
    INSERT_MESSAGE = both("INSERT INTO outbox (tenant_id, id, topic, payload, due_at_ms, leased_until_ms)
        VALUES ($1, $2, $3, $4, $5, 0)");
    /// MATERIALIZED, because Postgres may otherwise run the inner SELECT again and take more rows than asked for.
    TAKE_MESSAGES = skipping_locked!(
        "WITH due AS MATERIALIZED (
            SELECT id FROM outbox WHERE due_at_ms <= $1 AND leased_until_ms <= $1 ORDER BY due_at_ms, id LIMIT $3",
        ") UPDATE outbox SET leased_until_ms = $2 FROM due WHERE outbox.id = due.id
        RETURNING outbox.id AS id, topic, payload, due_at_ms"
    );
    DELETE_MESSAGE = both("DELETE FROM outbox WHERE id = $1");
}

fn message(row: Fields<'_>) -> Result<OutboxMessage, StoreError> {
    Ok(OutboxMessage {
        id: row.parse("id", EventId::parse)?,
        topic: row.get("topic")?,
        payload: row.get("payload")?,
        due_at: row.at("due_at_ms")?,
    })
}

#[async_trait]
impl OutboxRepository for Scoped<Session<'_>> {
    async fn send(&mut self, message: &OutboxMessage) -> Result<(), StoreError> {
        insert(&mut self.session, Some(self.tenant), message).await
    }
}

/// `None`: of no organization.
pub(crate) async fn insert(
    session: &mut Session<'_>,
    tenant: Option<TenantId>,
    message: &OutboxMessage,
) -> Result<(), StoreError> {
    let insert = sql(INSERT_MESSAGE)
        .bind(tenant)
        .bind(message.id)
        .bind(&*message.topic)
        .bind(&*message.payload)
        .bind(message.due_at);
    session.execute(insert).await
}

/// Takes what is due until `leased_until`, oldest first.
pub(crate) async fn take(
    session: &mut Session<'_>,
    now: Timestamp,
    leased_until: Timestamp,
    limit: u32,
) -> Result<Vec<OutboxMessage>, StoreError> {
    let take = sql(TAKE_MESSAGES).bind(now).bind(leased_until).bind(limit);
    let rows = session.rows(take).await?;
    let mut messages =
        rows.iter().map(|row| message(row.of("outbox"))).collect::<Result<Vec<_>, _>>()?;
    // RETURNING promises no order.
    messages.sort_by_key(|message| (message.due_at, message.id.to_string()));
    Ok(messages)
}

pub(crate) async fn delete(session: &mut Session<'_>, id: EventId) -> Result<(), StoreError> {
    session.execute(sql(DELETE_MESSAGE).bind(id)).await
}
