//! The door: what it lets in, and what it does not.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    routing::{get, post},
};
use bytes::Bytes;
use futures_util::{FutureExt as _, StreamExt as _, future::join_all, stream};
use http::{HeaderValue, StatusCode, header};
use http_body_util::{BodyExt as _, Full, StreamBody};
use tokio::sync::Notify;
use wax_crypto::{ContextClaims, ContextHost, ContextKey, ContextTarget, Origin};
use wax_httpkit::{CONTEXT_HEADER, Context, HostKind, Mount, ROUTE_HEADER, Services};
use wax_kernel::{Clock as _, DomainId, ManualClock, RequestId, SeededRng, TenantId};
use wax_store::{RegisteredKey, StoreError};
use wax_telemetry::{Metrics, Shutdown};

use crate::{EdgeKeys, answer::Door};

const AUTHORITY: &str = "secrets.acme.localhost:8080";
const PATH: &str = "/v1/things/7?again";
const TENANTS: Mount = Mount { host: HostKind::Tenant, prefix: "/v1" };
const PLATFORM: Mount = Mount { host: HostKind::Platform, prefix: "/v1" };
const DAY: Duration = Duration::from_hours(24);

/// A store of keys that counts who asks.
#[derive(Debug, Default)]
struct Registry {
    keys: Mutex<Vec<RegisteredKey>>,
    asked: AtomicUsize,
    broken: AtomicBool,
}

#[async_trait]
impl EdgeKeys for Arc<Registry> {
    async fn all(&self) -> Result<Vec<RegisteredKey>, StoreError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if self.broken.load(Ordering::SeqCst) {
            return Err(StoreError::Unavailable("it is away".into()));
        }
        Ok(self.keys.lock().unwrap().clone())
    }
}

/// What the service behind the door saw and may do.
#[derive(Debug, Default)]
struct Service {
    seen: Mutex<Vec<(String, http::HeaderMap, Bytes, Context)>>,
    begun: Notify,
    may_end: Notify,
    ended: Notify,
}

struct Test {
    door: Door,
    key: ContextKey,
    registry: Arc<Registry>,
    service: Arc<Service>,
    clock: Arc<ManualClock>,
    metrics: Metrics,
}

impl Test {
    fn new() -> Self {
        let (registry, service, metrics) =
            (Arc::new(Registry::default()), Arc::new(Service::default()), Metrics::default());
        let clock = Arc::new(ManualClock::at_ms(1_800_000_000_000));
        let router = Router::new()
            .route("/v1/things/{name}", post(remember))
            .route("/v1/slow", post(slow))
            .route("/v1/lines", get(lines))
            .with_state(Arc::clone(&service));
        let services = Services::default().with(TENANTS, router).with(PLATFORM, platform(&service));
        let keys = Arc::new(Arc::clone(&registry));
        let door = Door::new(services, keys, Arc::clone(&clock) as _, &metrics);
        let test = Self { door, key: key(1), registry, service, clock, metrics };
        test.register(&test.key, DAY);
        test
    }

    fn register(&self, key: &ContextKey, lifetime: Duration) {
        let expires_at = self.clock.now().plus(lifetime);
        let registered = RegisteredKey { id: key.id(), public_key: *key.public(), expires_at };
        self.registry.keys.lock().unwrap().push(registered);
    }

    fn token(&self, key: &ContextKey, method: &str, path_and_query: &str) -> String {
        let target = ContextTarget { method, authority: AUTHORITY, path_and_query };
        key.sign(&claims(), target, self.clock.now())
    }

    /// A request as an edge sends it.
    fn request(&self, method: &str, path: &str) -> http::Request<Full<Bytes>> {
        signed(method, path, &self.token(&self.key, method, path))
    }

    /// How often this was the reason of a refusal.
    fn refused(&self, reason: &str) -> bool {
        let line = format!("waxseal_services_refused_total{{reason=\"{reason}\"}} 1\n");
        self.metrics.render().contains(&line)
    }

    /// The one answer to everything that has no valid context, with its reason counted and nothing done.
    async fn refuses(&self, request: http::Request<Full<Bytes>>, reason: &str) {
        let response = self.door.answer(request).await;
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE, "{reason}");
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let text = String::from_utf8(body.to_vec()).unwrap();
        assert!(text.contains("\"unavailable\"") && !text.contains(reason), "{text}");
        assert!(self.refused(reason), "{reason}: {}", self.metrics.render());
        assert!(self.service.seen.lock().unwrap().is_empty(), "{reason}");
    }
}

fn platform(service: &Arc<Service>) -> Router {
    Router::new().route("/v1/members", post(remember)).with_state(Arc::clone(service))
}

fn key(seed: u64) -> ContextKey {
    ContextKey::generate(&SeededRng::new(seed))
}

fn claims() -> ContextClaims {
    ContextClaims {
        host: ContextHost::Tenant {
            tenant: TenantId::from_bytes([1; 16]),
            domain: DomainId::from_bytes([2; 16]),
        },
        origin: Origin::parse(&format!("http://{AUTHORITY}")).unwrap(),
        client: [192, 0, 2, 1].into(),
        network: "192.0.2.0/24".into(),
        request: RequestId::from_bytes([3; 16]),
    }
}

fn signed(method: &str, path: &str, token: &str) -> http::Request<Full<Bytes>> {
    http::Request::builder()
        .method(method)
        .uri(format!("http://{AUTHORITY}{path}"))
        .header(CONTEXT_HEADER, HeaderValue::try_from(token).unwrap())
        .header("x-kept", "1")
        .body(Full::from("the body"))
        .unwrap()
}

async fn remember(State(service): State<Arc<Service>>, request: Request) -> &'static str {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let context = Context::of(&parts.extensions).unwrap();
    service.seen.lock().unwrap().push((parts.uri.to_string(), parts.headers, body, context));
    "seen"
}

async fn slow(State(service): State<Arc<Service>>) -> &'static str {
    service.begun.notify_one();
    service.may_end.notified().await;
    service.ended.notify_one();
    "done"
}

/// A line, and then nothing for ever.
async fn lines() -> Body {
    let line = stream::once(async { Ok::<_, std::io::Error>(Bytes::from_static(b"line\n")) });
    Body::from_stream(line.chain(stream::pending()))
}

#[tokio::test]
async fn a_service_gets_the_request_as_from_an_edge_beside_it() {
    let test = Test::new();
    let response = test.door.answer(test.request("POST", PATH)).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()[ROUTE_HEADER], "/v1/things/{name}");
    let (uri, headers, body, context) = test.service.seen.lock().unwrap().remove(0);
    assert_eq!((uri.as_str(), &*body), (PATH, &b"the body"[..]));
    assert_eq!(
        (&headers[header::HOST], &headers["x-kept"]),
        (&AUTHORITY.parse().unwrap(), &"1".parse().unwrap())
    );
    assert!(!headers.contains_key(CONTEXT_HEADER));
    assert_eq!(context.claims(), claims());
}

#[tokio::test]
async fn a_path_that_no_service_has_is_a_problem_document() {
    let test = Test::new();
    for (method, path, status) in [("POST", "/v1/nothing", 404), ("PUT", "/v1/slow", 405)] {
        let response = test.door.answer(test.request(method, path)).await;
        assert_eq!(response.status().as_u16(), status);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
    }
}

#[tokio::test]
async fn a_context_opens_the_routes_of_its_own_kind_of_host_alone() {
    let test = Test::new();
    let ask = async |host, path: &str| {
        let target = ContextTarget { method: "POST", authority: AUTHORITY, path_and_query: path };
        let token = test.key.sign(&ContextClaims { host, ..claims() }, target, test.clock.now());
        let status = test.door.answer(signed("POST", path, &token)).await.status();
        let seen = test.service.seen.lock().unwrap().pop();
        (status, seen.map(|(.., context)| context.claims().host))
    };
    let (tenant, platform) = (claims().host, ContextHost::Platform);
    assert_eq!(ask(tenant, "/v1/things/7").await, (StatusCode::OK, Some(tenant)));
    assert_eq!(ask(platform, "/v1/members").await, (StatusCode::OK, Some(platform)));
    assert_eq!(ask(platform, "/v1/things/7").await, (StatusCode::NOT_FOUND, None));
    assert_eq!(ask(tenant, "/v1/members").await, (StatusCode::NOT_FOUND, None));
}

#[tokio::test]
async fn a_request_without_a_context_is_refused() {
    let mut request = Test::new().request("POST", PATH);
    request.headers_mut().remove(CONTEXT_HEADER);
    Test::new().refuses(request, "missing").await;
    Test::new().refuses(signed("POST", PATH, "not a token"), "malformed").await;
}

#[tokio::test]
async fn a_context_for_another_request_is_refused() {
    for (method, path, reason) in [
        ("PUT", PATH, "method"),
        ("POST", "/v1/things/8?again", "path"),
        ("POST", "/v1/things/7", "path"),
    ] {
        let test = Test::new();
        let token = test.token(&test.key, "POST", PATH);
        test.refuses(signed(method, path, &token), reason).await;
    }
    let (test, mut elsewhere) = (Test::new(), Test::new().request("POST", PATH));
    *elsewhere.uri_mut() = format!("http://secrets.other.localhost:8080{PATH}").parse().unwrap();
    test.refuses(elsewhere, "host").await;
}

#[tokio::test]
async fn a_context_that_is_too_old_or_from_the_future_is_refused() {
    let test = Test::new();
    let request = test.request("POST", PATH);
    test.clock.advance(Duration::from_secs(36));
    test.refuses(request, "expired").await;

    let (test, ahead) = (Test::new(), Test::new());
    ahead.clock.advance(Duration::from_secs(7));
    test.refuses(ahead.request("POST", PATH), "future").await;
}

#[tokio::test]
async fn another_algorithm_is_refused() {
    use wax_kernel::base64url_encode;
    for alg in ["none", "HS256"] {
        let test = Test::new();
        let token = test.token(&test.key, "POST", PATH);
        let head = format!("{{\"alg\":\"{alg}\",\"kid\":\"{}\"}}", test.key.id());
        let (_, rest) = token.split_once('.').unwrap();
        let forged = format!("{}.{rest}", base64url_encode(head));
        test.refuses(signed("POST", PATH, &forged), "algorithm").await;
    }
}

#[tokio::test]
async fn a_signature_of_another_key_is_refused() {
    let test = Test::new();
    let token = test.token(&test.key, "POST", PATH);
    let (head, _) = token.split_once('.').unwrap();
    let others = test.token(&key(2), "POST", PATH);
    let (_, rest) = others.split_once('.').unwrap();
    test.refuses(signed("POST", PATH, &format!("{head}.{rest}")), "signature").await;
}

#[tokio::test]
async fn an_edge_whose_key_has_expired_is_refused_with_the_reason() {
    let test = Test::new();
    assert_eq!(test.door.answer(test.request("POST", PATH)).await.status(), StatusCode::OK);
    test.service.seen.lock().unwrap().clear();
    test.clock.advance(DAY);
    test.refuses(test.request("POST", PATH), "expired_key").await;
}

#[tokio::test]
async fn a_key_that_nobody_registered_is_refused() {
    let test = Test::new();
    let token = test.token(&key(2), "POST", PATH);
    test.refuses(signed("POST", PATH, &token), "unknown_key").await;
}

#[tokio::test(start_paused = true)]
async fn an_edge_is_believed_from_the_moment_it_has_registered_its_key() {
    let test = Test::new();
    assert_eq!(test.door.answer(test.request("POST", PATH)).await.status(), StatusCode::OK);
    let new = key(2);
    test.register(&new, DAY);
    let request = signed("POST", PATH, &test.token(&new, "POST", PATH));
    assert_eq!(test.door.answer(request).await.status(), StatusCode::OK);
    assert_eq!(test.registry.asked.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn made_up_keys_do_not_cost_a_query_each() {
    let test = Test::new();
    let junk = (10..510).map(|seed| {
        let token = test.token(&key(seed), "POST", PATH);
        test.door.answer(signed("POST", PATH, &token))
    });
    let answers = join_all(junk).await;
    assert!(answers.iter().all(|answer| answer.status() == StatusCode::SERVICE_UNAVAILABLE));
    let asked = test.registry.asked.load(Ordering::SeqCst);
    assert!(asked <= 2, "the store was asked {asked} times for 500 keys");
}

#[tokio::test]
async fn when_the_keys_cannot_be_read_nothing_is_believed() {
    let test = Test::new();
    test.registry.broken.store(true, Ordering::SeqCst);
    test.refuses(test.request("POST", PATH), "keys").await;
}

#[tokio::test]
async fn half_a_body_reaches_no_service() {
    let test = Test::new();
    let broken = stream::iter([
        Ok(http_body::Frame::data(Bytes::from_static(b"half"))),
        Err(std::io::Error::other("the edge is gone")),
    ]);
    let request = test.request("POST", PATH).map(|_| StreamBody::new(broken));
    let response = test.door.answer(request).await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(test.refused("body") && test.service.seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn an_edge_that_goes_away_interrupts_nothing() {
    let test = Test::new();
    let answer = Box::pin(test.door.answer(test.request("POST", "/v1/slow")));
    let mut answer = answer.fuse();
    tokio::select! {
        _ = &mut answer => panic!("it is not done yet"),
        () = test.service.begun.notified() => {}
    }
    drop(answer);
    test.service.may_end.notify_one();
    test.service.ended.notified().await;
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_streams_and_waits_for_everything_else() {
    let test = Arc::new(Test::new());
    let mut lines = test.door.answer(test.request("GET", "/v1/lines")).await.into_body();
    assert_eq!(lines.frame().await.unwrap().unwrap().into_data().unwrap(), "line\n");
    let slow = {
        let (asking, request) = (Arc::clone(&test), test.request("POST", "/v1/slow"));
        test.door.tasks.spawn("edge", async move { asking.door.answer(request).await })
    };
    test.service.begun.notified().await;
    let (stopped, (), more) = tokio::join!(
        test.door.tasks.shut_down(Duration::from_secs(25)),
        async {
            test.door.tasks.stopping().cancelled().await;
            test.service.may_end.notify_one();
        },
        lines.frame(),
    );
    assert_eq!(stopped, Shutdown::Clean);
    assert!(more.is_none(), "a stream ends, it does not break");
    assert_eq!(slow.await.unwrap().unwrap().status(), StatusCode::OK);
}
