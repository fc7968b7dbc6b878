//! A program, whatever its key may be used for.

use axum::extract::{FromRef, FromRequestParts};
use http::request::Parts;
use wax_model::{ApiKey, TenantScope};

use super::{Credential, SharedAuthenticator, shown::Shown};
use crate::{Code, PlatformContext, Problem};

/// The caller has an API key that stands and may be used from there: never a person.
#[derive(Debug, Clone)]
pub struct WithKey {
    /// Where the call came from.
    pub context: PlatformContext,
    /// The key's organization.
    pub scope: TenantScope,
    /// The key.
    pub key: ApiKey,
}

impl<S> FromRequestParts<S> for WithKey
where
    S: Send + Sync,
    SharedAuthenticator: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Shown { context, credential, authenticator } =
            Shown::from_request_parts(parts, state).await?;
        let text = match credential {
            Credential::Key(text) => text,
            Credential::None => return Err(Problem::new(Code::SignedOut)),
            Credential::Browser(_) | Credential::Cli(_) => {
                return Err(Problem::new(Code::Forbidden));
            }
        };
        let bearer = authenticator.with_key(text, context.client).await?;
        Ok(Self { context, scope: proven(bearer.tenant), key: bearer.key })
    }
}

#[expect(clippy::disallowed_methods, reason = "the key itself has proven it")]
const fn proven(tenant: wax_kernel::TenantId) -> TenantScope {
    TenantScope::proven(tenant)
}
