//! A store that writes down what is asked of it: for comparing the work of two requests that must not be told apart.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use wax_kernel::{AccountId, EmailAddress, EventId, Timestamp};
use wax_model::{
    Account, AccountEvent, Bearer, Belonging, KeyBearer, Session, SignUpPolicy, StoredPasskey,
    Tenant, TenantScope, TokenPurpose,
};
use wax_store::{
    AccountReads, AccountRepository, BillingRepository, ClaimReads, CopyReads, DomainReads,
    DomainRepository, HandoverReads, OperatorRepository, OrganizationReads, OutboxRepository,
    PlatformStore, PlatformUnit, PlatformWork, Reader, SecretReads, SessionRepository, SignInTries,
    Store, StoreError, Token, TokenHash, TokenRepository, UnitOfWork, UsageReads, Work,
};

/// What was asked, in order: a read, the beginning of a unit of work, or a statement in one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Outside a transaction.
    Read,
    /// A transaction begins.
    Unit,
    /// Within it.
    Statement,
}

/// Passes everything on.
#[derive(Debug)]
pub struct Watched {
    inner: Arc<dyn Store>,
    steps: Steps,
}

type Steps = Arc<Mutex<Vec<Step>>>;

fn note(steps: &Steps, step: Step) {
    steps.lock().unwrap_or_else(PoisonError::into_inner).push(step);
}

impl Watched {
    /// Watches a store.
    pub fn new(inner: Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self { inner, steps: Steps::default() })
    }

    /// What was asked since the last call.
    pub fn steps(&self) -> Vec<Step> {
        std::mem::take(&mut *self.steps.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn read(&self) -> &dyn AccountReads {
        note(&self.steps, Step::Read);
        self.inner.accounts()
    }
}

#[async_trait]
impl Store for Watched {
    async fn run(&self, scope: TenantScope, work: Work) -> Result<(), StoreError> {
        note(&self.steps, Step::Unit);
        self.inner.run(scope, work).await
    }

    async fn run_platform(&self, work: PlatformWork) -> Result<(), StoreError> {
        note(&self.steps, Step::Unit);
        let steps = Arc::clone(&self.steps);
        let watched: PlatformWork = Arc::new(move |unit| {
            let (work, steps) = (Arc::clone(&work), Arc::clone(&steps));
            Box::pin(async move { work(&mut Watching { inner: unit, steps }).await })
        });
        self.inner.run_platform(watched).await
    }

    fn read(&self, scope: TenantScope) -> Box<dyn Reader> {
        Box::new(Reading { inner: self.inner.read(scope), steps: Arc::clone(&self.steps) })
    }

    fn accounts(&self) -> &dyn AccountReads {
        self
    }

    fn platform(&self) -> &dyn PlatformStore {
        self.inner.platform()
    }
}

/// A unit: whoever asks for a noun runs a statement of it.
struct Watching<'u> {
    inner: &'u mut dyn PlatformUnit,
    steps: Steps,
}

#[async_trait]
impl PlatformUnit for Watching<'_> {
    fn accounts(&mut self) -> &mut dyn AccountRepository {
        note(&self.steps, Step::Statement);
        self.inner.accounts()
    }

    fn sessions(&mut self) -> &mut dyn SessionRepository {
        note(&self.steps, Step::Statement);
        self.inner.sessions()
    }

    fn tokens(&mut self) -> &mut dyn TokenRepository {
        note(&self.steps, Step::Statement);
        self.inner.tokens()
    }

    fn outbox(&mut self) -> &mut dyn OutboxRepository {
        note(&self.steps, Step::Statement);
        self.inner.outbox()
    }

    fn domains(&mut self) -> &mut dyn DomainRepository {
        note(&self.steps, Step::Statement);
        self.inner.domains()
    }

    fn billing(&mut self) -> &mut dyn BillingRepository {
        note(&self.steps, Step::Statement);
        self.inner.billing()
    }

    fn operator(&mut self) -> &mut dyn OperatorRepository {
        note(&self.steps, Step::Statement);
        self.inner.operator()
    }

    fn within(&mut self, scope: TenantScope) -> Box<dyn UnitOfWork + '_> {
        note(&self.steps, Step::Statement);
        self.inner.within(scope)
    }

    async fn insert_tenant(&mut self, tenant: &Tenant) -> Result<bool, StoreError> {
        note(&self.steps, Step::Statement);
        self.inner.insert_tenant(tenant).await
    }

    async fn find_tenant(&mut self, name: &str) -> Result<Option<Tenant>, StoreError> {
        note(&self.steps, Step::Statement);
        self.inner.find_tenant(name).await
    }
}

struct Reading {
    inner: Box<dyn Reader>,
    steps: Steps,
}

impl Reader for Reading {
    fn secrets(&mut self) -> &mut dyn SecretReads {
        note(&self.steps, Step::Read);
        self.inner.secrets()
    }

    fn claims(&mut self) -> &mut dyn ClaimReads {
        note(&self.steps, Step::Read);
        self.inner.claims()
    }

    fn handovers(&mut self) -> &mut dyn HandoverReads {
        note(&self.steps, Step::Read);
        self.inner.handovers()
    }

    fn copies(&mut self) -> &mut dyn CopyReads {
        note(&self.steps, Step::Read);
        self.inner.copies()
    }

    fn organization(&mut self) -> &mut dyn OrganizationReads {
        note(&self.steps, Step::Read);
        self.inner.organization()
    }

    fn usage(&mut self) -> &mut dyn UsageReads {
        note(&self.steps, Step::Read);
        self.inner.usage()
    }

    fn domains(&mut self) -> &mut dyn DomainReads {
        note(&self.steps, Step::Read);
        self.inner.domains()
    }
}

#[async_trait]
impl AccountReads for Watched {
    async fn session(&self, hash: TokenHash, now: Timestamp) -> Result<Option<Bearer>, StoreError> {
        self.read().session(hash, now).await
    }

    async fn api_key(
        &self,
        hash: TokenHash,
        now: Timestamp,
    ) -> Result<Option<KeyBearer>, StoreError> {
        self.read().api_key(hash, now).await
    }

    async fn membership(
        &self,
        account: AccountId,
        organization: &str,
    ) -> Result<Option<Belonging>, StoreError> {
        self.read().membership(account, organization).await
    }

    async fn account(&self, id: AccountId) -> Result<Option<Account>, StoreError> {
        self.read().account(id).await
    }

    async fn account_by_address(
        &self,
        email: &EmailAddress,
    ) -> Result<Option<Account>, StoreError> {
        self.read().account_by_address(email).await
    }

    async fn belongings(&self, account: AccountId) -> Result<Vec<Belonging>, StoreError> {
        self.read().belongings(account).await
    }

    async fn passkeys(&self, account: AccountId) -> Result<Vec<StoredPasskey>, StoreError> {
        self.read().passkeys(account).await
    }

    async fn passkey(&self, credential_id: &[u8]) -> Result<Option<StoredPasskey>, StoreError> {
        self.read().passkey(credential_id).await
    }

    async fn recovery_codes_left(&self, account: AccountId) -> Result<u32, StoreError> {
        self.read().recovery_codes_left(account).await
    }

    async fn sessions(
        &self,
        account: AccountId,
        now: Timestamp,
    ) -> Result<Vec<Session>, StoreError> {
        self.read().sessions(account, now).await
    }

    async fn events(
        &self,
        account: AccountId,
        before: Option<(Timestamp, EventId)>,
        limit: u32,
    ) -> Result<Vec<AccountEvent>, StoreError> {
        self.read().events(account, before, limit).await
    }

    async fn token(
        &self,
        hash: TokenHash,
        purpose: TokenPurpose,
        now: Timestamp,
    ) -> Result<Option<Token>, StoreError> {
        self.read().token(hash, purpose, now).await
    }

    async fn sign_up(&self) -> Result<Option<SignUpPolicy>, StoreError> {
        self.read().sign_up().await
    }

    async fn tries(&self, key: [u8; 32], now: Timestamp) -> Result<SignInTries, StoreError> {
        self.read().tries(key, now).await
    }
}
