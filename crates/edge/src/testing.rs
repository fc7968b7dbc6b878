//! What the tests of several modules need.

use std::sync::Arc;

use wax_kernel::{DomainId, Hostname, TenantId};
use wax_model::{Brand, Entitlements};
use wax_pages::BrandFiles;

use crate::{Route, Transport};

pub(crate) fn host(name: &str) -> Hostname {
    Hostname::parse(name).unwrap()
}

pub(crate) fn route(transport: Transport) -> Route {
    Route {
        tenant: TenantId::from_bytes([1; 16]),
        domain: DomainId::from_bytes([2; 16]),
        transport,
        certificate: None,
        brand: Arc::new(BrandFiles::render(&Brand::plain("Acme"), &Entitlements::SELF_HOSTED)),
    }
}
