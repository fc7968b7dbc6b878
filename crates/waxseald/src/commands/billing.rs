//! What `waxseald billing` asks and shows.

use std::sync::Arc;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::json;
use wax_billing::{Billing, Refreshed};
use wax_config::Config;
use wax_kernel::{Clock, Rng, SystemClock, SystemRng};
use wax_store::{Drift, Store};
use wax_telemetry::{Metrics, Tasks};

use super::admin::moment;
use crate::{assemble, billing::Shared};

/// `billing drift`: what does not add up, a line each.
pub(crate) fn billing_drift(config: &Config, as_json: bool) -> Result<()> {
    let drift = operate(config, async |billing| Ok(billing.drift().await?))?;
    if as_json {
        let lines = drift.iter().map(to_json).collect::<Result<Vec<_>>>()?;
        return super::print(&format!("{:#}\n", json!(lines)));
    }
    if drift.is_empty() {
        return super::print("Stripe and this server agree.\n");
    }
    super::print(&drift.iter().map(line).collect::<Result<String>>()?)
}

fn line(drift: &Drift) -> Result<String> {
    let whose = drift.tenant.map_or_else(|| "-".to_owned(), |tenant| tenant.to_string());
    let (kind, since) = (drift.kind.as_str(), moment(drift.since)?);
    Ok(format!("{since}  {kind:<17}  {whose:<22}  {}\n", drift.subject))
}

fn to_json(drift: &Drift) -> Result<serde_json::Value> {
    Ok(json!({
        "kind": drift.kind.as_str(),
        "subject": drift.subject,
        "organization": drift.tenant.map(|tenant| tenant.to_string()),
        "since": moment(drift.since)?,
    }))
}

/// `billing refresh`: asks Stripe about one organization.
pub(crate) fn billing_refresh(config: &Config, organization: &str) -> Result<()> {
    let name = organization.to_owned();
    match operate(config, async |billing| Ok(billing.refresh_of(&name).await?))? {
        Refreshed::Unknown => bail!("there is no organization {organization:?}"),
        Refreshed::Silent => bail!("Stripe did not answer; it is asked again by itself"),
        Refreshed::NoCustomer => super::print("It has never wanted to pay.\n"),
        Refreshed::Answered => super::print("Asked; what follows is written.\n"),
    }
}

/// Does something with the billing service of the configuration's database.
fn operate<T>(config: &Config, work: impl AsyncFnOnce(&Billing) -> Result<T>) -> Result<T> {
    ensure!(
        !config.server.ephemeral,
        "an ephemeral server keeps nothing that another process could see (server.ephemeral)"
    );
    // Whoever has installed one is content with it.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let store = assemble::store(config).await?;
        store.migrate().await.context("the database's schema could not be brought up to date")?;
        let rng: Arc<dyn Rng> = Arc::new(SystemRng);
        let shared = Shared {
            config,
            store: Arc::clone(&store) as Arc<dyn Store>,
            keys: assemble::keys(config, &rng)?,
            clock: Arc::new(SystemClock) as Arc<dyn Clock>,
            rng,
            metrics: Metrics::default(),
            tasks: Tasks::new(),
        };
        let done = work(&shared.billing()?).await;
        store.close().await;
        done
    })
}
