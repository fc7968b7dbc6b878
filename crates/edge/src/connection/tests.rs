mod siege;

use std::time::Duration;

use axum::body::Body;
use futures_util::FutureExt as _;
use http::{Request, StatusCode, Version};
use http_body_util::BodyExt as _;
use hyper::client::conn::http2::SendRequest;
use hyper_util::rt::TokioExecutor;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{Instant, sleep},
};
use wax_telemetry::Shutdown;

use super::*;
use crate::{
    Rates,
    hygiene::{Door, DoorKind},
    testing::{TestEdge, connect, exchange, read_one, read_to_close},
};

/// An HTTP/2 client with prior knowledge.
async fn http2(io: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) -> SendRequest<Body> {
    let (sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(io))
            .await
            .unwrap();
    Tasks::new().spawn("client", connection);
    sender
}

fn request(method: &str, path: &str) -> http::request::Builder {
    Request::builder()
        .method(method)
        .version(Version::HTTP_2)
        .uri(format!("http://a.localhost{path}"))
}

const GET: &[u8] = b"GET /robots.txt HTTP/1.1\r\nHost: a.localhost\r\n\r\n";

#[tokio::test(start_paused = true)]
async fn a_body_that_stops_is_answered_408_and_consumes_nothing() {
    let edge = TestEdge::start().await;
    let mut client = connect(&edge);
    let begun = Instant::now();
    let half = b"POST /v1/secrets/create HTTP/1.1\r\nHost: a.localhost\r\nContent-Length: 10\r\n\r\n{\"id\"";
    let reply = exchange(&mut client, half).await;
    assert_eq!((reply.status, reply.problem()["code"].as_str()), (408, Some("timeout")));
    assert_eq!(begun.elapsed().as_secs(), 15);
    assert!(edge.service.seen().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_body_that_drips_is_answered_408_too() {
    let edge = TestEdge::start().await;
    let (mut reader, mut writer) = tokio::io::split(connect(&edge));
    let begun = Instant::now();
    let tasks = Tasks::new();
    tasks.spawn("drip", async move {
        let head = b"POST /v1/echo HTTP/1.1\r\nHost: a.localhost\r\nContent-Length: 1000\r\n\r\n";
        writer.write_all(head).await.unwrap();
        while writer.write_all(b"x").await.is_ok() {
            sleep(Duration::from_secs(14)).await;
        }
    });
    let reply = read_one(&mut reader).await;
    assert_eq!((reply.status, begun.elapsed().as_secs()), (408, 120));
    assert!(edge.service.seen().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_half_way_through_its_body_consumes_nothing() {
    let edge = TestEdge::start().await;
    let mut client = connect(&edge);
    client
        .write_all(b"POST /v1/echo HTTP/1.1\r\nHost: a.localhost\r\nContent-Length: 10\r\n\r\nhalf")
        .await
        .unwrap();
    client.shutdown().await.unwrap();
    read_to_close(&mut client).await;
    assert!(edge.service.seen().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_head_that_stops_is_dropped_after_ten_seconds() {
    let edge = TestEdge::start().await;
    for start in [&b""[..], b"G", b"PRI", b"GET / HTTP/1.1\r\nHost: a."] {
        let mut client = connect(&edge);
        let begun = Instant::now();
        client.write_all(start).await.unwrap();
        read_to_close(&mut client).await;
        assert_eq!(begun.elapsed().as_secs(), 10, "{start:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_idle_http1_connection_is_closed_after_a_minute_and_a_busy_one_is_not() {
    let edge = TestEdge::start().await;
    let mut client = connect(&edge);
    for _ in 0..3 {
        client.write_all(GET).await.unwrap();
        assert_eq!(read_one(&mut client).await.status, 200);
        sleep(Duration::from_secs(59)).await;
    }
    client.write_all(b"GET /v1/slow HTTP/1.1\r\nHost: a.localhost\r\n\r\n").await.unwrap();
    edge.service.begun.notified().await;
    sleep(Duration::from_mins(45)).await;
    edge.service.may_end.notify_one();
    assert_eq!(read_one(&mut client).await.status, 200);
    let idle = Instant::now();
    assert_eq!(read_to_close(&mut client).await, b"");
    assert_eq!(idle.elapsed().as_secs(), 60);
}

#[tokio::test(start_paused = true)]
async fn an_idle_http2_connection_is_told_to_go_away_after_ninety_seconds() {
    let edge = TestEdge::start().await;
    let mut sender = http2(connect(&edge)).await;
    let answer =
        sender.send_request(request("GET", "/").body(Body::empty()).unwrap()).await.unwrap();
    drop(answer.into_body().collect().await);
    let idle = Instant::now();
    while sender.ready().await.is_ok() {
        assert!(idle.elapsed() < Duration::from_secs(120), "still open");
        sleep(Duration::from_secs(1)).await;
    }
    assert!((89..=101).contains(&idle.elapsed().as_secs()), "{:?}", idle.elapsed());
}

#[tokio::test]
async fn a_connection_ends_with_the_last_request_it_may_have() {
    let limits = Limits { requests: 2, ..Limits::default() };
    let edge = TestEdge::start_with(limits, Rates::default()).await;
    let mut http1 = TcpStream::connect(edge.plain).await.unwrap();
    for last in [None, Some("close")] {
        http1.write_all(GET).await.unwrap();
        let reply = read_one(&mut http1).await;
        assert_eq!((reply.status, reply.header("connection")), (200, last));
    }
    assert_eq!(read_to_close(&mut http1).await, b"");

    let mut sender = http2(TcpStream::connect(edge.plain).await.unwrap()).await;
    for _ in 0..2 {
        sender.ready().await.unwrap();
        let sent = sender.send_request(request("GET", "/robots.txt").body(Body::empty()).unwrap());
        assert_eq!(sent.await.unwrap().into_body().collect().await.unwrap().to_bytes(), ROBOTS);
    }
    while sender.ready().await.is_ok() {
        tokio::task::yield_now().await;
    }
}

const ROBOTS: &str = "User-agent: *\nDisallow: /\n";

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_always_busy_is_told_to_come_back_after_an_hour_or_so() {
    let edge = TestEdge::start().await;
    let (begun, mut client) = (Instant::now(), connect(&edge));
    loop {
        // Whoever writes while it is being closed finds a broken pipe.
        if client.write_all(GET).await.is_err() || client.read_u8().await.is_err() {
            break;
        }
        let mut rest = [0; 4096];
        while matches!(client.read(&mut rest).now_or_never(), Some(Ok(1..))) {}
        sleep(Duration::from_secs(50)).await;
    }
    let minutes = begun.elapsed().as_secs() / 60;
    assert!((54..=67).contains(&minutes), "{minutes}");

    let (begun, mut sender) = (Instant::now(), http2(connect(&edge)).await);
    while sender.ready().await.is_ok() {
        let sent = sender.send_request(request("GET", "/robots.txt").body(Body::empty()).unwrap());
        drop(sent.await);
        sleep(Duration::from_secs(50)).await;
    }
    let minutes = begun.elapsed().as_secs() / 60;
    assert!((54..=67).contains(&minutes), "{minutes}");
}

#[tokio::test]
async fn connections_that_came_at_once_do_not_end_at_once() {
    let rng = wax_kernel::SeededRng::new(1);
    let ages: std::collections::HashSet<_> =
        (0..20).map(|_| Life::of(&Limits::default(), true, &rng).age).collect();
    assert!(ages.len() > 10, "{ages:?}");
    let within = Duration::from_mins(54)..=Duration::from_mins(66);
    assert!(ages.iter().all(|age| within.contains(age)), "{ages:?}");
}

#[tokio::test]
async fn http2_is_served_in_plain_and_its_requests_are_cleaned_like_any_other() {
    let edge = TestEdge::start().await;
    let mut sender = http2(TcpStream::connect(edge.plain).await.unwrap()).await;
    let sent = request("POST", "/v1/echo")
        .header("x-forwarded-for", "203.0.113.9")
        .header("x_underscored", "1")
        .header("te", "trailers");
    let answer = sender.send_request(sent.body(Body::from("{}")).unwrap()).await.unwrap();
    assert_eq!((answer.status(), answer.version()), (StatusCode::OK, Version::HTTP_2));
    let seen = edge.service.seen().remove(0);
    let names: Vec<_> = seen.headers.keys().map(http::HeaderName::as_str).collect();
    assert_eq!((seen.uri.as_str(), seen.body.as_ref()), ("/v1/echo", &b"{}"[..]));
    assert!(names.iter().all(|name| ["host", "content-length"].contains(name)), "{names:?}");
}

#[tokio::test]
async fn http2_refuses_what_http1_refuses_and_keeps_the_connection() {
    let edge = TestEdge::start().await;
    let mut sender = http2(TcpStream::connect(edge.plain).await.unwrap()).await;
    let many =
        (0..65).fold(request("GET", "/v1/echo"), |sent, i| sent.header(format!("x-{i}"), "1"));
    for (sent, status) in [
        (request("TRACE", "/v1/echo"), 405),
        (request("GET", "/v1/echo").header("host", "b.localhost"), 400),
        (request("GET", "/v1/echo").uri("http://u@a.localhost/v1/echo"), 400),
        (request("GET", "/v1/echo").uri("http://c.localhost/v1/echo"), 404),
        (request("GET", "/v1/echo").uri("https://a.localhost/v1/echo"), 400),
        (many, 431),
    ] {
        let answer = sender.send_request(sent.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(answer.status().as_u16(), status);
        assert!(edge.service.seen().is_empty());
    }
    let large = request("POST", "/v1/echo").body(Body::from(vec![0; 16 * 1024 + 1])).unwrap();
    assert_eq!(sender.send_request(large).await.unwrap().status(), 413);
    let honest = request("GET", "/v1/echo").body(Body::empty()).unwrap();
    assert_eq!(sender.send_request(honest).await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_client_that_waits_to_go_on_is_refused_without_sending_its_body() {
    let edge = TestEdge::start().await;
    let asked = "POST /v1/echo HTTP/1.1\r\nHost: a.localhost\r\nContent-Length: 99999\r\nExpect: 100-continue\r\n\r\n";
    let reply = edge.send(asked).await;
    assert_eq!((reply.status, reply.answers()), (413, 1));
}

#[tokio::test]
async fn http2_allows_sixty_four_streams_at_once() {
    let edge = TestEdge::start().await;
    let mut stream = TcpStream::connect(edge.plain).await.unwrap();
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
    let mut head = [0; 9];
    stream.read_exact(&mut head).await.unwrap();
    let mut settings = vec![0; usize::from(head[2])];
    stream.read_exact(&mut settings).await.unwrap();
    // SETTINGS_MAX_CONCURRENT_STREAMS (RFC 9113 §6.5.2)
    assert!(settings.chunks(6).any(|setting| setting == [0, 3, 0, 0, 0, 64]), "{settings:?}");
}

#[tokio::test]
async fn a_drain_finishes_what_has_begun_and_takes_nothing_new() {
    let edge = TestEdge::start().await;
    let mut busy = TcpStream::connect(edge.plain).await.unwrap();
    busy.write_all(b"GET /v1/slow HTTP/1.1\r\nHost: a.localhost\r\n\r\n").await.unwrap();
    edge.service.begun.notified().await;
    let mut idle = TcpStream::connect(edge.plain).await.unwrap();
    idle.write_all(GET).await.unwrap();
    assert_eq!(read_one(&mut idle).await.status, 200);
    assert!(edge.readiness.is_ready());

    let in_flight = async {
        assert_eq!(read_to_close(&mut idle).await, b"", "an idle connection is closed at once");
        assert!(!edge.readiness.is_ready());
        assert!(TcpStream::connect(edge.plain).await.is_err(), "nobody is let in any more");
        edge.service.may_end.notify_one();
        let reply = exchange(&mut busy, b"").await;
        assert_eq!((reply.status, reply.header("connection")), (200, Some("close")));
    };
    let (ended, ()) = tokio::join!(edge.edge.drain(Duration::from_secs(25)), in_flight);
    assert_eq!(ended, Shutdown::Clean);
}

/// Reads a frame and tells its type.
async fn read_frame(stream: &mut TcpStream) -> u8 {
    let mut head = [0; 9];
    stream.read_exact(&mut head).await.unwrap();
    let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
    stream.read_exact(&mut vec![0; usize::try_from(length).unwrap()]).await.unwrap();
    head[3]
}

#[tokio::test]
async fn a_drain_sends_goaway() {
    let edge = TestEdge::start().await;
    let mut stream = TcpStream::connect(edge.plain).await.unwrap();
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
    // The server's first frame says that it serves the connection.
    read_frame(&mut stream).await;
    let goaway = async {
        // GOAWAY is type 7 (RFC 9113 §6.8).
        while read_frame(&mut stream).await != 7 {}
        drop(stream);
    };
    let (ended, ()) = tokio::join!(edge.edge.drain(Duration::from_secs(25)), goaway);
    assert_eq!(ended, Shutdown::Clean);
}

#[tokio::test]
async fn a_drain_lets_streams_finish() {
    let edge = TestEdge::start().await;
    let mut sender = http2(TcpStream::connect(edge.plain).await.unwrap()).await;
    let slow = sender.send_request(request("GET", "/v1/slow").body(Body::empty()).unwrap());
    edge.service.begun.notified().await;
    let finish = async {
        edge.edge.shared.tasks.stopping().cancelled().await;
        edge.service.may_end.notify_one();
        slow.await.unwrap().status()
    };
    let (ended, status) = tokio::join!(edge.edge.drain(Duration::from_secs(25)), finish);
    assert_eq!((ended, status), (Shutdown::Clean, StatusCode::OK));
}

#[tokio::test(start_paused = true)]
async fn a_drain_drops_what_does_not_finish_in_its_grace() {
    let edge = TestEdge::start().await;
    let mut stuck = connect(&edge);
    stuck.write_all(b"GET /v1/slow HTTP/1.1\r\nHost: a.localhost\r\n\r\n").await.unwrap();
    edge.service.begun.notified().await;
    let begun = Instant::now();
    assert!(matches!(edge.edge.drain(Duration::from_secs(25)).await, Shutdown::Aborted(_)));
    assert_eq!(begun.elapsed().as_secs(), 25);
    read_to_close(&mut stuck).await;
}

#[tokio::test]
async fn a_plain_listener_refuses_peers_on_other_machines() {
    // Peers elsewhere cannot be had in a test: the listener's rule is asked for their addresses.
    for (address, served) in [
        ("127.0.0.1", true),
        ("127.9.9.9", true),
        ("::1", true),
        ("::ffff:127.0.0.1", true),
        ("192.0.2.1", false),
        ("::ffff:192.0.2.1", false),
        ("2001:db8::1", false),
        ("0.0.0.0", false),
    ] {
        let door = Door { kind: DoorKind::Plain, port: 80, public_port: None };
        assert_eq!(crate::listener::may_enter(door, address.parse().unwrap()), served, "{address}");
    }
}
