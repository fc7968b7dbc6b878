//! An edge on real sockets, with a service behind it that remembers what it saw.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex, atomic::AtomicUsize},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    routing::{any, get, post},
};
use bytes::Bytes;
use http::{HeaderMap, Response};
use http_body_util::BodyExt as _;
use rustls::sign::CertifiedKey;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, DuplexStream},
    net::{TcpListener, TcpStream},
    sync::Notify,
    time::{Instant, timeout},
};
use wax_httpkit::{Context, HostKind, Mount, Mounts, RequestContext, Services};
use wax_kernel::{DomainId, Hostname, ManualClock, SeededRng, TenantId};
use wax_model::{Brand, DomainSettings, Entitlements, domain};
use wax_pages::{BrandFiles, Cache, Look, Page, Served};
use wax_telemetry::Metrics;

use crate::{
    At, ConsoleSite, Edge, EdgeParts, Limits, LocalCa, PendingHosts, Proxies, Rates, Readiness,
    Route, RouteClass, RouteOwner, Routes, Site, Snapshot, TenantHost, TicketRing, Tickets, Tls,
    Transport, Upstream,
    connection::{Peer, serve_plain},
    hygiene::{Door, DoorKind},
};

pub(crate) const TENANTS: Mount = Mount { host: HostKind::Tenant, prefix: "/v1" };
pub(crate) const PLATFORM: Mount = Mount { host: HostKind::Platform, prefix: "/v1" };
/// A service's page, on both kinds of host.
pub(crate) const PAGES: [Mount; 2] = [
    Mount { host: HostKind::Tenant, prefix: "/stop" },
    Mount { host: HostKind::Platform, prefix: "/stop" },
];

/// The platform's host.
pub(crate) const APP: &str = "app.localhost";

/// Bytes of the answer to `/v1/secrets/claim`.
pub(crate) const LARGE_ANSWER: usize = 2 * 1024 * 1024;

pub(crate) fn host(name: &str) -> Hostname {
    Hostname::parse(name).unwrap()
}

pub(crate) fn at(name: &str) -> At {
    At::Host(host(name))
}

pub(crate) fn route(transport: Transport) -> Route {
    let owner = RouteOwner::Tenant(TenantHost {
        tenant: TenantId::from_bytes([1; 16]),
        domain: DomainId::from_bytes([2; 16]),
        brand: Arc::new(Look::new(
            Brand::plain("Acme"),
            Entitlements::SELF_HOSTED,
            DomainSettings::default(),
        )),
        service: domain::Service::Full,
    });
    Route { owner, transport, certificate: None }
}

/// What a service was given.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) uri: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) trailers: Option<HeaderMap>,
    pub(crate) context: Context,
}

impl Seen {
    pub(crate) fn of_tenant(&self) -> &RequestContext {
        match &self.context {
            Context::Tenant(context) => context,
            Context::Platform(_) => panic!("the platform's context"),
        }
    }
}

/// What the service behind the edge shares with its test.
#[derive(Debug, Default)]
pub(crate) struct Service {
    seen: Mutex<Vec<Seen>>,
    /// Told when `/v1/slow` has begun, and when it may end.
    pub(crate) begun: Notify,
    pub(crate) may_end: Notify,
    pub(crate) ended: Notify,
    /// Large answers made.
    pub(crate) delivered: AtomicUsize,
}

impl Service {
    /// Every request since the last call.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        std::mem::take(&mut *self.seen.lock().unwrap())
    }

    fn router(self: &Arc<Self>) -> Router {
        Router::new()
            .route("/v1/echo", any(remember))
            .route("/v1/secrets/create", post(remember))
            .route("/v1/things/{name}", get(remember))
            .route("/v1/slow", any(slow))
            .route("/v1/secrets/claim", any(large))
            .route("/v1/secrets/{act}", post(remember))
            .route("/v1/panic", any(|| async { panic!("the passphrase was hunter2") as &str }))
            .with_state(Arc::clone(self))
    }

    /// The platform's routes. Some have the names of tenants' routes.
    fn platform_router(self: &Arc<Self>) -> Router {
        Router::new()
            .route("/v1/echo", any(remember))
            .route("/v1/sign-in", post(remember))
            .route("/v1/invitations/{id}/accept", post(remember))
            .with_state(Arc::clone(self))
    }

    fn services(self: &Arc<Self>) -> Services {
        let services =
            Services::default().with(TENANTS, self.router()).with(PLATFORM, self.platform_router());
        PAGES.into_iter().fold(services, |services, mount| {
            let page = Router::new().route("/stop/{token}", any(remember));
            services.with(mount, page.with_state(Arc::clone(self)))
        })
    }
}

async fn remember(State(service): State<Arc<Service>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let collected = body.collect().await.unwrap();
    let trailers = collected.trailers().cloned();
    let seen = Seen {
        uri: parts.uri.to_string(),
        headers: parts.headers,
        body: collected.to_bytes(),
        trailers,
        context: Context::of(&parts.extensions).unwrap(),
    };
    service.seen.lock().unwrap().push(seen);
    tracing::info!("remembered");
    Response::builder()
        .header("connection", "x-hop")
        .header("x-hop", "1")
        .header("server", "secret-sauce/1.0")
        .header("x-kept", "1")
        .header("set-cookie", "__Host-s=1; Secure; HttpOnly; Path=/; SameSite=Lax")
        .body(Body::from("seen"))
        .unwrap()
}

/// More than any buffer on the way holds.
async fn large(State(service): State<Arc<Service>>) -> Bytes {
    static WHOLE: [u8; LARGE_ANSWER] = [b'x'; LARGE_ANSWER];
    service.delivered.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    Bytes::from_static(&WHOLE)
}

async fn slow(State(service): State<Arc<Service>>) -> &'static str {
    service.begun.notify_one();
    service.may_end.notified().await;
    service.ended.notify_one();
    "done"
}

/// Pages without a web build.
#[derive(Debug)]
pub(crate) struct TestSite;

impl Site for TestSite {
    fn answer(
        &self,
        path: &str,
        request: &HeaderMap,
        brand: &BrandFiles,
    ) -> Option<Response<Bytes>> {
        let page =
            |text: &'static str| Served::new(text, "text/html", Cache::Never).respond(request);
        match path {
            "/" => Some(page("home")),
            "/brand.json" => Some(brand.json.respond(request)),
            "/assets/app.js" => {
                Some(Served::new("code", "text/javascript", Cache::Immutable).respond(request))
            }
            _ if path.starts_with("/s/") => Some(page("open")),
            _ if path.starts_with("/r/") => Some(page("receipt")),
            _ => None,
        }
    }

    fn instead(&self, page: Page, request: &HeaderMap, _: &BrandFiles) -> Response<Bytes> {
        let (text, status) = match page {
            Page::Held => ("held", http::StatusCode::SERVICE_UNAVAILABLE),
            _ => ("nothing here", http::StatusCode::NOT_FOUND),
        };
        let mut response = Served::new(text, "text/html", Cache::Never).respond(request);
        *response.status_mut() = status;
        response
    }
}

/// A console without a web build.
#[derive(Debug)]
struct TestConsole;

impl ConsoleSite for TestConsole {
    fn answer(&self, path: &str, request: &HeaderMap) -> Option<Response<Bytes>> {
        let served = match path {
            "/assets/console.js" => Served::new("console", "text/javascript", Cache::Immutable),
            _ if path.starts_with("/assets/") || path.starts_with("/s/") => return None,
            _ => Served::new("the console", "text/html", Cache::Never),
        };
        Some(served.respond(request))
    }
}

/// Hosts on their way, as a test says.
#[derive(Debug, Default)]
pub(crate) struct TestPending {
    /// What is shown to prove a host.
    pub(crate) proofs: Mutex<HashMap<Hostname, Arc<CertifiedKey>>>,
    /// The hosts that strangers named.
    pub(crate) named: Mutex<Vec<String>>,
}

impl PendingHosts for TestPending {
    /// The file of every host that has a proof is its token.
    fn http_answer(&self, host: &Hostname, token: &str) -> Option<Bytes> {
        let is_pending = self.proofs.lock().unwrap().contains_key(host);
        is_pending.then(|| Bytes::copy_from_slice(token.as_bytes()))
    }

    fn proving_certificate(&self, host: &Hostname) -> Option<Arc<CertifiedKey>> {
        self.proofs.lock().unwrap().get(host).cloned()
    }

    fn was_named(&self, host: &Hostname) {
        self.named.lock().unwrap().push(host.to_string());
    }
}

/// A running edge with the loopback hosts `a.localhost` and `b.localhost`, and the platform's, [`APP`].
pub(crate) struct TestEdge {
    pub(crate) edge: Edge,
    pub(crate) routes: Routes,
    pub(crate) pending: Arc<TestPending>,
    pub(crate) tickets: Tickets,
    pub(crate) service: Arc<Service>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) metrics: Metrics,
    pub(crate) readiness: Readiness,
    tasks_without_connections: usize,
    pub(crate) ca: LocalCa,
    pub(crate) tls: Arc<Tls>,
    pub(crate) plain: SocketAddr,
    pub(crate) secure: SocketAddr,
}

impl TestEdge {
    pub(crate) async fn start() -> Self {
        Self::start_with(Limits::default(), Rates::default()).await
    }

    pub(crate) async fn start_with(limits: Limits, rates: Rates) -> Self {
        Self::start_before(limits, rates, |local| {
            let api = Mounts::default().with(TENANTS, local.clone()).with(PLATFORM, local.clone());
            PAGES.into_iter().fold(api, |mounts, mount| mounts.with(mount, local.clone()))
        })
        .await
    }

    /// An edge before these upstreams, made from the one in this process.
    pub(crate) async fn start_before(
        limits: Limits,
        rates: Rates,
        upstreams: impl FnOnce(Upstream) -> Mounts<Upstream>,
    ) -> Self {
        let clock = Arc::new(ManualClock::at_ms(1_800_000_000_000));
        let service = Arc::new(Service::default());
        let (routes, metrics, readiness) =
            (Routes::default(), Metrics::default(), Readiness::default());
        let rng = Arc::new(SeededRng::new(1));
        let (pending, tickets) =
            (Arc::new(TestPending::default()), Tickets::new(TicketRing::random(&*rng)));
        let tls = Arc::new(Tls::new(&limits, tickets.clone()).unwrap());
        let edge = Edge::new(EdgeParts {
            routes: routes.clone(),
            pending: pending.clone(),
            upstreams: upstreams(Upstream::Local(service.services())),
            site: Arc::new(TestSite),
            console: Some(Arc::new(TestConsole)),
            limits,
            rates,
            classes: vec![
                RouteClass::create(HostKind::Tenant, "/v1/secrets/create"),
                RouteClass::deliver("/v1/secrets/claim"),
                RouteClass::sign_in("/v1/sign-in"),
                RouteClass::sign_in("/v1/invitations/{id}/accept"),
            ],
            readiness: readiness.clone(),
            metrics: metrics.clone(),
            clock: clock.clone(),
            rng,
        });
        let [plain, secure] = [listener().await, listener().await];
        let (plain_addr, secure_addr) = (plain.local_addr().unwrap(), secure.local_addr().unwrap());
        edge.listen_plain(plain, Some(8080)).unwrap();
        edge.listen_tls(secure, Arc::clone(&tls), None, Proxies::default()).unwrap();
        readiness.set(true);
        let tasks_without_connections = edge.shared.tasks.running();
        let ca = LocalCa::in_memory(clock.clone()).unwrap();
        let test = Self {
            edge,
            routes,
            pending,
            tickets,
            service,
            clock,
            metrics,
            readiness,
            tasks_without_connections,
            ca,
            tls,
            plain: plain_addr,
            secure: secure_addr,
        };
        test.publish(&["a.localhost", "b.localhost"]);
        test
    }

    /// Puts these hosts in force, and the platform's, each under a new certificate.
    pub(crate) fn publish(&self, hosts: &[&str]) {
        let certified = |name: &str, owner| {
            let certificate = Some(self.ca.issue(&host(name)).unwrap().into());
            (at(name), Route { owner, transport: Transport::Loopback, certificate })
        };
        let tenants = hosts.iter().map(|name| certified(name, route(Transport::Loopback).owner));
        let platform = certified(APP, RouteOwner::Platform);
        let (snapshot, left_out) = Snapshot::build(tenants.chain([platform]));
        assert!(left_out.is_empty(), "{left_out:?}");
        self.routes.publish(snapshot);
    }

    /// Changes what visitors of a host meet, under the certificate that it has.
    pub(crate) fn change(&self, name: &str, change: impl FnOnce(&mut TenantHost)) {
        let mut route = Route::clone(&self.routes.find(&host(name), true).unwrap());
        let RouteOwner::Tenant(tenant) = &mut route.owner else { panic!("a tenant's host") };
        change(tenant);
        self.routes.put(at(name), Some(route)).unwrap();
    }

    /// Waits until every connection has ended, by the paused clock.
    pub(crate) async fn until_no_connection(&self) {
        while self.edge.shared.tasks.running() > self.tasks_without_connections {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Sends raw bytes over a new plain connection and reads until the server closes it.
    pub(crate) async fn send(&self, raw: impl AsRef<[u8]>) -> Reply {
        exchange(TcpStream::connect(self.plain).await.unwrap(), raw).await
    }
}

/// A connection in memory: with paused time its deadlines come at once, and exactly.
pub(crate) fn connect(edge: &TestEdge) -> DuplexStream {
    let (client, server) = tokio::io::duplex(64 * 1024);
    let door = Door { kind: DoorKind::Plain, port: 80, public_port: None };
    let peer = peer(door);
    let shared = &edge.edge.shared;
    drop(shared.tasks.spawn("connection", serve_plain(server, peer, Arc::clone(shared))));
    client
}

/// Somebody on this machine who has just been let in.
pub(crate) fn peer(door: Door) -> Peer {
    Peer { address: [127, 0, 0, 1].into(), door, accepted: Instant::now(), served: None }
}

pub(crate) async fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.unwrap()
}

/// Everything a server sent until it closed the connection.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) text: String,
}

impl Reply {
    fn read(bytes: &[u8]) -> Self {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        Self { status, text }
    }

    /// How many answers there are.
    pub(crate) fn answers(&self) -> usize {
        self.text.matches("HTTP/1.").count()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let head = self.text.split("\r\n\r\n").next()?;
        head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    pub(crate) fn body(&self) -> &str {
        self.text.split_once("\r\n\r\n").map_or("", |(_, body)| body)
    }

    pub(crate) fn problem(&self) -> serde_json::Value {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{}", self.text);
        serde_json::from_str(self.body()).unwrap()
    }
}

/// Writes, then reads until the other side closes: a connection that stays open fails the test.
pub(crate) async fn exchange(
    mut io: impl AsyncRead + AsyncWrite + Unpin,
    raw: impl AsRef<[u8]>,
) -> Reply {
    // The server may answer and close before all is written.
    let _ = io.write_all(raw.as_ref()).await;
    Reply::read(&read_to_close(&mut io).await)
}

pub(crate) async fn read_to_close(io: &mut (impl AsyncRead + Unpin)) -> Vec<u8> {
    let mut bytes = Vec::new();
    // A reset after the answer is a close, too.
    let _ = timeout(Duration::from_secs(600), io.read_to_end(&mut bytes))
        .await
        .expect("the server closes");
    bytes
}

/// Reads one answer whose length is declared, and leaves the connection open.
pub(crate) async fn read_one(io: &mut (impl AsyncRead + Unpin)) -> Reply {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let declared = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= declared.map_or(0, |length| length.parse().unwrap()) {
                return Reply::read(&bytes);
            }
        }
        let mut more = [0; 4096];
        let read = io.read(&mut more).await.unwrap();
        assert_ne!(read, 0, "closed early: {text}");
        bytes.extend_from_slice(&more[..read]);
    }
}
