//! Keys of TLS session tickets.

use wax_store::{StoreError, TicketRow};

use crate::{
    engine::{Rows as _, Session, sql},
    statements::{both, statements},
};

statements! {
    ADD_TICKET_KEY = both("INSERT INTO ticket_keys (period, key) VALUES ($1, $2) ON CONFLICT (period) DO NOTHING");
    FORGET_TICKET_KEYS = both("DELETE FROM ticket_keys WHERE period < $1");
    LIST_TICKET_KEYS = both("SELECT period, key FROM ticket_keys WHERE period >= $1 ORDER BY period");
}

/// Writes what is missing, forgets what is over, and reads what stands.
pub(crate) async fn keep(
    session: &mut Session<'_>,
    keys: &[TicketRow],
) -> Result<Vec<TicketRow>, StoreError> {
    let Some(first) = keys.first() else { return Ok(Vec::new()) };
    for TicketRow { period, key } in keys {
        session.execute(sql(ADD_TICKET_KEY).bind(*period).bind(&**key)).await?;
    }
    session.execute(sql(FORGET_TICKET_KEYS).bind(first.period)).await?;
    let rows = session.rows(sql(LIST_TICKET_KEYS).bind(first.period)).await?;
    let row = |row: &crate::engine::Row| {
        let row = row.of("ticket_keys");
        Ok(TicketRow { period: row.get("period")?, key: row.get("key")? })
    };
    rows.iter().map(row).collect()
}
