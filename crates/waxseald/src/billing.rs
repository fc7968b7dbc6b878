//! The billing service, as the configuration says.

use std::sync::Arc;

#[cfg(feature = "stripe")]
use anyhow::Context as _;
use anyhow::Result;
use wax_billing::{Billing, Parts, Settings};
use wax_config::{Config, Stripe};
use wax_crypto::{Origin, at_rest::KeyStore};
use wax_kernel::{Clock, Rng};
use wax_payments::Payments;
#[cfg(feature = "stripe")]
use wax_payments::{Stripe as Client, StripeSettings};
use wax_store::Store;
use wax_telemetry::{Metrics, Tasks};

/// What the service is made with.
pub(crate) struct Shared<'c> {
    pub(crate) config: &'c Config,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) keys: Arc<dyn KeyStore>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) rng: Arc<dyn Rng>,
    pub(crate) metrics: Metrics,
    pub(crate) tasks: Tasks,
}

impl Shared<'_> {
    /// Puts the service together. Nobody is asked yet.
    pub(crate) fn billing(self) -> Result<Billing> {
        let Self { config, store, keys, clock, rng, metrics, tasks } = self;
        let stripe = config.billing.stripe()?;
        let payments = stripe.as_ref().map(payments).transpose()?;
        let webhook_secrets = stripe.map(|stripe| stripe.webhook_secrets).unwrap_or_default();
        let origin = config.console_origin();
        let console = origin.and_then(|origin| Origin::parse(&origin).ok());
        let plans = config.plans();
        let settings = Settings { console, webhook_secrets };
        Ok(Billing::new(Parts {
            store,
            keys,
            payments,
            plans,
            clock,
            rng,
            metrics,
            tasks,
            settings,
        }))
    }
}

/// Stripe, as the configuration reaches it. Nothing is asked yet.
#[cfg(feature = "stripe")]
fn payments(stripe: &Stripe) -> Result<Arc<dyn Payments>> {
    let settings = StripeSettings::new(stripe.secret_key.clone(), stripe.url.clone());
    Ok(Arc::new(Client::new(&settings).context("Stripe cannot be used (billing)")?))
}

/// This server was built without it.
#[cfg(not(feature = "stripe"))]
fn payments(_: &Stripe) -> Result<Arc<dyn Payments>> {
    anyhow::bail!("this server was built without Stripe, and has something to sell (billing.plans)")
}
