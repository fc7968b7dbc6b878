//! Everything of one tenant, inside a transaction or outside of one.

use async_trait::async_trait;
use wax_kernel::TenantId;
use wax_model::TenantScope;
use wax_store::{
    AuditRepository, ClaimReads, ClaimRepository, CopyReads, CopyRepository, DomainReads,
    HandoverReads, HandoverRepository, OrganizationReads, OrganizationRepository, OutboxRepository,
    Reader, SecretReads, SecretRepository, StoreError, UnitOfWork, UsageReads, UsageRepository,
};

use crate::{
    engine::{Database, Session, sql},
    statements::{both, statements},
};

/// A tenant's view of a session (to change things) or of the database (to look at them). Each noun's file implements
/// its repository for it; the tenant is the first value of every statement.
pub(crate) struct Scoped<S> {
    pub(crate) session: S,
    pub(crate) tenant: TenantId,
}

impl<S> Scoped<S> {
    pub(crate) const fn new(session: S, scope: TenantScope) -> Self {
        Self { session, tenant: scope.tenant() }
    }
}

impl Reader for Scoped<Database> {
    fn secrets(&mut self) -> &mut dyn SecretReads {
        self
    }

    fn claims(&mut self) -> &mut dyn ClaimReads {
        self
    }

    fn handovers(&mut self) -> &mut dyn HandoverReads {
        self
    }

    fn copies(&mut self) -> &mut dyn CopyReads {
        self
    }

    fn organization(&mut self) -> &mut dyn OrganizationReads {
        self
    }

    fn domains(&mut self) -> &mut dyn DomainReads {
        self
    }

    fn usage(&mut self) -> &mut dyn UsageReads {
        self
    }
}

statements! {
    /// A second mark of the same name hides the first, on both engines.
    SAVEPOINT = both("SAVEPOINT mark");
    /// The mark stays.
    UNDO = both("ROLLBACK TO SAVEPOINT mark");
}

#[async_trait]
impl UnitOfWork for Scoped<Session<'_>> {
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

    fn organization(&mut self) -> &mut dyn OrganizationRepository {
        self
    }

    fn domains(&mut self) -> &mut dyn DomainReads {
        self
    }

    fn usage(&mut self) -> &mut dyn UsageRepository {
        self
    }

    fn audit(&mut self) -> &mut dyn AuditRepository {
        self
    }

    fn outbox(&mut self) -> &mut dyn OutboxRepository {
        self
    }

    async fn savepoint(&mut self) -> Result<(), StoreError> {
        self.session.execute(sql(SAVEPOINT)).await
    }

    async fn undo(&mut self) -> Result<(), StoreError> {
        self.session.changes(sql(UNDO)).await.map(|_| ())
    }
}
