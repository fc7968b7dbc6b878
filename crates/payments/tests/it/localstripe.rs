//! A Stripe that other people have written: <https://github.com/adrienverge/localstripe>. It has customers, subscriptions with
//! plans in place of prices, invoices, and signed webhooks. It has no prices, no Checkout, no portal, no previews, no test
//! clocks and no idempotency: those are tried against the scripted one.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    time::Duration,
};

use axum::{Router, body::Bytes, extract::State, http::HeaderMap, routing::post};
use tokio::sync::mpsc;
use wax_kernel::{Clock as _, Redacted, SystemClock};
use wax_payments::{
    Invoice, Payments as _, PaymentsError, Stripe, StripeSettings,
    webhook::{self, Event},
};

use crate::house::{acme, currency};

const KEY: &str = "sk_test_12345";
const SECRET: &str = "whsec_localstripe";
/// It waits for a second before it tells anything.
const PATIENCE: Duration = Duration::from_secs(30);

/// Its own way to start listens on every address, and keeps what it knows in a file that everybody shares.
const START: &str = "
import socket
from aiohttp import web
from localstripe import resources, server
resources.Store.dump_to_disk = lambda self: None
listener = socket.create_server(('127.0.0.1', 0))
print('http://127.0.0.1:%d' % listener.getsockname()[1], flush=True)
web.run_app(server.app, sock=listener, print=None, access_log=None)
";

struct Localstripe {
    url: String,
    http: reqwest::Client,
    process: Child,
}

impl Drop for Localstripe {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests are told by the environment where their servers are"
)]
fn python() -> String {
    std::env::var("WAXSEAL_LOCALSTRIPE").unwrap_or_else(|_| {
        panic!(
            "this test needs localstripe: set WAXSEAL_LOCALSTRIPE to the Python that has it, or run `cargo xtask test`, \
             which installs it"
        )
    })
}

fn start() -> Localstripe {
    let mut command = Command::new(python());
    let mut process = command.args(["-B", "-c", START]).stdout(Stdio::piped()).spawn().unwrap();
    let mut url = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut url).unwrap();
    let http = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().unwrap();
    Localstripe { url: url.trim().to_owned(), http, process }
}

impl Localstripe {
    /// Something that our client has no call for: what Checkout does. Answers the id.
    async fn make(&self, path: &str, form: &str) -> String {
        let request = self.http.post(format!("{}{path}", self.url)).bearer_auth(KEY);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = request.body(form.to_owned()).send().await.unwrap();
        let (status, body) = (answer.status(), answer.bytes().await.unwrap());
        assert!(status.is_success(), "{path}: {status} {}", String::from_utf8_lossy(&body));
        let document: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
        document["id"].as_str().unwrap_or_default().to_owned()
    }

    /// A customer whom our client made pays for three seats.
    async fn subscribe(&self, customer: &str) -> String {
        let plan = "id=team&amount=900&currency=usd&interval=month&product[name]=Team";
        self.make("/v1/plans", plan).await;
        let card = "type=card&card[number]=4242424242424242&card[exp_month]=12&card[exp_year]=2035&card[cvc]=123";
        let card = self.make("/v1/payment_methods", card).await;
        let attach = format!("/v1/payment_methods/{card}/attach");
        self.make(&attach, &format!("customer={customer}")).await;
        let default = format!("invoice_settings[default_payment_method]={card}");
        self.make(&format!("/v1/customers/{customer}"), &default).await;
        let form = format!("customer={customer}&items[0][plan]=team&items[0][quantity]=3");
        self.make("/v1/subscriptions", &form).await
    }
}

async fn hear(
    State(heard): State<mpsc::UnboundedSender<Event>>,
    headers: HeaderMap,
    body: Bytes,
) -> &'static str {
    let header = headers["stripe-signature"].to_str().unwrap();
    let secrets = [Redacted::new(SECRET.to_owned())];
    webhook::verify(header, &body, &secrets, SystemClock.now()).unwrap();
    let others = [Redacted::new("whsec_other".to_owned())];
    webhook::verify(header, &body, &others, SystemClock.now()).unwrap_err();
    let _ = heard.send(webhook::read(&body).unwrap());
    ""
}

/// Where its webhooks go, and what came and was good.
async fn ear() -> (String, mpsc::UnboundedReceiver<Event>) {
    let (heard, hearing) = mpsc::unbounded_channel();
    let router = Router::new().route("/", post(hear)).with_state(heard);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    #[expect(clippy::disallowed_methods, reason = "a test's own server ends with its runtime")]
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, hearing)
}

#[tokio::test]
async fn localstripe_makes_our_customers_bills_them_and_signs_what_it_tells() {
    let stripe = start();
    let key = Redacted::new(KEY.to_owned());
    let client = Stripe::new(&StripeSettings::new(key, Some(stripe.url.clone()))).unwrap();
    let (url, mut hearing) = ear().await;
    stripe.make("/_config/webhooks/ours", &format!("url={url}&secret={SECRET}")).await;

    let customer = client.create_customer(&acme(), "key").await.unwrap();
    stripe.subscribe(&customer).await;
    let invoices = client.invoices(&customer, 24).await.unwrap();
    let [Invoice { status, total, currency: paid_in, .. }] = invoices.as_slice() else {
        panic!("{invoices:?}")
    };
    assert_eq!((status.as_str(), *total, *paid_in), ("paid", 2_700, currency("usd")));

    // Its subscriptions have plans, as Stripe's had in 2018, and there is nothing to look a price up with.
    assert_eq!(client.subscriptions(&customer).await, Err(PaymentsError::Unreadable));
    let prices = client.prices(&["team-month".to_owned()]).await;
    assert_eq!(prices, Err(PaymentsError::Unreadable));

    let mut kinds = Vec::new();
    while !kinds.iter().any(|kind| kind == "customer.subscription.created") {
        let event = tokio::time::timeout(PATIENCE, hearing.recv()).await.unwrap().unwrap();
        assert_eq!(event.customer, Some(customer.clone()).filter(|_| names_one(&event)));
        kinds.push(event.kind);
    }
    assert!(kinds.iter().any(|kind| kind == "customer.created"), "{kinds:?}");
}

/// Products and plans are nobody's.
fn names_one(event: &Event) -> bool {
    !event.kind.starts_with("plan.") && !event.kind.starts_with("product.")
}
