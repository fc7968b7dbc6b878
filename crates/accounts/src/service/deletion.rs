//! The end of an organization: decided, taken back, done.

use std::time::Duration;

use wax_kernel::{Job, TenantId, Timestamp};
use wax_model::{Action, AuditEvent, Invalid, Link, MailKind, OutboxMessage, Rule, TenantScope};
use wax_store::UnitOfWork;

use super::{
    Accounts, Refusal,
    acting::{Acting, Ruled},
    letters::link,
};

/// How long a deletion can be taken back.
const GRACE: Duration = Duration::from_hours(7 * 24);
/// Rows that one transaction deletes: few enough that nobody waits for it.
const BATCH: u32 = 500;
/// Organizations that one round looks at.
const ROUND: u32 = 16;
/// Between two rounds.
const EVERY: Duration = Duration::from_secs(60);

impl Accounts {
    /// Decides the deletion, if the name was typed as it is. Owners are told. Deciding it again changes nothing.
    pub(crate) async fn schedule_deletion(
        &self,
        acting: &Acting,
        name: &str,
    ) -> Result<Timestamp, Refusal> {
        let tenant = self.seen_by(acting).await?.tenant;
        if name.trim() != tenant.name {
            return Err(Invalid::new("name", Rule::Choice).into());
        }
        let due = self.now().plus(GRACE);
        let (organization, link) = (tenant.name, settings(acting, &tenant.slug));
        let kind = MailKind::DeletionScheduled { organization, due, link };
        let deciding = Deciding {
            due: Some(due),
            now: self.now(),
            event: self.audit(acting, Action::OrganizationDeletionScheduled, tenant.id),
            letters: self.letters_to_owners(acting, &kind).await?,
        };
        let due = self.decide(acting, deciding).await?;
        due.ok_or(Refusal::NotAvailable)
    }

    /// Takes the deletion back.
    ///
    /// # Errors
    /// [`Refusal::NotAvailable`]: none was decided, or it is due.
    pub(crate) async fn cancel_deletion(&self, acting: &Acting) -> Result<(), Refusal> {
        let tenant = self.seen_by(acting).await?.tenant;
        if tenant.deletion_due_at.is_none() {
            return Err(Refusal::NotAvailable);
        }
        let kind = MailKind::DeletionCancelled { organization: tenant.name };
        let deciding = Deciding {
            due: None,
            now: self.now(),
            event: self.audit(acting, Action::OrganizationDeletionCancelled, tenant.id),
            letters: self.letters_to_owners(acting, &kind).await?,
        };
        self.decide(acting, deciding).await.map(|_| ())
    }

    async fn decide(
        &self,
        acting: &Acting,
        deciding: Deciding,
    ) -> Result<Option<Timestamp>, Refusal> {
        let work = self.store().write(&acting.scope, move |uow| {
            let deciding = deciding.clone();
            Box::pin(async move { deciding.write(uow).await })
        });
        work.await?
    }

    /// Erases what is due, a batch at a time.
    async fn erase_due(&self) -> Result<(), Refusal> {
        let now = self.now();
        for tenant in self.store().platform().due_erasures(now, ROUND).await? {
            let scope = job_scope(tenant);
            while !self.erase_batch(&scope, now).await? {}
        }
        Ok(())
    }

    async fn erase_batch(&self, scope: &TenantScope, now: Timestamp) -> Result<bool, Refusal> {
        let work = self.store().write(scope, move |uow| {
            Box::pin(async move { uow.organization().erase(now, BATCH).await })
        });
        Ok(work.await?)
    }
}

/// The job that erases organizations whose time is over.
pub(super) fn erasure_job(accounts: &Accounts) -> Job {
    let accounts = accounts.clone();
    Job::new("accounts.erase", EVERY, move || {
        let accounts = accounts.clone();
        async move { accounts.erase_due().await.map_err(|refusal| format!("{refusal:?}").into()) }
    })
}

#[derive(Debug, Clone)]
struct Deciding {
    /// `None`: it is taken back.
    due: Option<Timestamp>,
    now: Timestamp,
    event: AuditEvent,
    letters: Vec<OutboxMessage>,
}

impl Deciding {
    async fn write(&self, uow: &mut dyn UnitOfWork) -> Ruled<Option<Timestamp>> {
        let Some(mut tenant) = uow.organization().lock().await? else {
            return Ok(Err(Refusal::NotAvailable));
        };
        // What is due may be half erased: nobody can take it back.
        if tenant.deletion_due_at.is_some_and(|due| due <= self.now) {
            return Ok(Err(Refusal::NotAvailable));
        }
        if tenant.deletion_due_at.is_some() == self.due.is_some() {
            return Ok(Ok(tenant.deletion_due_at));
        }
        tenant.deletion_due_at = self.due;
        uow.organization().update(&tenant).await?;
        for letter in &self.letters {
            uow.outbox().send(letter).await?;
        }
        uow.audit().record(&self.event).await?;
        Ok(Ok(self.due))
    }
}

fn settings(acting: &Acting, slug: &str) -> Link {
    link(&acting.origin, &format!("/o/{slug}/settings"))
}

#[expect(clippy::disallowed_methods, reason = "a job acts for the organization whose row it found")]
const fn job_scope(tenant: TenantId) -> TenantScope {
    TenantScope::proven(tenant)
}
