//! The secrets service over a store that is broken on purpose. A judge that does not convict it judges nothing.
//!
//! `DATABASE_URL=postgres://… broken --fault <name> <key directory> <address to listen on> <origin>`

use std::{path::PathBuf, sync::Arc};

use anyhow::{Context as _, Result, ensure};
use axum::{Extension, Router};
use tokio::net::TcpListener;
use wax_cache::MemoryHints;
use wax_crypto::{Origin, at_rest::FileKeyStore};
use wax_httpkit::{ClientAddress, Network, RequestContext, auth::NoAccounts};
use wax_kernel::{
    DomainId, HostPattern, Redacted, RequestId, Rng, SystemClock, SystemRng, TenantId, Timestamp,
};
use wax_model::{
    Brand, Domain, Entitlements, PlanId, Plans, Tenant, TenantScope, domain::Transport,
};
use wax_secrets::{Parts, Secrets};
use wax_store::{NewDomain, Store};
use wax_store_sql::{Settings, SqlStore};
use wax_testkit::{Fault, broken};

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [flag, fault, keys, address, origin] = arguments.as_slice() else {
        anyhow::bail!("five arguments: --fault <name> <key directory> <address> <origin>");
    };
    ensure!(flag == "--fault", "the first argument is --fault");
    let store = SqlStore::open(&database()?).await?;
    store.migrate().await?;
    let domain = found(&*store).await?;
    let context = context(&domain, origin)?;
    let rng: Arc<dyn Rng> = Arc::new(SystemRng);
    let secrets = Secrets::new(Parts {
        store: match fault.as_str() {
            // The same server without a fault: what the others are compared with.
            "none" => store,
            name => broken(store, Fault::parse(name).context("no such fault")?),
        },
        keys: Arc::new(FileKeyStore::open(&PathBuf::from(keys), Arc::clone(&rng))?),
        hints: Arc::new(MemoryHints::default()),
        clock: Arc::new(SystemClock),
        rng,
        plans: Plans::self_hosted(Entitlements::SELF_HOSTED),
    });
    let router: Router = wax_secrets::router(secrets, Arc::new(NoAccounts));
    let router = router.layer(Extension(context));
    Ok(axum::serve(TcpListener::bind(address).await?, router).await?)
}

#[expect(
    clippy::disallowed_methods,
    reason = "a binary is told by the environment where its database is"
)]
fn database() -> Result<Settings> {
    let url = std::env::var("DATABASE_URL").context("DATABASE_URL is missing")?;
    Ok(Settings::Postgres { url: Redacted::new(url), connections: 32 })
}

/// The one domain, which every server of the same database has.
async fn found(store: &dyn Store) -> Result<Domain> {
    let now = Timestamp::from_ms(0);
    let tenant = Tenant {
        id: TenantId::from_bytes([1; 16]),
        slug: "acme".into(),
        name: "Acme".into(),
        plan: PlanId::self_hosted(),
        limited: false,
        created_at: now,
        deletion_due_at: None,
    };
    let tenant = store.platform().ensure_tenant(&tenant).await?.id;
    let (id, host) = (DomainId::from_bytes([1; 16]), HostPattern::parse("acme.localhost")?);
    let domain = Domain::given(id, tenant, host, Transport::Loopback, now);
    let new = NewDomain { domain: domain.clone(), brand: Brand::plain("Acme") };
    ensure!(store.platform().ensure_domain(&new).await?, "the host is another's");
    Ok(domain)
}

#[expect(clippy::disallowed_methods, reason = "this server stands in for the edge too")]
fn context(domain: &Domain, origin: &str) -> Result<RequestContext> {
    Ok(RequestContext {
        scope: TenantScope::proven(domain.tenant()),
        domain: domain.id(),
        origin: Arc::new(Origin::parse(origin)?),
        client: ClientAddress::new([127, 0, 0, 1].into()),
        network: Network::new("127.0.0.0/24"),
        request_id: RequestId::from_bytes([1; 16]),
    })
}
