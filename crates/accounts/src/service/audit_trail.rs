//! The audit trail, read and taken away.

use wax_kernel::{EventId, Timestamp};
use wax_model::{Action, AuditEvent};
use wax_store::AuditFilter;

use super::{Accounts, Refusal, acting::Acting};

/// Events that an export reads at once.
pub(super) const BATCH: u32 = 1_000;

/// An export on its way: what it asks for, and where it is.
#[derive(Debug, Clone)]
pub(crate) struct AuditExport {
    acting: Acting,
    filter: AuditFilter,
    before: Option<(Timestamp, EventId)>,
}

impl Accounts {
    /// Events, newest first, at most `limit` (1 to 1,000).
    pub(crate) async fn events_of(
        &self,
        acting: &Acting,
        filter: &AuditFilter,
        before: Option<(Timestamp, EventId)>,
        limit: u32,
    ) -> Result<Vec<AuditEvent>, Refusal> {
        Ok(self.store().read(acting.scope).organization().events(filter, before, limit).await?)
    }

    /// Begins an export from the newest event on, and writes down that it was taken: that event is in it, if the
    /// filter lets it through.
    pub(crate) async fn begin_audit_export(
        &self,
        acting: Acting,
        filter: AuditFilter,
    ) -> Result<AuditExport, Refusal> {
        let event = self.audit(&acting, Action::AuditExported, acting.scope.tenant());
        let work = self.store().write(&acting.scope, move |uow| {
            let event = event.clone();
            Box::pin(async move { uow.audit().record(&event).await })
        });
        work.await?;
        Ok(AuditExport { acting, filter, before: None })
    }

    /// The next batch of an export and what comes after it. `None`: that was all.
    pub(crate) async fn export_events(
        &self,
        export: AuditExport,
    ) -> Result<(Vec<AuditEvent>, Option<AuditExport>), Refusal> {
        let AuditExport { acting, filter, before } = export;
        let events = self.events_of(&acting, &filter, before, BATCH).await?;
        let last = events.last().filter(|_| events.len() == BATCH as usize);
        let before = last.map(|event| (event.at, event.id));
        let next = before.map(|_| AuditExport { acting, filter, before });
        Ok((events, next))
    }
}
