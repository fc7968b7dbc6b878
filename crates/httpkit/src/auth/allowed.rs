//! A caller who may do one thing in one organization.

use std::marker::PhantomData;

use axum::extract::{FromRef, FromRequestParts, RawPathParams};
use http::request::Parts;
use wax_kernel::DomainId;
use wax_model::{Actor, Bearer, KeyBearer, Permission, Reach, Role, Tenant, TenantScope};

use super::{Credential, SharedAuthenticator, shown::Shown};
use crate::{Code, PlatformContext, Problem};

/// A permission as a type, so that a handler's arguments say what it needs.
pub trait Grant: Send + Sync + 'static {
    /// Which.
    const PERMISSION: Permission;
}

macro_rules! grants {
    ($($name:ident),+) => {
        /// The permissions, as types: `Allowed<may::MembersRead>`.
        pub mod may {
            $(
                #[doc = concat!("[`Permission::", stringify!($name), "`](wax_model::Permission::", stringify!($name), ")")]
                #[derive(Debug, Clone, Copy)]
                pub enum $name {}

                impl super::Grant for $name {
                    const PERMISSION: wax_model::Permission = wax_model::Permission::$name;
                }
            )+
        }

        #[cfg(test)]
        const GRANTS: &[Permission] = &[$(Permission::$name),+];
    };
}

grants!(
    OrganizationRead,
    OrganizationWrite,
    OrganizationTransfer,
    OrganizationExport,
    OrganizationDelete,
    MembersRead,
    MembersWrite,
    KeysRead,
    KeysWrite,
    AuditRead,
    SecretsCreate,
    SecretsRead,
    SecretsBurn,
    DomainsRead,
    DomainsWrite,
    DomainsControl,
    BillingRead,
    BillingWrite
);

/// The caller may do `G` in the organization that the path names. Minted from a verified session's membership, or from a
/// verified key of this organization; an organization the caller is not in does not exist for them.
#[derive(Debug, Clone)]
pub struct Allowed<G> {
    /// Where the call came from.
    pub context: PlatformContext,
    /// The organization.
    pub scope: TenantScope,
    /// Who acts, for the audit trail.
    pub actor: Actor,
    /// The member's role; `None`: a key.
    pub role: Option<Role>,
    /// Whose things it reaches.
    pub reach: Reach,
    /// The one domain the caller is confined to.
    pub domain: Option<DomainId>,
    grant: PhantomData<G>,
}

impl<G: Grant> Allowed<G> {
    /// The creator whose things alone the caller may see, if it is so.
    pub fn only_by(&self) -> Option<Actor> {
        (self.reach == Reach::Own).then_some(self.actor)
    }

    async fn by_session(
        context: PlatformContext,
        authenticator: &SharedAuthenticator,
        bearer: Bearer,
        organization: &str,
    ) -> Result<Self, Problem> {
        let account = bearer.session.account;
        let belonging = authenticator.belonging(account, organization).await?;
        let belonging = belonging.ok_or_else(|| Problem::new(Code::NotAvailable))?;
        let member = belonging.membership;
        let kept = member.domain.is_none() || G::PERMISSION.confined();
        let reach =
            G::PERMISSION.of_role(member.role).filter(|_| kept).ok_or_else(forbidden::<G>)?;
        if G::PERMISSION.needs_step_up() && !authenticator.stepped_up(&bearer.session) {
            return Err(Problem::new(Code::StepUp));
        }
        let scope = proven(belonging.tenant);
        let (actor, role) = (Actor::Account(account), Some(member.role));
        Ok(Self { context, scope, actor, role, reach, domain: member.domain, grant: PhantomData })
    }

    async fn by_key(
        context: PlatformContext,
        authenticator: &SharedAuthenticator,
        bearer: KeyBearer,
        organization: &str,
    ) -> Result<Self, Problem> {
        let tenant = authenticator.organization(bearer.tenant).await?;
        let named =
            |tenant: &Tenant| tenant.slug == organization || tenant.id.to_string() == organization;
        let tenant = tenant.filter(named).ok_or_else(|| Problem::new(Code::NotAvailable))?;
        let scope = G::PERMISSION.scope();
        if !scope.is_some_and(|scope| bearer.key.scopes.contains(&scope)) {
            return Err(forbidden::<G>());
        }
        // A key sees what it made itself; lists of members and events have no maker.
        let (scope, actor) = (proven(tenant.id), Actor::Key(bearer.key.id));
        let (role, reach, domain, grant) = (None, Reach::Own, None, PhantomData);
        Ok(Self { context, scope, actor, role, reach, domain, grant })
    }
}

impl<S, G> FromRequestParts<S> for Allowed<G>
where
    S: Send + Sync,
    G: Grant,
    SharedAuthenticator: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Shown { context, credential, authenticator } =
            Shown::from_request_parts(parts, state).await?;
        let organization = organization(parts, state).await?;
        match credential {
            Credential::None => Err(Problem::new(Code::SignedOut)),
            Credential::Browser(token) | Credential::Cli(token) => {
                let bearer = authenticator.signed_in(token, &context).await?;
                Self::by_session(context, &authenticator, bearer, &organization).await
            }
            Credential::Key(text) => {
                let bearer = authenticator.with_key(text, context.client).await?;
                Self::by_key(context, &authenticator, bearer, &organization).await
            }
        }
    }
}

/// What the path calls the organization.
async fn organization<S: Send + Sync>(parts: &mut Parts, state: &S) -> Result<String, Problem> {
    let params = RawPathParams::from_request_parts(parts, state).await;
    let params = params.map_err(|_| Problem::new(Code::NotAvailable))?;
    let named = params.iter().find(|(name, _)| *name == "organization");
    // A route without the parameter is our mistake; nobody is allowed anything by it.
    named.map(|(_, value)| value.to_owned()).ok_or_else(|| Problem::new(Code::Internal))
}

fn forbidden<G: Grant>() -> Problem {
    Problem::new(Code::Forbidden).with("permission", G::PERMISSION.as_str())
}

#[expect(clippy::disallowed_methods, reason = "membership, or the key itself, has proven it")]
const fn proven(tenant: wax_kernel::TenantId) -> TenantScope {
    TenantScope::proven(tenant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_permission_has_its_type() {
        assert_eq!(GRANTS, Permission::ALL);
    }
}
