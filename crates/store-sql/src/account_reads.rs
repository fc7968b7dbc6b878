//! Looking at accounts without a transaction.

use async_trait::async_trait;
use wax_kernel::{AccountId, EmailAddress, EventId, Timestamp};
use wax_model::{
    Account, AccountEvent, Bearer, Belonging, KeyBearer, Session, SignUpPolicy, StoredPasskey,
    TokenPurpose,
};
use wax_store::{AccountReads, SignInTries, StoreError, Token, TokenHash};

use crate::{
    SqlStore, account_events, accounts, api_keys, operator, passkeys, recovery_codes, sessions,
    tokens, tries,
};

#[async_trait]
impl AccountReads for SqlStore {
    async fn session(&self, hash: TokenHash, now: Timestamp) -> Result<Option<Bearer>, StoreError> {
        sessions::bearer(&mut self.database.clone(), hash, now).await
    }

    async fn api_key(
        &self,
        hash: TokenHash,
        now: Timestamp,
    ) -> Result<Option<KeyBearer>, StoreError> {
        api_keys::bearer(&mut self.database.clone(), hash, now).await
    }

    async fn membership(
        &self,
        account: AccountId,
        organization: &str,
    ) -> Result<Option<Belonging>, StoreError> {
        accounts::belonging_to(&mut self.database.clone(), account, organization).await
    }

    async fn account(&self, id: AccountId) -> Result<Option<Account>, StoreError> {
        accounts::find(&mut self.database.clone(), id).await
    }

    async fn account_by_address(
        &self,
        email: &EmailAddress,
    ) -> Result<Option<Account>, StoreError> {
        accounts::find_by_address(&mut self.database.clone(), email).await
    }

    async fn belongings(&self, account: AccountId) -> Result<Vec<Belonging>, StoreError> {
        accounts::belongings(&mut self.database.clone(), account).await
    }

    async fn passkeys(&self, account: AccountId) -> Result<Vec<StoredPasskey>, StoreError> {
        passkeys::list(&mut self.database.clone(), account).await
    }

    async fn passkey(&self, credential_id: &[u8]) -> Result<Option<StoredPasskey>, StoreError> {
        passkeys::find(&mut self.database.clone(), credential_id).await
    }

    async fn recovery_codes_left(&self, account: AccountId) -> Result<u32, StoreError> {
        recovery_codes::count(&mut self.database.clone(), account).await
    }

    async fn sessions(
        &self,
        account: AccountId,
        now: Timestamp,
    ) -> Result<Vec<Session>, StoreError> {
        sessions::list(&mut self.database.clone(), account, now).await
    }

    async fn events(
        &self,
        account: AccountId,
        before: Option<(Timestamp, EventId)>,
        limit: u32,
    ) -> Result<Vec<AccountEvent>, StoreError> {
        account_events::list(&mut self.database.clone(), account, before, limit).await
    }

    async fn token(
        &self,
        hash: TokenHash,
        purpose: TokenPurpose,
        now: Timestamp,
    ) -> Result<Option<Token>, StoreError> {
        tokens::find(&mut self.database.clone(), hash, purpose, now).await
    }

    async fn sign_up(&self) -> Result<Option<SignUpPolicy>, StoreError> {
        operator::sign_up(&mut self.database.clone()).await
    }

    async fn tries(&self, key: [u8; 32], now: Timestamp) -> Result<SignInTries, StoreError> {
        tries::find(&mut self.database.clone(), key, now).await
    }
}
