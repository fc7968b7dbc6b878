//! Organizations themselves: made, seen, renamed, given away.

use wax_httpkit::auth::SignedIn;
use wax_kernel::{AccountId, TenantId};
use wax_model::{
    Action, Actor, AuditEvent, Domain, Invalid, MailKind, OutboxMessage, Permission, Role, Rule,
    Tenant, TenantScope,
};
use wax_store::UnitOfWork;

use super::{
    Accounts, Name, Refusal,
    acting::{Acting, Ruled},
    slug::Slug,
};

/// An organization as a member or a key sees it.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) tenant: Tenant,
    /// `None`: a key.
    pub(crate) role: Option<Role>,
    pub(crate) permissions: Vec<Permission>,
    /// Those that the caller reaches.
    pub(crate) domains: Vec<Domain>,
}

/// What is to be different.
#[derive(Debug, Clone)]
pub(crate) struct Renaming {
    pub(crate) name: Option<Name>,
    pub(crate) slug: Option<Slug>,
}

impl Accounts {
    /// Makes an organization that the caller owns.
    ///
    /// # Errors
    /// [`Refusal::SlugTaken`]: the short name is taken; [`Refusal::SignedOut`]: the account was deleted meanwhile.
    pub(crate) async fn found(
        &self,
        caller: &SignedIn,
        name: &Name,
        slug: Option<Slug>,
    ) -> Result<Seen, Refusal> {
        let account = caller.session.account;
        let founding = self.founding(name, account, caller.context.network.as_str());
        let founding = match slug {
            Some(slug) => founding.with_slug(slug),
            None => founding,
        };
        let id = founding.id();
        let work = self.store().write_platform(move |unit| {
            let founding = founding.clone();
            Box::pin(async move {
                // Under the lock that deleting takes, too: whoever owns an organization is there to own it.
                if unit.accounts().lock(account).await?.is_none() {
                    return Ok(Err(Refusal::SignedOut));
                }
                Ok(founding.write(unit).await?.then_some(()).ok_or(Refusal::SlugTaken))
            })
        });
        work.await??;
        self.organization_of(account, id).await
    }

    /// An organization that the account is a member of.
    pub(super) async fn organization_of(
        &self,
        account: AccountId,
        id: TenantId,
    ) -> Result<Seen, Refusal> {
        let belonging = self.reads().membership(account, &id.to_string()).await?;
        let member = belonging.ok_or(Refusal::NotAvailable)?.membership;
        let actor = Actor::Account(account);
        self.look(proven(id), actor, Some(member.role), member.domain).await
    }

    /// The organization, and what the caller may do there.
    pub(crate) async fn seen_by(&self, acting: &Acting) -> Result<Seen, Refusal> {
        self.look(acting.scope, acting.actor, acting.role, acting.domain).await
    }

    async fn look(
        &self,
        scope: TenantScope,
        actor: Actor,
        role: Option<Role>,
        confined: Option<wax_kernel::DomainId>,
    ) -> Result<Seen, Refusal> {
        let mut reader = self.store().read(scope);
        let organization = reader.organization();
        let tenant = organization.find().await?.ok_or(Refusal::NotAvailable)?;
        let mut domains = organization.domains().await?;
        domains.retain(|domain| confined.is_none_or(|own| own == domain.id()));
        let scopes = match actor {
            Actor::Key(id) => organization.key(id).await?.map(|key| key.scopes).unwrap_or_default(),
            Actor::Account(_) | Actor::Operator => Vec::new(),
        };
        let may = |permission: &Permission| match role {
            Some(role) => {
                permission.of_role(role).is_some() && (confined.is_none() || permission.confined())
            }
            None => permission.scope().is_some_and(|scope| scopes.contains(&scope)),
        };
        let permissions = Permission::ALL.iter().copied().filter(may).collect();
        Ok(Seen { tenant, role, permissions, domains })
    }

    /// Changes name and short name.
    ///
    /// # Errors
    /// [`Refusal::SlugTaken`]: the short name is taken.
    pub(crate) async fn rename(&self, acting: &Acting, to: Renaming) -> Result<Seen, Refusal> {
        let event = self.audit(acting, Action::OrganizationRenamed, acting.scope.tenant());
        let work = self.store().write(&acting.scope, move |uow| {
            let (to, event) = (to.clone(), event.clone());
            Box::pin(async move { to.write(uow, &event).await })
        });
        work.await??;
        self.seen_by(acting).await
    }

    /// Gives the organization to another member: the caller becomes an admin.
    pub(crate) async fn transfer(&self, acting: &Acting, to: AccountId) -> Result<(), Refusal> {
        let Actor::Account(from) = acting.actor else { return Err(Refusal::NotAvailable) };
        let heir = self.reads().account(to).await?.ok_or(Refusal::NotAvailable)?;
        let organization = self.seen_by(acting).await?.tenant.name;
        let kind =
            MailKind::OwnershipTransferred { organization, owner: heir.name, at: self.now() };
        let mut letters = Vec::new();
        for account in [from, to] {
            letters.extend(self.letter_to_member(acting, account, &kind).await?);
        }
        let event = self.audit(acting, Action::OrganizationTransferred, to);
        let transfer = Transfer { from, to, event, letters };
        let work = self.store().write(&acting.scope, move |uow| {
            let transfer = transfer.clone();
            Box::pin(async move { transfer.write(uow).await })
        });
        work.await?
    }
}

impl Renaming {
    async fn write(&self, uow: &mut dyn UnitOfWork, event: &AuditEvent) -> Ruled<()> {
        let Some(mut tenant) = uow.organization().lock().await? else {
            return Ok(Err(Refusal::NotAvailable));
        };
        let before = tenant.clone();
        if let Some(name) = &self.name {
            name.as_str().clone_into(&mut tenant.name);
        }
        if let Some(slug) = &self.slug {
            tenant.slug = slug.clone().into_string();
        }
        if tenant == before {
            return Ok(Ok(()));
        }
        if !uow.organization().update(&tenant).await? {
            return Ok(Err(Refusal::SlugTaken));
        }
        uow.audit().record(event).await.map(Ok)
    }
}

#[derive(Debug, Clone)]
struct Transfer {
    from: AccountId,
    to: AccountId,
    event: AuditEvent,
    letters: Vec<OutboxMessage>,
}

impl Transfer {
    async fn write(&self, uow: &mut dyn UnitOfWork) -> Ruled<()> {
        let organization = uow.organization();
        organization.lock().await?;
        let (from, to) =
            (organization.member(self.from).await?, organization.member(self.to).await?);
        let (Some(mut from), Some(mut to)) = (from, to) else {
            return Ok(Err(Refusal::NotAvailable));
        };
        if from.role != Role::Owner {
            return Ok(Err(Refusal::Forbidden(Permission::OrganizationTransfer)));
        }
        if from.account == to.account {
            return Ok(Err(Invalid::new("account", Rule::Choice).into()));
        }
        // The heir first: there is an owner at every moment.
        (to.role, to.domain) = (Role::Owner, None);
        organization.update_member(&to).await?;
        from.role = Role::Admin;
        organization.update_member(&from).await?;
        for letter in &self.letters {
            uow.outbox().send(letter).await?;
        }
        uow.audit().record(&self.event).await.map(Ok)
    }
}

#[expect(clippy::disallowed_methods, reason = "the account's membership has proven it")]
const fn proven(tenant: TenantId) -> TenantScope {
    TenantScope::proven(tenant)
}
