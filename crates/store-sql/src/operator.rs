//! The operator's switches, and the trail of what the operator did.

use async_trait::async_trait;
use wax_kernel::EventId;
use wax_model::{OperatorAction, OperatorEvent, SignUpPolicy};
use wax_store::{OperatorRepository, StoreError, SuppressionReason};

use crate::{
    engine::{Fields, Rows, Session, sql},
    statements::{both, statements},
    suppressions,
    unscoped::Unscoped,
};

/// The one switch there is.
const SIGN_UP: &str = "sign-up";

statements! {
    FIND_SWITCH = both("SELECT value FROM switches WHERE name = $1");
    UPSERT_SWITCH = both("INSERT INTO switches (name, value) VALUES ($1, $2)
        ON CONFLICT (name) DO UPDATE SET value = excluded.value");
    INSERT_OPERATOR_EVENT = both("INSERT INTO operator_events (id, at_ms, action, subject) VALUES ($1, $2, $3, $4)");
    LIST_OPERATOR_EVENTS = both("SELECT id, at_ms, action, subject FROM operator_events
        ORDER BY at_ms DESC, id DESC LIMIT $1");
}

fn event(row: Fields<'_>) -> Result<OperatorEvent, StoreError> {
    Ok(OperatorEvent {
        id: row.parse("id", EventId::parse)?,
        at: row.at("at_ms")?,
        action: row.parse("action", OperatorAction::parse)?,
        subject: row.get("subject")?,
    })
}

pub(crate) async fn sign_up(database: &mut impl Rows) -> Result<Option<SignUpPolicy>, StoreError> {
    let row = database.row(sql(FIND_SWITCH).bind(SIGN_UP)).await?;
    row.map(|row| row.of("switches").parse("value", SignUpPolicy::parse)).transpose()
}

/// Newest first.
pub(crate) async fn events(
    database: &mut impl Rows,
    limit: u32,
) -> Result<Vec<OperatorEvent>, StoreError> {
    let rows = database.rows(sql(LIST_OPERATOR_EVENTS).bind(limit)).await?;
    rows.iter().map(|row| event(row.of("operator_events"))).collect()
}

#[async_trait]
impl OperatorRepository for Unscoped<Session<'_>> {
    async fn switch_sign_up(&mut self, to: SignUpPolicy) -> Result<(), StoreError> {
        self.session.execute(sql(UPSERT_SWITCH).bind(SIGN_UP).bind(to.as_str())).await
    }

    async fn lift(
        &mut self,
        code: [u8; 32],
        reason: SuppressionReason,
    ) -> Result<bool, StoreError> {
        suppressions::lift(&mut self.session, code, reason).await
    }

    async fn record(&mut self, event: &OperatorEvent) -> Result<(), StoreError> {
        let insert = sql(INSERT_OPERATOR_EVENT)
            .bind(event.id)
            .bind(event.at)
            .bind(event.action.as_str())
            .bind(&*event.subject);
        self.session.execute(insert).await
    }
}
