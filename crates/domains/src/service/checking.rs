//! A look that somebody asks for.

use std::time::Duration;

use wax_kernel::{DomainId, HostPattern, Timestamp};
use wax_model::domain::Domain;
use wax_store::PlatformUnit;

use super::{Acting, Domains, Refusal, Seen, acting::Ruled};

/// How long after a look the next may be asked for.
const HELD_BACK: Duration = Duration::from_secs(10);
/// How long a look that began is nobody else's. Longer than any takes: 4 s, and a transaction.
pub(super) const UNDER_WAY: Duration = Duration::from_secs(60);

impl Domains {
    /// Looks at a domain now.
    ///
    /// # Errors
    /// [`Refusal::HeldBack`]: the last look was a moment ago.
    pub(crate) async fn check(&self, acting: &Acting, id: DomainId) -> Result<Seen, Refusal> {
        let domain = self.reached(acting, id).await?;
        if !domain.label.is_empty() {
            self.begin(id, &domain.host).await?;
            self.look(&domain.host).await?;
        }
        self.seen(acting, id).await
    }

    /// Somebody waits: looks are counted from now on.
    async fn begin(&self, id: DomainId, host: &HostPattern) -> Result<(), Refusal> {
        let (host, now) = (host.clone(), self.now());
        let work = self.store().write_platform(move |unit| {
            let host = host.clone();
            Box::pin(async move { begin(unit, id, &host, now).await })
        });
        work.await?
    }
}

async fn begin(
    unit: &mut dyn PlatformUnit,
    id: DomainId,
    host: &HostPattern,
    now: Timestamp,
) -> Ruled<()> {
    let claims = unit.domains().lock_host(host).await?;
    let Some(mut domain) = claims.into_iter().find(|claim| claim.id() == id) else {
        return Ok(Err(Refusal::NotAvailable));
    };
    if let Some(free_at) = looked_at(&domain).map(|last| last.plus(HELD_BACK))
        && now < free_at
    {
        return Ok(Err(Refusal::HeldBack(now.until(free_at))));
    }
    (domain.checks.since, domain.checks.count) = (now, 0);
    domain.checks.next_at = Some(now.plus(UNDER_WAY));
    unit.domains().update(&domain).await?;
    Ok(Ok(()))
}

/// When the last look was, or was asked for. Adding a domain asks for none.
fn looked_at(domain: &Domain) -> Option<Timestamp> {
    let asked = Some(domain.checks.since).filter(|since| *since != domain.created_at);
    asked.max(domain.checks.last_at)
}
