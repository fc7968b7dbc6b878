//! The secrets service over a store that looks first and writes later. A judge that does not convict it judges nothing.
//!
//! Arguments: the database file, the key directory, the address to listen on.

use std::{path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Context as _, Result};
use axum::{Extension, Router};
use tokio::net::TcpListener;
use wax_cache::MemoryHints;
use wax_crypto::{Origin, at_rest::FileKeyStore};
use wax_httpkit::{Network, RequestContext};
use wax_kernel::{DomainId, RequestId, Rng, SystemClock, SystemRng, TenantId};
use wax_model::{Entitlements, TenantScope};
use wax_secrets::{Parts, Secrets};
use wax_store_sql::{Settings, SqlStore};
use wax_testkit::SelectThenDelete;

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut next =
        |what| arguments.next().with_context(|| format!("an argument is missing: {what}"));
    let (database, keys, address) =
        (next("database file")?, next("key directory")?, next("address")?);
    let store = SqlStore::open(&Settings::SqliteFile(PathBuf::from(database))).await?;
    store.migrate().await?;
    let rng: Arc<dyn Rng> = Arc::new(SystemRng);
    let secrets = Secrets::new(Parts {
        store: Arc::new(SelectThenDelete::new(store, Duration::ZERO)),
        keys: Arc::new(FileKeyStore::open(&PathBuf::from(keys), Arc::clone(&rng))?),
        hints: Arc::new(MemoryHints::default()),
        clock: Arc::new(SystemClock),
        rng,
        entitlements: Entitlements::SELF_HOSTED,
    });
    let router: Router = wax_secrets::router(secrets).layer(Extension(context(&address)?));
    Ok(axum::serve(TcpListener::bind(&address).await?, router).await?)
}

#[expect(clippy::disallowed_methods, reason = "this server stands in for the edge too")]
fn context(address: &str) -> Result<RequestContext> {
    let port = address.rsplit(':').next().context("an address has a port")?;
    Ok(RequestContext {
        scope: TenantScope::proven(TenantId::from_bytes([1; 16])),
        domain: DomainId::from_bytes([1; 16]),
        origin: Arc::new(Origin::parse(&format!("http://secrets.acme.localhost:{port}"))?),
        network: Network::new("127.0.0.0/24"),
        request_id: RequestId::from_bytes([1; 16]),
    })
}
