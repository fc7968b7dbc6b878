//! The rules of payments. No HTTP, no SQL.

mod acting;
mod applying;
mod attending;
mod buying;
mod changing;
mod following;
mod hearing;
mod jobs;
mod letters;
mod once;
mod operator;
mod parting;
mod prices;
mod refreshing;
mod refusal;
mod seats;
mod seeing;
mod sweeping;
mod truth;
mod usage;

use std::{fmt, sync::Arc};

use wax_crypto::{Origin, at_rest::KeyStore};
use wax_kernel::{Clock, Redacted, Rng, Timestamp};
use wax_mail::Postbox;
use wax_model::Plans;
use wax_payments::Payments;
use wax_store::{BillingPlatform, Store};
use wax_telemetry::{Gauge, Metrics, Tasks};

pub(crate) use self::{
    acting::Acting,
    buying::Wanted,
    changing::Shown,
    prices::Offer,
    refusal::Refusal,
    seeing::Seen,
    truth::KeptInvoice,
    usage::{Metered, Usage},
};
pub use self::{jobs::jobs, operator::Refreshed};

/// What the service is made of.
#[derive(Debug)]
pub struct Parts {
    /// The database.
    pub store: Arc<dyn Store>,
    /// The key ring: for mails, and for what came from Stripe.
    pub keys: Arc<dyn KeyStore>,
    /// Stripe. `None`: nothing is sold.
    pub payments: Option<Arc<dyn Payments>>,
    /// What is sold.
    pub plans: Plans,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where randomness comes from.
    pub rng: Arc<dyn Rng>,
    /// The process's numbers.
    pub metrics: Metrics,
    /// The process's tasks: what is asked goes on to its end, though nobody waits.
    pub tasks: Tasks,
    /// What the operator has decided.
    pub settings: Settings,
}

/// What the operator has decided.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Where links in mails lead. `None`: nobody is told by mail.
    pub console: Option<Origin>,
    /// With which Stripe signs events: `whsec_…`; two while one is rotated.
    pub webhook_secrets: Vec<Redacted<String>>,
}

/// The billing service. Clones are the same service.
#[derive(Clone)]
pub struct Billing(Arc<Inner>);

struct Inner {
    store: Arc<dyn Store>,
    keys: Arc<dyn KeyStore>,
    payments: Option<Arc<dyn Payments>>,
    plans: Plans,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    postbox: Postbox,
    drift: Gauge,
    tasks: Tasks,
    settings: Settings,
}

impl fmt::Debug for Billing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Billing").field("plans", &self.0.plans).finish_non_exhaustive()
    }
}

impl Billing {
    /// Puts the service together.
    pub fn new(parts: Parts) -> Self {
        let Parts { store, keys, payments, plans, clock, rng, metrics, tasks, settings } = parts;
        let postbox = Postbox::new(Arc::clone(&keys), Arc::clone(&clock), Arc::clone(&rng));
        let help = "Differences between Stripe and us that only people can mend.";
        let drift = metrics.gauge("waxseal_billing_drift", help, &["kind"]);
        let payments = payments.filter(|_| plans.are_sold());
        Self(Arc::new(Inner {
            store,
            keys,
            payments,
            plans,
            clock,
            rng,
            postbox,
            drift,
            tasks,
            settings,
        }))
    }

    /// Whether anything is sold here.
    pub fn sells(&self) -> bool {
        self.0.payments.is_some()
    }

    /// Stripe, where something is sold.
    fn payments(&self) -> Result<&Arc<dyn Payments>, Refusal> {
        self.0.payments.as_ref().ok_or(Refusal::NotAvailable)
    }

    fn plans(&self) -> &Plans {
        &self.0.plans
    }

    fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    fn rng(&self) -> &dyn Rng {
        &*self.0.rng
    }

    fn store(&self) -> &Arc<dyn Store> {
        &self.0.store
    }

    fn platform(&self) -> &dyn BillingPlatform {
        self.0.store.platform().billing()
    }

    fn settings(&self) -> &Settings {
        &self.0.settings
    }
}
