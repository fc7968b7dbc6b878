//! What a holder answers to another tenant that has proved its host.

use wax_dns::ClaimToken;
use wax_kernel::{DomainId, HostPattern, Timestamp};
use wax_model::{Action, AuditEvent, domain::Ownership};
use wax_store::PlatformUnit;

use super::{
    Acting, Domains, Refusal, Seen,
    acting::{Ruled, scope_of},
    judging::renew_token,
};

#[derive(Debug, Clone)]
struct Answer {
    id: DomainId,
    host: HostPattern,
    token: ClaimToken,
    event: AuditEvent,
    now: Timestamp,
}

impl Domains {
    /// Gives the holder a record that can only be set by who controls the host now. Asking again gives the same.
    ///
    /// # Errors
    /// [`Refusal::NotContested`]: nobody contests it.
    pub(crate) async fn answer_contest(
        &self,
        acting: &Acting,
        id: DomainId,
    ) -> Result<Seen, Refusal> {
        let domain = self.reached(acting, id).await?;
        let answer = Answer {
            id,
            host: domain.host,
            token: ClaimToken::draw(self.rng()),
            event: self.audit(acting, Action::DomainContestAnswered, id),
            now: self.now(),
        };
        let work = self.store().write_platform(move |unit| {
            let answer = answer.clone();
            Box::pin(async move { answer.write(unit).await })
        });
        work.await??;
        self.seen(acting, id).await
    }
}

impl Answer {
    async fn write(&self, unit: &mut dyn PlatformUnit) -> Ruled<()> {
        let claims = unit.domains().lock_host(&self.host).await?;
        let Some(mut domain) = claims.into_iter().find(|claim| claim.id() == self.id) else {
            return Ok(Err(Refusal::NotAvailable));
        };
        if domain.claim.ownership != Ownership::Contested {
            return Ok(Err(Refusal::NotContested));
        }
        if domain.token.answers_contest {
            return Ok(Ok(()));
        }
        renew_token(&mut domain, self.token.clone(), true, self.now);
        // Somebody waits: looks come often, from now on.
        (domain.checks.since, domain.checks.count) = (self.now, 0);
        domain.checks.next_at = Some(self.now);
        unit.domains().update(&domain).await?;
        unit.within(scope_of(domain.tenant())).audit().record(&self.event).await?;
        Ok(Ok(()))
    }
}
