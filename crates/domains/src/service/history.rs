//! What became of a domain.

use wax_kernel::{DomainId, EventId, Timestamp};
use wax_model::domain::DomainEvent;

use super::{Acting, Domains, Refusal};

impl Domains {
    /// Its history, newest first, at most `limit` (1 to 201).
    pub(crate) async fn history(
        &self,
        acting: &Acting,
        id: DomainId,
        before: Option<(Timestamp, EventId)>,
        limit: u32,
    ) -> Result<Vec<DomainEvent>, Refusal> {
        self.reached(acting, id).await?;
        let mut reader = self.store().read(acting.scope);
        let domains = reader.domains();
        let mut rows = domains.history(id, before, limit.min(200)).await?;
        if let Some(last) = rows.last().filter(|_| limit > 200).map(|last| (last.at, last.id)) {
            rows.extend(domains.history(id, Some(last), 1).await?);
        }
        Ok(rows)
    }
}
