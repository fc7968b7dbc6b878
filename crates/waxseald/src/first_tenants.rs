//! The tenants that a store gets at its first start.

use anyhow::Result;
use wax_kernel::{Clock, DomainId, Hostname, Rng, TenantId};
use wax_model::{Brand, Domain, Plan, Tenant};
use wax_store::{NewDomain, PlatformStore, Store as _};
use wax_store_sql::SqlStore;

use crate::demo;

const LOCAL_HOST: &str = "local.localhost";

/// Gives an empty store the tenant `local` on `local.localhost`; the demo also gets Acme, Inc.
pub(crate) async fn ensure(
    store: &SqlStore,
    demo: bool,
    clock: &dyn Clock,
    rng: &dyn Rng,
) -> Result<()> {
    let platform = store.platform();
    if platform.count_tenants().await? == 0 {
        add(platform, "local", "Local", LOCAL_HOST, Brand::plain("Local"), clock, rng).await?;
    }
    if demo {
        add(platform, "acme", "Acme, Inc.", demo::HOST, demo::acme(), clock, rng).await?;
    }
    Ok(())
}

async fn add(
    platform: &dyn PlatformStore,
    slug: &str,
    name: &str,
    host: &str,
    brand: Brand,
    clock: &dyn Clock,
    rng: &dyn Rng,
) -> Result<()> {
    let tenant = Tenant {
        id: TenantId::random(rng),
        slug: slug.into(),
        name: name.into(),
        plan: Plan::SelfHosted,
        created_at: clock.now(),
    };
    let tenant = platform.ensure_tenant(&tenant).await?;
    let domain =
        Domain { id: DomainId::random(rng), host: Hostname::parse(host)?, created_at: clock.now() };
    platform.ensure_domain(&NewDomain { tenant: tenant.id, domain, brand }).await?;
    Ok(())
}
