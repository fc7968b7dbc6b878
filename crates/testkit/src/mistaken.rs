//! A store that looks at rows before it holds their lock, and decides by what it saw.
//!
//! In each unit of work one step is replaced by the same step done wrongly; everything else is passed on. The step's
//! answer is the one that a statement without the missing condition would have given.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use wax_kernel::{ClaimId, EventId, ReceiptId, SecretId, Timestamp};
use wax_model::{AuditEvent, Claim, ClaimState, EndState, OutboxMessage, Secret, TenantScope};
use wax_store::{
    AccountReads, Attempt, AttemptOutcome, AuditRepository, Call, ClaimReads, ClaimRepository,
    CopyRepository, DomainReads, HandoverRepository, NewClaim, NewSecret, OrganizationRepository,
    OutboxRepository, PlatformStore, PlatformWork, Reader, SealedContent, SealedWrap, SecretFilter,
    SecretReads, SecretRepository, Store, StoreError, UnitOfWork, UsageRepository, Work,
};

use crate::Fault;

/// More claims than a secret of a test has.
const ALL_CLAIMS: u32 = 1_000;

/// Makes one mistake in every unit.
#[derive(Debug)]
pub(crate) struct Mistaken {
    inner: Arc<dyn Store>,
    fault: Fault,
    pause: Duration,
}

impl Mistaken {
    /// `pause` lies between looking and locking.
    pub(crate) fn new(inner: Arc<dyn Store>, fault: Fault, pause: Duration) -> Self {
        Self { inner, fault, pause }
    }
}

#[async_trait]
impl Store for Mistaken {
    async fn run(&self, scope: TenantScope, work: Work) -> Result<(), StoreError> {
        let (fault, pause) = (self.fault, self.pause);
        let mistaken: Work = Arc::new(move |uow| {
            let work = Arc::clone(&work);
            Box::pin(async move {
                let mut unit = Unit { uow, fault, pause, seen: None, claims: Vec::new() };
                work(&mut unit).await
            })
        });
        self.inner.run(scope, mistaken).await
    }

    async fn run_platform(&self, work: PlatformWork) -> Result<(), StoreError> {
        self.inner.run_platform(work).await
    }

    fn read(&self, scope: TenantScope) -> Box<dyn Reader> {
        self.inner.read(scope)
    }

    fn accounts(&self) -> &dyn AccountReads {
        self.inner.accounts()
    }

    fn platform(&self) -> &dyn PlatformStore {
        self.inner.platform()
    }
}

/// One unit, and what it saw too early.
struct Unit<'u> {
    uow: &'u mut dyn UnitOfWork,
    fault: Fault,
    pause: Duration,
    seen: Option<Secret>,
    claims: Vec<Claim>,
}

impl Unit<'_> {
    /// Looks without a lock. What it sees is out of date as soon as it is used.
    async fn look(&mut self, id: SecretId) -> Result<(), StoreError> {
        self.seen = self.uow.secrets().find(id).await?;
        self.claims = self.uow.claims().list(id, ALL_CLAIMS).await?;
        tokio::time::sleep(self.pause).await;
        Ok(())
    }

    fn claim_seen(&self, thumbprint: [u8; 32]) -> Option<&Claim> {
        self.claims.iter().find(|claim| claim.thumbprint == thumbprint)
    }

    /// The counter rises, as far as could be seen before the lock.
    fn counted_in_memory(&self, call: &Call, state: ClaimState) -> Option<Claim> {
        let rises = |claim: &&Claim| claim.state == state && claim.counter < call.counter;
        let seen = self.claim_seen(call.thumbprint).filter(rises)?;
        Some(Claim { counter: call.counter, ..seen.clone() })
    }

    /// `SET wrong_tries = <what was read> + 1`: tries that were counted meanwhile are counted as this one.
    async fn count_again(&mut self, counted: Secret) -> Result<AttemptOutcome, StoreError> {
        let read = self.seen.as_ref().map_or(0, |seen| seen.wrong_tries);
        if counted.wrong_tries > read + 1 {
            self.uow.undo().await?;
        }
        Ok(AttemptOutcome::Counted(Secret { wrong_tries: read + 1, ..counted }))
    }
}

#[async_trait]
impl UnitOfWork for Unit<'_> {
    fn secrets(&mut self) -> &mut dyn SecretRepository {
        self
    }

    fn claims(&mut self) -> &mut dyn ClaimRepository {
        self
    }

    fn handovers(&mut self) -> &mut dyn HandoverRepository {
        self.uow.handovers()
    }

    fn copies(&mut self) -> &mut dyn CopyRepository {
        self.uow.copies()
    }

    fn organization(&mut self) -> &mut dyn OrganizationRepository {
        self.uow.organization()
    }

    fn domains(&mut self) -> &mut dyn DomainReads {
        self.uow.domains()
    }

    fn usage(&mut self) -> &mut dyn UsageRepository {
        self.uow.usage()
    }

    fn audit(&mut self) -> &mut dyn AuditRepository {
        self
    }

    fn outbox(&mut self) -> &mut dyn OutboxRepository {
        self
    }

    async fn savepoint(&mut self) -> Result<(), StoreError> {
        self.uow.savepoint().await
    }

    async fn undo(&mut self) -> Result<(), StoreError> {
        self.uow.undo().await
    }
}

#[async_trait]
impl SecretReads for Unit<'_> {
    async fn find(&mut self, id: SecretId) -> Result<Option<Secret>, StoreError> {
        self.uow.secrets().find(id).await
    }

    async fn find_by_receipt(&mut self, rid: ReceiptId) -> Result<Option<Secret>, StoreError> {
        self.uow.secrets().find_by_receipt(rid).await
    }

    async fn wrap(&mut self, id: SecretId) -> Result<Option<SealedWrap>, StoreError> {
        self.uow.secrets().wrap(id).await
    }

    async fn content(&mut self, id: SecretId) -> Result<Option<SealedContent>, StoreError> {
        self.uow.secrets().content(id).await
    }

    async fn list(
        &mut self,
        filter: &SecretFilter,
        before: Option<(Timestamp, SecretId)>,
        limit: u32,
    ) -> Result<Vec<Secret>, StoreError> {
        self.uow.secrets().list(filter, before, limit).await
    }
}

#[async_trait]
impl SecretRepository for Unit<'_> {
    async fn insert(&mut self, new: &NewSecret) -> Result<bool, StoreError> {
        self.uow.secrets().insert(new).await
    }

    async fn attempt(&mut self, attempt: &Attempt) -> Result<AttemptOutcome, StoreError> {
        if matches!(self.fault, Fault::NotExists | Fault::TriesOutsideUpdate) {
            self.look(attempt.secret).await?;
        }
        match self.uow.secrets().attempt(attempt).await? {
            AttemptOutcome::Counted(counted) if self.fault == Fault::TriesOutsideUpdate => {
                self.count_again(counted).await
            }
            outcome => Ok(outcome),
        }
    }

    async fn lock(&mut self, id: SecretId) -> Result<Option<Secret>, StoreError> {
        match self.fault {
            Fault::AckWithoutLock => {
                self.look(id).await?;
                Ok(self.seen.clone())
            }
            Fault::CounterInMemory => {
                self.look(id).await?;
                self.uow.secrets().lock(id).await
            }
            _ => self.uow.secrets().lock(id).await,
        }
    }

    async fn close_claim(&mut self, id: SecretId) -> Result<Option<Secret>, StoreError> {
        let closed = self.uow.secrets().close_claim(id).await?;
        // Decides by the row as it was seen, as if nobody had changed it since.
        let seen = self.seen.clone().filter(|_| self.fault == Fault::AckWithoutLock);
        Ok(closed.map(|closed| match seen {
            Some(seen) => Secret { open_claims: seen.open_claims.saturating_sub(1), ..seen },
            None => closed,
        }))
    }

    async fn bind(&mut self, id: SecretId) -> Result<bool, StoreError> {
        self.uow.secrets().bind(id).await
    }

    async fn end(
        &mut self,
        id: SecretId,
        to: EndState,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.uow.secrets().end(id, to, now).await
    }

    async fn drain(&mut self, id: SecretId) -> Result<bool, StoreError> {
        self.uow.secrets().drain(id).await
    }

    async fn unlock(&mut self, id: SecretId) -> Result<bool, StoreError> {
        self.uow.secrets().unlock(id).await
    }

    async fn forget(&mut self, id: SecretId, now: Timestamp) -> Result<bool, StoreError> {
        self.uow.secrets().forget(id, now).await
    }
}

#[async_trait]
impl ClaimReads for Unit<'_> {
    async fn find(&mut self, id: ClaimId) -> Result<Option<Claim>, StoreError> {
        self.uow.claims().find(id).await
    }

    async fn find_by_device(
        &mut self,
        secret: SecretId,
        thumbprint: [u8; 32],
    ) -> Result<Option<Claim>, StoreError> {
        self.uow.claims().find_by_device(secret, thumbprint).await
    }

    async fn list(&mut self, secret: SecretId, limit: u32) -> Result<Vec<Claim>, StoreError> {
        self.uow.claims().list(secret, limit).await
    }
}

#[async_trait]
impl ClaimRepository for Unit<'_> {
    async fn insert(&mut self, new: &NewClaim) -> Result<bool, StoreError> {
        let written = self.uow.claims().insert(new).await?;
        // `NOT EXISTS` said that there is none, so the view stays taken.
        let believed = self.fault == Fault::NotExists && self.claim_seen(new.thumbprint).is_none();
        Ok(written || believed)
    }

    async fn call(
        &mut self,
        call: &Call,
        window_ends_at: Timestamp,
    ) -> Result<Option<Claim>, StoreError> {
        let called = self.uow.claims().call(call, window_ends_at).await?;
        if called.is_some() || self.fault != Fault::CounterInMemory {
            return Ok(called);
        }
        Ok(self.counted_in_memory(call, ClaimState::Open))
    }

    async fn open(&mut self, call: &Call) -> Result<Option<Claim>, StoreError> {
        let opened = self.uow.claims().open(call).await?;
        if opened.is_some() || self.fault != Fault::CounterInMemory {
            return Ok(opened);
        }
        Ok(self.counted_in_memory(call, ClaimState::Acked))
    }

    async fn hand(&mut self, call: &Call) -> Result<Option<Claim>, StoreError> {
        self.uow.claims().hand(call).await
    }

    async fn insert_handed(
        &mut self,
        new: &NewClaim,
        handed_by: [u8; 32],
    ) -> Result<bool, StoreError> {
        self.uow.claims().insert_handed(new, handed_by).await
    }

    async fn end(
        &mut self,
        id: ClaimId,
        to: ClaimState,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.uow.claims().end(id, to, now).await
    }

    async fn end_all(&mut self, secret: SecretId, now: Timestamp) -> Result<(), StoreError> {
        self.uow.claims().end_all(secret, now).await
    }
}

#[async_trait]
impl AuditRepository for Unit<'_> {
    async fn record(&mut self, event: &AuditEvent) -> Result<(), StoreError> {
        self.uow.audit().record(event).await
    }

    async fn list(
        &mut self,
        after: Option<(Timestamp, EventId)>,
        limit: u32,
    ) -> Result<Vec<AuditEvent>, StoreError> {
        self.uow.audit().list(after, limit).await
    }
}

#[async_trait]
impl OutboxRepository for Unit<'_> {
    async fn send(&mut self, message: &OutboxMessage) -> Result<(), StoreError> {
        self.uow.outbox().send(message).await
    }
}
