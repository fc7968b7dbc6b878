//! API keys.

use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;
use wax_crypto::ApiKeyText;
use wax_kernel::{AccountId, ApiKeyId, Redacted, TenantId, Timestamp};
use wax_model::Scope;

use super::{Organization, Platform, organization::path};
use crate::Error;

/// A key to be made.
#[derive(Debug, Clone, Serialize)]
pub struct NewApiKey {
    /// What people call it, 1 to 80 characters.
    pub name: String,
    /// At least one, each once.
    pub scopes: Vec<Scope>,
    /// Within two years; in one year unless said.
    #[serde(rename = "expires_at_ms", skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// From where it may be used, in CIDR notation; empty: from anywhere.
    pub networks: Vec<String>,
}

/// What is to be different of a key. What is not said stays.
#[derive(Debug, Clone, Default, Serialize)]
pub struct KeyChange {
    /// What people call it, 1 to 80 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Within two years from now.
    #[serde(rename = "expires_at_ms", skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// From where it may be used, instead of from where it might until now; empty: from anywhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub networks: Option<Vec<String>>,
}

/// A key, without its text.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct ApiKey {
    /// Names it.
    pub id: ApiKeyId,
    /// What people call it.
    pub name: String,
    /// The first characters of its text.
    pub prefix: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// From where, as CIDR; empty: from anywhere.
    pub networks: Vec<String>,
    /// By whom it was made.
    pub created_by: AccountId,
    /// When.
    #[serde(rename = "created_at_ms")]
    pub created_at: Timestamp,
    /// From then on it opens nothing.
    #[serde(rename = "expires_at_ms")]
    pub expires_at: Timestamp,
    /// To the minute.
    #[serde(rename = "last_used_at_ms", skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Timestamp>,
    /// Until when the text before the last rotation works.
    #[serde(rename = "overlap_ends_at_ms", skip_serializing_if = "Option::is_none")]
    pub overlap_ends_at: Option<Timestamp>,
}

/// A key with its text: the only time that it is told.
#[derive(Debug)]
pub struct NewKey {
    /// What a program shows.
    pub text: ApiKeyText,
    /// The rest.
    pub key: ApiKey,
}

/// The key that asks, and whose it is.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub struct OwnKey {
    /// The key.
    #[serde(flatten)]
    pub key: ApiKey,
    /// The organization that it acts for, and what it may do there.
    pub organization: Organization,
}

#[derive(Deserialize)]
struct NewKeyAnswer {
    key: Redacted<String>,
    #[serde(flatten)]
    rest: ApiKey,
}

impl TryFrom<NewKeyAnswer> for NewKey {
    type Error = Error;

    fn try_from(answer: NewKeyAnswer) -> Result<Self, Error> {
        let text = ApiKeyText::parse(answer.key.expose());
        let text = text.map_err(|_| Error::Answer("a key that is none"))?;
        Ok(Self { text, key: answer.rest })
    }
}

impl Platform {
    /// The key that asks.
    pub async fn own_key(&self) -> Result<OwnKey, Error> {
        self.get("/v1/key").await
    }

    /// Every key, newest first, expired ones too.
    pub async fn keys(&self, organization: TenantId) -> Result<Vec<ApiKey>, Error> {
        self.whole_list(&path(organization, "/keys")).await
    }

    /// Makes a key, once, however often the answer is lost.
    pub async fn make_key(&self, organization: TenantId, new: &NewApiKey) -> Result<NewKey, Error> {
        let answer: NewKeyAnswer = self.post_once(&path(organization, "/keys"), new).await?;
        answer.try_into()
    }

    /// Changes a key's name, end or networks.
    pub async fn change_key(
        &self,
        organization: TenantId,
        key: ApiKeyId,
        change: &KeyChange,
    ) -> Result<ApiKey, Error> {
        let path = path(organization, &format!("/keys/{key}"));
        self.repeat(Method::PATCH, &path, change).await
    }

    /// Gives a key a new text, once. The old one works for `overlap_s` seconds (0 to 604,800).
    pub async fn rotate_key(
        &self,
        organization: TenantId,
        key: ApiKeyId,
        overlap_s: u64,
    ) -> Result<NewKey, Error> {
        let path = path(organization, &format!("/keys/{key}/rotate"));
        let answer: NewKeyAnswer = self.post_once(&path, &json!({"overlap_s": overlap_s})).await?;
        answer.try_into()
    }

    /// Ends a key at once.
    pub async fn revoke_key(&self, organization: TenantId, key: ApiKeyId) -> Result<(), Error> {
        self.delete(&path(organization, &format!("/keys/{key}"))).await
    }
}
