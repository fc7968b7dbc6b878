//! What Stripe knows.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use serde_json::Value;
use wax_kernel::Clock;

use super::{form::Form, refusal::Refusal};

/// Something that is sold.
#[derive(Debug, Clone)]
pub(super) struct Price {
    pub(super) id: String,
    pub(super) product: String,
    pub(super) lookup_key: String,
    /// `month`, `year`.
    pub(super) interval: String,
    /// Amounts by currency; the first is the price's own.
    pub(super) amounts: Vec<(String, i64)>,
    pub(super) created: i64,
}

/// What somebody pays with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Card {
    pub(super) last4: String,
    /// Whether payments go through.
    pub(super) pays: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Customer {
    pub(super) id: String,
    pub(super) name: Option<String>,
    pub(super) email: Option<String>,
    pub(super) metadata: BTreeMap<String, String>,
    pub(super) locales: Vec<String>,
    pub(super) created: i64,
    pub(super) card: Option<Card>,
    /// Of its first subscription; never another.
    pub(super) currency: Option<String>,
    /// Below 0: Stripe owes it that, and takes it from the next invoices.
    pub(super) balance: i64,
    pub(super) tax_id: Option<String>,
}

#[derive(Debug, Clone)]
pub(super) struct Subscription {
    pub(super) id: String,
    pub(super) item: String,
    pub(super) customer: String,
    pub(super) price: String,
    pub(super) currency: String,
    pub(super) quantity: i64,
    pub(super) status: &'static str,
    pub(super) created: i64,
    /// From when periods are counted, and how many are over.
    pub(super) anchor: i64,
    pub(super) nth: i32,
    pub(super) period: (i64, i64),
    pub(super) trial: Option<(i64, i64)>,
    pub(super) cancel_at_period_end: bool,
    pub(super) canceled_at: Option<i64>,
    pub(super) ended_at: Option<i64>,
    pub(super) latest_invoice: Option<String>,
    /// When the open invoice is tried again, and how often it was.
    pub(super) retry: Option<(i64, usize)>,
    pub(super) percent_off: i64,
    /// Prorations for the next invoice.
    pub(super) pending: Vec<Line>,
}

#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) text: String,
    pub(super) amount: i64,
    pub(super) discount: i64,
    pub(super) quantity: i64,
    pub(super) price: String,
    pub(super) proration: bool,
    pub(super) period: (i64, i64),
}

#[derive(Debug, Clone)]
pub(super) struct Invoice {
    pub(super) id: String,
    pub(super) number: Option<String>,
    pub(super) customer: String,
    pub(super) subscription: String,
    pub(super) item: String,
    pub(super) currency: String,
    pub(super) status: &'static str,
    pub(super) created: i64,
    pub(super) finalized_at: Option<i64>,
    pub(super) paid_at: Option<i64>,
    pub(super) attempts: i64,
    pub(super) amount_paid: i64,
    pub(super) lines: Vec<Line>,
}

impl Invoice {
    pub(super) fn total(&self) -> i64 {
        self.lines.iter().map(|line| line.amount - line.discount).sum()
    }
}

/// A page on which somebody can subscribe.
#[derive(Debug, Clone)]
pub(super) struct Session {
    pub(super) id: String,
    pub(super) customer: String,
    pub(super) price: String,
    pub(super) currency: String,
    pub(super) quantity: i64,
    pub(super) trial_days: i64,
    pub(super) locale: String,
    pub(super) success_url: String,
    pub(super) cancel_url: String,
    pub(super) promotion_codes: bool,
    pub(super) tax_ids: bool,
    pub(super) subscription: Option<String>,
    pub(super) created: i64,
}

/// A page on which somebody sees to payments.
#[derive(Debug, Clone)]
pub(super) struct Portal {
    pub(super) id: String,
    pub(super) customer: String,
    pub(super) return_url: String,
    pub(super) created: i64,
}

/// What becomes of a subscription when the last try has failed: Stripe's setting of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AfterRetries {
    /// It stays as it is.
    PastDue,
    /// It is `unpaid`.
    #[default]
    Unpaid,
    /// It ends.
    Canceled,
}

/// What was answered to a request with an idempotency key.
#[derive(Debug, Clone)]
pub(super) struct Answered {
    pub(super) path: String,
    pub(super) form: Form,
    pub(super) status: u16,
    pub(super) body: Value,
}

/// Everything.
#[derive(Debug)]
pub(super) struct Books {
    pub(super) base: String,
    pub(super) clock: Arc<dyn Clock>,
    /// How far Stripe's days are ahead of the clock, in seconds: its test clock.
    pub(super) ahead: i64,
    /// While something is caught up with: when it happens.
    pub(super) moment: Option<i64>,
    pub(super) drawn: u64,
    pub(super) prices: Vec<Price>,
    pub(super) customers: Vec<Customer>,
    pub(super) subscriptions: Vec<Subscription>,
    pub(super) invoices: Vec<Invoice>,
    pub(super) sessions: Vec<Session>,
    pub(super) portals: Vec<Portal>,
    pub(super) answered: HashMap<String, Answered>,
    /// How many percent these take off.
    pub(super) promotions: BTreeMap<String, i64>,
    pub(super) after_retries: AfterRetries,
    /// Events that nobody has been told of.
    pub(super) news: Vec<super::Event>,
}

impl Books {
    pub(super) fn new(base: String, clock: Arc<dyn Clock>) -> Self {
        Self {
            base,
            clock,
            ahead: 0,
            moment: None,
            drawn: 0,
            prices: Vec::new(),
            customers: Vec::new(),
            subscriptions: Vec::new(),
            invoices: Vec::new(),
            sessions: Vec::new(),
            portals: Vec::new(),
            answered: HashMap::new(),
            promotions: BTreeMap::new(),
            after_retries: AfterRetries::default(),
            news: Vec::new(),
        }
    }

    /// In seconds since 1970, by the test clock.
    pub(super) fn now(&self) -> i64 {
        self.moment.unwrap_or_else(|| self.clock.now().as_secs() + self.ahead)
    }

    pub(super) fn id(&mut self, prefix: &str) -> String {
        self.drawn += 1;
        format!("{prefix}_Scripted{:010}", self.drawn)
    }

    pub(super) fn price(&self, id: &str, param: &str) -> Result<&Price, Refusal> {
        let found = self.prices.iter().find(|price| price.id == id);
        found.ok_or_else(|| Refusal::absent("price", id, param))
    }

    pub(super) fn customer(&mut self, id: &str, param: &str) -> Result<&mut Customer, Refusal> {
        let found = self.customers.iter_mut().find(|customer| customer.id == id);
        found.ok_or_else(|| Refusal::absent("customer", id, param))
    }

    pub(super) fn subscription(
        &mut self,
        id: &str,
        param: &str,
    ) -> Result<&mut Subscription, Refusal> {
        let found = self.subscriptions.iter_mut().find(|one| one.id == id);
        found.ok_or_else(|| Refusal::absent("subscription", id, param))
    }

    pub(super) fn invoice(&mut self, id: &str) -> Result<&mut Invoice, Refusal> {
        let found = self.invoices.iter_mut().find(|invoice| invoice.id == id);
        found.ok_or_else(|| Refusal::absent("invoice", id, "id"))
    }
}

impl Price {
    /// What one costs in a currency.
    pub(super) fn amount(&self, currency: &str) -> Result<i64, Refusal> {
        let found = self.amounts.iter().find(|(code, _)| code == currency);
        found.map(|(_, amount)| *amount).ok_or_else(|| {
            let message =
                format!("The price {} is not available in the currency {currency}.", self.id);
            Refusal::invalid("currency", message)
        })
    }
}
