//! An account's own history.

use wax_kernel::{AccountId, EventId, Timestamp};
use wax_model::{AccountAction, AccountEvent};
use wax_store::StoreError;

use crate::{
    engine::{Fields, Rows, Session, sql},
    statements::{both, statements},
};

statements! {
    INSERT_ACCOUNT_EVENT = both("INSERT INTO account_events (account_id, id, at_ms, action, network, device)
        VALUES ($1, $2, $3, $4, $5, $6)");
    LIST_ACCOUNT_EVENTS = both("SELECT account_id, id, at_ms, action, network, device FROM account_events
        WHERE account_id = $1 AND (at_ms, id) < ($2, $3) ORDER BY at_ms DESC, id DESC LIMIT $4");
}

fn event(row: Fields<'_>) -> Result<AccountEvent, StoreError> {
    Ok(AccountEvent {
        id: row.parse("id", EventId::parse)?,
        account: row.parse("account_id", AccountId::parse)?,
        at: row.at("at_ms")?,
        action: row.parse("action", AccountAction::parse)?,
        network: row.get("network")?,
        device: row.get("device")?,
    })
}

pub(crate) async fn insert(
    session: &mut Session<'_>,
    event: &AccountEvent,
) -> Result<(), StoreError> {
    let insert = sql(INSERT_ACCOUNT_EVENT)
        .bind(event.account)
        .bind(event.id)
        .bind(event.at)
        .bind(event.action.as_str())
        .bind(event.network.as_deref())
        .bind(event.device.as_deref());
    session.execute(insert).await
}

/// Newest first.
pub(crate) async fn list(
    database: &mut impl Rows,
    account: AccountId,
    before: Option<(Timestamp, EventId)>,
    limit: u32,
) -> Result<Vec<AccountEvent>, StoreError> {
    let query = sql(LIST_ACCOUNT_EVENTS).bind(account).before(before).bind(limit);
    let rows = database.rows(query).await?;
    rows.iter().map(|row| event(row.of("account_events"))).collect()
}
