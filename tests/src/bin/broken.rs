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
use wax_kernel::{DomainId, Redacted, RequestId, Rng, SystemClock, SystemRng, TenantId};
use wax_model::{Entitlements, TenantScope};
use wax_secrets::{Parts, Secrets};
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
        entitlements: Entitlements::SELF_HOSTED,
    });
    let router: Router = wax_secrets::router(secrets, Arc::new(NoAccounts));
    let router = router.layer(Extension(context(origin)?));
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

#[expect(clippy::disallowed_methods, reason = "this server stands in for the edge too")]
fn context(origin: &str) -> Result<RequestContext> {
    Ok(RequestContext {
        scope: TenantScope::proven(TenantId::from_bytes([1; 16])),
        domain: DomainId::from_bytes([1; 16]),
        origin: Arc::new(Origin::parse(origin)?),
        client: ClientAddress::new([127, 0, 0, 1].into()),
        network: Network::new("127.0.0.0/24"),
        request_id: RequestId::from_bytes([1; 16]),
    })
}
