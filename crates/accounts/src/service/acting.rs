//! Who acts in an organization.

use std::sync::Arc;

use wax_crypto::Origin;
use wax_httpkit::auth::{Allowed, Grant, WithKey};
use wax_kernel::EventId;
use wax_model::{Action, Actor, AuditEvent, MailKind, OutboxMessage, Role, TenantScope};
use wax_store::{OrganizationRepository, StoreError};

use super::{Accounts, Refusal};

/// A member or a key, as the extractor has proven it.
#[derive(Debug, Clone)]
pub(crate) struct Acting {
    pub(crate) scope: TenantScope,
    pub(crate) actor: Actor,
    /// `None`: a key.
    pub(crate) role: Option<Role>,
    pub(crate) domain: Option<wax_kernel::DomainId>,
    pub(crate) network: String,
    /// Where links in mails lead.
    pub(crate) origin: Arc<Origin>,
}

impl<G: Grant> From<Allowed<G>> for Acting {
    fn from(allowed: Allowed<G>) -> Self {
        let Allowed { context, scope, actor, role, domain, .. } = allowed;
        let network = context.network.as_str().to_owned();
        Self { scope, actor, role, domain, network, origin: context.origin }
    }
}

impl From<WithKey> for Acting {
    fn from(WithKey { context, scope, key }: WithKey) -> Self {
        let network = context.network.as_str().to_owned();
        let (actor, origin) = (Actor::Key(key.id), context.origin);
        Self { scope, actor, role: None, domain: None, network, origin }
    }
}

impl Acting {
    /// As what the caller governs members now: asked under the organization's lock, because another may have changed it
    /// since the request came in. A key governs like an admin. `None`: no member any more.
    pub(super) async fn role_now(
        &self,
        organization: &mut dyn OrganizationRepository,
    ) -> Result<Option<Role>, StoreError> {
        match self.actor {
            Actor::Account(account) => {
                Ok(organization.member(account).await?.map(|member| member.role))
            }
            Actor::Key(_) | Actor::Operator => Ok(Some(Role::Admin)),
        }
    }
}

impl Acting {
    /// A key makes nobody who may make keys: that is no scope's to give.
    pub(super) const fn exceeds(&self, role: Role) -> bool {
        matches!(self.actor, Actor::Key(_)) && matches!(role, Role::Owner | Role::Admin)
    }
}

/// What a unit of work answers: what it did, or why it did nothing.
pub(super) type Ruled<T> = Result<Result<T, Refusal>, StoreError>;

impl Accounts {
    /// An event of now, by the caller. Drawn before the unit of work, which may run twice.
    pub(super) fn audit(
        &self,
        acting: &Acting,
        action: Action,
        subject: impl Into<String>,
    ) -> AuditEvent {
        AuditEvent {
            id: EventId::random(self.rng()),
            at: self.now(),
            action,
            actor: Some(acting.actor),
            subject: subject.into(),
            network: Some(acting.network.clone()),
        }
    }

    /// What people call the caller.
    pub(super) async fn name_of(&self, acting: &Acting) -> Result<String, Refusal> {
        let name = match acting.actor {
            Actor::Account(id) => self.reads().account(id).await?.map(|account| account.name),
            Actor::Key(id) => {
                let mut reader = self.store().read(acting.scope);
                reader.organization().key(id).await?.map(|key| key.name)
            }
            Actor::Operator => None,
        };
        Ok(name.unwrap_or_else(|| acting.actor.to_string()))
    }

    /// The same mail to every owner.
    pub(super) async fn letters_to_owners(
        &self,
        acting: &Acting,
        kind: &MailKind,
    ) -> Result<Vec<OutboxMessage>, Refusal> {
        let mut letters = Vec::new();
        for member in self.all_members(acting.scope).await? {
            if member.membership.role == Role::Owner {
                letters
                    .extend(self.letter_to_member(acting, member.membership.account, kind).await?);
            }
        }
        Ok(letters)
    }

    /// A mail to a member, if the account still stands.
    pub(super) async fn letter_to_member(
        &self,
        acting: &Acting,
        account: wax_kernel::AccountId,
        kind: &MailKind,
    ) -> Result<Option<OutboxMessage>, Refusal> {
        let account = self.reads().account(account).await?;
        Ok(account.map(|account| {
            self.letter(&account.email, &account.lang, &acting.origin, kind.clone(), None)
        }))
    }
}
