//! The secrets service in one process.

use std::{sync::Arc, time::Duration};

use axum::{Router, body::Body, response::Response};
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::Value;
use tower::ServiceExt as _;
use wax_cache::MemoryHints;
use wax_crypto::{
    Origin,
    at_rest::{KeyStore, MemoryKeyStore},
};
use wax_httpkit::{ClientAddress, Network, RequestContext, auth::NoAccounts};
use wax_kernel::{
    Clock, DomainId, HostPattern, Job, ManualClock, RequestId, Rng, SeededRng, SystemRng, TenantId,
    Timestamp,
};
use wax_model::{
    Brand, Domain, Entitlements, PlanId, Plans, Tenant, TenantScope, domain::Transport,
};
use wax_secrets::{Parts, Secrets};
use wax_store::{NewDomain, Store};
use wax_store_sql::{Settings, SqlStore};

/// Where the tests' clock starts.
pub const START: Timestamp = Timestamp::from_ms(1_800_000_000_000);

/// The service, its store and its clock.
#[derive(Debug)]
pub struct TestApp {
    /// Stands still until moved.
    pub clock: Arc<ManualClock>,
    /// The database.
    pub store: Arc<SqlStore>,
    /// The day keys.
    pub keys: Arc<MemoryKeyStore>,
    /// Randomness of the test's own side.
    pub rng: Arc<dyn Rng>,
    router: Router,
    jobs: Vec<Job>,
    scopes: [TenantScope; 2],
    domains: [DomainId; 2],
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as JSON; null if it is not JSON.
    pub json: Value,
}

impl Answer {
    /// The problem's code, or an empty text.
    pub fn code(&self) -> &str {
        self.json["code"].as_str().unwrap_or_default()
    }
}

impl TestApp {
    /// The service on an in-memory store, with two tenants.
    pub async fn new() -> Self {
        let store = SqlStore::open(&Settings::SqliteMemory).await.expect("memory is always there");
        store.migrate().await.expect("migrations fit an empty store");
        Self::on(store).await
    }

    /// The service on a store.
    pub async fn on(store: Arc<SqlStore>) -> Self {
        let seen = Arc::clone(&store) as Arc<dyn Store>;
        Self::behind(store, seen).await
    }

    /// The service on a store that it sees only through another one: a double that loses answers, for example.
    pub async fn behind(store: Arc<SqlStore>, seen: Arc<dyn Store>) -> Self {
        Self::assemble(store, seen, |clock| clock).await
    }

    /// The service on an in-memory store, told the time by a clock that is made of the test's.
    pub async fn told_by(make: impl FnOnce(Arc<dyn Clock>) -> Arc<dyn Clock>) -> Self {
        let store = SqlStore::open(&Settings::SqliteMemory).await.expect("memory is always there");
        store.migrate().await.expect("migrations fit an empty store");
        let seen = Arc::clone(&store) as Arc<dyn Store>;
        Self::assemble(store, seen, make).await
    }

    async fn assemble(
        store: Arc<SqlStore>,
        seen: Arc<dyn Store>,
        make: impl FnOnce(Arc<dyn Clock>) -> Arc<dyn Clock>,
    ) -> Self {
        let clock = Arc::new(ManualClock::at_ms(START.as_ms()));
        let rng: Arc<dyn Rng> = Arc::new(SystemRng);
        let keys = Arc::new(MemoryKeyStore::new(Arc::clone(&rng)));
        let secrets = Secrets::new(Parts {
            store: seen,
            keys: Arc::clone(&keys) as Arc<dyn KeyStore>,
            hints: Arc::new(MemoryHints::default()),
            clock: make(Arc::clone(&clock) as Arc<dyn Clock>),
            rng: Arc::clone(&rng),
            plans: Plans::self_hosted(Entitlements::SELF_HOSTED),
        });
        let scopes = [scope(&store, "acme", 1).await, scope(&store, "other", 2).await];
        let domains = [
            domain(&store, scopes[0], "secrets.acme.example", 9).await,
            domain(&store, scopes[1], "secrets.other.example", 10).await,
        ];
        let jobs = wax_secrets::jobs(&secrets);
        Self {
            clock,
            store,
            keys,
            rng,
            jobs,
            scopes,
            domains,
            router: wax_secrets::router(secrets, Arc::new(NoAccounts)),
        }
    }

    /// The tenant that requests go to.
    pub const fn scope(&self) -> TenantScope {
        self.scopes[0]
    }

    /// Another tenant on the same server.
    pub const fn other_scope(&self) -> TenantScope {
        self.scopes[1]
    }

    /// The domain that the tenant's requests come through.
    pub const fn domain(&self) -> DomainId {
        self.domains[0]
    }

    /// Changes that domain, as its organization, the DNS or the operator may.
    pub async fn change_domain(&self, change: impl FnOnce(&mut Domain)) {
        change_domain(&*self.store, self.domain(), change).await;
    }

    /// What the tenant's pages and API stand under.
    pub fn origin() -> Origin {
        Origin::parse("https://secrets.acme.example").expect("an origin")
    }

    /// Runs every job once.
    pub async fn run_jobs(&self) {
        for job in &self.jobs {
            job.run().await.expect("jobs do not fail");
        }
    }

    /// Moves the clock and lets the reaper keep up, as it does in a running server: at least every 20 seconds.
    pub async fn pass(&self, time: Duration) {
        const STEP: Duration = Duration::from_secs(20);
        let mut left = time;
        while !left.is_zero() {
            let step = left.min(STEP);
            self.clock.advance(step);
            left -= step;
            if left < Duration::from_secs(600) || left.as_secs() % 3_600 < 20 {
                self.run_jobs().await;
            }
        }
    }

    /// Runs the jobs as often as ten minutes do: after a leap of days the reaper trusts the clock again only then.
    pub async fn settle(&self) {
        for _ in 0..=120 {
            self.run_jobs().await;
        }
    }

    /// Sends JSON to a route of the first tenant.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.scope(), request(path, body.to_string())).await
    }

    /// Sends JSON to the same route of another tenant.
    pub async fn post_elsewhere(&self, path: &str, body: &Value) -> Answer {
        self.send(self.other_scope(), request(path, body.to_string())).await
    }

    /// Sends JSON and reads the answer to its end as JSON lines, empty ones left out.
    pub async fn lines(&self, path: &str, body: &Value) -> Vec<Value> {
        let response = self.respond(self.scope(), request(path, body.to_string())).await;
        let bytes = response.into_body().collect().await.expect("a body arrives").to_bytes();
        let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines.map(|line| serde_json::from_slice(line).expect("a line is JSON")).collect()
    }

    /// Sends any request, as the edge would hand it on.
    pub async fn send(&self, scope: TenantScope, request: Request<Body>) -> Answer {
        let (head, body) = self.respond(scope, request).await.into_parts();
        let bytes = body.collect().await.expect("a body arrives").to_bytes();
        let json = serde_json::from_slice(&bytes).unwrap_or_default();
        Answer { status: head.status, headers: head.headers, json }
    }

    /// Sends any request and leaves the answer's body unread.
    pub async fn respond(&self, scope: TenantScope, mut request: Request<Body>) -> Response {
        request.extensions_mut().insert(RequestContext {
            scope,
            domain: self.domains[usize::from(scope == self.other_scope())],
            origin: Arc::new(Self::origin()),
            client: ClientAddress::new([192, 0, 2, 1].into()),
            network: Network::new("192.0.2.0/24"),
            request_id: RequestId::random(&*self.rng),
        });
        self.router.clone().oneshot(request).await.expect("a router always answers")
    }
}

/// A POST of JSON.
pub fn request(path: &str, body: impl Into<Body>) -> Request<Body> {
    Request::post(path)
        .header(header::CONTENT_TYPE, "application/json")
        .body(body.into())
        .expect("a path makes a request")
}

/// Changes a domain's row.
pub async fn change_domain(
    store: &(dyn Store + 'static),
    id: DomainId,
    change: impl FnOnce(&mut Domain),
) {
    let found = store.platform().domains().domain(id).await.expect("the store answers");
    let mut domain = found.expect("the domain is there");
    change(&mut domain);
    let written = store.write_platform(move |unit| {
        let domain = domain.clone();
        Box::pin(async move { unit.domains().update(&domain).await })
    });
    assert!(written.await.expect("the store answers"), "the domain is there");
}

async fn domain(store: &SqlStore, scope: TenantScope, host: &str, seed: u8) -> DomainId {
    let id = DomainId::from_bytes([seed; 16]);
    let host = HostPattern::parse(host).expect("a host");
    let domain = Domain::given(id, scope.tenant(), host, Transport::Loopback, START);
    let new = NewDomain { domain, brand: Brand::plain("Acme") };
    assert!(store.platform().ensure_domain(&new).await.expect("the store answers"));
    id
}

#[expect(clippy::disallowed_methods, reason = "tests stand in for the edge")]
async fn scope(store: &SqlStore, slug: &str, seed: u64) -> TenantScope {
    let tenant = Tenant {
        id: TenantId::random(&SeededRng::new(seed)),
        slug: slug.into(),
        name: slug.into(),
        plan: PlanId::self_hosted(),
        limited: false,
        created_at: START,
        deletion_due_at: None,
    };
    let tenant = store.platform().ensure_tenant(&tenant).await.expect("a tenant can be written");
    TenantScope::proven(tenant.id)
}
