//! What is known about a request before a service sees it.

use std::{fmt, net::IpAddr, sync::Arc};

use axum::extract::FromRequestParts;
use http::{Extensions, request::Parts};
use wax_crypto::{ContextClaims, ContextHost, Origin};
use wax_kernel::{DomainId, RequestId};
use wax_model::TenantScope;

use crate::{Code, HostKind, Problem};

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

/// The caller's full address: for comparing it with the networks that a key may be used from. It is kept for as long as the
/// request, and never stored or printed; what may be kept is the [`Network`].
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(IpAddr);

impl ClientAddress {
    /// Takes an address; an IPv4 address mapped into IPv6 is the IPv4 address.
    pub const fn new(address: IpAddr) -> Self {
        Self(address.to_canonical())
    }

    /// The address itself.
    pub const fn get(self) -> IpAddr {
        self.0
    }
}

impl fmt::Debug for ClientAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// What the edge has verified about a request on a tenant's host. A request extension; asking for it as an argument is
/// the authorization to act for the tenant whose host was called. On the platform's host the route does not exist.
#[derive(Debug, Clone)]
pub struct RequestContext {
    /// The tenant whose host was called.
    pub scope: TenantScope,
    /// The host's domain.
    pub domain: DomainId,
    /// What the browser calls us: the start of RFC 9421's `@target-uri`.
    pub origin: Arc<Origin>,
    /// Who the caller is, on the wire.
    pub client: ClientAddress,
    /// Where the caller is.
    pub network: Network,
    /// Names this request in logs.
    pub request_id: RequestId,
}

/// What the edge has verified about a request on the platform's host, where members are. It acts for no tenant: whose
/// member the caller is, a session or a key has to say. On a tenant's host the route does not exist.
#[derive(Debug, Clone)]
pub struct PlatformContext {
    /// What the browser calls us. Nothing of it is the client's word, so it may stand in mail; its host is the RP ID of
    /// passkeys (W3C Web Authentication §5.1.2).
    pub origin: Arc<Origin>,
    /// Who the caller is, on the wire.
    pub client: ClientAddress,
    /// Where the caller is.
    pub network: Network,
    /// Names this request in logs.
    pub request_id: RequestId,
}

/// One or the other: every request that came through an edge has exactly one of them.
#[derive(Debug, Clone)]
pub enum Context {
    /// On a tenant's host.
    Tenant(RequestContext),
    /// On the platform's host.
    Platform(PlatformContext),
}

impl Context {
    /// The context among a request's extensions.
    pub fn of(extensions: &Extensions) -> Option<Self> {
        let tenant = || extensions.get::<RequestContext>().cloned().map(Self::Tenant);
        let platform = || extensions.get::<PlatformContext>().cloned().map(Self::Platform);
        tenant().or_else(platform)
    }

    /// Makes it the one context of a request, whatever was there.
    pub fn into_extensions(self) -> Extensions {
        let mut extensions = Extensions::new();
        match self {
            Self::Tenant(context) => drop(extensions.insert(context)),
            Self::Platform(context) => drop(extensions.insert(context)),
        }
        extensions
    }

    /// Whose host was called.
    pub const fn host_kind(&self) -> HostKind {
        match self {
            Self::Tenant(_) => HostKind::Tenant,
            Self::Platform(_) => HostKind::Platform,
        }
    }

    /// Whose host a request was for, by its extensions.
    pub(crate) fn host_kind_of(extensions: &Extensions) -> Option<HostKind> {
        let tenant = extensions.get::<RequestContext>().map(|_| HostKind::Tenant);
        tenant.or_else(|| extensions.get::<PlatformContext>().map(|_| HostKind::Platform))
    }

    /// Names a request, by its extensions.
    pub(crate) fn request_id_of(extensions: &Extensions) -> Option<RequestId> {
        let tenant = extensions.get::<RequestContext>().map(|context| context.request_id);
        tenant.or_else(|| extensions.get::<PlatformContext>().map(|context| context.request_id))
    }

    /// What the browser calls us.
    pub const fn origin(&self) -> &Arc<Origin> {
        match self {
            Self::Tenant(context) => &context.origin,
            Self::Platform(context) => &context.origin,
        }
    }

    /// Names this request in logs.
    pub const fn request_id(&self) -> RequestId {
        match self {
            Self::Tenant(context) => context.request_id,
            Self::Platform(context) => context.request_id,
        }
    }

    /// What the edge signs of it, for services in other processes.
    pub fn claims(&self) -> ContextClaims {
        let (host, client, network) = match self {
            Self::Tenant(RequestContext { scope, domain, client, network, .. }) => {
                (ContextHost::Tenant { tenant: scope.tenant(), domain: *domain }, client, network)
            }
            Self::Platform(PlatformContext { client, network, .. }) => {
                (ContextHost::Platform, client, network)
            }
        };
        ContextClaims {
            host,
            origin: Origin::clone(self.origin()),
            client: client.get(),
            network: network.as_str().to_owned(),
            request: self.request_id(),
        }
    }

    /// The context that an edge has signed. Beside the edge's own, this is the one place that mints a tenant's proof:
    /// `ContextClaims` come out of a verified signature only, and whoever made it had looked up the host.
    #[expect(clippy::disallowed_methods, reason = "the edge that signed this has proven the host")]
    pub fn signed(claims: ContextClaims) -> Self {
        let ContextClaims { host, origin, client, network, request: request_id } = claims;
        let (origin, client, network) =
            (Arc::new(origin), ClientAddress::new(client), Network::new(network));
        match host {
            ContextHost::Tenant { tenant, domain } => {
                let scope = TenantScope::proven(tenant);
                Self::Tenant(RequestContext { scope, domain, origin, client, network, request_id })
            }
            ContextHost::Platform => {
                Self::Platform(PlatformContext { origin, client, network, request_id })
            }
        }
    }
}

impl<S: Sync> FromRequestParts<S> for RequestContext {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| absent(&parts.extensions))
    }
}

impl<S: Sync> FromRequestParts<S> for PlatformContext {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| absent(&parts.extensions))
    }
}

/// With the other context, the route is not one of this host. With none at all the request did not come through an edge,
/// and nothing about it can be trusted.
fn absent(extensions: &Extensions) -> Problem {
    let code = Context::host_kind_of(extensions).map_or(Code::Internal, |_| Code::NotAvailable);
    Problem::new(code)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use http::Request;
    use wax_kernel::TenantId;

    use super::*;

    fn claims(host: ContextHost) -> ContextClaims {
        ContextClaims {
            host,
            origin: Origin::parse("https://app.example").unwrap(),
            client: [192, 0, 2, 1].into(),
            network: "192.0.2.0/24".into(),
            request: RequestId::from_bytes([3; 16]),
        }
    }

    fn tenant() -> ContextHost {
        let (tenant, domain) = (TenantId::from_bytes([1; 16]), DomainId::from_bytes([2; 16]));
        ContextHost::Tenant { tenant, domain }
    }

    /// What the two extractors say to a request with these extensions.
    async fn extract(extensions: Extensions) -> [Result<(), Code>; 2] {
        let (mut parts, _) = Request::new(Body::empty()).into_parts();
        parts.extensions = extensions;
        let tenant = RequestContext::from_request_parts(&mut parts, &()).await;
        let platform = PlatformContext::from_request_parts(&mut parts, &()).await;
        let code = |problem: Problem| problem.code();
        [tenant.map(drop).map_err(code), platform.map(drop).map_err(code)]
    }

    #[tokio::test]
    async fn a_route_of_one_kind_of_host_does_not_exist_on_the_other() {
        let of = |host| Context::signed(claims(host)).into_extensions();
        assert_eq!(extract(of(tenant())).await, [Ok(()), Err(Code::NotAvailable)]);
        assert_eq!(extract(of(ContextHost::Platform)).await, [Err(Code::NotAvailable), Ok(())]);
    }

    #[tokio::test]
    async fn what_came_by_no_edge_is_our_own_fault() {
        assert_eq!(extract(Extensions::new()).await, [Err(Code::Internal); 2]);
    }

    #[test]
    fn a_context_prints_neither_address_nor_network() {
        for host in [tenant(), ContextHost::Platform] {
            let printed = format!("{:?}", Context::signed(claims(host)));
            assert!(!printed.contains("192"), "{printed}");
        }
    }

    #[test]
    fn what_is_signed_is_what_is_believed() {
        for host in [tenant(), ContextHost::Platform] {
            let context = Context::signed(claims(host));
            assert_eq!(context.claims(), claims(host));
            let again = Context::of(&context.into_extensions()).unwrap();
            assert_eq!(again.claims(), claims(host));
        }
    }
}
