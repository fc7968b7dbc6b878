//! `waxseald admin owner create` and `admin account recover`

use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use wax_accounts::OperatorLink;
use wax_config::Config;
use wax_crypto::Origin;
use wax_kernel::{Clock, EmailAddress, Rng, SystemClock, SystemRng};
use wax_store::Store;

use crate::assemble;

/// Prints a link that lets somebody in once. The server may be running.
pub(crate) fn operator_link(config: &Config, email: &str, link: OperatorLink) -> Result<()> {
    ensure!(
        !config.server.ephemeral,
        "an ephemeral server keeps nothing that another process could change (server.ephemeral)"
    );
    let origin = config.console_origin().context("there is no console (console.host)")?;
    let origin = Origin::parse(&origin).context("the console's address")?;
    let email = EmailAddress::parse(email).context("the address")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let store = assemble::store(config).await?;
        store.migrate().await.context("the database's schema could not be brought up to date")?;
        let rng: Arc<dyn Rng> = Arc::new(SystemRng);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let keys = assemble::keys(config, &rng)?;
        let seen = Arc::clone(&store) as Arc<dyn Store>;
        let accounts = assemble::accounts(config, seen, keys, clock, rng)?;
        let link = accounts.operator_link(&origin, &email, link).await?;
        store.close().await;
        super::print(&format!("{}\n", link.expose()))
    })
}
