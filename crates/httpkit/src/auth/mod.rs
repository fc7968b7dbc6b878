//! Who calls the platform, and what they may do (docs/accounts.md §2 and §3). Asking for one of these as an argument is
//! the authorization: a handler without one answers everybody.

mod allowed;
mod cookies;
mod credentials;
mod no_accounts;
mod our_page;
mod shown;
mod signed_in;
mod with_key;

use std::sync::Arc;

use async_trait::async_trait;
use wax_kernel::{AccountId, TenantId};
use wax_model::{Bearer, Belonging, KeyBearer, Session, Tenant};

pub use self::{
    allowed::{Allowed, Grant, may},
    cookies::{Cookies, DEVICE_COOKIE, SESSION_COOKIE, STEP_COOKIE, set_cookie, unset_cookie},
    credentials::{CLI_PREFIX, CSRF_HEADER, Credential, bearer_hash, csrf_token, from_our_pages},
    no_accounts::NoAccounts,
    our_page::{OurPage, is_bearer},
    signed_in::{SignedIn, SteppedUp},
    with_key::WithKey,
};
use crate::{ClientAddress, Code, PlatformContext, Problem};

/// SHA-256 of a bearer value: what services look up instead of it.
pub type BearerHash = [u8; 32];

/// Who knows sessions, keys and members. The accounts service is one; every process that serves members' routes has it,
/// whichever services it has.
#[async_trait]
pub trait Authenticator: Send + Sync {
    /// The session with this token, used just now from there.
    async fn session(
        &self,
        token: BearerHash,
        from: &PlatformContext,
    ) -> Result<Option<Bearer>, Problem>;
    /// The key with this text, if it may be used from there: on whichever host.
    async fn key(
        &self,
        text: BearerHash,
        from: ClientAddress,
    ) -> Result<Option<KeyBearer>, Problem>;
    /// What an account is in the organization with this id or slug.
    async fn belonging(
        &self,
        account: AccountId,
        organization: &str,
    ) -> Result<Option<Belonging>, Problem>;
    /// The organization with this id.
    async fn organization(&self, id: TenantId) -> Result<Option<Tenant>, Problem>;
    /// Whether this session has proven its person lately.
    fn stepped_up(&self, session: &Session) -> bool;
}

impl dyn Authenticator {
    /// The session with this token, or 401.
    pub(crate) async fn signed_in(
        &self,
        token: BearerHash,
        from: &PlatformContext,
    ) -> Result<Bearer, Problem> {
        let bearer = self.session(token, from).await?;
        bearer.ok_or_else(|| Problem::new(Code::SignedOut))
    }

    /// The key with this text, or 401.
    pub async fn with_key(
        &self,
        text: BearerHash,
        from: ClientAddress,
    ) -> Result<KeyBearer, Problem> {
        self.key(text, from).await?.ok_or_else(|| Problem::new(Code::SignedOut))
    }
}

/// What routers keep in their state to authenticate by.
pub type SharedAuthenticator = Arc<dyn Authenticator>;

#[cfg(test)]
mod tests;
