//! Messages that leave after the commit.

use std::sync::Arc;

use async_trait::async_trait;
use wax_kernel::{DomainId, EventId, TenantId, Timestamp};
use wax_model::{Brand, OutboxMessage, TenantScope, Topic};
use wax_store::{
    AuditRepository as _, GivenUp, Outbox, OutboxRepository, StoreError, Suppression,
    SuppressionReason, TakenMessage,
};

use crate::{
    SqlStore, brands,
    dialect::skipping_locked,
    engine::{Fields, Rows, Session, sql},
    scoped::Scoped,
    statements::{both, statements},
    suppressions,
};

statements! {
    INSERT_MESSAGE = both("INSERT INTO outbox
            (tenant_id, id, topic, payload, due_at_ms, not_after_ms, leased_until_ms, attempts)
        VALUES ($1, $2, $3, $4, $5, $6, 0, 0)");
    ANY_DUE = both("SELECT id FROM outbox WHERE topic = $1 AND due_at_ms <= $2 AND leased_until_ms <= $2 LIMIT 1");
    /// MATERIALIZED, because Postgres may otherwise run the inner SELECT again and take more rows than asked for.
    TAKE_MESSAGES = skipping_locked!(
        "WITH due AS MATERIALIZED (SELECT id FROM outbox
            WHERE topic = $1 AND due_at_ms <= $2 AND leased_until_ms <= $2 ORDER BY due_at_ms, id LIMIT $4",
        ") UPDATE outbox SET leased_until_ms = $3, attempts = outbox.attempts + 1 FROM due WHERE outbox.id = due.id
        RETURNING outbox.id AS id, tenant_id, topic, payload, due_at_ms, not_after_ms, attempts"
    );
    POSTPONE_MESSAGE = both("UPDATE outbox SET due_at_ms = $3, leased_until_ms = 0 WHERE id = $1 AND attempts = $2");
    DELETE_MESSAGE = both("DELETE FROM outbox WHERE id = $1");
}

fn taken(row: Fields<'_>) -> Result<TakenMessage, StoreError> {
    let tenant = row.get::<Option<String>>("tenant_id")?;
    let tenant = tenant.map(|id| TenantId::parse(&id)).transpose();
    Ok(TakenMessage {
        tenant: tenant.map_err(|_| row.corrupt("tenant_id"))?,
        message: OutboxMessage {
            id: row.parse("id", EventId::parse)?,
            topic: row.parse("topic", Topic::parse)?,
            payload: row.get("payload")?,
            due_at: row.at("due_at_ms")?,
            not_after: row.at("not_after_ms")?,
        },
        attempts: row.number("attempts")?,
    })
}

#[async_trait]
impl OutboxRepository for Scoped<Session<'_>> {
    async fn send(&mut self, message: &OutboxMessage) -> Result<(), StoreError> {
        insert(&mut self.session, Some(self.tenant), message).await
    }
}

/// Leaves a message: a tenant's, or the server's own.
pub(crate) async fn insert(
    session: &mut Session<'_>,
    tenant: Option<TenantId>,
    message: &OutboxMessage,
) -> Result<(), StoreError> {
    let insert = sql(INSERT_MESSAGE)
        .bind(tenant)
        .bind(message.id)
        .bind(message.topic.as_str())
        .bind(&*message.payload)
        .bind(message.due_at)
        .bind(message.not_after);
    session.execute(insert).await
}

async fn any_due(
    database: &mut impl Rows,
    topic: Topic,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let found = database.row(sql(ANY_DUE).bind(topic.as_str()).bind(now)).await?;
    Ok(found.is_some())
}

async fn take(
    session: &mut Session<'_>,
    topic: Topic,
    now: Timestamp,
    leased_until: Timestamp,
    limit: u32,
) -> Result<Vec<TakenMessage>, StoreError> {
    let take = sql(TAKE_MESSAGES).bind(topic.as_str()).bind(now).bind(leased_until).bind(limit);
    let rows = session.rows(take).await?;
    let mut messages =
        rows.iter().map(|row| taken(row.of("outbox"))).collect::<Result<Vec<_>, _>>()?;
    // RETURNING promises no order.
    messages.sort_by_key(|taken| (taken.message.due_at, taken.message.id.to_string()));
    Ok(messages)
}

async fn delete(session: &mut Session<'_>, id: EventId) -> Result<(), StoreError> {
    session.execute(sql(DELETE_MESSAGE).bind(id)).await
}

async fn give_up(
    mut session: Session<'_>,
    taken: &TakenMessage,
    why: &GivenUp,
) -> Result<(), StoreError> {
    delete(&mut session, taken.message.id).await?;
    if let Some(suppression) = &why.suppression {
        suppressions::insert(&mut session, suppression).await?;
    }
    let Some(tenant) = taken.tenant else { return Ok(()) };
    Scoped::new(session, row_scope(tenant)).record(&why.event).await
}

#[expect(clippy::disallowed_methods, reason = "the tenant comes from the message's own row")]
fn row_scope(tenant: TenantId) -> TenantScope {
    TenantScope::proven(tenant)
}

#[async_trait]
impl Outbox for SqlStore {
    async fn send(&self, message: &OutboxMessage) -> Result<(), StoreError> {
        let message = Arc::new(message.clone());
        self.database
            .transact(move |mut session| {
                let message = Arc::clone(&message);
                Box::pin(async move { insert(&mut session, None, &message).await })
            })
            .await
    }

    /// Looks first: a worker asks every second, and a transaction would hold up SQLite's one writer.
    async fn take(
        &self,
        topic: Topic,
        now: Timestamp,
        leased_until: Timestamp,
        limit: u32,
    ) -> Result<Vec<TakenMessage>, StoreError> {
        if !any_due(&mut self.database.clone(), topic, now).await? {
            return Ok(Vec::new());
        }
        self.database
            .transact(move |mut session| {
                Box::pin(async move { take(&mut session, topic, now, leased_until, limit).await })
            })
            .await
    }

    async fn done(&self, taken: &TakenMessage) -> Result<(), StoreError> {
        let id = taken.message.id;
        self.database
            .transact(move |mut session| Box::pin(async move { delete(&mut session, id).await }))
            .await
    }

    async fn postpone(&self, taken: &TakenMessage, due_at: Timestamp) -> Result<bool, StoreError> {
        let (id, attempts) = (taken.message.id, taken.attempts);
        self.database
            .transact(move |mut session| {
                let postpone = sql(POSTPONE_MESSAGE).bind(id).bind(attempts).bind(due_at);
                Box::pin(async move { session.changed(postpone).await })
            })
            .await
    }

    async fn give_up(&self, taken: &TakenMessage, why: &GivenUp) -> Result<(), StoreError> {
        let both = Arc::new((taken.clone(), why.clone()));
        self.database
            .transact(move |session| {
                let both = Arc::clone(&both);
                Box::pin(async move { give_up(session, &both.0, &both.1).await })
            })
            .await
    }

    async fn suppressions(
        &self,
        code: [u8; 32],
        now: Timestamp,
    ) -> Result<Vec<Suppression>, StoreError> {
        suppressions::find(&mut self.database.clone(), code, now).await
    }

    async fn suppress(&self, suppression: &Suppression) -> Result<(), StoreError> {
        let suppression = *suppression;
        self.database
            .transact(move |mut session| {
                Box::pin(async move { suppressions::insert(&mut session, &suppression).await })
            })
            .await
    }

    async fn lift(&self, code: [u8; 32], reason: SuppressionReason) -> Result<bool, StoreError> {
        self.database
            .transact(move |mut session| {
                Box::pin(async move { suppressions::lift(&mut session, code, reason).await })
            })
            .await
    }

    async fn brand(&self, tenant: TenantId, domain: DomainId) -> Result<Option<Brand>, StoreError> {
        brands::find_look(&mut self.database.clone(), tenant, domain).await
    }
}
