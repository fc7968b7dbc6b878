//! A server, browsers, and the mail that it sends.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use axum::{Router, body::Body};
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;
use wax_crypto::{
    Origin,
    at_rest::{KeyStore, MemoryKeyStore},
};
use wax_httpkit::{
    ClientAddress, Network, PlatformContext,
    auth::{CSRF_HEADER, DEVICE_COOKIE, SESSION_COOKIE, csrf_token},
};
use wax_kernel::{Clock as _, ManualClock, RequestId, Rng, SeededRng, SystemRng};
use wax_mail::Postbox;
use wax_model::{Mail, MailKind, SignUpPolicy, Topic};
use wax_store::{Outbox, Store};
use wax_testkit::{TestApp, Watched};

use crate::{Accounts, Argon2Cost, Parts, Settings, router};

pub(super) const ORIGIN: &str = "https://app.example";
pub(super) const PASSWORD: &str = "plaid kettle orbit nine";
pub(super) const ANN: &str = "ann@acme.example";
const CHEAP: Argon2Cost = Argon2Cost { memory_kib: 8, passes: 1, lanes: 1 };

pub(super) struct App {
    pub(super) accounts: Accounts,
    pub(super) clock: Arc<ManualClock>,
    router: Router,
    store: Arc<dyn Store>,
    keys: Arc<dyn KeyStore>,
    pub(super) postbox: Postbox,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
    pub(super) json: Value,
}

impl Answer {
    pub(super) fn code(&self) -> &str {
        self.json["code"].as_str().unwrap_or_default()
    }

    /// What can be seen from outside: everything but how long it took.
    pub(super) fn seen(&self) -> (StatusCode, Vec<(String, String)>, String) {
        let text = |value: &http::HeaderValue| value.to_str().unwrap().to_owned();
        let headers = self.headers.iter().map(|(name, value)| (name.to_string(), text(value)));
        (self.status, headers.collect(), self.body.clone())
    }

    pub(super) fn ok(self) -> Self {
        assert!(self.status.is_success(), "{self:?}");
        self
    }
}

impl App {
    pub(super) async fn new() -> Self {
        Self::with(SignUpPolicy::Open, CHEAP).await
    }

    pub(super) async fn with(sign_up: SignUpPolicy, argon2: Argon2Cost) -> Self {
        let base = TestApp::new().await;
        let (store, clock) = (Arc::clone(&base.store) as Arc<dyn Store>, Arc::clone(&base.clock));
        let rng: Arc<dyn Rng> = Arc::new(SeededRng::new(7));
        let keys: Arc<dyn KeyStore> = Arc::new(MemoryKeyStore::new(Arc::clone(&rng)));
        Self::on(store, keys, clock, rng, settings(sign_up, argon2))
    }

    /// On a store that writes down what is asked of it.
    pub(super) async fn watched() -> (Self, Arc<Watched>) {
        let base = TestApp::new().await;
        let store = Watched::new(Arc::clone(&base.store) as Arc<dyn Store>);
        let rng: Arc<dyn Rng> = Arc::new(SeededRng::new(7));
        let keys: Arc<dyn KeyStore> = Arc::new(MemoryKeyStore::new(Arc::clone(&rng)));
        let settings = settings(SignUpPolicy::Open, CHEAP);
        let app = Self::on(store.clone(), keys, Arc::clone(&base.clock), rng, settings);
        (app, store)
    }

    /// Another process with the same database and the same keys.
    pub(super) fn another(&self, sign_up: SignUpPolicy) -> Self {
        let (store, keys) = (Arc::clone(&self.store), Arc::clone(&self.keys));
        let settings = settings(sign_up, CHEAP);
        Self::on(store, keys, Arc::clone(&self.clock), Arc::new(SystemRng), settings)
    }

    fn on(
        store: Arc<dyn Store>,
        keys: Arc<dyn KeyStore>,
        clock: Arc<ManualClock>,
        rng: Arc<dyn Rng>,
        settings: Settings,
    ) -> Self {
        let postbox = Postbox::new(Arc::clone(&keys), clock.clone(), Arc::clone(&rng));
        let (of_store, of_keys) = (Arc::clone(&store), Arc::clone(&keys));
        let parts = Parts { store: of_store, keys: of_keys, clock: clock.clone(), rng, settings };
        let accounts = Accounts::new(parts).unwrap();
        Self { router: router(accounts.clone()), accounts, clock, store, keys, postbox }
    }

    /// What was mailed since the last call, oldest first.
    pub(super) async fn mails(&self) -> Vec<Mail> {
        let now = self.clock.now();
        let outbox = self.outbox();
        let taken = outbox.take(Topic::Mail, now, now.plus(Duration::from_secs(60)), 100).await;
        let mut mails = Vec::new();
        for taken in taken.unwrap() {
            mails.push(self.postbox.open(&taken.message).unwrap());
            outbox.done(&taken).await.unwrap();
        }
        mails
    }

    pub(super) fn outbox(&self) -> &dyn Outbox {
        self.store.platform().outbox()
    }

    /// What stands behind the `#` in the one mail that was sent.
    pub(super) async fn mailed_token(&self) -> String {
        let mails = self.mails().await;
        let [mail] = mails.as_slice() else { panic!("not one mail, but {mails:?}") };
        token(mail)
    }

    /// Names of the mails since the last call, to whom.
    pub(super) async fn mail_names(&self) -> Vec<(String, &'static str)> {
        let name = |mail: &Mail| (mail.to.as_str().to_owned(), mail.kind.name());
        self.mails().await.iter().map(name).collect()
    }

    pub(super) fn pass(&self, time: Duration) {
        self.clock.advance(time);
    }

    pub(super) async fn answer(&self, request: Request<Body>) -> Answer {
        self.answer_at(ORIGIN, request).await
    }

    pub(super) async fn answer_at(&self, origin: &str, mut request: Request<Body>) -> Answer {
        request.extensions_mut().insert(PlatformContext {
            origin: Arc::new(Origin::parse(origin).unwrap()),
            client: ClientAddress::new([192, 0, 2, 1].into()),
            network: Network::new("192.0.2.0/24"),
            request_id: RequestId::from_bytes([1; 16]),
        });
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let body = String::from_utf8(bytes.to_vec()).unwrap();
        let json = serde_json::from_str(&body).unwrap_or_default();
        Answer { status: parts.status, headers: parts.headers, body, json }
    }

    /// A browser that has opened the console.
    pub(super) async fn browser(&self) -> Browser<'_> {
        let mut browser = Browser { app: self, cookies: BTreeMap::new(), csrf: None };
        browser.get("/v1/session").await.ok();
        browser
    }

    /// A browser in which Ann has signed up, and is signed in. Nothing is left in the mail.
    pub(super) async fn ann(&self) -> Browser<'_> {
        let mut browser = self.browser().await;
        browser.sign_up(ANN).await;
        self.mails().await;
        browser
    }

    /// Another browser, that signs in as Ann with her password.
    pub(super) async fn ann_elsewhere(&self) -> Browser<'_> {
        let mut browser = self.browser().await;
        let body = json!({"email": ANN, "password": PASSWORD});
        browser.post("/v1/sign-in/password", body).await.ok();
        self.mails().await;
        browser
    }
}

fn settings(sign_up: SignUpPolicy, argon2: Argon2Cost) -> Settings {
    Settings {
        sign_up,
        session_idle: Duration::from_hours(12),
        session_max: Duration::from_hours(30 * 24),
        argon2,
        argon2_threads: 1,
        plans: wax_model::Plans::self_hosted(wax_model::Entitlements::SELF_HOSTED),
    }
}

/// What stands behind the `#` in a mail's link.
pub(super) fn token(mail: &Mail) -> String {
    let link = match &mail.kind {
        MailKind::VerifyAddress { link, .. }
        | MailKind::SignInLink { link, .. }
        | MailKind::ResetPassword { link, .. } => link,
        kind => panic!("{} has no link", kind.name()),
    };
    link.expose().split_once('#').unwrap().1.to_owned()
}

/// A browser: it keeps cookies and sends along what our own page would.
pub(super) struct Browser<'a> {
    app: &'a App,
    pub(super) cookies: BTreeMap<String, String>,
    /// Instead of the right token.
    pub(super) csrf: Option<String>,
}

impl Browser<'_> {
    pub(super) async fn get(&mut self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    pub(super) async fn post(&mut self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(body)).await
    }

    pub(super) async fn delete(&mut self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }

    pub(super) async fn send(&mut self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let request = self.request(method, path, body.as_ref());
        let answer = self.app.answer(request).await;
        self.keep(&answer);
        answer
    }

    pub(super) fn request(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Request<Body> {
        let cookies: Vec<_> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::ORIGIN, ORIGIN)
            .header(header::USER_AGENT, "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0");
        if !cookies.is_empty() {
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        if let Some(device) = self.cookies.get(DEVICE_COOKIE) {
            let session = self.cookies.get(SESSION_COOKIE).map(String::as_str);
            let token = self.csrf.clone().unwrap_or_else(|| csrf_token(device, session));
            request = request.header(CSRF_HEADER, token);
        }
        let Some(body) = body else { return request.body(Body::empty()).unwrap() };
        let json = "application/json";
        request.header(header::CONTENT_TYPE, json).body(Body::from(body.to_string())).unwrap()
    }

    fn keep(&mut self, answer: &Answer) {
        for line in answer.headers.get_all(header::SET_COOKIE) {
            let (pair, attributes) = line.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if attributes.contains("Max-Age=0;") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    pub(super) async fn sign_up(&mut self, email: &str) {
        let body = json!({
            "email": email, "name": "Ann", "password": PASSWORD, "lang": "en",
            "organization": {"name": "Globex, Inc."},
        });
        self.post("/v1/sign-up", body).await.ok();
        let token = self.app.mailed_token().await;
        self.post("/v1/sign-up/verify", json!({"token": token})).await.ok();
    }

    pub(super) async fn is_signed_in(&mut self) -> bool {
        self.get("/v1/session").await.ok().json["signed_in"].as_bool().unwrap()
    }
}
