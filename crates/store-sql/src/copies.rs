//! Passkey copies: at most one of each secret.

use async_trait::async_trait;
use wax_kernel::SecretId;
use wax_store::{CopyReads, CopyRepository, SealedCopy, StoreError};

use crate::{
    engine::{Rows, Session, sql},
    scoped::Scoped,
    statements::{both, statements},
};

statements! {
    /// The data key comes along, so that looking does not read the content.
    FIND_COPY = both("SELECT data_key, copy FROM passkey_copies
        JOIN secret_contents USING (tenant_id, secret_id) WHERE tenant_id = $1 AND secret_id = $2");
    INSERT_COPY = both("INSERT INTO passkey_copies (tenant_id, secret_id, copy) VALUES ($1, $2, $3)");
    DELETE_COPY = both("DELETE FROM passkey_copies WHERE tenant_id = $1 AND secret_id = $2");
}

#[async_trait]
impl<S: Rows> CopyReads for Scoped<S> {
    async fn find(&mut self, secret: SecretId) -> Result<Option<SealedCopy>, StoreError> {
        let query = sql(FIND_COPY).bind(self.tenant).bind(secret);
        let Some(row) = self.session.row(query).await? else { return Ok(None) };
        let row = row.of("passkey_copies");
        Ok(Some(SealedCopy { data_key: row.get("data_key")?, copy: row.get("copy")? }))
    }
}

#[async_trait]
impl CopyRepository for Scoped<Session<'_>> {
    async fn insert(&mut self, secret: SecretId, copy: &[u8]) -> Result<(), StoreError> {
        let insert = sql(INSERT_COPY).bind(self.tenant).bind(secret).bind(copy);
        self.session.execute(insert).await
    }

    async fn delete(&mut self, secret: SecretId) -> Result<(), StoreError> {
        self.session.execute(sql(DELETE_COPY).bind(self.tenant).bind(secret)).await
    }
}
