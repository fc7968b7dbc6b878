//! A store that is broken on purpose.

use std::{fmt, mem, sync::Arc, time::Duration};

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use wax_kernel::{ClaimId, EventId, ReceiptId, SecretId, Timestamp};
use wax_model::{Ask, AuditEvent, Claim, ClaimState, EndState, OutboxMessage, Secret, TenantScope};
use wax_store::{
    AccountReads, Attempt, AttemptOutcome, AuditRepository, Call, ClaimReads, ClaimRepository,
    CopyReads, CopyRepository, DomainReads, HandoverReads, HandoverRepository, NewClaim, NewSecret,
    OrganizationRepository, OutboxRepository, PlatformStore, PlatformWork, Reader, SealedContent,
    SealedCopy, SealedWrap, SecretFilter, SecretReads, SecretRepository, Store, StoreError,
    UnitOfWork, UsageRepository, Work,
};

/// Looks first and writes later: the mistake that lets two readers have one view.
///
/// Each unit runs against the inner store and is undone; its answer stands. What it wrote is written afterwards, in a
/// second transaction, as a handler does that selects a row, answers, and then deletes it. Alone it behaves like the
/// inner store; it fails only when two units meet.
pub struct SelectThenDelete {
    inner: Arc<dyn Store>,
    pause: Duration,
}

impl SelectThenDelete {
    /// `pause` lies between looking and writing; even zero is wrong.
    pub fn new(inner: Arc<dyn Store>, pause: Duration) -> Self {
        Self { inner, pause }
    }
}

impl fmt::Debug for SelectThenDelete {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SelectThenDelete({:?})", self.inner)
    }
}

#[async_trait]
impl Store for SelectThenDelete {
    async fn run(&self, scope: TenantScope, work: Work) -> Result<(), StoreError> {
        let writes = look(&*self.inner, scope, work).await?;
        tokio::time::sleep(self.pause).await;
        let write_all: Work = Arc::new(move |uow| {
            let writes = writes.clone();
            Box::pin(async move {
                for write in writes {
                    write(uow).await?;
                }
                Ok(())
            })
        });
        self.inner.run(scope, write_all).await
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

/// Runs the unit, keeps a note of what it wrote, and undoes it.
async fn look(inner: &dyn Store, scope: TenantScope, work: Work) -> Result<Vec<Work>, StoreError> {
    let noted = Arc::new(std::sync::Mutex::new(None));
    let slot = Arc::clone(&noted);
    let looking: Work = Arc::new(move |uow| {
        let (work, slot) = (Arc::clone(&work), Arc::clone(&slot));
        Box::pin(async move {
            let mut noting = Noting { uow, writes: Vec::new(), mark: 0 };
            let result = work(&mut noting).await;
            let writes = mem::take(&mut noting.writes);
            *slot.lock().expect("nobody panics while holding it") = Some(result.map(|()| writes));
            Err(StoreError::Backend("looked".into()))
        })
    });
    // Fails in any case: that is what undoes it.
    let looked = inner.run(scope, looking).await;
    let noted = noted.lock().expect("nobody panics while holding it").take();
    noted.unwrap_or_else(|| looked.map(|()| Vec::new()))
}

/// Passes everything on, and notes what changes something.
struct Noting<'u> {
    uow: &'u mut dyn UnitOfWork,
    writes: Vec<Work>,
    mark: usize,
}

impl Noting<'_> {
    fn note<F>(&mut self, write: F)
    where
        F: for<'u> Fn(&'u mut dyn UnitOfWork) -> BoxFuture<'u, Result<(), StoreError>>
            + Send
            + Sync
            + 'static,
    {
        self.writes.push(Arc::new(write));
    }
}

/// Notes a call for later, and makes it now. What it answers later is not looked at: that is the mistake.
macro_rules! noted {
    ($noting:ident.$repository:ident().$method:ident($($argument:expr),*)) => {{
        $noting.note(move |uow| {
            Box::pin(async move { uow.$repository().$method($($argument),*).await.map(drop) })
        });
        $noting.uow.$repository().$method($($argument),*).await
    }};
    ($noting:ident.$repository:ident().$method:ident(ref $argument:ident)) => {{
        let later = $argument.clone();
        $noting.note(move |uow| {
            let later = later.clone();
            Box::pin(async move { uow.$repository().$method(&later).await.map(drop) })
        });
        $noting.uow.$repository().$method($argument).await
    }};
}

#[async_trait]
impl UnitOfWork for Noting<'_> {
    fn secrets(&mut self) -> &mut dyn SecretRepository {
        self
    }

    fn claims(&mut self) -> &mut dyn ClaimRepository {
        self
    }

    fn handovers(&mut self) -> &mut dyn HandoverRepository {
        self
    }

    fn copies(&mut self) -> &mut dyn CopyRepository {
        self
    }

    /// Not noted, so undone: this store is for secrets.
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
        self.mark = self.writes.len();
        self.uow.savepoint().await
    }

    async fn undo(&mut self) -> Result<(), StoreError> {
        self.writes.truncate(self.mark);
        self.uow.undo().await
    }
}

#[async_trait]
impl SecretReads for Noting<'_> {
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
impl SecretRepository for Noting<'_> {
    async fn insert(&mut self, new: &NewSecret) -> Result<bool, StoreError> {
        noted!(self.secrets().insert(ref new))
    }

    async fn attempt(&mut self, attempt: &Attempt) -> Result<AttemptOutcome, StoreError> {
        noted!(self.secrets().attempt(ref attempt))
    }

    async fn lock(&mut self, id: SecretId) -> Result<Option<Secret>, StoreError> {
        self.uow.secrets().lock(id).await
    }

    async fn close_claim(&mut self, id: SecretId) -> Result<Option<Secret>, StoreError> {
        noted!(self.secrets().close_claim(id))
    }

    async fn bind(&mut self, id: SecretId) -> Result<bool, StoreError> {
        noted!(self.secrets().bind(id))
    }

    async fn end(
        &mut self,
        id: SecretId,
        to: EndState,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        noted!(self.secrets().end(id, to, now))
    }

    async fn drain(&mut self, id: SecretId) -> Result<bool, StoreError> {
        noted!(self.secrets().drain(id))
    }

    async fn unlock(&mut self, id: SecretId) -> Result<bool, StoreError> {
        noted!(self.secrets().unlock(id))
    }

    async fn forget(&mut self, id: SecretId, now: Timestamp) -> Result<bool, StoreError> {
        noted!(self.secrets().forget(id, now))
    }
}

#[async_trait]
impl ClaimReads for Noting<'_> {
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
impl ClaimRepository for Noting<'_> {
    async fn insert(&mut self, new: &NewClaim) -> Result<bool, StoreError> {
        noted!(self.claims().insert(ref new))
    }

    async fn call(
        &mut self,
        call: &Call,
        window_ends_at: Timestamp,
    ) -> Result<Option<Claim>, StoreError> {
        let call = *call;
        noted!(self.claims().call(&call, window_ends_at))
    }

    async fn open(&mut self, call: &Call) -> Result<Option<Claim>, StoreError> {
        let call = *call;
        noted!(self.claims().open(&call))
    }

    async fn hand(&mut self, call: &Call) -> Result<Option<Claim>, StoreError> {
        let call = *call;
        noted!(self.claims().hand(&call))
    }

    async fn insert_handed(
        &mut self,
        new: &NewClaim,
        handed_by: [u8; 32],
    ) -> Result<bool, StoreError> {
        let later = new.clone();
        self.note(move |uow| {
            let new = later.clone();
            Box::pin(async move { uow.claims().insert_handed(&new, handed_by).await.map(drop) })
        });
        self.uow.claims().insert_handed(new, handed_by).await
    }

    async fn end(
        &mut self,
        id: ClaimId,
        to: ClaimState,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        noted!(self.claims().end(id, to, now))
    }

    async fn end_all(&mut self, secret: SecretId, now: Timestamp) -> Result<(), StoreError> {
        noted!(self.claims().end_all(secret, now))
    }
}

#[async_trait]
impl HandoverReads for Noting<'_> {
    async fn standing(&mut self, secret: SecretId, now: Timestamp) -> Result<Vec<Ask>, StoreError> {
        self.uow.handovers().standing(secret, now).await
    }
}

#[async_trait]
impl HandoverRepository for Noting<'_> {
    async fn insert(&mut self, ask: &Ask) -> Result<(), StoreError> {
        noted!(self.handovers().insert(ref ask))
    }

    async fn asked(
        &mut self,
        secret: SecretId,
        thumbprint: [u8; 32],
    ) -> Result<Option<Ask>, StoreError> {
        self.uow.handovers().asked(secret, thumbprint).await
    }

    async fn give(
        &mut self,
        secret: SecretId,
        to: [u8; 32],
        keys: &[u8],
    ) -> Result<bool, StoreError> {
        let later = keys.to_vec();
        self.note(move |uow| {
            let keys = later.clone();
            Box::pin(async move { uow.handovers().give(secret, to, &keys).await.map(drop) })
        });
        self.uow.handovers().give(secret, to, keys).await
    }

    async fn given(
        &mut self,
        secret: SecretId,
        to: [u8; 32],
    ) -> Result<Option<Vec<u8>>, StoreError> {
        self.uow.handovers().given(secret, to).await
    }

    async fn delete(&mut self, secret: SecretId, thumbprint: [u8; 32]) -> Result<(), StoreError> {
        noted!(self.handovers().delete(secret, thumbprint))
    }
}

#[async_trait]
impl CopyReads for Noting<'_> {
    async fn find(&mut self, secret: SecretId) -> Result<Option<SealedCopy>, StoreError> {
        self.uow.copies().find(secret).await
    }
}

#[async_trait]
impl CopyRepository for Noting<'_> {
    async fn insert(&mut self, secret: SecretId, copy: &[u8]) -> Result<(), StoreError> {
        let later = copy.to_vec();
        self.note(move |uow| {
            let copy = later.clone();
            Box::pin(async move { uow.copies().insert(secret, &copy).await })
        });
        self.uow.copies().insert(secret, copy).await
    }

    async fn delete(&mut self, secret: SecretId) -> Result<(), StoreError> {
        noted!(self.copies().delete(secret))
    }
}

#[async_trait]
impl AuditRepository for Noting<'_> {
    async fn record(&mut self, event: &AuditEvent) -> Result<(), StoreError> {
        noted!(self.audit().record(ref event))
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
impl OutboxRepository for Noting<'_> {
    async fn send(&mut self, message: &OutboxMessage) -> Result<(), StoreError> {
        noted!(self.outbox().send(ref message))
    }
}
