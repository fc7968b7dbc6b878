//! Recovery codes: what lets a person in who has lost the second factor. Each works once.

use wax_kernel::AccountId;
use wax_store::{StoreError, TokenHash};

use crate::{
    engine::{Rows, Session, sql},
    statements::{both, statements},
};

statements! {
    COUNT_CODES = both("SELECT COUNT(*) AS codes FROM recovery_codes WHERE account_id = $1");
    DELETE_CODES = both("DELETE FROM recovery_codes WHERE account_id = $1");
    INSERT_CODE = both("INSERT INTO recovery_codes (account_id, code_sha256) VALUES ($1, $2)");
    TAKE_CODE = both("DELETE FROM recovery_codes WHERE account_id = $1 AND code_sha256 = $2");
}

pub(crate) async fn count(database: &mut impl Rows, account: AccountId) -> Result<u32, StoreError> {
    let row = database.row(sql(COUNT_CODES).bind(account)).await?;
    row.map_or(Ok(0), |row| row.of("recovery_codes").number("codes"))
}

pub(crate) async fn replace(
    session: &mut Session<'_>,
    account: AccountId,
    hashes: &[TokenHash],
) -> Result<(), StoreError> {
    session.execute(sql(DELETE_CODES).bind(account)).await?;
    for hash in hashes {
        session.execute(sql(INSERT_CODE).bind(account).bind(hash)).await?;
    }
    Ok(())
}

/// `true` once.
pub(crate) async fn take(
    session: &mut Session<'_>,
    account: AccountId,
    hash: TokenHash,
) -> Result<bool, StoreError> {
    session.changed(sql(TAKE_CODE).bind(account).bind(&hash)).await
}
