//! Who acts.

use wax_httpkit::auth::{Allowed, Grant};
use wax_kernel::{DomainId, EventId};
use wax_model::{Action, Actor, AuditEvent, TenantScope};
use wax_store::StoreError;

use super::{Domains, Refusal};

/// A member or a key, as the extractor has proven it.
#[derive(Debug, Clone)]
pub(crate) struct Acting {
    pub(crate) scope: TenantScope,
    pub(crate) actor: Actor,
    /// The one domain the caller is confined to.
    pub(crate) confined: Option<DomainId>,
    pub(crate) network: String,
}

impl<G: Grant> From<Allowed<G>> for Acting {
    fn from(allowed: Allowed<G>) -> Self {
        let Allowed { context, scope, actor, domain, .. } = allowed;
        Self { scope, actor, confined: domain, network: context.network.as_str().to_owned() }
    }
}

impl Acting {
    /// Whether the caller may know of this domain.
    pub(super) fn reaches(&self, domain: DomainId) -> bool {
        self.confined.is_none_or(|own| own == domain)
    }
}

/// What a unit of work answers: what it did, or why it did nothing.
pub(super) type Ruled<T> = Result<Result<T, Refusal>, StoreError>;

impl Domains {
    /// An event of now, by the caller. Drawn before the unit of work, which may run twice.
    pub(super) fn audit(&self, acting: &Acting, action: Action, subject: DomainId) -> AuditEvent {
        AuditEvent {
            id: EventId::random(self.rng()),
            at: self.now(),
            action,
            actor: Some(acting.actor),
            subject: subject.to_string(),
            network: Some(acting.network.clone()),
        }
    }
}

/// The scope of a tenant whose domain the store has given us.
#[expect(
    clippy::disallowed_methods,
    reason = "a domain that the store says is due is its tenant's"
)]
pub(super) const fn scope_of(tenant: wax_kernel::TenantId) -> TenantScope {
    TenantScope::proven(tenant)
}
