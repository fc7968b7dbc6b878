//! Passkeys of accounts.

use wax_kernel::{AccountId, PasskeyId};
use wax_model::StoredPasskey;
use wax_store::StoreError;

use crate::{
    engine::{Fields, Rows, Session, sql},
    statements::{both, statements},
};

/// The columns of a [`StoredPasskey`].
macro_rules! columns {
    () => {
        "id, account_id, name, credential_id, credential, created_at_ms, last_used_at_ms"
    };
}

statements! {
    LIST_PASSKEYS = both(concat!("SELECT ", columns!(), " FROM passkeys
        WHERE account_id = $1 ORDER BY created_at_ms, id"));
    FIND_PASSKEY = both(concat!("SELECT ", columns!(), " FROM passkeys WHERE credential_id = $1"));
    INSERT_PASSKEY = both(concat!("INSERT INTO passkeys (", columns!(), ")
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (credential_id) DO NOTHING"));
    UPDATE_PASSKEY = both("UPDATE passkeys SET name = $3, credential = $4, last_used_at_ms = $5
        WHERE id = $1 AND account_id = $2");
    DELETE_PASSKEY = both("DELETE FROM passkeys WHERE id = $1 AND account_id = $2");
}

fn passkey(row: Fields<'_>) -> Result<StoredPasskey, StoreError> {
    Ok(StoredPasskey {
        id: row.parse("id", PasskeyId::parse)?,
        account: row.parse("account_id", AccountId::parse)?,
        name: row.get("name")?,
        credential_id: row.get("credential_id")?,
        credential: row.get("credential")?,
        created_at: row.at("created_at_ms")?,
        last_used_at: row.maybe_at("last_used_at_ms")?,
    })
}

/// An account's, oldest first.
pub(crate) async fn list(
    database: &mut impl Rows,
    account: AccountId,
) -> Result<Vec<StoredPasskey>, StoreError> {
    let rows = database.rows(sql(LIST_PASSKEYS).bind(account)).await?;
    rows.iter().map(|row| passkey(row.of("passkeys"))).collect()
}

pub(crate) async fn find(
    database: &mut impl Rows,
    credential_id: &[u8],
) -> Result<Option<StoredPasskey>, StoreError> {
    let row = database.row(sql(FIND_PASSKEY).bind(credential_id)).await?;
    row.map(|row| passkey(row.of("passkeys"))).transpose()
}

/// `false`: the credential is known.
pub(crate) async fn insert(
    session: &mut Session<'_>,
    passkey: &StoredPasskey,
) -> Result<bool, StoreError> {
    let insert = sql(INSERT_PASSKEY)
        .bind(passkey.id)
        .bind(passkey.account)
        .bind(&*passkey.name)
        .bind(&*passkey.credential_id)
        .bind(&*passkey.credential)
        .bind(passkey.created_at)
        .bind(passkey.last_used_at);
    session.changed(insert).await
}

/// Writes name, credential and last use.
pub(crate) async fn update(
    session: &mut Session<'_>,
    passkey: &StoredPasskey,
) -> Result<bool, StoreError> {
    let update = sql(UPDATE_PASSKEY)
        .bind(passkey.id)
        .bind(passkey.account)
        .bind(&*passkey.name)
        .bind(&*passkey.credential)
        .bind(passkey.last_used_at);
    session.changed(update).await
}

pub(crate) async fn delete(
    session: &mut Session<'_>,
    account: AccountId,
    id: PasskeyId,
) -> Result<bool, StoreError> {
    session.changed(sql(DELETE_PASSKEY).bind(id).bind(account)).await
}
