//! The audit trail, read and taken away.

use wax_kernel::{EventId, Timestamp};
use wax_model::AuditEvent;
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

impl AuditExport {
    /// From the newest event on.
    pub(crate) const fn begin(acting: Acting, filter: AuditFilter) -> Self {
        Self { acting, filter, before: None }
    }
}
