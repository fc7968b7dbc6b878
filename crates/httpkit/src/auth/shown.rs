//! Where every extractor of somebody on the platform's host begins.

use axum::extract::{FromRef, FromRequestParts};
use http::request::Parts;

use super::{Credential, SharedAuthenticator};
use crate::{PlatformContext, Problem};

/// What a request shows, from where, and who can say whose it is.
pub(super) struct Shown {
    pub(super) context: PlatformContext,
    pub(super) credential: Credential,
    pub(super) authenticator: SharedAuthenticator,
}

impl<S> FromRequestParts<S> for Shown
where
    S: Send + Sync,
    SharedAuthenticator: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let context = PlatformContext::from_request_parts(parts, state).await?;
        let credential = Credential::read(&parts.method, &parts.headers, &context.origin)?;
        Ok(Self { context, credential, authenticator: SharedAuthenticator::from_ref(state) })
    }
}
