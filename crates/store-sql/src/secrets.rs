//! Secrets: one row each, and their ciphertext beside it.

use async_trait::async_trait;
use wax_kernel::{DomainId, ReceiptId, SecretId, Timestamp};
use wax_model::{
    Actor, Argon2Params, EndState, Kind, Sealed, Secret, SecretState, lock_at, wait_after,
};
use wax_store::{
    Attempt, AttemptOutcome, NewSecret, SealedContent, SealedWrap, SecretFilter, SecretReads,
    SecretRepository, StoreError,
};

use crate::{
    dialect::locking,
    engine::{Fields, Query, Rows, Session, sql},
    scoped::Scoped,
    statements::{both, statements},
};

/// The columns of a [`Secret`].
macro_rules! columns {
    () => {
        "id, rid, domain_id, created_by, state, kind, sealed, argon2_m_kib, argon2_t, argon2_p, peek_sha256, ack_sha256, receipt_sha256, \
         body_sha256, views, views_left, open_claims, wrong_tries, next_try_at_ms, policy_version, content_bytes, \
         key_day, created_at_ms, expires_at_ms, ended_at_ms, kept_until_ms"
    };
}

/// A filter's other columns. NULL: any. The comparison stands first: it tells Postgres the parameter's type.
macro_rules! wanted {
    () => {
        "(state = $4 OR $4 IS NULL) AND (kind = $5 OR $5 IS NULL) AND (domain_id = $6 OR $6 IS NULL)"
    };
}

/// Whether the claim key that was tried is the right one. The code is written once and deleted with the secret, and a
/// secret without it has no view to take, so it does not matter that this reads it beside the row's lock.
macro_rules! right {
    () => {
        "(SELECT claim_mac FROM secret_wraps WHERE tenant_id = $1 AND secret_id = $2) = $3"
    };
}

statements! {
    FIND_SECRET = both(concat!("SELECT ", columns!(), " FROM secrets WHERE tenant_id = $1 AND id = $2"));
    FIND_SECRET_BY_RECEIPT = both(concat!("SELECT ", columns!(), " FROM secrets WHERE tenant_id = $1 AND rid = $2"));
    LOCK_SECRET = locking!(concat!("SELECT ", columns!(), " FROM secrets WHERE tenant_id = $1 AND id = $2"));
    /// The cursor is a row value, so that secrets made in one millisecond are neither skipped nor repeated.
    LIST_SECRETS = both(concat!("SELECT ", columns!(), " FROM secrets
        WHERE tenant_id = $1 AND (created_at_ms, id) < ($2, $3) AND ", wanted!(), "
        ORDER BY created_at_ms DESC, id DESC LIMIT $7"));
    /// A statement of its own, so that an actor who made ten finds them among a million.
    LIST_MADE_BY = both(concat!("SELECT ", columns!(), " FROM secrets
        WHERE tenant_id = $1 AND (created_at_ms, id) < ($2, $3) AND ", wanted!(), " AND created_by = $8
        ORDER BY created_at_ms DESC, id DESC LIMIT $7"));
    FIND_WRAP = both("SELECT data_key, wrapped_key FROM secret_wraps WHERE tenant_id = $1 AND secret_id = $2");
    FIND_CONTENT = both("SELECT data_key, header, policy, content FROM secret_contents
        WHERE tenant_id = $1 AND secret_id = $2");

    INSERT_SECRET = both(concat!("INSERT INTO secrets (tenant_id, ", columns!(), ")
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
            $23, $24, $25, $26, $27)
        ON CONFLICT DO NOTHING"));
    INSERT_WRAP = both("INSERT INTO secret_wraps (tenant_id, secret_id, data_key, claim_mac, wrapped_key)
        VALUES ($1, $2, $3, $4, $5)");
    INSERT_CONTENT = both("INSERT INTO secret_contents (tenant_id, secret_id, data_key, header, policy, content)
        VALUES ($1, $2, $3, $4, $5, $6)");

    /// The right key takes a view, a wrong one is counted: one statement, so that no two devices take one view and no
    /// two tries count as one. On the right of every `=` stands the row as it was.
    ATTEMPT = both(concat!("UPDATE secrets SET
            views_left = CASE WHEN ", right!(), " THEN views_left - 1 ELSE views_left END,
            open_claims = CASE WHEN ", right!(), " THEN open_claims + 1 ELSE open_claims END,
            wrong_tries = CASE WHEN ", right!(), " THEN wrong_tries ELSE wrong_tries + 1 END,
            next_try_at_ms = CASE
                WHEN ", right!(), " OR wrong_tries < 4 THEN next_try_at_ms
                WHEN wrong_tries = 4 THEN $6
                WHEN wrong_tries = 5 THEN $7
                ELSE $8 END,
            state = CASE
                WHEN ", right!(), " AND views_left = 1 THEN 'draining'
                WHEN ", right!(), " OR wrong_tries + 1 < $9 + views - views_left THEN 'ready'
                ELSE 'locked' END
        WHERE tenant_id = $1 AND id = $2 AND state = 'ready' AND views_left > 0
            AND expires_at_ms > $5 AND next_try_at_ms <= $5 AND policy_version = $4
        RETURNING ", right!(), " AS taken, ", columns!()));

    CLOSE_CLAIM = both(concat!("UPDATE secrets SET open_claims = open_claims - 1
        WHERE tenant_id = $1 AND id = $2 AND state IN ('ready', 'locked', 'draining') AND open_claims > 0
        RETURNING ", columns!()));
    END_SECRET = both("UPDATE secrets SET state = $3, ended_at_ms = $4, open_claims = 0
        WHERE tenant_id = $1 AND id = $2 AND state IN ('ready', 'locked', 'draining', 'bound')");
    BIND_SECRET = both("UPDATE secrets SET state = 'bound'
        WHERE tenant_id = $1 AND id = $2 AND state = 'draining' AND kind = 'device_bound' AND open_claims = 0");
    DELETE_WRAP = both("DELETE FROM secret_wraps WHERE tenant_id = $1 AND secret_id = $2");
    DELETE_CONTENT = both("DELETE FROM secret_contents WHERE tenant_id = $1 AND secret_id = $2");
    DELETE_HANDOVERS = both("DELETE FROM handovers WHERE tenant_id = $1 AND secret_id = $2");
    DRAIN_SECRET = both("UPDATE secrets SET state = 'draining'
        WHERE tenant_id = $1 AND id = $2 AND state IN ('ready', 'locked')");
    UNLOCK_SECRET = both("UPDATE secrets SET state = 'ready', wrong_tries = 0, next_try_at_ms = 0
        WHERE tenant_id = $1 AND id = $2
            AND (state = 'locked' OR state = 'ready' AND wrong_tries > 0)");
    /// Its claims go with it (ON DELETE CASCADE).
    FORGET_SECRET = both("DELETE FROM secrets
        WHERE tenant_id = $1 AND id = $2 AND state IN ('destroyed', 'burned', 'expired', 'restored')
            AND kept_until_ms <= $3");
}

fn secret(row: Fields<'_>) -> Result<Secret, StoreError> {
    Ok(Secret {
        id: row.parse("id", SecretId::parse)?,
        rid: row.parse("rid", ReceiptId::parse)?,
        domain: row.parse("domain_id", DomainId::parse)?,
        created_by: row.maybe_parse("created_by", Actor::parse)?,
        state: row.parse("state", SecretState::parse)?,
        kind: row.parse("kind", Kind::parse)?,
        sealed: row.parse("sealed", Sealed::parse)?,
        passphrase: passphrase(row)?,
        peek_sha256: row.hash("peek_sha256")?,
        ack_sha256: row.hash("ack_sha256")?,
        receipt_sha256: row.hash("receipt_sha256")?,
        body_sha256: row.hash("body_sha256")?,
        views: row.number("views")?,
        views_left: row.number("views_left")?,
        open_claims: row.number("open_claims")?,
        wrong_tries: row.number("wrong_tries")?,
        next_try_at: row.at("next_try_at_ms")?,
        policy_version: row.get("policy_version")?,
        content_bytes: row.number("content_bytes")?,
        key_day: row.get("key_day")?,
        created_at: row.at("created_at_ms")?,
        expires_at: row.at("expires_at_ms")?,
        ended_at: row.maybe_at("ended_at_ms")?,
        kept_until: row.at("kept_until_ms")?,
    })
}

fn passphrase(row: Fields<'_>) -> Result<Option<Argon2Params>, StoreError> {
    let m_kib = row.maybe_number("argon2_m_kib")?;
    let t = row.maybe_number("argon2_t")?;
    match (m_kib, t, row.maybe_number("argon2_p")?) {
        (None, None, None) => Ok(None),
        (Some(m_kib), Some(t), Some(p)) => Ok(Some(Argon2Params { m_kib, t, p })),
        _ => Err(row.corrupt("argon2_m_kib")),
    }
}

fn wrap(row: Fields<'_>) -> Result<SealedWrap, StoreError> {
    Ok(SealedWrap { data_key: row.get("data_key")?, wrapped_key: row.get("wrapped_key")? })
}

fn content(row: Fields<'_>) -> Result<SealedContent, StoreError> {
    Ok(SealedContent {
        data_key: row.get("data_key")?,
        header: row.get("header")?,
        policy: row.get("policy")?,
        content: row.get("content")?,
    })
}

#[async_trait]
impl<S: Rows> SecretReads for Scoped<S> {
    async fn find(&mut self, id: SecretId) -> Result<Option<Secret>, StoreError> {
        let query = sql(FIND_SECRET).bind(self.tenant).bind(id);
        self.session.row(query).await?.map(|row| secret(row.of("secrets"))).transpose()
    }

    async fn find_by_receipt(&mut self, rid: ReceiptId) -> Result<Option<Secret>, StoreError> {
        let query = sql(FIND_SECRET_BY_RECEIPT).bind(self.tenant).bind(rid);
        self.session.row(query).await?.map(|row| secret(row.of("secrets"))).transpose()
    }

    async fn wrap(&mut self, id: SecretId) -> Result<Option<SealedWrap>, StoreError> {
        let query = sql(FIND_WRAP).bind(self.tenant).bind(id);
        self.session.row(query).await?.map(|row| wrap(row.of("secret_wraps"))).transpose()
    }

    async fn content(&mut self, id: SecretId) -> Result<Option<SealedContent>, StoreError> {
        let query = sql(FIND_CONTENT).bind(self.tenant).bind(id);
        self.session.row(query).await?.map(|row| content(row.of("secret_contents"))).transpose()
    }

    async fn list(
        &mut self,
        filter: &SecretFilter,
        before: Option<(Timestamp, SecretId)>,
        limit: u32,
    ) -> Result<Vec<Secret>, StoreError> {
        let page = |query: Query| {
            let query = query.bind(self.tenant).before(before);
            let query = query.bind(filter.state.map(SecretState::as_str));
            query.bind(filter.kind.map(Kind::as_str)).bind(filter.domain).bind(limit)
        };
        let query = match filter.created_by {
            Some(actor) => page(sql(LIST_MADE_BY)).bind(actor),
            None => page(sql(LIST_SECRETS)),
        };
        let rows = self.session.rows(query).await?;
        rows.iter().map(|row| secret(row.of("secrets"))).collect()
    }
}

#[async_trait]
impl SecretRepository for Scoped<Session<'_>> {
    async fn insert(&mut self, new: &NewSecret) -> Result<bool, StoreError> {
        let NewSecret { secret, claim_mac, wrap, content } = new;
        let insert = sql(INSERT_SECRET)
            .bind(self.tenant)
            .bind(secret.id)
            .bind(secret.rid)
            .bind(secret.domain)
            .bind(secret.created_by)
            .bind(secret.state.as_str())
            .bind(secret.kind.as_str())
            .bind(secret.sealed.as_str())
            .bind(secret.passphrase.map(|params| params.m_kib))
            .bind(secret.passphrase.map(|params| params.t))
            .bind(secret.passphrase.map(|params| u32::from(params.p)))
            .bind(&secret.peek_sha256)
            .bind(&secret.ack_sha256)
            .bind(&secret.receipt_sha256)
            .bind(&secret.body_sha256)
            .bind(secret.views)
            .bind(secret.views_left)
            .bind(secret.open_claims)
            .bind(secret.wrong_tries)
            .bind(secret.next_try_at)
            .bind(secret.policy_version)
            .bind(secret.content_bytes)
            .bind(secret.key_day)
            .bind(secret.created_at)
            .bind(secret.expires_at)
            .bind(secret.ended_at)
            .bind(secret.kept_until);
        if !self.session.changed(insert).await? {
            return Ok(false);
        }
        let insert = sql(INSERT_WRAP)
            .bind(self.tenant)
            .bind(secret.id)
            .bind(&*wrap.data_key)
            .bind(claim_mac)
            .bind(&*wrap.wrapped_key);
        self.session.execute(insert).await?;
        let insert = sql(INSERT_CONTENT)
            .bind(self.tenant)
            .bind(secret.id)
            .bind(&*content.data_key)
            .bind(&*content.header)
            .bind(&*content.policy)
            .bind(&*content.content);
        self.session.execute(insert).await?;
        Ok(true)
    }

    async fn attempt(&mut self, attempt: &Attempt) -> Result<AttemptOutcome, StoreError> {
        let query = sql(ATTEMPT)
            .bind(self.tenant)
            .bind(attempt.secret)
            .bind(&attempt.claim_mac)
            .bind(attempt.policy_version)
            .bind(attempt.now)
            .bind(attempt.now.plus(wait_after(5)))
            .bind(attempt.now.plus(wait_after(6)))
            .bind(attempt.now.plus(wait_after(7)))
            .bind(lock_at(0));
        let row = self.session.row(query).await?;
        let Some(row) = &row else { return Ok(AttemptOutcome::Refused) };
        let row = row.of("secrets");
        let outcome =
            if row.get("taken")? { AttemptOutcome::Taken } else { AttemptOutcome::Counted };
        secret(row).map(outcome)
    }

    async fn lock(&mut self, id: SecretId) -> Result<Option<Secret>, StoreError> {
        let query = sql(LOCK_SECRET).bind(self.tenant).bind(id);
        self.session.row(query).await?.map(|row| secret(row.of("secrets"))).transpose()
    }

    async fn close_claim(&mut self, id: SecretId) -> Result<Option<Secret>, StoreError> {
        let query = sql(CLOSE_CLAIM).bind(self.tenant).bind(id);
        self.session.row(query).await?.map(|row| secret(row.of("secrets"))).transpose()
    }

    async fn bind(&mut self, id: SecretId) -> Result<bool, StoreError> {
        if !self.session.changed(sql(BIND_SECRET).bind(self.tenant).bind(id)).await? {
            return Ok(false);
        }
        self.session.changed(sql(DELETE_WRAP).bind(self.tenant).bind(id)).await
    }

    async fn end(
        &mut self,
        id: SecretId,
        to: EndState,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let to = SecretState::from(to);
        let end = sql(END_SECRET).bind(self.tenant).bind(id).bind(to.as_str()).bind(now);
        if !self.session.changed(end).await? {
            return Ok(false);
        }
        self.session.execute(sql(DELETE_WRAP).bind(self.tenant).bind(id)).await?;
        self.session.execute(sql(DELETE_CONTENT).bind(self.tenant).bind(id)).await?;
        self.session.execute(sql(DELETE_HANDOVERS).bind(self.tenant).bind(id)).await?;
        Ok(true)
    }

    async fn drain(&mut self, id: SecretId) -> Result<bool, StoreError> {
        self.session.changed(sql(DRAIN_SECRET).bind(self.tenant).bind(id)).await
    }

    async fn unlock(&mut self, id: SecretId) -> Result<bool, StoreError> {
        self.session.changed(sql(UNLOCK_SECRET).bind(self.tenant).bind(id)).await
    }

    async fn forget(&mut self, id: SecretId, now: Timestamp) -> Result<bool, StoreError> {
        self.session.changed(sql(FORGET_SECRET).bind(self.tenant).bind(id).bind(now)).await
    }
}
