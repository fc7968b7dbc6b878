//! Payments in memory: what somebody says is true at Stripe, and how slow or broken it is. For rules; how Stripe speaks is tried
//! elsewhere.

use std::{
    collections::{BTreeMap, HashMap},
    fmt::Write as _,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use aws_lc_rs::hmac;
use tokio::sync::Semaphore;
use wax_kernel::Timestamp;
use wax_model::{
    Entitlements, Limit, Plan, PlanId, Plans,
    billing::{Currency, Interval, Subscription, SubscriptionStatus},
};
use wax_payments::{
    Change, Checkout, Invoice, NewCustomer, Payments, PaymentsError, Preview, PreviewLine, Price,
    Subscribed,
};

/// With which it signs events.
pub const WEBHOOK_SECRET: &str = "whsec_till";
/// What a member costs in a month, in cents; a year costs ten times as much.
const MONTHLY: i64 = 900;
const DAY: Duration = Duration::from_secs(86_400);

/// Everything that is true at Stripe.
#[derive(Debug, Default)]
pub struct Till(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    customers: BTreeMap<String, Customer>,
    /// What writing calls answered, by their keys.
    done: HashMap<String, String>,
    /// Why nothing is answered.
    fault: Option<PaymentsError>,
    /// Why no change is taken.
    refusal: Option<PaymentsError>,
    /// Answers wait here after they were read.
    gate: Option<Arc<Semaphore>>,
    /// Answers that wait.
    waiting: usize,
    /// Calls that changed something, by name.
    changes: Vec<&'static str>,
    /// The last way to a page of Stripe's.
    checkout: Option<Checkout>,
}

#[derive(Debug, Default)]
struct Customer {
    subscriptions: Vec<Subscription>,
    invoices: Vec<Invoice>,
}

impl Till {
    /// `free`, which limits nothing, and two plans that cost something: `team` by members, with a trial, and `business`, in
    /// which 10 secrets may be made in a month.
    pub fn plans() -> Plans {
        let free = Plans::self_hosted(Entitlements::SELF_HOSTED).default_plan().clone();
        let sold = |id: &str, name: &str, per_seat, trial_days, secrets| Plan {
            id: PlanId::parse(id).expect("an id"),
            name_en: name.to_owned(),
            name_ja: name.to_owned(),
            entitlements: Entitlements {
                secrets_per_month: Limit::at_most(secrets),
                domains: Limit::at_most(5),
                ..Entitlements::SELF_HOSTED
            },
            prices: vec![format!("{id}_month"), format!("{id}_year")],
            per_seat,
            trial_days,
        };
        let plans = vec![
            free,
            sold("team", "Team", true, 14, 1_000),
            sold("business", "Business", false, 0, 10),
        ];
        Plans::new(plans).expect("plans that go together")
    }

    /// A subscription to a price, which somebody pays for since `now`.
    pub fn subscription(id: &str, price: &str, seats: u64, now: Timestamp) -> Subscription {
        Subscription {
            id: id.to_owned(),
            item: format!("si_{id}"),
            status: SubscriptionStatus::Active,
            price: Some(price.to_owned()),
            interval: if price.ends_with("_year") { Interval::Year } else { Interval::Month },
            currency: Currency::parse("usd").expect("a currency"),
            seats,
            created_at: now,
            period_ends_at: now.plus(DAY * 30),
            trial_ends_at: None,
            ends_at: None,
            unpaid_since: None,
        }
    }

    /// Changes what a customer subscribes or subscribed to.
    pub fn with<T>(&self, customer: &str, change: impl FnOnce(&mut Vec<Subscription>) -> T) -> T {
        change(&mut self.state().customers.entry(customer.to_owned()).or_default().subscriptions)
    }

    /// Adds an invoice.
    pub fn invoice(&self, customer: &str, invoice: Invoice) {
        self.state().customers.entry(customer.to_owned()).or_default().invoices.insert(0, invoice);
    }

    /// Answers nothing but this from now on; `None`: answers.
    pub fn fail(&self, fault: Option<PaymentsError>) {
        self.state().fault = fault;
    }

    /// Refuses every change of a subscription with this from now on; `None`: takes them.
    pub fn refuse_changes(&self, refusal: Option<PaymentsError>) {
        self.state().refusal = refusal;
    }

    /// Holds every answer back after it was read, until [`Self::pass`]; those that are held wait for permits of this.
    pub fn hold(&self) -> Arc<Semaphore> {
        let gate = Arc::new(Semaphore::new(0));
        self.state().gate = Some(Arc::clone(&gate));
        gate
    }

    /// Holds nothing back that is asked from now on.
    pub fn pass(&self) {
        self.state().gate = None;
    }

    /// Answers that are held back.
    pub fn waiting(&self) -> usize {
        self.state().waiting
    }

    /// Calls that changed something, by name, oldest first.
    pub fn changes(&self) -> Vec<&'static str> {
        self.state().changes.clone()
    }

    /// With what somebody was last sent to Stripe's page.
    pub fn last_checkout(&self) -> Option<Checkout> {
        self.state().checkout.clone()
    }

    /// `Stripe-Signature` of a body at a moment.
    pub fn sign(body: &str, at: Timestamp) -> String {
        let at = at.as_secs();
        let key = hmac::Key::new(hmac::HMAC_SHA256, WEBHOOK_SECRET.as_bytes());
        let tag = hmac::sign(&key, format!("{at}.{body}").as_bytes());
        tag.as_ref().iter().fold(format!("t={at},v1="), |mut header, byte| {
            // Writing to a text does not fail.
            let _ = write!(header, "{byte:02x}");
            header
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is true when it is asked; it may arrive later.
    async fn answer<T>(
        &self,
        read: impl FnOnce(&mut State) -> Result<T, PaymentsError>,
    ) -> Result<T, PaymentsError> {
        let (answer, gate) = {
            let mut state = self.state();
            let answer = match state.fault.clone() {
                Some(fault) => Err(fault),
                None => read(&mut state),
            };
            state.waiting += usize::from(state.gate.is_some());
            (answer, state.gate.clone())
        };
        if let Some(gate) = gate {
            let _waits = Waiting(self);
            drop(gate.acquire().await);
        }
        answer
    }
}

/// Counted until it arrives, or nobody waits for it any more.
struct Waiting<'t>(&'t Till);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.state().waiting -= 1;
    }
}

impl State {
    /// Does it once for each key.
    fn once(&mut self, key: &str, name: &'static str, answer: String) -> (bool, String) {
        if let Some(before) = self.done.get(key) {
            return (false, before.clone());
        }
        self.changes.push(name);
        self.done.insert(key.to_owned(), answer.clone());
        (true, answer)
    }

    fn subscription(&mut self, id: &str) -> Result<&mut Subscription, PaymentsError> {
        let all = self.customers.values_mut().flat_map(|customer| &mut customer.subscriptions);
        let missing = || PaymentsError::Refused {
            code: "resource_missing".to_owned(),
            message: "No such subscription".to_owned(),
        };
        all.into_iter().find(|one| one.id == id).ok_or_else(missing)
    }
}

#[async_trait]
impl Payments for Till {
    async fn prices(&self, lookup_keys: &[String]) -> Result<Vec<Price>, PaymentsError> {
        let price = |lookup_key: &String, code: &str, amount: i64| {
            let interval =
                if lookup_key.ends_with("_year") { Interval::Year } else { Interval::Month };
            let times = if interval == Interval::Year { 10 } else { 1 };
            let currency = Currency::parse(code).expect("a currency");
            Price { lookup_key: lookup_key.clone(), interval, currency, amount: amount * times }
        };
        let of = |key: &String| [price(key, "usd", MONTHLY), price(key, "jpy", MONTHLY + 300)];
        self.answer(|_| Ok(lookup_keys.iter().flat_map(of).collect())).await
    }

    async fn create_customer(
        &self,
        new: &NewCustomer,
        idempotency_key: &str,
    ) -> Result<String, PaymentsError> {
        self.answer(|state| {
            let id = format!("cus_{}", new.tenant);
            state.customers.entry(id.clone()).or_default();
            Ok(state.once(idempotency_key, "create_customer", id).1)
        })
        .await
    }

    async fn checkout(
        &self,
        checkout: &Checkout,
        idempotency_key: &str,
    ) -> Result<String, PaymentsError> {
        self.answer(|state| {
            state.checkout = Some(checkout.clone());
            let url = format!("https://checkout.example/{}", state.done.len());
            Ok(state.once(idempotency_key, "checkout", url).1)
        })
        .await
    }

    async fn portal(&self, customer: &str, _: &str) -> Result<String, PaymentsError> {
        self.answer(|_| Ok(format!("https://portal.example/{customer}"))).await
    }

    async fn subscriptions(&self, customer: &str) -> Result<Vec<Subscription>, PaymentsError> {
        let of = |known: &Customer| known.subscriptions.clone();
        self.answer(|state| Ok(state.customers.get(customer).map(of).unwrap_or_default())).await
    }

    async fn invoices(&self, customer: &str, most: u8) -> Result<Vec<Invoice>, PaymentsError> {
        let of = |known: &Customer| known.invoices.iter().take(most.into()).cloned().collect();
        self.answer(|state| Ok(state.customers.get(customer).map(of).unwrap_or_default())).await
    }

    async fn preview(&self, change: &Change) -> Result<Preview, PaymentsError> {
        self.answer(|state| {
            let current = state.subscription(&change.subscription)?;
            let next = MONTHLY * i64::try_from(change.seats).unwrap_or(i64::MAX);
            Ok(Preview {
                currency: current.currency,
                due_now: next / 2,
                next,
                next_at: current.period_ends_at,
                lines: vec![PreviewLine { text: change.lookup_key.clone(), amount: next / 2 }],
            })
        })
        .await
    }

    async fn change(&self, change: &Change, idempotency_key: &str) -> Result<(), PaymentsError> {
        self.answer(|state| {
            if let Some(refusal) = state.refusal.clone() {
                return Err(refusal);
            }
            state.subscription(&change.subscription)?;
            if state.once(idempotency_key, "change", String::new()).0 {
                let current = state.subscription(&change.subscription)?;
                current.price = Some(change.lookup_key.clone());
                current.seats = change.seats;
            }
            Ok(())
        })
        .await
    }

    async fn cancel_at_period_end(
        &self,
        subscription: &str,
        cancel: bool,
        idempotency_key: &str,
    ) -> Result<(), PaymentsError> {
        self.answer(|state| {
            state.subscription(subscription)?;
            if state.once(idempotency_key, "cancel_at_period_end", String::new()).0 {
                let current = state.subscription(subscription)?;
                current.ends_at = cancel.then_some(current.period_ends_at);
            }
            Ok(())
        })
        .await
    }

    async fn all(&self, after: Option<&str>) -> Result<Vec<Subscribed>, PaymentsError> {
        self.answer(|state| {
            let all = state.customers.iter().flat_map(|(customer, known)| {
                let of = |one: &Subscription| Subscribed {
                    customer: customer.clone(),
                    subscription: one.clone(),
                };
                known.subscriptions.iter().map(of)
            });
            let mut all: Vec<_> = all.collect();
            all.sort_by(|a, b| a.subscription.id.cmp(&b.subscription.id));
            let later =
                |one: &Subscribed| after.is_none_or(|after| one.subscription.id.as_str() > after);
            all.retain(later);
            Ok(all)
        })
        .await
    }
}
