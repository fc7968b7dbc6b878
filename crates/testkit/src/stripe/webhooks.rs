//! What Stripe tells by itself (<https://docs.stripe.com/webhooks>): signed, and in the order, as often and as late as a test
//! wants it.

use std::{fmt::Write as _, sync::Arc, time::Duration};

use aws_lc_rs::hmac;
use serde_json::{Value, json};

use super::{Shared, books::Books, books::Subscription};

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// `evt_…`
    pub id: String,
    /// `invoice.paid`, …
    pub kind: String,
    /// The raw bytes that are signed.
    pub body: String,
}

/// Where events go.
#[derive(Debug, Clone)]
pub(super) struct Endpoint {
    pub(super) url: String,
    pub(super) secret: String,
    pub(super) client: reqwest::Client,
}

impl Books {
    pub(super) fn tell(&mut self, kind: &str, object: &Value) {
        let id = self.id("evt");
        let body = json!({
            "id": id, "object": "event", "api_version": "2026-09-30.endive", "created": self.now(), "data": {"object": object},
            "livemode": false, "pending_webhooks": 1, "request": {"id": null, "idempotency_key": null}, "type": kind,
        });
        self.news.push(Event { id, kind: kind.to_owned(), body: body.to_string() });
    }

    pub(super) fn tell_subscription(&mut self, kind: &str, one: &Subscription) {
        let document = self.subscription_document(one, false);
        self.tell(kind, &document);
    }

    pub(super) fn tell_invoice(&mut self, kind: &str, id: &str) {
        let Some(invoice) = self.invoices.iter().find(|invoice| invoice.id == id) else { return };
        let document = self.invoice_document(invoice);
        self.tell(kind, &document);
    }
}

/// `Stripe-Signature` of a body, made at `t` seconds since 1970.
pub fn signature(secret: &str, t: i64, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let mut signing = hmac::Context::with_key(&key);
    for piece in [t.to_string().as_bytes(), b".", body] {
        signing.update(piece);
    }
    let mut header = format!("t={t},v1=");
    for byte in signing.sign().as_ref() {
        let _ = write!(header, "{byte:02x}");
    }
    header
}

impl Endpoint {
    /// Whatever the host is called, it is on this machine.
    pub(super) fn new(url: &str, secret: &str) -> Self {
        let parsed = reqwest::Url::parse(url).expect("a test names an endpoint that is a URL");
        let host = parsed.host_str().unwrap_or("localhost").to_owned();
        let here = ([127, 0, 0, 1], parsed.port_or_known_default().unwrap_or(80)).into();
        let client = reqwest::Client::builder()
            .no_proxy()
            .resolve(&host, here)
            .timeout(Duration::from_secs(10))
            .build()
            .expect("a client without TLS of its own");
        Self { url: url.to_owned(), secret: secret.to_owned(), client }
    }

    /// The status of the answer; 0: there was none.
    pub(super) async fn post(&self, event: &Event, t: i64) -> u16 {
        let header = signature(&self.secret, t, event.body.as_bytes());
        let request = self.client.post(&self.url).header("stripe-signature", header);
        let request = request.header("content-type", "application/json").body(event.body.clone());
        request.send().await.map_or(0, |answer| answer.status().as_u16())
    }
}

/// Takes the news of the last change to the endpoint, in order, unless they are held back.
pub(super) async fn deliver(shared: Arc<Shared>) {
    loop {
        shared.wake.notified().await;
        loop {
            let next = shared.lock().next();
            let Some((endpoint, event, t)) = next else { break };
            let status = endpoint.post(&event, t).await;
            shared.lock().delivered.push((event.id, status));
        }
    }
}
