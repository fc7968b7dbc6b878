//! A person, whatever they may do in organizations.

use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts};
use http::request::Parts;
use wax_model::{Bearer, Session};

use super::{Credential, SharedAuthenticator, shown::Shown};
use crate::{Code, PlatformContext, Problem};

/// The caller has a session: a browser's or a command line's, never a key.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Where the call came from.
    pub context: PlatformContext,
    /// The session.
    pub session: Session,
    /// The account's language.
    pub lang: Arc<str>,
}

/// A [`SignedIn`] that has proven its person within the last ten minutes.
#[derive(Debug, Clone)]
pub struct SteppedUp(pub SignedIn);

impl<S> FromRequestParts<S> for SignedIn
where
    S: Send + Sync,
    SharedAuthenticator: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Shown { context, credential, authenticator } =
            Shown::from_request_parts(parts, state).await?;
        let token = match credential {
            Credential::Browser(token) | Credential::Cli(token) => token,
            Credential::None => return Err(Problem::new(Code::SignedOut)),
            Credential::Key(_) => return Err(Problem::new(Code::Forbidden)),
        };
        let Bearer { session, lang, .. } = authenticator.signed_in(token, &context).await?;
        Ok(Self { context, session, lang: lang.into() })
    }
}

impl<S> FromRequestParts<S> for SteppedUp
where
    S: Send + Sync,
    SharedAuthenticator: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let caller = SignedIn::from_request_parts(parts, state).await?;
        if SharedAuthenticator::from_ref(state).stepped_up(&caller.session) {
            Ok(Self(caller))
        } else {
            Err(Problem::new(Code::StepUp))
        }
    }
}
