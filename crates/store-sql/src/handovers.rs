//! Hand-overs: who asks for a device-bound secret, and what was given.

use async_trait::async_trait;
use wax_kernel::{SecretId, Timestamp};
use wax_model::{Ask, DeviceKind, MAX_ASKS};
use wax_store::{HandoverReads, HandoverRepository, StoreError};

use crate::{
    engine::{Fields, Rows, Session, sql},
    scoped::Scoped,
    statements::{both, statements},
};

/// The columns of an [`Ask`].
macro_rules! columns {
    () => {
        "secret_id, thumbprint, device, receive, nonce, asked_at_ms, ends_at_ms"
    };
}

statements! {
    STANDING_ASKS = both(concat!("SELECT ", columns!(), " FROM handovers
        WHERE tenant_id = $1 AND secret_id = $2 AND keys IS NULL AND ends_at_ms > $3
        ORDER BY asked_at_ms, thumbprint LIMIT $4"));
    FIND_ASK = both(concat!("SELECT ", columns!(), " FROM handovers
        WHERE tenant_id = $1 AND secret_id = $2 AND thumbprint = $3 AND keys IS NULL"));
    FIND_GIVEN = both("SELECT keys FROM handovers
        WHERE tenant_id = $1 AND secret_id = $2 AND thumbprint = $3 AND keys IS NOT NULL");
    INSERT_ASK = both(concat!("INSERT INTO handovers (tenant_id, ", columns!(), ", keys)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, NULL)"));
    GIVE = both("UPDATE handovers SET keys = $4
        WHERE tenant_id = $1 AND secret_id = $2 AND thumbprint = $3 AND keys IS NULL");
    DELETE_HANDOVER = both("DELETE FROM handovers WHERE tenant_id = $1 AND secret_id = $2 AND thumbprint = $3");
    /// The condition on `keys` is that of the index `handovers_by_end`.
    FORGET_ASKS = both("DELETE FROM handovers WHERE keys IS NULL AND ends_at_ms <= $1");
}

fn ask(row: Fields<'_>) -> Result<Ask, StoreError> {
    Ok(Ask {
        secret: row.parse("secret_id", SecretId::parse)?,
        thumbprint: row.bytes("thumbprint")?,
        device: row.parse("device", DeviceKind::parse)?,
        receive: row.bytes("receive")?,
        nonce: row.bytes("nonce")?,
        asked_at: row.at("asked_at_ms")?,
        ends_at: row.at("ends_at_ms")?,
    })
}

#[async_trait]
impl<S: Rows> HandoverReads for Scoped<S> {
    async fn standing(&mut self, secret: SecretId, now: Timestamp) -> Result<Vec<Ask>, StoreError> {
        let query = sql(STANDING_ASKS).bind(self.tenant).bind(secret).bind(now);
        let most = u32::try_from(MAX_ASKS).unwrap_or(u32::MAX);
        let rows = self.session.rows(query.bind(most)).await?;
        rows.iter().map(|row| ask(row.of("handovers"))).collect()
    }
}

#[async_trait]
impl HandoverRepository for Scoped<Session<'_>> {
    async fn insert(&mut self, ask: &Ask) -> Result<(), StoreError> {
        let insert = sql(INSERT_ASK)
            .bind(self.tenant)
            .bind(ask.secret)
            .bind(&ask.thumbprint)
            .bind(ask.device.as_str())
            .bind(&ask.receive[..])
            .bind(&ask.nonce[..])
            .bind(ask.asked_at)
            .bind(ask.ends_at);
        self.session.execute(insert).await
    }

    async fn asked(
        &mut self,
        secret: SecretId,
        thumbprint: [u8; 32],
    ) -> Result<Option<Ask>, StoreError> {
        let query = sql(FIND_ASK).bind(self.tenant).bind(secret).bind(&thumbprint);
        self.session.row(query).await?.map(|row| ask(row.of("handovers"))).transpose()
    }

    async fn give(
        &mut self,
        secret: SecretId,
        to: [u8; 32],
        keys: &[u8],
    ) -> Result<bool, StoreError> {
        self.session.changed(sql(GIVE).bind(self.tenant).bind(secret).bind(&to).bind(keys)).await
    }

    async fn given(
        &mut self,
        secret: SecretId,
        to: [u8; 32],
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let query = sql(FIND_GIVEN).bind(self.tenant).bind(secret).bind(&to);
        self.session.row(query).await?.map(|row| row.of("handovers").get("keys")).transpose()
    }

    async fn delete(&mut self, secret: SecretId, thumbprint: [u8; 32]) -> Result<(), StoreError> {
        let delete = sql(DELETE_HANDOVER).bind(self.tenant).bind(secret).bind(&thumbprint);
        self.session.execute(delete).await
    }
}

/// Deletes asks that ended at or before `before` and were not answered.
pub(crate) async fn forget(session: &mut Session<'_>, before: Timestamp) -> Result<(), StoreError> {
    session.execute(sql(FORGET_ASKS).bind(before)).await
}
