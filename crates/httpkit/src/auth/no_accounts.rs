//! A server that nobody has an account on.

use async_trait::async_trait;
use wax_kernel::{AccountId, TenantId};
use wax_model::{Bearer, Belonging, KeyBearer, Session, Tenant};

use super::{Authenticator, BearerHash};
use crate::{ClientAddress, PlatformContext, Problem};

/// Knows nobody: for a server, or a test of one, that strangers alone use.
#[derive(Debug, Clone, Copy)]
pub struct NoAccounts;

#[async_trait]
impl Authenticator for NoAccounts {
    async fn session(&self, _: BearerHash, _: &PlatformContext) -> Result<Option<Bearer>, Problem> {
        Ok(None)
    }

    async fn key(&self, _: BearerHash, _: ClientAddress) -> Result<Option<KeyBearer>, Problem> {
        Ok(None)
    }

    async fn belonging(&self, _: AccountId, _: &str) -> Result<Option<Belonging>, Problem> {
        Ok(None)
    }

    async fn organization(&self, _: TenantId) -> Result<Option<Tenant>, Problem> {
        Ok(None)
    }

    fn stepped_up(&self, _: &Session) -> bool {
        false
    }
}
