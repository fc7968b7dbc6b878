//! An organization, as who asks sees it.

use serde::{Deserialize, Serialize};
use wax_crypto::{Origin, OriginError};
use wax_kernel::{DomainId, Hostname, TenantId, Timestamp};
use wax_model::Role;

use super::Platform;
use crate::Error;

/// An organization and what the caller may do there.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct Organization {
    /// Names it.
    pub id: TenantId,
    /// How it stands in addresses.
    pub slug: String,
    /// What people call it.
    pub name: String,
    /// As what the caller is a member; a key is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// What the caller may do: `secrets.create`, say.
    pub permissions: Vec<String>,
    /// Those that the caller reaches.
    pub domains: Vec<DomainName>,
    /// When it will be erased.
    #[serde(rename = "deletion_due_at_ms", skip_serializing_if = "Option::is_none")]
    pub deletion_due_at: Option<Timestamp>,
}

/// A domain of an organization.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct DomainName {
    /// Names it.
    pub id: DomainId,
    /// Its host name.
    pub host: Hostname,
}

impl DomainName {
    /// Where its links lead. Names below `localhost` are served by the platform's own server in development, by its scheme
    /// and on its port; everything else by https.
    pub fn origin(&self, platform: &Origin) -> Result<Origin, OriginError> {
        if !self.host.is_localhost() {
            return Origin::https(self.host.as_str());
        }
        let scheme = if platform.is_tls() { "https" } else { "http" };
        Origin::parse(&format!("{scheme}://{}:{}", self.host, platform.port()))
    }
}

impl Platform {
    /// An organization that the caller is in.
    pub async fn organization(&self, id: TenantId) -> Result<Organization, Error> {
        self.get(&path(id, "")).await
    }
}

pub(super) fn path(organization: TenantId, rest: &str) -> String {
    format!("/v1/organizations/{organization}{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_to_https_except_on_this_machine() {
        let local = Origin::parse("http://app.localhost:8080").unwrap();
        let domain = |host| DomainName {
            id: DomainId::from_bytes([1; 16]),
            host: Hostname::parse(host).unwrap(),
        };
        for (host, origin) in [
            ("secrets.example.com", "https://secrets.example.com"),
            ("secrets.acme.localhost", "http://secrets.acme.localhost:8080"),
        ] {
            assert_eq!(domain(host).origin(&local).unwrap().to_string(), origin);
        }
    }
}
