//! What a service is told about a request, verified.

use std::{net::IpAddr, sync::Arc};

use wax_crypto::Origin;
use wax_httpkit::{ClientAddress, Context, PlatformContext, RequestContext};
use wax_kernel::RequestId;
use wax_model::TenantScope;

use crate::{RouteOwner, network::kept_network};

/// The context of a request that came in by a route. The one place in the edge that mints a tenant's proof: the host
/// was looked up, and over TLS it is the one whose certificate was shown.
#[expect(clippy::disallowed_methods, reason = "the snapshot has just proven whose host was called")]
pub(crate) fn verified(
    owner: &RouteOwner,
    origin: Origin,
    client: IpAddr,
    request_id: RequestId,
) -> Context {
    let (origin, network) = (Arc::new(origin), kept_network(client));
    let client = ClientAddress::new(client);
    match owner {
        RouteOwner::Tenant(host) => {
            let (scope, domain) = (TenantScope::proven(host.tenant), host.domain);
            Context::Tenant(RequestContext { scope, domain, origin, client, network, request_id })
        }
        RouteOwner::Platform => {
            Context::Platform(PlatformContext { origin, client, network, request_id })
        }
    }
}
