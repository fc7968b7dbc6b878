//! Who sent a secret, as the server's own rows say it: no text of a sender or of a brand is in it.

use wax_model::{Actor, Secret, TenantScope};
use wax_store::Sender;

use super::{Refusal, Secrets};

/// Who sent a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VerifiedSender {
    pub(crate) by: By,
    /// The organization and its domain.
    pub(crate) from: Sender,
}

/// As what somebody sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum By {
    /// Whoever came by. The organization does not know who.
    Guest,
    /// A member of the organization. The name, if it lets recipients know.
    Member(Option<String>),
    /// A program of the organization's.
    Key,
}

impl By {
    /// Every name that answers have.
    pub(crate) const NAMES: [&'static str; 3] = ["guest", "member", "key"];

    /// As answers have it.
    pub(crate) const fn as_str(&self) -> &'static str {
        match self {
            Self::Guest => "guest",
            Self::Member(_) => "member",
            Self::Key => "key",
        }
    }
}

impl Secrets {
    /// Who sent it. `None`: its domain is gone.
    pub(super) async fn sender(
        &self,
        scope: &TenantScope,
        secret: &Secret,
    ) -> Result<Option<VerifiedSender>, Refusal> {
        let member = match secret.created_by {
            Some(Actor::Account(account)) => Some(account),
            _ => None,
        };
        let mut reader = self.parts.store.read(*scope);
        let from = reader.domains().sender(secret.domain, member).await?;
        Ok(from.map(|mut from| {
            let name = from.member.take().filter(|_| from.shows_member);
            let by = match secret.created_by {
                None => By::Guest,
                Some(Actor::Account(_)) => By::Member(name),
                Some(Actor::Key(_) | Actor::Operator) => By::Key,
            };
            VerifiedSender { by, from }
        }))
    }
}
