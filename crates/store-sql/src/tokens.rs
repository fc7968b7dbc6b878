//! Values that are taken once, and wrong tries.

use async_trait::async_trait;
use wax_kernel::Timestamp;
use wax_model::TokenPurpose;
use wax_store::{NewToken, StoreError, Token, TokenHash, TokenRepository, Tried};

use crate::{
    engine::{Fields, Rows, Session, sql},
    statements::{both, statements},
    tries,
    unscoped::Unscoped,
};

statements! {
    FIND_TOKEN = both("SELECT subject, payload, expires_at_ms FROM tokens
        WHERE purpose = $1 AND token_sha256 = $2 AND expires_at_ms > $3");
    /// One that has ended and was not forgotten yet gives way.
    INSERT_TOKEN = both("INSERT INTO tokens (purpose, token_sha256, subject, payload, expires_at_ms)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (purpose, token_sha256) DO UPDATE
            SET subject = excluded.subject, payload = excluded.payload, expires_at_ms = excluded.expires_at_ms
            WHERE tokens.expires_at_ms <= $6");
    TAKE_TOKEN = both("DELETE FROM tokens WHERE purpose = $1 AND token_sha256 = $2 AND expires_at_ms > $3
        RETURNING subject, payload, expires_at_ms");
    UPDATE_TOKEN = both("UPDATE tokens SET payload = $4
        WHERE purpose = $1 AND token_sha256 = $2 AND expires_at_ms > $3");
    KEEP_TOKEN = both("UPDATE tokens SET payload = $4, expires_at_ms = $5
        WHERE purpose = $1 AND token_sha256 = $2 AND expires_at_ms > $3");
    REVOKE_TOKENS = both("DELETE FROM tokens WHERE purpose = $1 AND subject = $2");
    DELETE_TOKENS_OF = both("DELETE FROM tokens WHERE subject = $1");
}

fn token(row: Fields<'_>) -> Result<Token, StoreError> {
    Ok(Token {
        subject: row.get("subject")?,
        payload: row.get("payload")?,
        expires_at: row.at("expires_at_ms")?,
    })
}

/// Without taking it.
pub(crate) async fn find(
    database: &mut impl Rows,
    hash: TokenHash,
    purpose: TokenPurpose,
    now: Timestamp,
) -> Result<Option<Token>, StoreError> {
    let query = sql(FIND_TOKEN).bind(purpose.as_str()).bind(&hash).bind(now);
    database.row(query).await?.map(|row| token(row.of("tokens"))).transpose()
}

/// Of any purpose.
pub(crate) async fn delete_of(session: &mut Session<'_>, subject: &str) -> Result<(), StoreError> {
    session.execute(sql(DELETE_TOKENS_OF).bind(subject)).await
}

#[async_trait]
impl TokenRepository for Unscoped<Session<'_>> {
    async fn insert(&mut self, token: &NewToken, now: Timestamp) -> Result<bool, StoreError> {
        let insert = sql(INSERT_TOKEN)
            .bind(token.purpose.as_str())
            .bind(&token.hash)
            .bind(&*token.subject)
            .bind(&*token.payload)
            .bind(token.expires_at)
            .bind(now);
        self.session.changed(insert).await
    }

    async fn take(
        &mut self,
        hash: TokenHash,
        purpose: TokenPurpose,
        now: Timestamp,
    ) -> Result<Option<Token>, StoreError> {
        let take = sql(TAKE_TOKEN).bind(purpose.as_str()).bind(&hash).bind(now);
        self.session.row(take).await?.map(|row| token(row.of("tokens"))).transpose()
    }

    async fn update(
        &mut self,
        hash: TokenHash,
        purpose: TokenPurpose,
        payload: &[u8],
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let update = sql(UPDATE_TOKEN).bind(purpose.as_str()).bind(&hash).bind(now).bind(payload);
        self.session.changed(update).await
    }

    async fn keep(
        &mut self,
        hash: TokenHash,
        purpose: TokenPurpose,
        payload: &[u8],
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        let keep = sql(KEEP_TOKEN).bind(purpose.as_str()).bind(&hash).bind(now).bind(payload);
        self.session.changed(keep.bind(until)).await
    }

    async fn revoke(&mut self, purpose: TokenPurpose, subject: &str) -> Result<u64, StoreError> {
        self.session.changes(sql(REVOKE_TOKENS).bind(purpose.as_str()).bind(subject)).await
    }

    async fn count_try(&mut self, key: [u8; 32], now: Timestamp) -> Result<Tried, StoreError> {
        tries::count(&mut self.session, key, now).await
    }

    async fn clear_tries(&mut self, key: [u8; 32]) -> Result<(), StoreError> {
        tries::clear(&mut self.session, key).await
    }
}
