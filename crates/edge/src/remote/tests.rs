//! An edge's way to services elsewhere, on real sockets with services that do as a test tells them.

use std::{
    convert::Infallible,
    future::pending,
    net::SocketAddr,
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
};

use bytes::Bytes;
use hyper::{server::conn::http2, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;
use wax_crypto::{ContextHost, ContextPublicKey, Origin};
use wax_httpkit::{ClientAddress, Mounts, Network, PlatformContext, RequestContext};
use wax_kernel::{DomainId, ManualClock, RequestId, SeededRng, TenantId};

use super::*;
use crate::{
    Limits, Rates, Upstream,
    testing::{APP, PLATFORM, TENANTS, TestEdge},
};

const ORIGIN: &str = "http://secrets.acme.localhost:8080";

/// What a node does with the requests it gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Does {
    Answer,
    /// Takes the request, and the connection breaks before the answer.
    BreakOff,
    /// Says that it has not looked at it (RFC 9113 §8.7).
    Refuse,
    /// Takes it, and never answers.
    Hang,
    /// Answers, and then tells the edge to go elsewhere (GOAWAY).
    AnswerAndLeave,
}

/// A node that serves.
struct Node {
    at: SocketAddr,
    got: Arc<AtomicUsize>,
    tasks: Tasks,
}

impl Node {
    async fn start(does: Does) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let (got, tasks) = (Arc::<AtomicUsize>::default(), Tasks::new());
        let accepting = accept(listener, does, Arc::clone(&got), tasks.clone());
        drop(tasks.spawn("node", accepting));
        Self { at, got, tasks }
    }

    fn got(&self) -> usize {
        self.got.swap(0, SeqCst)
    }

    /// As `kill -9` does: its port refuses, its connections break.
    async fn kill(&self) {
        self.tasks.shut_down(Duration::ZERO).await;
    }
}

async fn accept(listener: TcpListener, does: Does, got: Arc<AtomicUsize>, tasks: Tasks) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        drop(tasks.spawn("node connection", serve(stream, does, Arc::clone(&got))));
    }
}

async fn serve(stream: tokio::net::TcpStream, does: Does, got: Arc<AtomicUsize>) {
    let leave = Arc::new(tokio::sync::Notify::new());
    let leaving = Arc::clone(&leave);
    let answer = service_fn(move |request: Request<Incoming>| {
        got.fetch_add(1, SeqCst);
        let leave = Arc::clone(&leave);
        async move { act(does, request, &leave).await }
    });
    let connection =
        http2::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), answer);
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => {}
        () = leaving.notified() => {
            if does == Does::AnswerAndLeave {
                connection.as_mut().graceful_shutdown();
                let _ = connection.await;
            }
            // Else it is dropped where it stands.
        }
    }
}

/// Answers with the context it was given.
async fn act(
    does: Does,
    request: Request<Incoming>,
    leave: &tokio::sync::Notify,
) -> Result<http::Response<Full<Bytes>>, h2::Error> {
    match does {
        Does::Answer => {}
        Does::AnswerAndLeave => leave.notify_one(),
        Does::BreakOff => {
            leave.notify_one();
            pending::<Infallible>().await;
        }
        Does::Refuse => return Err(h2::Reason::REFUSED_STREAM.into()),
        Does::Hang => {
            pending::<Infallible>().await;
        }
    }
    let token = request.headers()[CONTEXT_HEADER].to_str().unwrap().to_owned();
    let said = format!("{} {} {token}", request.method(), request.uri());
    let response = http::Response::builder().header(ROUTE_HEADER, "/v1/echo");
    Ok(response.body(Full::from(said)).unwrap())
}

fn key() -> ContextKey {
    ContextKey::generate(&SeededRng::new(1))
}

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at_ms(1_800_000_000_000))
}

fn remote(nodes: &[&Node]) -> Remote {
    let places = nodes.iter().map(|node| at(node.at)).collect();
    let signing = Signing::default();
    signing.set(key());
    Remote::new(RemoteParts { places, signing, clock: clock(), metrics: Metrics::default() })
}

fn at(address: SocketAddr) -> Place {
    Place::Plain { host: address.ip().to_string(), port: address.port() }
}

#[expect(clippy::disallowed_methods, reason = "a test stands in for the edge")]
fn request() -> Request<Body> {
    let mut request = Request::post("/v1/echo?x=1").body(Body::from("whole")).unwrap();
    request.extensions_mut().insert(RequestContext {
        scope: wax_model::TenantScope::proven(TenantId::from_bytes([1; 16])),
        domain: DomainId::from_bytes([2; 16]),
        origin: Arc::new(Origin::parse(ORIGIN).unwrap()),
        client: ClientAddress::new([192, 0, 2, 1].into()),
        network: Network::new("192.0.2.0/24"),
        request_id: RequestId::from_bytes([3; 16]),
    });
    request
}

fn on_the_platform() -> Request<Body> {
    let mut request = Request::post("/v1/echo?x=1").body(Body::from("whole")).unwrap();
    request.extensions_mut().insert(PlatformContext {
        origin: Arc::new(Origin::parse(ORIGIN).unwrap()),
        client: ClientAddress::new([192, 0, 2, 1].into()),
        network: Network::new("192.0.2.0/24"),
        request_id: RequestId::from_bytes([3; 16]),
    });
    request
}

async fn ask(remote: &Remote) -> (u16, Option<Code>, String) {
    let mut response = remote.call(request()).await;
    let code = response.extensions_mut().remove::<Problem>().map(|problem| problem.code());
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, code, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn the_request_arrives_whole_with_a_context_for_nothing_else() {
    let node = Node::start(Does::Answer).await;
    let mut response = remote(&[&node]).call(request()).await;
    let template = response.extensions_mut().remove::<RouteTemplate>();
    assert_eq!(template, Some(RouteTemplate("/v1/echo".into())));
    assert!(!response.headers().contains_key(ROUTE_HEADER));
    let tenant = ContextHost::Tenant {
        tenant: TenantId::from_bytes([1; 16]),
        domain: DomainId::from_bytes([2; 16]),
    };
    assert_eq!(believed(response).await, tenant);
    let response = remote(&[&node]).call(on_the_platform()).await;
    assert_eq!(believed(response).await, ContextHost::Platform);
}

/// What the node was told and can believe.
async fn believed(response: Response) -> ContextHost {
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let said = String::from_utf8(body.to_vec()).unwrap();
    let (line, token) = said.rsplit_once(' ').unwrap();
    assert_eq!(line, format!("POST {ORIGIN}/v1/echo?x=1"));
    let target = ContextTarget {
        method: "POST",
        authority: "secrets.acme.localhost:8080",
        path_and_query: "/v1/echo?x=1",
    };
    let now = wax_kernel::Timestamp::from_ms(1_800_000_000_000);
    ContextPublicKey::from_bytes(key().public()).verify(token, target, now).unwrap().host
}

#[tokio::test]
async fn one_service_may_be_here_and_another_elsewhere() {
    let node = Node::start(Does::Answer).await;
    let elsewhere = Upstream::Remote(remote(&[&node]));
    let upstreams = |here| Mounts::default().with(TENANTS, here).with(PLATFORM, elsewhere);
    let edge = TestEdge::start_before(Limits::default(), Rates::default(), upstreams).await;
    let get = |host| format!("GET /v1/echo HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    let reply = edge.send(get("a.localhost")).await;
    assert_eq!((reply.status, reply.body(), node.got()), (200, "seen", 0));
    let reply = edge.send(get(APP)).await;
    assert_eq!((reply.status, node.got(), edge.service.seen().len()), (200, 1, 1));
    assert!(reply.body().starts_with("GET http://app.localhost/v1/echo "), "{}", reply.body());
}

#[tokio::test]
async fn requests_are_spread_over_the_nodes() {
    let nodes = [Node::start(Does::Answer).await, Node::start(Does::Answer).await];
    let remote = remote(&[&nodes[0], &nodes[1]]);
    for _ in 0..10 {
        assert_eq!(ask(&remote).await.0, 200);
    }
    assert_eq!((nodes[0].got(), nodes[1].got()), (5, 5));
}

#[tokio::test]
async fn a_dead_node_costs_no_request() {
    let nodes = [Node::start(Does::Answer).await, Node::start(Does::Answer).await];
    let remote = remote(&[&nodes[0], &nodes[1]]);
    assert_eq!((ask(&remote).await.0, ask(&remote).await.0), (200, 200));
    nodes[0].kill().await;
    for _ in 0..10 {
        assert_eq!(ask(&remote).await.0, 200);
    }
}

#[tokio::test]
async fn a_request_that_a_node_has_not_looked_at_goes_to_another() {
    let nodes = [Node::start(Does::Refuse).await, Node::start(Does::Answer).await];
    let remote = remote(&[&nodes[0], &nodes[1]]);
    for _ in 0..4 {
        assert_eq!(ask(&remote).await.0, 200);
    }
    assert_eq!(nodes[1].got(), 4);
}

/// The one thing that must never happen: two nodes doing the same work because an answer was lost.
#[tokio::test]
async fn a_request_whose_answer_is_lost_goes_nowhere_else_and_claims_nothing() {
    let nodes = [Node::start(Does::BreakOff).await, Node::start(Does::BreakOff).await];
    let remote = remote(&[&nodes[0], &nodes[1]]);
    let (status, code, _) = ask(&remote).await;
    assert_eq!((status, code), (502, Some(Code::NoAnswer)));
    assert_eq!(nodes[0].got() + nodes[1].got(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_node_that_hangs_is_not_waited_for_for_ever() {
    let node = Node::start(Does::Hang).await;
    let (status, code, _) = ask(&remote(&[&node])).await;
    assert_eq!((status, code), (502, Some(Code::NoAnswer)));
    assert_eq!(node.got(), 1);
}

#[tokio::test]
async fn a_node_that_leaves_politely_costs_no_request() {
    let nodes = [Node::start(Does::AnswerAndLeave).await, Node::start(Does::AnswerAndLeave).await];
    let remote = remote(&[&nodes[0], &nodes[1]]);
    for _ in 0..50 {
        assert_eq!(ask(&remote).await.0, 200);
    }
}

#[tokio::test]
async fn when_no_node_can_be_reached_nothing_was_changed() {
    let node = Node::start(Does::Answer).await;
    let remote = remote(&[&node]);
    node.kill().await;
    let (status, code, _) = ask(&remote).await;
    assert_eq!((status, code), (503, Some(Code::Unavailable)));
    assert_eq!(node.got(), 0);
}

#[tokio::test]
async fn nothing_is_sent_without_a_key_that_is_registered() {
    let node = Node::start(Does::Answer).await;
    let parts = RemoteParts {
        places: vec![at(node.at)],
        signing: Signing::default(),
        clock: clock(),
        metrics: Metrics::default(),
    };
    assert_eq!(ask(&Remote::new(parts)).await.1, Some(Code::Unavailable));
    assert_eq!(node.got(), 0);
}

#[tokio::test]
async fn plain_http_goes_to_loopback_and_nowhere_else() {
    let elsewhere = Place::Plain { host: "192.0.2.1".into(), port: 9 };
    let refused = elsewhere.connect().await.err().unwrap();
    assert_eq!(refused.kind(), std::io::ErrorKind::AddrNotAvailable);
}
