//! Who acts.

use std::sync::Arc;

use wax_crypto::Origin;
use wax_httpkit::auth::{Allowed, Grant};
use wax_kernel::{AccountId, EventId, TenantId};
use wax_model::{Action, Actor, AuditEvent, TenantScope};

use super::Billing;

/// A member, as the extractor has proven them.
#[derive(Debug, Clone)]
pub(crate) struct Acting {
    pub(crate) scope: TenantScope,
    /// `None`: a key, which may do nothing here.
    pub(crate) account: Option<AccountId>,
    pub(crate) origin: Arc<Origin>,
}

impl<G: Grant> From<Allowed<G>> for Acting {
    fn from(allowed: Allowed<G>) -> Self {
        let account = match allowed.actor {
            Actor::Account(account) => Some(account),
            _ => None,
        };
        Self { scope: allowed.scope, account, origin: allowed.context.origin }
    }
}

impl Billing {
    /// An event of now, by nobody: Stripe, or time. Drawn before the unit of work, which may run twice.
    pub(super) fn audit(&self, action: Action, subject: &str) -> AuditEvent {
        AuditEvent {
            id: EventId::random(self.rng()),
            at: self.now(),
            action,
            actor: None,
            subject: subject.to_owned(),
            network: None,
        }
    }
}

/// The scope of a tenant whose customer the store has given us.
#[expect(
    clippy::disallowed_methods,
    reason = "a customer that the store says is due is its tenant's"
)]
pub(super) const fn scope_of(tenant: TenantId) -> TenantScope {
    TenantScope::proven(tenant)
}
