//! A Stripe of our own (docs/billing.md): strict about what it is asked, with pages that a browser can click, a clock that
//! can be moved, and webhooks that come as a test wants them.
//!
//! It differs from the real one in what it leaves out: invoices are final at once and not after an hour, there are no taxes
//! and no 3-D Secure, a promotion code takes a percentage off for ever, and a retry comes 3, 5 and 7 days after the first.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::Router;
use tokio::{net::TcpListener, sync::Notify, task::JoinHandle};
use wax_kernel::Clock;

mod api;
mod billing;
mod books;
mod control;
mod documents;
mod form;
mod http;
mod pages;
mod refusal;
mod webhooks;

pub use books::AfterRetries;
pub use webhooks::{Event, signature};

use books::{Books, Card, Price};

/// What goes wrong with a request to the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is done, and the connection ends.
    Down,
    /// It is done, and the connection ends.
    CutAfter,
    /// It is done, and the answer held back until [`ScriptedStripe::release`].
    Hold,
    /// 429.
    TooMany,
    /// 500.
    Broken,
    /// 409: the key is in use.
    InUse,
    /// A proxy's 502, which is no JSON.
    Page,
    /// A success that is something else.
    Garbage,
    /// A success without an end.
    Endless,
}

impl Fault {
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "down" => Self::Down,
            "cut-after" => Self::CutAfter,
            "hold" => Self::Hold,
            "too-many" => Self::TooMany,
            "broken" => Self::Broken,
            "in-use" => Self::InUse,
            "page" => Self::Page,
            "garbage" => Self::Garbage,
            "endless" => Self::Endless,
            _ => return None,
        })
    }

    const fn does_it(self) -> bool {
        matches!(self, Self::CutAfter | Self::Hold)
    }
}

/// A request that it took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// `GET`, `POST`.
    pub method: String,
    /// `/v1/…`
    pub path: String,
    /// Its parameters.
    pub form: BTreeMap<String, String>,
    /// Its idempotency key.
    pub key: Option<String>,
}

/// Stripe, on this machine.
#[derive(Debug)]
pub struct ScriptedStripe {
    shared: Arc<Shared>,
    tasks: [JoinHandle<()>; 2],
}

#[derive(Debug)]
struct Shared {
    desk: Mutex<Desk>,
    /// Answers that are held back may go.
    release: Notify,
    /// There is news for the endpoint.
    wake: Notify,
}

/// Stripe's front: its books, and what is done to whoever asks.
#[derive(Debug)]
struct Desk {
    books: Books,
    key: String,
    faults: VecDeque<(Option<String>, Fault)>,
    always: Option<Fault>,
    asked: Vec<Asked>,
    turned_away: usize,
    events: Vec<Event>,
    /// What the endpoint has not been told by itself.
    queue: VecDeque<Event>,
    held: bool,
    endpoint: Option<webhooks::Endpoint>,
    delivered: Vec<(String, u16)>,
}

impl ScriptedStripe {
    /// The key that it takes.
    pub const KEY: &str = "sk_test_scripted";

    /// Starts one on a free port.
    ///
    /// # Panics
    /// Without a free port.
    pub async fn start(clock: Arc<dyn Clock>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let desk = Desk {
            books: Books::new(format!("http://{address}"), clock),
            key: Self::KEY.to_owned(),
            faults: VecDeque::new(),
            always: None,
            asked: Vec::new(),
            turned_away: 0,
            events: Vec::new(),
            queue: VecDeque::new(),
            held: false,
            endpoint: None,
            delivered: Vec::new(),
        };
        let shared = Arc::new(Shared {
            desk: Mutex::new(desk),
            release: Notify::new(),
            wake: Notify::new(),
        });
        let router = Router::new().fallback(http::answer).with_state(Arc::clone(&shared));
        let serving = async move {
            // It serves until it is aborted.
            let _ = axum::serve(listener, router).await;
        };
        let telling = webhooks::deliver(Arc::clone(&shared));
        #[expect(
            clippy::disallowed_methods,
            reason = "tasks of a test end with the test's runtime"
        )]
        let tasks = [tokio::spawn(serving), tokio::spawn(telling)];
        Self { shared, tasks }
    }

    /// Its address: `http://127.0.0.1:…`, without a path.
    pub fn url(&self) -> String {
        self.desk().books.base.clone()
    }

    /// Sells something: amounts by currency, the first is the price's own. Answers the price's id.
    pub fn price(
        &self,
        product: &str,
        lookup_key: &str,
        interval: &str,
        amounts: &[(&str, i64)],
    ) -> String {
        let amounts: Vec<_> =
            amounts.iter().map(|(code, amount)| ((*code).to_owned(), *amount)).collect();
        self.desk().price(product, lookup_key, interval, &amounts)
    }

    /// A code that takes so many percent off.
    pub fn promotion(&self, code: &str, percent_off: i64) {
        self.desk().books.promotions.insert(code.to_owned(), percent_off);
    }

    /// Whoever opened a Checkout page pays with this card, as its form does. Answers the subscription's id.
    ///
    /// # Panics
    /// If the page would say no.
    pub fn complete(&self, checkout_url: &str, card: &str) -> String {
        let form = format!("card={card}&email=");
        self.submit(checkout_url, &form);
        let id = checkout_url.rsplit('/').next().unwrap_or_default();
        let desk = self.desk();
        let session = desk.books.sessions.iter().find(|session| session.id == id);
        session.and_then(|one| one.subscription.clone()).expect("Checkout said no")
    }

    /// Sends a form of one of its pages, as a browser would. Answers the status and the page.
    pub fn submit(&self, url: &str, form: &str) -> u16 {
        let path = url.strip_prefix(&self.url()).unwrap_or(url).to_owned();
        let headers = ::http::HeaderMap::new();
        let answer = pages::answer(&mut self.desk().books, "POST", &path, form, &headers);
        self.shared.told();
        answer.status().as_u16()
    }

    /// Subscribes somebody without a page. Answers the subscription's id.
    ///
    /// # Panics
    /// If the customer or price is unknown, or has another currency.
    pub fn subscribe(
        &self,
        customer: &str,
        price: &str,
        currency: &str,
        seats: i64,
        trial_days: i64,
    ) -> String {
        let wanted = billing::Wanted {
            customer: customer.to_owned(),
            price: price.to_owned(),
            currency: currency.to_owned(),
            quantity: seats,
            trial_days,
            percent_off: 0,
        };
        let card = Card { last4: "4242".to_owned(), pays: true };
        let id = self.desk().books.subscribe(&wanted, &card);
        self.shared.told();
        id.expect("a test names a customer and a price that there are")
    }

    /// Whether this customer's card pays from now on.
    ///
    /// # Panics
    /// If there is no such customer.
    pub fn card_pays(&self, customer: &str, pays: bool) {
        let mut desk = self.desk();
        let customer = desk.books.customer(customer, "customer").expect("a test names a customer");
        let card = customer.card.get_or_insert_with(|| Card { last4: "4242".to_owned(), pays });
        card.pays = pays;
    }

    /// Pays the customer's open invoices by hand; whether that went well.
    pub fn pay(&self, customer: &str) -> bool {
        let mut desk = self.desk();
        let open = desk
            .books
            .invoices
            .iter()
            .filter(|one| one.customer == customer && one.status == "open");
        let open: Vec<String> = open.map(|one| one.id.clone()).collect();
        let paid = open.iter().all(|id| desk.books.pay(id).is_ok());
        drop(desk);
        self.shared.told();
        paid
    }

    /// Puts a subscription into a state that no story of this Stripe's leads to: `paused`, `incomplete`.
    ///
    /// # Panics
    /// If there is no such subscription.
    pub fn force(&self, subscription: &str, status: &'static str) {
        let mut desk = self.desk();
        let mut one =
            desk.books.subscription(subscription, "id").expect("a test names one").clone();
        one.status = status;
        desk.books.tell_subscription("customer.subscription.updated", &one);
        desk.books.keep(one);
        drop(desk);
        self.shared.told();
    }

    /// What becomes of a subscription when the last retry has failed.
    pub fn after_retries(&self, then: AfterRetries) {
        self.desk().books.after_retries = then;
    }

    /// Moves the test clock: trials end, periods renew, payments are made or fail. The signatures of webhooks keep to the
    /// clock that it was started with.
    pub fn advance(&self, seconds: i64) {
        let mut desk = self.desk();
        desk.books.ahead += seconds;
        desk.books.catch_up();
        drop(desk);
        self.shared.told();
    }

    /// Catches up with a clock that was moved.
    pub fn settle(&self) {
        self.advance(0);
    }

    /// Has this happen to the next request.
    pub fn next(&self, fault: Fault) {
        self.desk().faults.push_back((None, fault));
    }

    /// Has this happen to the next request for `route`: `POST /v1/customers`.
    pub fn next_at(&self, route: &str, fault: Fault) {
        self.desk().faults.push_back((Some(route.to_owned()), fault));
    }

    /// Has this happen to every request, or nothing any more.
    pub fn always(&self, fault: Option<Fault>) {
        self.desk().always = fault;
    }

    /// Lets go the answers that are held back.
    pub fn release(&self) {
        self.shared.release.notify_waiters();
    }

    /// Every request of the API that it took, faults aside that do nothing.
    pub fn asked(&self) -> Vec<Asked> {
        self.desk().asked.clone()
    }

    /// How many requests were turned away by a fault.
    pub fn turned_away(&self) -> usize {
        self.desk().turned_away
    }

    /// How many customers it has.
    pub fn customers(&self) -> Vec<String> {
        self.desk().books.customers.iter().map(|one| one.id.clone()).collect()
    }

    /// Everything that it knows, as its API shows it: `customers`, `subscriptions`, `invoices`.
    pub fn state(&self) -> serde_json::Value {
        let mut desk = self.desk();
        desk.books.catch_up();
        api::summary(&desk.books)
    }

    /// Sends what happens from now on to an endpoint of this machine, signed with `secret`.
    pub fn listen(&self, url: &str, secret: &str) {
        self.desk().listen(url, secret);
    }

    /// Keeps events back from the endpoint from now on, or no longer. Those held back are sent with [`Self::deliver`] only.
    pub fn hold_events(&self, held: bool) {
        self.desk().held = held;
    }

    /// Everything that happened, in order.
    pub fn events(&self) -> Vec<Event> {
        self.desk().events.clone()
    }

    /// Sends these events to the endpoint, in this order, each as often as it is named; `None`: all. Answers the statuses, 0
    /// where there was none.
    pub async fn deliver(&self, ids: Option<&[String]>) -> Vec<u16> {
        self.shared.deliver(ids).await
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.shared.lock()
    }
}

impl Drop for ScriptedStripe {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whatever has just happened is an event now, and goes to the endpoint.
    fn told(&self) {
        let mut desk = self.lock();
        let news = std::mem::take(&mut desk.books.news);
        if desk.endpoint.is_some() && !desk.held {
            desk.queue.extend(news.iter().cloned());
        }
        desk.events.extend(news);
        drop(desk);
        self.wake.notify_one();
    }

    async fn deliver(&self, ids: Option<&[String]>) -> Vec<u16> {
        let (endpoint, events, t) = {
            let desk = self.lock();
            let named = |id: &String| desk.events.iter().find(|event| event.id == *id).cloned();
            let events = ids
                .map_or_else(|| desk.events.clone(), |ids| ids.iter().filter_map(named).collect());
            (desk.endpoint.clone(), events, desk.books.clock.now().as_secs())
        };
        let Some(endpoint) = endpoint else { return Vec::new() };
        let mut statuses = Vec::new();
        for event in &events {
            statuses.push(endpoint.post(event, t).await);
        }
        statuses
    }
}

impl Desk {
    fn price(
        &mut self,
        product: &str,
        lookup_key: &str,
        interval: &str,
        amounts: &[(String, i64)],
    ) -> String {
        let (id, created) = (self.books.id("price"), self.books.now());
        self.books.prices.push(Price {
            id: id.clone(),
            product: product.to_owned(),
            lookup_key: lookup_key.to_owned(),
            interval: interval.to_owned(),
            amounts: amounts.to_vec(),
            created,
        });
        id
    }

    fn listen(&mut self, url: &str, secret: &str) {
        self.endpoint = Some(webhooks::Endpoint::new(url, secret));
    }

    /// The next event for the endpoint, and when it is signed.
    fn next(&mut self) -> Option<(webhooks::Endpoint, Event, i64)> {
        let endpoint = self.endpoint.clone()?;
        let event = self.queue.pop_front()?;
        Some((endpoint, event, self.books.clock.now().as_secs()))
    }
}
