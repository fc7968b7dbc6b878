//! Who creates a secret on a tenant's host: a stranger, or a key of the organization.

use axum::extract::{FromRef, FromRequestParts};
use http::request::Parts;
use wax_httpkit::{
    Code, Problem, RequestContext,
    auth::{Credential, SharedAuthenticator},
};
use wax_model::{Actor, Permission};

use crate::service::Maker;

/// Where nothing is shown, a stranger creates. A key that is shown counts, or is refused: whoever sends one relies on being
/// recorded, so that it is never ignored.
pub(super) struct Creator(pub(super) Maker);

impl<S> FromRequestParts<S> for Creator
where
    S: Send + Sync,
    SharedAuthenticator: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let context = RequestContext::from_request_parts(parts, state).await?;
        let actor = match Credential::read(&parts.method, &parts.headers, &context.origin)? {
            Credential::None => None,
            Credential::Key(text) => {
                let authenticator = SharedAuthenticator::from_ref(state);
                Some(by_key(&authenticator, text, &context).await?)
            }
            // A person is signed in on the platform's host alone.
            Credential::Browser(_) | Credential::Cli(_) => return Err(signed_out()),
        };
        let RequestContext { scope, domain, network, .. } = context;
        Ok(Self(Maker { scope, domain, actor, network }))
    }
}

async fn by_key(
    authenticator: &SharedAuthenticator,
    text: wax_httpkit::auth::BearerHash,
    context: &RequestContext,
) -> Result<Actor, Problem> {
    let bearer = authenticator.with_key(text, context.client).await?;
    if bearer.tenant != context.scope.tenant() {
        return Err(signed_out());
    }
    let scope = Permission::SecretsCreate.scope();
    if !scope.is_some_and(|scope| bearer.key.scopes.contains(&scope)) {
        let permission = Permission::SecretsCreate.as_str();
        return Err(Problem::new(Code::Forbidden).with("permission", permission));
    }
    Ok(Actor::Key(bearer.key.id))
}

fn signed_out() -> Problem {
    Problem::new(Code::SignedOut)
}
