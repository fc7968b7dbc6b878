//! An organization that is a customer, what is true at Stripe, and time.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use wax_kernel::{Clock as _, Timestamp};
use wax_model::{
    Tenant,
    billing::{Standing, Subscription},
};
use wax_store::{AuditFilter, BillingCustomer, Drift};
use wax_testkit::{Answer, House, Person, PlatformApp, Till};

pub(crate) const MINUTE: Duration = Duration::from_secs(60);
pub(crate) const HOUR: Duration = Duration::from_secs(3_600);
pub(crate) const DAY: Duration = Duration::from_secs(86_400);

/// Who it is at Stripe.
pub(crate) const CUSTOMER: &str = "cus_1";

/// An organization and everything around it.
pub(crate) struct Shop {
    pub(crate) app: PlatformApp,
    pub(crate) owner: Person,
    pub(crate) house: House,
}

impl Shop {
    /// One that is no customer yet.
    pub(crate) async fn stranger() -> Self {
        let app = PlatformApp::selling(Till::plans()).await;
        let owner = app.person("owner").await;
        let house = app.house(&owner, "acme").await;
        app.run_billing().await;
        Self { app, owner, house }
    }

    /// One that is a customer, and pays for nothing.
    pub(crate) async fn customer() -> Self {
        let shop = Self::stranger().await;
        shop.app.customer(&shop.house, CUSTOMER).await;
        shop.app.run_billing().await;
        shop
    }

    /// One that pays for this since now.
    pub(crate) async fn paying(price: &str) -> Self {
        let shop = Self::customer().await;
        shop.subscribe("sub_1", price);
        shop.ring("evt_0").await;
        shop
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.app.clock.now()
    }

    /// Somebody subscribes at Stripe; nobody has told us.
    pub(crate) fn subscribe(&self, id: &str, price: &str) {
        let subscription = Till::subscription(id, price, 1, self.now());
        self.app.till.with(CUSTOMER, |all| all.push(subscription));
    }

    /// Something changes at Stripe; nobody has told us.
    pub(crate) fn change(&self, id: &str, change: impl FnOnce(&mut Subscription)) {
        self.app.till.with(CUSTOMER, |all| {
            change(all.iter_mut().find(|one| one.id == id).unwrap());
        });
    }

    /// An event comes in, and the jobs run.
    pub(crate) async fn ring(&self, id: &str) {
        assert_eq!(self.hear(id).await.status, 200);
        self.app.run_billing().await;
    }

    /// An event comes in.
    pub(crate) async fn hear(&self, id: &str) -> Answer {
        let body = event(id, CUSTOMER, "customer.subscription.updated");
        // No two changes are of one millisecond: the trail is in order.
        self.app.clock.advance(Duration::from_millis(1));
        self.app.hear(&body, Some(&Till::sign(&body, self.now()))).await
    }

    /// Time passes, and the jobs run.
    pub(crate) async fn pass(&self, time: Duration) {
        self.app.clock.advance(time);
        self.app.run_billing().await;
    }

    /// The owner asks, in a session that is new.
    pub(crate) async fn ask(&self, method: Method, rest: &str, body: Option<&Value>) -> Answer {
        let token = self.app.sign_in(self.owner.id, true).await;
        let path = self.house.path(&format!("/billing{rest}"));
        self.app.ask(method, &path, &token, body).await
    }

    pub(crate) async fn post(&self, rest: &str, body: &Value) -> Answer {
        self.ask(Method::POST, rest, Some(body)).await
    }

    pub(crate) async fn checkout(&self) -> Answer {
        let body = json!({"plan": "team", "interval": "month", "currency": "usd"});
        self.post("/checkout", &body).await
    }

    /// How it stands, as members read it.
    pub(crate) async fn seen(&self) -> Value {
        let answer = self.ask(Method::GET, "", None).await;
        assert_eq!(answer.status, 200, "{:?}", answer.json);
        answer.json
    }

    pub(crate) async fn tenant(&self) -> Tenant {
        let mut reader = self.app.store.read(self.house.scope);
        reader.organization().find().await.unwrap().unwrap()
    }

    pub(crate) async fn row(&self) -> BillingCustomer {
        self.app.store.platform().billing().customer(self.house.scope).await.unwrap().unwrap()
    }

    /// What follows: the plan, whether it is limited, and what the organization was told.
    pub(crate) async fn state(&self) -> (String, bool, Standing) {
        let (tenant, row) = (self.tenant().await, self.row().await);
        (tenant.plan.as_str().to_owned(), tenant.limited, row.standing)
    }

    /// Kinds of drift, each with what it is about.
    pub(crate) async fn drift(&self) -> Vec<(&'static str, String)> {
        let all = self.app.store.platform().billing().drift().await.unwrap();
        all.into_iter().map(|Drift { kind, subject, .. }| (kind.as_str(), subject)).collect()
    }

    /// Kinds of mails that the owner was sent since this was last asked.
    pub(crate) async fn told(&self) -> Vec<&'static str> {
        let mails = self.app.mails().await;
        assert!(mails.iter().all(|mail| mail.to.as_str() == self.owner.email));
        mails.iter().map(|mail| mail.kind.name()).collect()
    }

    /// Action and subject of what the trail says of payments, oldest first.
    pub(crate) async fn trail(&self) -> Vec<(&'static str, String)> {
        let mut reader = self.app.store.read(self.house.scope);
        let all = reader.organization().events(&AuditFilter::default(), None, 1_000).await.unwrap();
        let mut all: Vec<_> =
            all.into_iter().filter(|event| event.action.as_str().starts_with("billing.")).collect();
        all.sort_by_key(|event| (event.at, event.action.as_str()));
        all.into_iter().map(|event| (event.action.as_str(), event.subject)).collect()
    }
}

/// An event of a kind about a customer, as Stripe writes it.
pub(crate) fn event(id: &str, customer: &str, kind: &str) -> String {
    let object = json!({"id": "sub_x", "object": "subscription", "customer": customer});
    json!({"id": id, "object": "event", "type": kind, "data": {"object": object}}).to_string()
}
