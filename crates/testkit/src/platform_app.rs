//! Secrets and accounts in one process, on both kinds of host.

use std::{net::IpAddr, sync::Arc, time::Duration};

use axum::{body::Body, response::Response};
use http::{HeaderValue, Method, Request, header};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use utoipa::openapi::OpenApi;
use wax_accounts::{Accounts, Argon2Cost, Settings as AccountSettings};
use wax_acme::{MemoryOrders, OrderStore};
use wax_billing::Billing;
use wax_cache::MemoryHints;
use wax_crypto::{
    Origin,
    at_rest::{KeyRing, KeyStore, MemoryKeyStore},
};
use wax_domains::Domains;
use wax_httpkit::{
    ClientAddress, Context, HostKind, Mount, Network, PlatformContext, RequestContext, Services,
    auth::{CSRF_HEADER, DEVICE_COOKIE, SharedAuthenticator, bearer_hash, csrf_token},
};
use wax_kernel::{
    AccountId, Clock, DomainId, EmailAddress, HostPattern, Job, ManualClock, Redacted, RequestId,
    Rng, SessionId, SystemRng, TenantId,
};
use wax_mail::Postbox;
use wax_model::{
    Account, Brand, Domain, Entitlements, Mail, MailKind, Membership, Plans, Role, Session,
    SessionKind, SignUpPolicy, TenantScope, Topic, domain::Transport,
};
use wax_secrets::{Parts, Secrets};
use wax_store::{NewDomain, Store};

use crate::{Answer, Names, NamesParts, START, Till, WEBHOOK_SECRET, database};

/// Where a test's caller is.
const ADDRESS: &str = "192.0.2.7";
/// Messages of one test.
const MESSAGES: u32 = 1_000;

/// Both services, their store and their clock.
#[derive(Debug)]
pub struct PlatformApp {
    /// Stands still until moved.
    pub clock: Arc<ManualClock>,
    /// The database.
    pub store: Arc<dyn Store>,
    /// What organizations may have.
    pub plans: Plans,
    rng: Arc<dyn Rng>,
    postbox: Postbox,
    /// Domains, and the Internet that they are in.
    pub names: Names,
    /// What is true at Stripe.
    pub till: Arc<Till>,
    /// The billing service.
    pub billing: Billing,
    services: Services,
    jobs: Vec<Job>,
}

/// Somebody with an account and a session.
#[derive(Debug, Clone)]
pub struct Person {
    /// Their id.
    pub id: AccountId,
    /// Their address.
    pub email: String,
    /// What their command line shows: `wxs_…`.
    pub token: String,
}

/// An organization with a domain.
#[derive(Debug, Clone)]
pub struct House {
    /// Its id.
    pub id: TenantId,
    /// Proof of it.
    pub scope: TenantScope,
    /// Its domain.
    pub domain: DomainId,
}

impl House {
    /// A path below the organization.
    pub fn path(&self, rest: &str) -> String {
        format!("/v1/organizations/{}{rest}", self.id)
    }
}

impl PlatformApp {
    /// On an in-memory store without anybody in it.
    pub async fn new() -> Self {
        Self::selling(free()).await
    }

    /// The same, where organizations have these plans.
    pub async fn selling(plans: Plans) -> Self {
        let store = database::sqlite_memory_with_orders().await;
        Self::with_orders(Arc::clone(&store) as Arc<dyn Store>, store, plans)
    }

    /// On a store. Orders of certificates are forgotten.
    pub fn on(store: Arc<dyn Store>) -> Self {
        Self::on_selling(store, free())
    }

    /// The same, where organizations have these plans.
    pub fn on_selling(store: Arc<dyn Store>, plans: Plans) -> Self {
        Self::with_orders(store, Arc::new(MemoryOrders::default()), plans)
    }

    fn with_orders(store: Arc<dyn Store>, orders: Arc<dyn OrderStore>, plans: Plans) -> Self {
        let clock = Arc::new(ManualClock::at_ms(START.as_ms()));
        let rng: Arc<dyn Rng> = Arc::new(SystemRng);
        let keys: Arc<dyn KeyStore> = Arc::new(MemoryKeyStore::new(Arc::clone(&rng)));
        let shared =
            || (Arc::clone(&store), Arc::clone(&keys), Arc::clone(&clock) as Arc<dyn Clock>);
        let accounts = accounts(shared(), &rng, plans.clone());
        let secrets = secrets(shared(), &rng, plans.clone());
        let names = Names::new(NamesParts {
            store: Arc::clone(&store),
            orders,
            keys: Arc::clone(&keys),
            edge_ring: Arc::new(KeyRing::random(&*rng)),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            rng: Arc::clone(&rng),
            plans: plans.clone(),
        });
        let mut jobs = wax_accounts::jobs(&accounts, Duration::from_secs(86_400));
        jobs.extend(wax_secrets::jobs(&secrets));
        let postbox =
            Postbox::new(Arc::clone(&keys), Arc::clone(&clock) as Arc<dyn Clock>, Arc::clone(&rng));
        let till = Arc::new(Till::default());
        let billing = billing(shared(), &rng, &till, plans.clone());
        let services = services(accounts, secrets, names.here.clone(), billing.clone());
        Self { clock, store, plans, rng, postbox, names, till, billing, services, jobs }
    }

    /// Where members are.
    pub fn origin() -> Origin {
        Origin::parse("https://app.waxseal.example").expect("an origin")
    }

    /// What time it is, UTC milliseconds.
    pub fn now_ms(&self) -> i64 {
        self.clock.now().as_ms()
    }

    /// Every operation of the services.
    pub fn document() -> OpenApi {
        wax_secrets::openapi()
            .merge_from(wax_accounts::openapi())
            .merge_from(wax_domains::openapi())
            .merge_from(wax_billing::openapi())
    }

    /// Runs every job once.
    pub async fn run_jobs(&self) {
        for job in &self.jobs {
            job.run().await.expect("jobs do not fail");
        }
    }

    /// Runs every job of payments once. What fails while Stripe is down runs again.
    pub async fn run_billing(&self) {
        for job in wax_billing::jobs(&self.billing) {
            drop(job.run().await);
        }
    }

    /// Makes an organization a customer of this id, as a first Checkout does.
    pub async fn customer(&self, house: &House, customer: &str) {
        let (tenant, customer, now) = (house.id, customer.to_owned(), self.clock.now());
        let made = self.store.write_platform(move |unit| {
            let customer = customer.clone();
            Box::pin(async move { unit.billing().insert_customer(tenant, &customer, now).await })
        });
        assert!(made.await.expect("the store answers"));
    }

    /// Sends an event as Stripe does: the body, and its signature's header.
    pub async fn hear(&self, body: &str, signature: Option<&str>) -> Answer {
        let mut request = request(Method::POST, "/v1/billing/stripe", "", None);
        if let Some(signature) = signature {
            let value = HeaderValue::from_str(signature).expect("a header");
            request.headers_mut().insert("stripe-signature", value);
        }
        let kind = HeaderValue::from_static("application/json; charset=utf-8");
        request.headers_mut().insert(header::CONTENT_TYPE, kind);
        *request.body_mut() = Body::from(body.to_owned());
        self.send(self.on_platform(), request).await
    }

    /// Somebody with an account, signed in on a command line and proven just now.
    pub async fn person(&self, name: &str) -> Person {
        self.person_since(name, true).await
    }

    /// The same, who has not proven themselves lately.
    pub async fn person_not_stepped_up(&self, name: &str) -> Person {
        self.person_since(name, false).await
    }

    async fn person_since(&self, name: &str, stepped_up: bool) -> Person {
        let (id, now) = (AccountId::random(&*self.rng), self.clock.now());
        let email = format!("{name}@people.example");
        let account = Account {
            id,
            email: EmailAddress::parse(&email).expect("an address"),
            name: name.into(),
            lang: "en".into(),
            password: None,
            totp: None,
            created_at: now,
        };
        let made = self.store.write_platform(move |unit| {
            let account = account.clone();
            Box::pin(async move { unit.accounts().insert(&account).await })
        });
        assert!(made.await.expect("the store answers"), "{name} is there already");
        let token = self.sign_in(id, stepped_up).await;
        Person { id, email, token }
    }

    /// Another session of an account.
    pub async fn sign_in(&self, account: AccountId, stepped_up: bool) -> String {
        let now = self.clock.now();
        let token = format!("wxs_{}", wax_kernel::base64url_encode(self.rng.bytes::<32>()));
        let far = now.plus(Duration::from_secs(365 * 86_400));
        let session = Session {
            id: SessionId::random(&*self.rng),
            account,
            kind: SessionKind::Cli,
            device: "a test".into(),
            network: "192.0.2.0/24".into(),
            created_at: now,
            last_used_at: now,
            idle_ends_at: far,
            ends_at: far,
            stepped_up_until: if stepped_up { far } else { now },
        };
        let hash = bearer_hash(&token);
        let begun = self.store.write_platform(move |unit| {
            let session = session.clone();
            Box::pin(async move { unit.sessions().insert(&session, hash).await })
        });
        begun.await.expect("the store answers");
        token
    }

    /// An organization that `owner` makes, on `<slug>.example`.
    pub async fn house(&self, owner: &Person, slug: &str) -> House {
        self.house_on(owner, slug, &format!("{slug}.example")).await
    }

    /// An organization that `owner` makes, on a host.
    pub async fn house_on(&self, owner: &Person, slug: &str, host: &str) -> House {
        let body = json!({"name": slug, "slug": slug});
        let made = self.post("/v1/organizations", &owner.token, &body).await;
        assert_eq!(made.status, 201, "{:?}", made.json);
        let id = TenantId::parse(made.json["id"].as_str().expect("an id")).expect("an id");
        let domain = self.domain(id, host).await;
        House { id, scope: scope(id), domain }
    }

    /// Another domain of an organization.
    pub async fn domain(&self, tenant: TenantId, host: &str) -> DomainId {
        let id = DomainId::random(&*self.rng);
        let host = HostPattern::parse(host).expect("a host");
        let domain = Domain::given(id, tenant, host, Transport::Loopback, self.clock.now());
        let new = NewDomain { domain, brand: Brand::plain("a house") };
        assert!(self.store.platform().ensure_domain(&new).await.expect("the store answers"));
        id
    }

    /// Makes a person a member, without an invitation.
    pub async fn join(&self, house: &House, person: &Person, role: Role, domain: Option<DomainId>) {
        let joined_at = self.clock.now();
        let member = Membership { account: person.id, role, domain, joined_at };
        let joined = self.store.write(&house.scope, move |uow| {
            Box::pin(async move { uow.organization().insert_member(&member).await })
        });
        assert!(joined.await.expect("the store answers"));
    }

    /// Every mail that waits to be sent, taken.
    pub async fn mails(&self) -> Vec<Mail> {
        let lease = Duration::from_secs(3_600);
        let outbox = self.store.platform().outbox();
        let messages =
            outbox.take(Topic::Mail, self.clock.now(), self.clock.now().plus(lease), MESSAGES);
        let messages = messages.await.expect("the store answers");
        for taken in &messages {
            outbox.done(taken).await.expect("the store answers");
        }
        messages.iter().map(|taken| self.postbox.open(&taken.message).expect("ours")).collect()
    }

    /// The token in the one invitation that waits to be sent to this address.
    pub async fn invitation_token(&self, to: &str) -> String {
        let mails = self.mails().await;
        let links =
            mails.iter().filter(|mail| mail.to.as_str() == to).filter_map(|mail| {
                match &mail.kind {
                    MailKind::Invitation { link, .. } => link.expose().split_once('#'),
                    _ => None,
                }
            });
        let tokens: Vec<_> = links.map(|(_, token)| token.to_owned()).collect();
        assert_eq!(tokens.len(), 1, "invitations to {to}");
        tokens[0].clone()
    }

    /// Asks on the platform's host. `credential`: a session's or a key's text; empty: none.
    pub async fn ask(
        &self,
        method: Method,
        path: &str,
        credential: &str,
        body: Option<&Value>,
    ) -> Answer {
        self.send(self.on_platform(), request(method, path, credential, body)).await
    }

    fn on_platform(&self) -> Context {
        self.platform_context(Self::origin())
    }

    /// A request on the platform's host, which is this.
    pub(crate) fn platform_context(&self, origin: Origin) -> Context {
        Context::Platform(PlatformContext {
            origin: Arc::new(origin),
            client: client(),
            network: Network::new("192.0.2.0/24"),
            request_id: RequestId::random(&*self.rng),
        })
    }

    /// Asks with POST.
    pub async fn post(&self, path: &str, credential: &str, body: &Value) -> Answer {
        self.ask(Method::POST, path, credential, Some(body)).await
    }

    /// Asks with POST and an `Idempotency-Key`.
    pub async fn post_once(&self, path: &str, credential: &str, key: &str, body: &Value) -> Answer {
        let mut request = request(Method::POST, path, credential, Some(body));
        let key = key.parse().expect("a key is visible ASCII");
        request.headers_mut().insert("idempotency-key", key);
        self.send(self.on_platform(), request).await
    }

    /// Asks with GET.
    pub async fn get(&self, path: &str, credential: &str) -> Answer {
        self.ask(Method::GET, path, credential, None).await
    }

    /// Asks with POST from our own page in a browser that nobody is signed in on.
    pub async fn post_by_browser(&self, path: &str, body: &Value) -> Answer {
        let device = wax_kernel::base64url_encode(self.rng.bytes::<32>());
        let mut request = request(Method::POST, path, "", Some(body));
        for (name, value) in [
            (header::COOKIE, format!("{DEVICE_COOKIE}={device}")),
            (header::ORIGIN, Self::origin().to_string()),
            (CSRF_HEADER, csrf_token(&device, None)),
        ] {
            request.headers_mut().insert(name, value.parse().expect("visible ASCII"));
        }
        self.send(self.on_platform(), request).await
    }

    /// Where a notice says that it can be stopped, below its host.
    pub fn unsubscribe_path(&self, notice: &Mail) -> String {
        let link = self.postbox.unsubscribe_link(notice).expect("a link");
        let (_, token) = link.expose().rsplit_once('/').expect("a path");
        format!("/unsubscribe/{token}")
    }

    /// Opens a page on a house's host, or on the platform's; with a form, sends it as a browser or a mail client does.
    pub async fn page(&self, house: Option<&House>, path: &str, form: Option<&str>) -> Answer {
        let method = form.map_or(Method::GET, |_| Method::POST);
        let mut request = request(method, path, "", None);
        if let Some(form) = form {
            let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
            request.headers_mut().insert(header::CONTENT_TYPE, kind);
            *request.body_mut() = Body::from(form.to_owned());
        }
        let context = house.map_or_else(|| self.on_platform(), |house| self.on_host(house));
        self.send(context, request).await
    }

    /// Asks with GET for what goes on: the body, unread.
    pub async fn stream(&self, path: &str, credential: &str) -> Body {
        let mut request = request(Method::GET, path, credential, None);
        *request.extensions_mut() = self.on_platform().into_extensions();
        self.services.answer(request).await.into_body()
    }

    /// Asks with POST on a tenant's host.
    pub async fn post_on_host(
        &self,
        house: &House,
        path: &str,
        credential: &str,
        body: &Value,
    ) -> Answer {
        self.send(self.on_host(house), request(Method::POST, path, credential, Some(body))).await
    }

    fn on_host(&self, house: &House) -> Context {
        self.tenant_context(house, Origin::parse("https://house.example").expect("an origin"))
    }

    /// A request on a house's host, which is this.
    pub(crate) fn tenant_context(&self, house: &House, origin: Origin) -> Context {
        Context::Tenant(RequestContext {
            scope: house.scope,
            domain: house.domain,
            origin: Arc::new(origin),
            client: client(),
            network: Network::new("192.0.2.0/24"),
            request_id: RequestId::random(&*self.rng),
        })
    }

    /// Answers a request that has its context.
    pub(crate) async fn answer(&self, request: Request<Body>) -> Response {
        self.services.answer(request).await
    }

    async fn send(&self, context: Context, mut request: Request<Body>) -> Answer {
        *request.extensions_mut() = context.into_extensions();
        let (head, body) = self.services.answer(request).await.into_parts();
        let is_stream =
            head.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream");
        if is_stream {
            return Answer { status: head.status, headers: head.headers, json: Value::Null };
        }
        let bytes = body.collect().await.expect("a body arrives").to_bytes();
        let text = || Value::String(String::from_utf8_lossy(&bytes).into_owned());
        let json = serde_json::from_slice(&bytes).unwrap_or_else(|_| text());
        Answer { status: head.status, headers: head.headers, json }
    }
}

fn request(method: Method, path: &str, credential: &str, body: Option<&Value>) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    if !credential.is_empty() {
        request = request.header(header::AUTHORIZATION, format!("Bearer {credential}"));
    }
    let body = match body {
        Some(body) => {
            request = request.header(header::CONTENT_TYPE, "application/json");
            Body::from(body.to_string())
        }
        None => Body::empty(),
    };
    request.body(body).expect("a path makes a request")
}

fn client() -> ClientAddress {
    ClientAddress::new(ADDRESS.parse::<IpAddr>().expect("an address"))
}

/// The one plan of a server that sells nothing.
fn free() -> Plans {
    Plans::self_hosted(Entitlements::SELF_HOSTED)
}

type Shared = (Arc<dyn Store>, Arc<dyn KeyStore>, Arc<dyn Clock>);

fn accounts((store, keys, clock): Shared, rng: &Arc<dyn Rng>, plans: Plans) -> Accounts {
    let settings = AccountSettings {
        sign_up: SignUpPolicy::Open,
        session_idle: Duration::from_secs(43_200),
        session_max: Duration::from_secs(2_592_000),
        argon2: Argon2Cost { memory_kib: 8, passes: 1, lanes: 1 },
        argon2_threads: 1,
        plans,
    };
    let rng = Arc::clone(rng);
    let parts = wax_accounts::Parts { store, keys, clock, rng, settings };
    Accounts::new(parts).expect("there is a thread")
}

fn secrets((store, keys, clock): Shared, rng: &Arc<dyn Rng>, plans: Plans) -> Secrets {
    let (hints, rng) = (Arc::new(MemoryHints::default()), Arc::clone(rng));
    Secrets::new(Parts { store, keys, hints, clock, rng, plans })
}

fn billing(
    (store, keys, clock): (Arc<dyn Store>, Arc<dyn KeyStore>, Arc<dyn Clock>),
    rng: &Arc<dyn Rng>,
    till: &Arc<Till>,
    plans: Plans,
) -> Billing {
    let webhook_secrets = vec![Redacted::new(WEBHOOK_SECRET.to_owned())];
    let console = Some(PlatformApp::origin());
    Billing::new(wax_billing::Parts {
        store,
        keys,
        payments: Some(Arc::clone(till) as _),
        plans,
        clock,
        rng: Arc::clone(rng),
        metrics: wax_telemetry::Metrics::default(),
        tasks: wax_telemetry::Tasks::new(),
        settings: wax_billing::Settings { console, webhook_secrets },
    })
}

fn services(accounts: Accounts, secrets: Secrets, domains: Domains, billing: Billing) -> Services {
    let authenticator: SharedAuthenticator = Arc::new(accounts.clone());
    let at = |host, prefix| Mount { host, prefix };
    let members = at(HostKind::Platform, "/v1/organizations/{organization}/secrets");
    Services::default()
        .with(
            at(HostKind::Tenant, "/v1"),
            wax_secrets::router(secrets.clone(), Arc::clone(&authenticator)),
        )
        .with(
            at(HostKind::Platform, "/v1/organizations/{organization}/domains"),
            wax_domains::router(domains, Arc::clone(&authenticator)),
        )
        .with(
            at(HostKind::Platform, "/v1/organizations/{organization}/billing"),
            wax_billing::router(billing.clone(), Arc::clone(&authenticator)),
        )
        .with(
            at(HostKind::Platform, "/v1/organizations/{organization}/usage"),
            wax_billing::router(billing.clone(), Arc::clone(&authenticator)),
        )
        .with(
            at(HostKind::Platform, "/v1/organizations/{organization}/usage.csv"),
            wax_billing::router(billing.clone(), Arc::clone(&authenticator)),
        )
        .with(
            at(HostKind::Platform, "/v1/billing"),
            wax_billing::router(billing, Arc::clone(&authenticator)),
        )
        .with(members, wax_secrets::members_router(secrets, authenticator))
        .with(
            at(HostKind::Platform, "/unsubscribe"),
            wax_accounts::unsubscribe_router(accounts.clone()),
        )
        .with(
            at(HostKind::Tenant, "/unsubscribe"),
            wax_accounts::unsubscribe_router(accounts.clone()),
        )
        .with(at(HostKind::Platform, "/v1"), wax_accounts::router(accounts))
}

#[expect(clippy::disallowed_methods, reason = "tests stand in for who has proven it")]
const fn scope(tenant: TenantId) -> TenantScope {
    TenantScope::proven(tenant)
}
