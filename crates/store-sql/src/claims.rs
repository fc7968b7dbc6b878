//! Claims: one row per secret and device, for ever.

use async_trait::async_trait;
use wax_kernel::{ClaimId, SecretId, Timestamp};
use wax_model::{Claim, ClaimState, DeviceKind};
use wax_store::{Call, ClaimReads, ClaimRepository, NewClaim, StoreError};

use crate::{
    engine::{Fields, Rows, Session, sql},
    scoped::Scoped,
    statements::{both, statements},
};

/// The columns of a [`Claim`].
macro_rules! columns {
    () => {
        "id, secret_id, thumbprint, state, device, counter, created_at_ms, window_ends_at_ms, ended_at_ms, opens, \
         last_open_at_ms, handed_by"
    };
}

statements! {
    FIND_CLAIM = both(concat!("SELECT ", columns!(), " FROM claims WHERE tenant_id = $1 AND id = $2"));
    FIND_CLAIM_BY_DEVICE = both(concat!("SELECT ", columns!(), " FROM claims
        WHERE tenant_id = $1 AND secret_id = $2 AND thumbprint = $3"));
    LIST_CLAIMS = both(concat!("SELECT ", columns!(), " FROM claims
        WHERE tenant_id = $1 AND secret_id = $2 ORDER BY created_at_ms, id LIMIT $3"));
    INSERT_CLAIM = both(concat!("INSERT INTO claims (tenant_id, ", columns!(), ")
        VALUES ($1, $2, $3, $4, 'open', $5, 0, $6, $7, NULL, 0, NULL, NULL)
        ON CONFLICT DO NOTHING"));
    CALL_CLAIM = both(concat!("UPDATE claims SET counter = $5, window_ends_at_ms = $6
        WHERE tenant_id = $1 AND id = $2 AND secret_id = $3 AND thumbprint = $4 AND state = 'open' AND counter < $5
        RETURNING ", columns!()));
    OPEN_CLAIM = both(concat!("UPDATE claims SET counter = $5, opens = opens + 1, last_open_at_ms = $6
        WHERE tenant_id = $1 AND id = $2 AND secret_id = $3 AND thumbprint = $4 AND state = 'acked' AND counter < $5
        RETURNING ", columns!()));
    HAND_CLAIM = both(concat!("UPDATE claims SET counter = $5, state = 'handed', ended_at_ms = $6
        WHERE tenant_id = $1 AND id = $2 AND secret_id = $3 AND thumbprint = $4 AND state = 'acked' AND counter < $5
        RETURNING ", columns!()));
    INSERT_HANDED = both(concat!("INSERT INTO claims (tenant_id, ", columns!(), ")
        VALUES ($1, $2, $3, $4, 'acked', $5, 0, $6, $7, $6, 0, NULL, $8)
        ON CONFLICT DO NOTHING"));
    END_CLAIM = both("UPDATE claims SET state = $3, ended_at_ms = $4
        WHERE tenant_id = $1 AND id = $2 AND state = 'open'");
    END_CLAIMS = both("UPDATE claims SET state = 'lapsed', ended_at_ms = $3
        WHERE tenant_id = $1 AND secret_id = $2 AND state = 'open'");
}

fn claim(row: Fields<'_>) -> Result<Claim, StoreError> {
    Ok(Claim {
        id: row.parse("id", ClaimId::parse)?,
        secret: row.parse("secret_id", SecretId::parse)?,
        thumbprint: row.hash("thumbprint")?,
        state: row.parse("state", ClaimState::parse)?,
        device: row.parse("device", DeviceKind::parse)?,
        counter: row.get("counter")?,
        created_at: row.at("created_at_ms")?,
        window_ends_at: row.at("window_ends_at_ms")?,
        ended_at: row.maybe_at("ended_at_ms")?,
        opens: row.number("opens")?,
        last_open_at: row.maybe_at("last_open_at_ms")?,
        handed_by: row.maybe_hash("handed_by")?,
    })
}

#[async_trait]
impl<S: Rows> ClaimReads for Scoped<S> {
    async fn find(&mut self, id: ClaimId) -> Result<Option<Claim>, StoreError> {
        let query = sql(FIND_CLAIM).bind(self.tenant).bind(id);
        self.session.row(query).await?.map(|row| claim(row.of("claims"))).transpose()
    }

    async fn find_by_device(
        &mut self,
        secret: SecretId,
        thumbprint: [u8; 32],
    ) -> Result<Option<Claim>, StoreError> {
        let query = sql(FIND_CLAIM_BY_DEVICE).bind(self.tenant).bind(secret).bind(&thumbprint);
        self.session.row(query).await?.map(|row| claim(row.of("claims"))).transpose()
    }

    async fn list(&mut self, secret: SecretId, limit: u32) -> Result<Vec<Claim>, StoreError> {
        let query = sql(LIST_CLAIMS).bind(self.tenant).bind(secret).bind(limit);
        self.session.rows(query).await?.iter().map(|row| claim(row.of("claims"))).collect()
    }
}

#[async_trait]
impl ClaimRepository for Scoped<Session<'_>> {
    async fn insert(&mut self, new: &NewClaim) -> Result<bool, StoreError> {
        let insert = sql(INSERT_CLAIM)
            .bind(self.tenant)
            .bind(new.id)
            .bind(new.secret)
            .bind(&new.thumbprint)
            .bind(new.device.as_str())
            .bind(new.created_at)
            .bind(new.window_ends_at);
        self.session.changed(insert).await
    }

    async fn call(
        &mut self,
        call: &Call,
        window_ends_at: Timestamp,
    ) -> Result<Option<Claim>, StoreError> {
        let query = sql(CALL_CLAIM)
            .bind(self.tenant)
            .bind(call.claim)
            .bind(call.secret)
            .bind(&call.thumbprint)
            .bind(call.counter)
            .bind(window_ends_at);
        self.session.row(query).await?.map(|row| claim(row.of("claims"))).transpose()
    }

    async fn open(&mut self, call: &Call) -> Result<Option<Claim>, StoreError> {
        let query = sql(OPEN_CLAIM)
            .bind(self.tenant)
            .bind(call.claim)
            .bind(call.secret)
            .bind(&call.thumbprint)
            .bind(call.counter)
            .bind(call.now);
        self.session.row(query).await?.map(|row| claim(row.of("claims"))).transpose()
    }

    async fn hand(&mut self, call: &Call) -> Result<Option<Claim>, StoreError> {
        let query = sql(HAND_CLAIM)
            .bind(self.tenant)
            .bind(call.claim)
            .bind(call.secret)
            .bind(&call.thumbprint)
            .bind(call.counter)
            .bind(call.now);
        self.session.row(query).await?.map(|row| claim(row.of("claims"))).transpose()
    }

    async fn insert_handed(
        &mut self,
        new: &NewClaim,
        handed_by: [u8; 32],
    ) -> Result<bool, StoreError> {
        let insert = sql(INSERT_HANDED)
            .bind(self.tenant)
            .bind(new.id)
            .bind(new.secret)
            .bind(&new.thumbprint)
            .bind(new.device.as_str())
            .bind(new.created_at)
            .bind(new.window_ends_at)
            .bind(&handed_by);
        self.session.changed(insert).await
    }

    async fn end(
        &mut self,
        id: ClaimId,
        to: ClaimState,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let end = sql(END_CLAIM).bind(self.tenant).bind(id).bind(to.as_str()).bind(now);
        self.session.changed(end).await
    }

    async fn end_all(&mut self, secret: SecretId, now: Timestamp) -> Result<(), StoreError> {
        let end = sql(END_CLAIMS).bind(self.tenant).bind(secret).bind(now);
        self.session.execute(end).await
    }
}
