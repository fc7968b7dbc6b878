//! What members see and do with their organization's secrets.

use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;
use wax_crypto::Origin;
use wax_kernel::{DomainId, ReceiptId, Rng, TenantId};
use wax_model::{Actor, Kind, SecretState};

use super::{Platform, organization::path};
use crate::{Draft, Error, Receipt, Shared, share::Sealing};

/// A receipt as members see it: whose it is and where, and nothing that opens it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct OrganizationReceipt {
    /// What its sender sees.
    #[serde(flatten)]
    pub receipt: Receipt,
    /// On which domain it was made.
    pub domain: DomainId,
    /// By whom; absent: a stranger.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_by: Option<Actor>,
}

/// Where an organization shares.
#[derive(Debug, Clone)]
pub struct Place {
    /// Whose the secret will be.
    pub organization: TenantId,
    /// On which of its domains.
    pub domain: DomainId,
    /// Where that domain's links lead.
    pub origin: Origin,
}

/// Which receipts.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReceiptFilter {
    /// In this state only.
    pub state: Option<SecretState>,
    /// Made on this domain only.
    pub domain: Option<DomainId>,
    /// Made by this member or key only.
    pub created_by: Option<Actor>,
}

impl ReceiptFilter {
    /// Values that need no escaping in a query.
    fn query(self) -> String {
        let pairs = [
            ("state", self.state.map(|state| state.as_str().to_owned())),
            ("domain", self.domain.map(|domain| domain.to_string())),
            ("created_by", self.created_by.map(|actor| actor.to_string())),
        ];
        let given =
            pairs.into_iter().filter_map(|(name, value)| Some(["&", name, "=", &value?].concat()));
        given.collect()
    }
}

#[derive(Deserialize)]
struct Newest {
    items: Vec<OrganizationReceipt>,
}

impl Platform {
    /// The newest receipts, `limit` (1 to 200) at most.
    pub async fn receipts(
        &self,
        organization: TenantId,
        filter: ReceiptFilter,
        limit: u32,
    ) -> Result<Vec<OrganizationReceipt>, Error> {
        let path = path(organization, &format!("/secrets?limit={limit}{}", filter.query()));
        let Newest { items } = self.get(&path).await?;
        Ok(items)
    }

    /// Destroys a secret for good. What was already read is not recalled.
    pub async fn burn(
        &self,
        organization: TenantId,
        receipt: ReceiptId,
    ) -> Result<OrganizationReceipt, Error> {
        let path = path(organization, &format!("/secrets/{receipt}/burn"));
        self.repeat(Method::POST, &path, &json!({})).await
    }

    /// Seals a text and stores what was sealed on a domain of the organization, which it then belongs to.
    ///
    /// With a passphrase this blocks the thread for as long as the stretching takes, about half a second.
    pub async fn share(
        &self,
        place: &Place,
        kind: Kind,
        draft: &Draft<'_>,
        rng: &dyn Rng,
    ) -> Result<Shared, Error> {
        let sealing = Sealing::of(kind, draft, rng)?;
        let path = path(place.organization, &format!("/secrets?domain={}", place.domain));
        let created = self.repeat(Method::POST, &path, &sealing.body()).await?;
        sealing.shared(&created, place.origin.clone())
    }
}

#[cfg(test)]
mod tests {
    use wax_kernel::AccountId;

    use super::*;

    #[test]
    fn a_filter_is_a_query() {
        assert_eq!(ReceiptFilter::default().query(), "");
        let filter = ReceiptFilter {
            state: Some(SecretState::Ready),
            created_by: Some(Actor::Account(AccountId::from_bytes([0; 16]))),
            domain: None,
        };
        assert_eq!(filter.query(), "&state=ready&created_by=acc_AAAAAAAAAAAAAAAAAAAAAA");
    }
}
