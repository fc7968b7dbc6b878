//! The tenants that a store gets at its first start.

use anyhow::Result;
use wax_config::{Config, Console};
use wax_kernel::{Clock, DomainId, HostPattern, Hostname, Rng, TenantId};
use wax_model::{Brand, Domain, PlanId, Tenant, domain::Transport};
use wax_store::{NewDomain, PlatformStore, Store as _};
use wax_store_sql::SqlStore;

use crate::demo;

const LOCAL_HOST: &str = "local.localhost";

/// Gives an empty store the tenant `local` on `local.localhost`; the demo also gets Acme, Inc.
pub(crate) async fn ensure(
    store: &SqlStore,
    config: &Config,
    clock: &dyn Clock,
    rng: &dyn Rng,
) -> Result<()> {
    let platform = store.platform();
    let (local, acme) = (Hostname::parse(LOCAL_HOST)?, Hostname::parse(demo::HOST)?);
    let plan = config.plans().default_plan().id.clone();
    if platform.count_tenants().await? == 0 {
        check(&config.console, &local)?;
        add(platform, "local", "Local", local, (Brand::plain("Local"), &plan), clock, rng).await?;
    }
    if config.server.demo {
        check(&config.console, &acme)?;
        add(platform, demo::SLUG, "Acme, Inc.", acme, (demo::acme(), &plan), clock, rng).await?;
    }
    Ok(())
}

/// No tenant's domain may be the console's host, nor above or below it.
pub(crate) fn check(console: &Console, domain: &Hostname) -> Result<()> {
    let host = console.host.as_ref().map(Hostname::as_str).unwrap_or_default();
    anyhow::ensure!(
        !console.conflicts_with(domain),
        "console.host is {host}, and an organization has the domain {domain}: browsers could take one for the other; \
         give the console a name that is neither the domain nor above or below it"
    );
    Ok(())
}

async fn add(
    platform: &dyn PlatformStore,
    slug: &str,
    name: &str,
    host: Hostname,
    (brand, plan): (Brand, &PlanId),
    clock: &dyn Clock,
    rng: &dyn Rng,
) -> Result<()> {
    let tenant = Tenant {
        id: TenantId::random(rng),
        slug: slug.into(),
        name: name.into(),
        plan: plan.clone(),
        limited: false,
        created_at: clock.now(),
        deletion_due_at: None,
    };
    let tenant = platform.ensure_tenant(&tenant).await?;
    let (id, host) = (DomainId::random(rng), HostPattern::exact(host));
    let domain = Domain::given(id, tenant.id, host, Transport::Loopback, clock.now());
    platform.ensure_domain(&NewDomain { domain, brand }).await?;
    Ok(())
}
