//! A person, as they see and change themselves.

use wax_kernel::{AccountId, EmailAddress, TenantId};
use wax_model::{Account, Belonging, Invalid, Role, Rule, TenantScope};
use wax_store::{PlatformUnit, StoreError};

use super::{Accounts, Language, Name, Refusal, acting::Ruled};

/// What an account says of itself.
pub(crate) struct Profile {
    pub(crate) account: Account,
    pub(crate) recovery_codes_left: u32,
    pub(crate) passkeys: usize,
    pub(crate) organizations: Vec<Belonging>,
}

/// What a person may change without proving themselves.
#[derive(Debug, Clone)]
pub(crate) struct AccountChange {
    pub(crate) name: Option<Name>,
    pub(crate) language: Option<Language>,
}

impl Accounts {
    /// The account, with what hangs on it.
    pub(crate) async fn profile(&self, id: AccountId) -> Result<Profile, Refusal> {
        let account = self.reads().account(id).await?.ok_or(Refusal::NotAvailable)?;
        Ok(Profile {
            account,
            recovery_codes_left: self.reads().recovery_codes_left(id).await?,
            passkeys: self.reads().passkeys(id).await?.len(),
            organizations: self.reads().belongings(id).await?,
        })
    }

    /// Changes name or language.
    pub(crate) async fn change(
        &self,
        id: AccountId,
        change: AccountChange,
    ) -> Result<Profile, Refusal> {
        let work = self.store().write_platform(move |unit| {
            let change = change.clone();
            Box::pin(async move {
                let Some(mut account) = unit.accounts().lock(id).await? else { return Ok(()) };
                if let Some(name) = change.name {
                    account.name = name.into_string();
                }
                if let Some(language) = change.language {
                    language.tag().clone_into(&mut account.lang);
                }
                unit.accounts().update(&account).await.map(drop)
            })
        });
        work.await?;
        self.profile(id).await
    }

    /// Deletes the account with everything that is the person's own. What they did in organizations stays, by id.
    ///
    /// # Errors
    /// [`Refusal::LastOwner`] while an organization would have no owner; `invalid` if the address is not repeated.
    pub(crate) async fn delete(
        &self,
        id: AccountId,
        repeated: &EmailAddress,
    ) -> Result<(), Refusal> {
        let account = self.reads().account(id).await?.ok_or(Refusal::NotAvailable)?;
        if account.email != *repeated {
            return Err(Invalid::new("email", Rule::Choice).into());
        }
        let mut tenants: Vec<TenantId> =
            self.reads().belongings(id).await?.iter().map(|belonging| belonging.tenant).collect();
        // Organizations are locked by id, before accounts: nobody waits in a circle.
        tenants.sort_unstable();
        let work = self.store().write_platform(move |unit| {
            let tenants = tenants.clone();
            Box::pin(async move { delete(unit, id, &tenants).await })
        });
        work.await?
    }
}

async fn delete(unit: &mut dyn PlatformUnit, id: AccountId, tenants: &[TenantId]) -> Ruled<()> {
    for tenant in tenants {
        if is_last_owner(unit, *tenant, id).await? {
            return Ok(Err(Refusal::LastOwner));
        }
    }
    // Under its lock: an organization that it has founded or joined since it was asked is not locked. Asking again finds it.
    unit.accounts().lock(id).await?;
    let now = unit.accounts().memberships(id).await?;
    if now.iter().any(|(tenant, _)| !tenants.contains(tenant)) {
        return Ok(Err(Refusal::Busy));
    }
    unit.accounts().delete(id).await.map(Ok)
}

async fn is_last_owner(
    unit: &mut dyn PlatformUnit,
    tenant: TenantId,
    account: AccountId,
) -> Result<bool, StoreError> {
    let mut within = unit.within(proven(tenant));
    let organization = within.organization();
    if organization.lock().await?.is_none() {
        return Ok(false);
    }
    let member = organization.member(account).await?;
    let owns = member.is_some_and(|member| member.role == Role::Owner);
    Ok(owns && organization.count_members(Role::Owner).await? == 1)
}

#[expect(clippy::disallowed_methods, reason = "the account is a member, as its own row says")]
const fn proven(tenant: TenantId) -> TenantScope {
    TenantScope::proven(tenant)
}
