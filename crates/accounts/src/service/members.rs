//! Members: listed, changed, removed, leaving.

use wax_kernel::{AccountId, DomainId, Timestamp};
use wax_model::{
    Action, Actor, AuditEvent, Invalid, MailKind, Membership, OutboxMessage, Permission, Role,
    Rule, TenantScope,
};
use wax_store::{Member, UnitOfWork};

use super::{
    Accounts, Refusal,
    acting::{Acting, Ruled},
};

/// Rows that are read at once.
const BATCH: u32 = 200;

/// What a member is to be.
#[expect(clippy::option_option, reason = "absent, null and a value are three things")]
#[derive(Debug, Clone, Copy)]
pub(crate) struct MemberChange {
    pub(crate) role: Option<Role>,
    /// `Some(None)`: confined to no domain any more.
    pub(crate) domain: Option<Option<DomainId>>,
}

impl Accounts {
    /// Members by when they joined, at most `limit` (1 to 200).
    pub(crate) async fn members(
        &self,
        acting: &Acting,
        after: Option<(Timestamp, AccountId)>,
        limit: u32,
    ) -> Result<Vec<Member>, Refusal> {
        Ok(self.store().read(acting.scope).organization().members(after, limit).await?)
    }

    /// Every member.
    pub(super) async fn all_members(&self, scope: TenantScope) -> Result<Vec<Member>, Refusal> {
        let (mut all, mut reader) = (Vec::<Member>::new(), self.store().read(scope));
        loop {
            let after =
                all.last().map(|Member { membership: last, .. }| (last.joined_at, last.account));
            let page = reader.organization().members(after, BATCH).await?;
            let is_last = page.len() < BATCH as usize;
            all.extend(page);
            if is_last {
                return Ok(all);
            }
        }
    }

    /// One member as lists show them.
    pub(crate) async fn member(
        &self,
        acting: &Acting,
        account: AccountId,
    ) -> Result<Member, Refusal> {
        let mut members = self.all_members(acting.scope).await?.into_iter();
        members.find(|member| member.membership.account == account).ok_or(Refusal::NotAvailable)
    }

    /// Changes role and domain.
    pub(crate) async fn change_member(
        &self,
        acting: &Acting,
        account: AccountId,
        change: MemberChange,
    ) -> Result<Member, Refusal> {
        let before = self.member(acting, account).await?.membership;
        let role = change.role.unwrap_or(before.role);
        let organization = self.seen_by(acting).await?.tenant.name;
        let kind = MailKind::RoleChanged { organization, role, by: self.name_of(acting).await? };
        let letter = match change.role {
            Some(role) if role != before.role => {
                self.letter_to_member(acting, account, &kind).await?
            }
            _ => None,
        };
        let event = self.audit(acting, Action::MemberChanged, account);
        let changing = Changing { acting: acting.clone(), account, change, event, letter };
        let work = self.store().write(&acting.scope, move |uow| {
            let changing = changing.clone();
            Box::pin(async move { changing.write(uow).await })
        });
        work.await??;
        self.member(acting, account).await
    }

    /// Removes a member.
    pub(crate) async fn remove_member(
        &self,
        acting: &Acting,
        account: AccountId,
    ) -> Result<(), Refusal> {
        let organization = self.seen_by(acting).await?.tenant.name;
        let kind = MailKind::MemberRemoved { organization };
        let letter = self.letter_to_member(acting, account, &kind).await?;
        let event = self.audit(acting, Action::MemberRemoved, account);
        self.end_membership(Ending { acting: acting.clone(), account, event, letter }).await
    }

    /// The caller leaves.
    pub(crate) async fn leave(&self, acting: &Acting) -> Result<(), Refusal> {
        let Actor::Account(account) = acting.actor else { return Err(Refusal::NotAvailable) };
        let event = self.audit(acting, Action::MemberLeft, account);
        self.end_membership(Ending { acting: acting.clone(), account, event, letter: None }).await
    }

    async fn end_membership(&self, ending: Ending) -> Result<(), Refusal> {
        let scope = ending.acting.scope;
        let work = self.store().write(&scope, move |uow| {
            let ending = ending.clone();
            Box::pin(async move { ending.write(uow).await })
        });
        work.await?
    }
}

#[derive(Debug, Clone)]
struct Changing {
    acting: Acting,
    account: AccountId,
    change: MemberChange,
    event: AuditEvent,
    letter: Option<OutboxMessage>,
}

impl Changing {
    async fn write(&self, uow: &mut dyn UnitOfWork) -> Ruled<()> {
        let (before, caller) = match both(uow, &self.acting, self.account).await? {
            Ok(found) => found,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let role = self.change.role.unwrap_or(before.role);
        let domain = self.change.domain.unwrap_or(before.domain);
        let after = Membership { role, domain, ..before };
        if after == before {
            return Ok(Ok(()));
        }
        if !caller.governs(before.role) || !caller.governs(role) || self.acting.exceeds(role) {
            return Ok(Err(Refusal::Forbidden(Permission::MembersWrite)));
        }
        if let Err(refusal) = check_domain(uow, role, domain).await? {
            return Ok(Err(refusal));
        }
        if before.role == Role::Owner && role != Role::Owner && is_last_owner(uow).await? {
            return Ok(Err(Refusal::LastOwner));
        }
        uow.organization().update_member(&after).await?;
        if let Some(letter) = &self.letter {
            uow.outbox().send(letter).await?;
        }
        uow.audit().record(&self.event).await.map(Ok)
    }
}

#[derive(Debug, Clone)]
struct Ending {
    acting: Acting,
    account: AccountId,
    event: AuditEvent,
    letter: Option<OutboxMessage>,
}

impl Ending {
    async fn write(&self, uow: &mut dyn UnitOfWork) -> Ruled<()> {
        let (member, caller) = match both(uow, &self.acting, self.account).await? {
            Ok(found) => found,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let leaves = self.acting.actor == Actor::Account(self.account);
        if !leaves && !caller.governs(member.role) {
            return Ok(Err(Refusal::Forbidden(Permission::MembersWrite)));
        }
        if member.role == Role::Owner && is_last_owner(uow).await? {
            return Ok(Err(Refusal::LastOwner));
        }
        uow.organization().delete_member(self.account).await?;
        if let Some(letter) = &self.letter {
            uow.outbox().send(letter).await?;
        }
        uow.audit().record(&self.event).await.map(Ok)
    }
}

/// The member who is to be changed, and as what the caller governs: under the lock, so that two owners cannot take each
/// other's role away at once.
async fn both(
    uow: &mut dyn UnitOfWork,
    acting: &Acting,
    account: AccountId,
) -> Ruled<(Membership, Role)> {
    let organization = uow.organization();
    organization.lock().await?;
    let member = organization.member(account).await?;
    let caller = acting.role_now(organization).await?;
    let found = member.zip(caller);
    Ok(found.ok_or(Refusal::NotAvailable))
}

async fn is_last_owner(uow: &mut dyn UnitOfWork) -> Result<bool, wax_store::StoreError> {
    Ok(uow.organization().count_members(Role::Owner).await? <= 1)
}

/// A member may be confined to one of the organization's domains, an owner to none.
pub(super) async fn check_domain(
    uow: &mut dyn UnitOfWork,
    role: Role,
    domain: Option<DomainId>,
) -> Ruled<()> {
    let Some(domain) = domain else { return Ok(Ok(())) };
    let known = uow.organization().domains().await?.iter().any(|known| known.id() == domain);
    let fits = known && role != Role::Owner;
    let invalid = || Refusal::Invalid(Invalid::new("domain", Rule::Choice));
    Ok(fits.then_some(()).ok_or_else(invalid))
}
