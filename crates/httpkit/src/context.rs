//! What is known about a request before a service sees it.

use std::{fmt, sync::Arc};

use axum::extract::FromRequestParts;
use http::request::Parts;
use wax_crypto::{ContextClaims, Origin};
use wax_kernel::{DomainId, RequestId};
use wax_model::TenantScope;

use crate::{Code, Problem};

/// The network a caller came from: `192.0.2.0/24` or `2001:db8:1::/48`. Never a full address; never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Network(Arc<str>);

impl Network {
    /// Takes the text of a network.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// The text, for the audit trail.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// What the edge has verified. A request extension; asking for it as an argument is the authorization to act for the
/// tenant whose host was called.
#[derive(Debug, Clone)]
pub struct RequestContext {
    /// The tenant whose host was called.
    pub scope: TenantScope,
    /// The host's domain.
    pub domain: DomainId,
    /// What the browser calls us: the start of RFC 9421's `@target-uri`.
    pub origin: Arc<Origin>,
    /// Where the caller is.
    pub network: Network,
    /// Names this request in logs.
    pub request_id: RequestId,
}

impl RequestContext {
    /// What the edge signs of it, for services in other processes.
    pub fn claims(&self) -> ContextClaims {
        ContextClaims {
            tenant: self.scope.tenant(),
            domain: self.domain,
            origin: Origin::clone(&self.origin),
            network: self.network.as_str().to_owned(),
            request: self.request_id,
        }
    }

    /// The context that an edge has signed. Beside the edge's own, this is the one place that mints a tenant's proof:
    /// `ContextClaims` come out of a verified signature only, and whoever made it had looked up the host.
    #[expect(clippy::disallowed_methods, reason = "the edge that signed this has proven the host")]
    pub fn signed(claims: ContextClaims) -> Self {
        Self {
            scope: TenantScope::proven(claims.tenant),
            domain: claims.domain,
            origin: Arc::new(claims.origin),
            network: Network::new(claims.network),
            request_id: claims.request,
        }
    }
}

impl<S: Sync> FromRequestParts<S> for RequestContext {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        // Without it the request did not come through an edge: nothing about it can be trusted.
        parts.extensions.get::<Self>().cloned().ok_or_else(|| Problem::new(Code::Internal))
    }
}
