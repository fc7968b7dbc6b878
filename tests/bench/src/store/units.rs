//! The three units of work of a secret's life, each with the audit event that the service records in it.

use std::sync::Arc;

use anyhow::{Result, ensure};
use wax_kernel::{ClaimId, EventId, SecretId};
use wax_model::{Action, AuditEvent};
use wax_store::{
    Call, NewClaim, NewSecret, Store,
    conformance::fixtures::{START, attempt, bytes, new_claim, secret, tenant},
    transitions::{self, Acked, Claimed},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Create,
    Claim,
    Ack,
}

impl Unit {
    pub(crate) const ALL: [Self; 3] = [Self::Create, Self::Claim, Self::Ack];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Claim => "claim",
            Self::Ack => "ack",
        }
    }
}

/// One secret and everything that its units say, made before any clock runs.
#[derive(Clone)]
pub(crate) struct Story {
    pub(crate) new: NewSecret,
    pub(crate) claim: NewClaim,
    events: [AuditEvent; 3],
}

impl Story {
    /// The `n`th: equal numbers make equal stories.
    pub(crate) fn new(n: u64) -> Self {
        let new = secret(n, 1);
        let claim = new_claim(&new, n, 0, START);
        let event = |kind: u64, action| AuditEvent {
            id: EventId::from_bytes(bytes(30 + kind, n)),
            at: START,
            action,
            actor: None,
            subject: new.secret.rid.to_string(),
            network: Some("192.0.2.0/24".to_owned()),
        };
        let events = [
            event(0, Action::SecretCreated),
            event(1, Action::SecretClaimed),
            event(2, Action::SecretAcked),
        ];
        Self { new, claim, events }
    }

    /// The same story of another secret, whose claim key is the same.
    pub(crate) fn of(mut self, secret: SecretId) -> Self {
        let id = *secret.as_bytes();
        self.new.secret.id = secret;
        self.claim = NewClaim { id: ClaimId::from_bytes(id), secret, ..self.claim };
        self.events[Unit::Claim as usize].id = EventId::from_bytes(id);
        self
    }

    /// What the audit log calls one of its units.
    pub(crate) fn event(&self, unit: Unit) -> EventId {
        self.events[unit as usize].id
    }

    /// Runs one of its units, which must change something.
    pub(crate) async fn run(self: Arc<Self>, unit: Unit, store: Arc<dyn Store>) -> Result<()> {
        let done = match unit {
            Unit::Create => self.create(&store).await,
            Unit::Claim => self.take(&store).await,
            Unit::Ack => self.confirm(&store).await,
        }?;
        ensure!(done, "{} changed nothing", unit.name());
        Ok(())
    }

    async fn create(self: Arc<Self>, store: &Arc<dyn Store>) -> Result<bool> {
        let scope = tenant(1);
        let written = store.write(&scope, move |uow| {
            let story = Arc::clone(&self);
            Box::pin(async move {
                let inserted = uow.secrets().insert(&story.new).await?;
                uow.audit().record(&story.events[0]).await?;
                Ok(inserted)
            })
        });
        Ok(written.await?)
    }

    async fn take(self: Arc<Self>, store: &Arc<dyn Store>) -> Result<bool> {
        let scope = tenant(1);
        let written = store.write(&scope, move |uow| {
            let story = Arc::clone(&self);
            Box::pin(async move {
                let attempt = attempt(&story.new, story.new.claim_mac, START);
                let claimed = transitions::claim(uow, &attempt, &story.claim).await?;
                uow.audit().record(&story.events[1]).await?;
                Ok(matches!(claimed, Claimed::Taken { .. }))
            })
        });
        Ok(written.await?)
    }

    async fn confirm(self: Arc<Self>, store: &Arc<dyn Store>) -> Result<bool> {
        let NewClaim { id: claim, secret, thumbprint, .. } = self.claim;
        let call = Call { secret, claim, thumbprint, counter: 1, now: START };
        let scope = tenant(1);
        let written = store.write(&scope, move |uow| {
            let story = Arc::clone(&self);
            Box::pin(async move {
                let acked = transitions::ack(uow, &call, None).await?;
                uow.audit().record(&story.events[2]).await?;
                Ok(matches!(acked, Acked::Now(_)))
            })
        });
        Ok(written.await?)
    }
}

/// Stories `first` and following, made before any clock runs.
pub(crate) fn stories(first: usize, count: usize) -> Arc<Vec<Arc<Story>>> {
    Arc::new((first..first + count).map(|n| Arc::new(Story::new(n as u64))).collect())
}
