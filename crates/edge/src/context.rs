//! What a service is told about a request, verified.

use std::{net::IpAddr, sync::Arc};

use wax_crypto::Origin;
use wax_httpkit::RequestContext;
use wax_kernel::RequestId;
use wax_model::TenantScope;

use crate::{Route, network::kept_network};

/// The context of a request that came in by a route. The one place in the edge that mints a tenant's proof: the host
/// was looked up, and over TLS it is the one whose certificate was shown.
#[expect(clippy::disallowed_methods, reason = "the snapshot has just proven whose host was called")]
pub(crate) fn verified(
    route: &Route,
    origin: Origin,
    client: IpAddr,
    request_id: RequestId,
) -> RequestContext {
    RequestContext {
        scope: TenantScope::proven(route.tenant),
        domain: route.domain,
        origin: Arc::new(origin),
        network: kept_network(client),
        request_id,
    }
}
