//! The keys with which edges sign what they have verified.

use wax_kernel::{ContextKeyId, Timestamp};
use wax_store::{EXPIRED_KEY_KEPT, RegisteredKey, StoreError};

use crate::{
    engine::{Fields, Rows, Session, sql},
    statements::{both, statements},
};

statements! {
    INSERT_KEY = both("INSERT INTO context_keys (id, public_key, expires_at_ms) VALUES ($1, $2, $3)
        ON CONFLICT (id) DO NOTHING");
    DELETE_OLD_KEYS = both("DELETE FROM context_keys WHERE expires_at_ms <= $1");
    LIST_KEYS = both("SELECT id, public_key, expires_at_ms FROM context_keys ORDER BY expires_at_ms, id");
}

fn key(row: Fields<'_>) -> Result<RegisteredKey, StoreError> {
    Ok(RegisteredKey {
        id: row.parse("id", ContextKeyId::parse)?,
        public_key: row.hash("public_key")?,
        expires_at: row.at("expires_at_ms")?,
    })
}

pub(crate) async fn register(
    session: &mut Session<'_>,
    key: &RegisteredKey,
    now: Timestamp,
) -> Result<(), StoreError> {
    let insert = sql(INSERT_KEY).bind(key.id).bind(&key.public_key).bind(key.expires_at);
    session.execute(insert).await?;
    session.execute(sql(DELETE_OLD_KEYS).bind(now.minus(EXPIRED_KEY_KEPT))).await
}

pub(crate) async fn all(database: &mut impl Rows) -> Result<Vec<RegisteredKey>, StoreError> {
    let rows = database.rows(sql(LIST_KEYS)).await?;
    rows.iter().map(|row| key(row.of("context_keys"))).collect()
}
