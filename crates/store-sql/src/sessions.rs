//! Sessions: one row each, found by the hash of what their browser or command line holds.

use async_trait::async_trait;
use wax_kernel::{AccountId, SessionId, Timestamp};
use wax_model::{Bearer, Session as SignedIn, SessionKind};
use wax_store::{SessionRepository, StoreError, TokenHash};

use crate::{
    engine::{Fields, Rows, Session, sql},
    statements::{both, statements},
    unscoped::Unscoped,
};

/// The columns of a session as the model knows it.
macro_rules! columns {
    () => {
        "sessions.id AS id, account_id, kind, device, network, sessions.created_at_ms AS created_at_ms, \
         last_used_at_ms, idle_ends_at_ms, ends_at_ms, stepped_up_until_ms"
    };
}

statements! {
    FIND_BEARER = both(concat!("SELECT ", columns!(), ", name, lang
        FROM sessions JOIN accounts ON accounts.id = sessions.account_id
        WHERE token_sha256 = $1 AND idle_ends_at_ms > $2"));
    LIST_SESSIONS = both(concat!("SELECT ", columns!(), " FROM sessions
        WHERE account_id = $1 AND idle_ends_at_ms > $2 ORDER BY last_used_at_ms DESC, id DESC"));
    INSERT_SESSION = both("INSERT INTO sessions (id, token_sha256, account_id, kind, device, network, created_at_ms,
            last_used_at_ms, idle_ends_at_ms, ends_at_ms, stepped_up_until_ms)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)");
    TOUCH_SESSION = both("UPDATE sessions SET network = $2, last_used_at_ms = $3,
            idle_ends_at_ms = CASE WHEN ends_at_ms < $4 THEN ends_at_ms ELSE $4 END
        WHERE id = $1 AND idle_ends_at_ms > $3");
    STEP_UP = both("UPDATE sessions SET stepped_up_until_ms = $2 WHERE id = $1");
    END_SESSION = both("DELETE FROM sessions WHERE id = $1 AND account_id = $2");
    END_SESSIONS = both("DELETE FROM sessions WHERE account_id = $1 AND (id <> $2 OR $2 IS NULL)");
}

fn signed_in(row: Fields<'_>) -> Result<SignedIn, StoreError> {
    Ok(SignedIn {
        id: row.parse("id", SessionId::parse)?,
        account: row.parse("account_id", AccountId::parse)?,
        kind: row.parse("kind", SessionKind::parse)?,
        device: row.get("device")?,
        network: row.get("network")?,
        created_at: row.at("created_at_ms")?,
        last_used_at: row.at("last_used_at_ms")?,
        idle_ends_at: row.at("idle_ends_at_ms")?,
        ends_at: row.at("ends_at_ms")?,
        stepped_up_until: row.at("stepped_up_until_ms")?,
    })
}

/// Who bears this token, unless the session has ended.
pub(crate) async fn bearer(
    database: &mut impl Rows,
    hash: TokenHash,
    now: Timestamp,
) -> Result<Option<Bearer>, StoreError> {
    let Some(row) = database.row(sql(FIND_BEARER).bind(&hash).bind(now)).await? else {
        return Ok(None);
    };
    let row = row.of("sessions");
    Ok(Some(Bearer { session: signed_in(row)?, name: row.get("name")?, lang: row.get("lang")? }))
}

/// Those that have not ended, used last first.
pub(crate) async fn list(
    database: &mut impl Rows,
    account: AccountId,
    now: Timestamp,
) -> Result<Vec<SignedIn>, StoreError> {
    let rows = database.rows(sql(LIST_SESSIONS).bind(account).bind(now)).await?;
    rows.iter().map(|row| signed_in(row.of("sessions"))).collect()
}

#[async_trait]
impl SessionRepository for Unscoped<Session<'_>> {
    async fn insert(&mut self, session: &SignedIn, hash: TokenHash) -> Result<(), StoreError> {
        let insert = sql(INSERT_SESSION)
            .bind(session.id)
            .bind(&hash)
            .bind(session.account)
            .bind(session.kind.as_str())
            .bind(&*session.device)
            .bind(&*session.network)
            .bind(session.created_at)
            .bind(session.last_used_at)
            .bind(session.idle_ends_at.min(session.ends_at))
            .bind(session.ends_at)
            .bind(session.stepped_up_until);
        self.session.execute(insert).await
    }

    async fn touch(
        &mut self,
        id: SessionId,
        network: &str,
        now: Timestamp,
        idle_ends_at: Timestamp,
    ) -> Result<(), StoreError> {
        let touch = sql(TOUCH_SESSION).bind(id).bind(network).bind(now).bind(idle_ends_at);
        self.session.execute(touch).await
    }

    async fn step_up(&mut self, id: SessionId, until: Timestamp) -> Result<(), StoreError> {
        self.session.execute(sql(STEP_UP).bind(id).bind(until)).await
    }

    async fn end(&mut self, account: AccountId, id: SessionId) -> Result<bool, StoreError> {
        self.session.changed(sql(END_SESSION).bind(id).bind(account)).await
    }

    async fn end_all(
        &mut self,
        account: AccountId,
        but: Option<SessionId>,
    ) -> Result<u64, StoreError> {
        self.session.changes(sql(END_SESSIONS).bind(account).bind(but)).await
    }
}
