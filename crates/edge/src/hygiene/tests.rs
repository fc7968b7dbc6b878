//! Every row of the hygiene table, as bytes on a socket: what is answered, what becomes of the connection, and what
//! the service behind saw.

use tokio::{io::AsyncWriteExt as _, net::TcpStream};

use super::*;
use crate::testing::{Reply, Seen, TestEdge, read_one};

const PIPELINED: &str = "GET /v1/things/smuggled HTTP/1.1\r\nHost: a.localhost\r\n\r\n";

/// Sends a request, expects it refused with this status, the connection closed, and nothing passed on.
async fn refused(edge: &TestEdge, status: u16, raw: impl AsRef<[u8]>) -> Reply {
    let reply = edge.send(raw.as_ref()).await;
    let shown = String::from_utf8_lossy(raw.as_ref()).chars().take(200).collect::<String>();
    assert_eq!(
        (reply.status, reply.answers()),
        (status, 1),
        "{shown:?} was answered {:?}",
        reply.text
    );
    assert!(edge.service.seen().is_empty(), "{shown:?} reached the service");
    reply
}

/// Sends a request that is let through, and tells what the service saw of it.
async fn passed(edge: &TestEdge, raw: impl AsRef<str>) -> Seen {
    let (head, rest) = raw.as_ref().split_once("\r\n").unwrap();
    let reply = edge.send(format!("{head}\r\nConnection: close\r\n{rest}")).await;
    assert_eq!(reply.status, 200, "{:?} was answered {:?}", raw.as_ref(), reply.text);
    let mut seen = edge.service.seen();
    assert_eq!(seen.len(), 1);
    seen.remove(0)
}

fn post(fields: &str, body: &str) -> String {
    format!("POST /v1/echo HTTP/1.1\r\nHost: a.localhost\r\n{fields}\r\n\r\n{body}")
}

fn get_from(fields: &str) -> String {
    format!("GET /v1/echo HTTP/1.1\r\n{fields}\r\n\r\n")
}

#[tokio::test]
async fn content_length_with_transfer_encoding_is_refused_in_both_orders() {
    let edge = TestEdge::start().await;
    for fields in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 5",
    ] {
        refused(&edge, 400, post(fields, &format!("0\r\n\r\n{PIPELINED}"))).await;
    }
}

#[tokio::test]
async fn a_transfer_coding_before_chunked_is_refused() {
    let edge = TestEdge::start().await;
    refused(&edge, 400, post("Transfer-Encoding: gzip, chunked", &format!("0\r\n\r\n{PIPELINED}")))
        .await;
}

#[tokio::test]
async fn broken_framing_fields_are_refused() {
    let edge = TestEdge::start().await;
    for fields in [
        "Content-Length: 1\r\nContent-Length: 2",
        "Content-Length: 1\r\nContent-Length: 1",
        "Content-Length: +2",
        "Content-Length: 2, 2",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding : chunked",
        "Content-Length : 5",
        "X-Folded: a\r\n b",
        "X-Bare: a\rb",
        "X-Nul: a\0b",
    ] {
        refused(&edge, 400, post(fields, &format!("0\r\n\r\n{PIPELINED}"))).await;
    }
    let old = "POST /v1/echo HTTP/1.0\r\nHost: a.localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    refused(&edge, 400, old).await;
}

#[tokio::test]
async fn a_request_names_exactly_one_host() {
    let edge = TestEdge::start().await;
    refused(&edge, 400, get_from("Accept: */*")).await;
    refused(&edge, 400, get_from("Host: a.localhost\r\nHost: b.localhost")).await;
    refused(&edge, 400, get_from("Host: a.localhost\r\nHost: a.localhost")).await;
    refused(&edge, 400, get_from("Host:")).await;
    refused(&edge, 400, "GET http://b.localhost/v1/echo HTTP/1.1\r\nHost: a.localhost\r\n\r\n")
        .await;
    refused(&edge, 400, "GET https://a.localhost/v1/echo HTTP/1.1\r\nHost: a.localhost\r\n\r\n")
        .await;
    refused(&edge, 400, "GET http://a.localhost/v1/echo HTTP/1.1\r\n\r\n").await;
    refused(&edge, 400, "GET /v1/echo HTTP/1.0\r\n\r\n").await;
    let seen =
        passed(&edge, "GET http://A.localhost/v1/echo?q=1 HTTP/1.1\r\nHost: a.localhost\r\n\r\n")
            .await;
    assert_eq!(seen.uri, "/v1/echo?q=1", "the target is in origin form");
}

#[tokio::test]
async fn a_host_reaches_services_in_its_normal_form() {
    let edge = TestEdge::start().await;
    let port = edge.plain.port();
    for (sent, seen, origin) in [
        ("A.LOCALHOST".to_owned(), "a.localhost".to_owned(), "http://a.localhost".to_owned()),
        ("a.localhost.".to_owned(), "a.localhost".to_owned(), "http://a.localhost".to_owned()),
        (
            format!("a.localhost:{port}"),
            format!("a.localhost:{port}"),
            format!("http://a.localhost:{port}"),
        ),
        (
            "a.localhost:8080".to_owned(),
            "a.localhost:8080".to_owned(),
            "http://a.localhost:8080".to_owned(),
        ),
        ("a.localhost:80".to_owned(), "a.localhost:80".to_owned(), "http://a.localhost".to_owned()),
    ] {
        let request = passed(&edge, get_from(&format!("Host: {sent}"))).await;
        assert_eq!(request.headers[header::HOST], seen);
        assert_eq!(request.context.origin().to_string(), origin);
    }
    for bad in [
        "u@a.localhost",
        "u:p@a.localhost",
        "a.localhost:1",
        "a.localhost:",
        "a.localhost:+80",
        "a b",
        "a/b",
    ] {
        refused(&edge, 400, get_from(&format!("Host: {bad}"))).await;
    }
    refused(&edge, 400, get_from("Host: \u{e9}.localhost")).await;
}

#[tokio::test]
async fn a_bare_line_feed_is_refused() {
    let edge = TestEdge::start().await;
    refused(&edge, 400, "GET /v1/echo HTTP/1.1\nHost: a.localhost\n\n").await;
    refused(
        &edge,
        400,
        format!("GET /v1/echo HTTP/1.1\r\nHost: a.localhost\r\nX: a\n\r\n{PIPELINED}"),
    )
    .await;
}

#[tokio::test]
async fn bad_chunk_framing_is_refused_and_nothing_after_it_is_read() {
    let edge = TestEdge::start().await;
    for body in [
        "5\r\nabc\r\n0\r\n\r\n",
        "x\r\nabc\r\n0\r\n\r\n",
        "3\nabc\r\n0\r\n\r\n",
        "3\r\nabcd\r\n0\r\n\r\n",
    ] {
        let reply =
            refused(&edge, 400, post("Transfer-Encoding: chunked", &format!("{body}{PIPELINED}")))
                .await;
        assert_eq!(reply.problem()["code"], "malformed");
    }
}

#[tokio::test]
async fn trailers_never_reach_a_service() {
    let edge = TestEdge::start().await;
    let body = "3\r\nabc\r\n0\r\nX-Forwarded-For: 203.0.113.9\r\n\r\n";
    let seen =
        passed(&edge, post("Trailer: X-Forwarded-For\r\nTransfer-Encoding: chunked", body)).await;
    assert_eq!((seen.body.as_ref(), seen.trailers), (&b"abc"[..], None));
    assert!(!seen.headers.contains_key("x-forwarded-for") && !seen.headers.contains_key("trailer"));
    assert_eq!(seen.headers[header::CONTENT_LENGTH], "3");
}

#[tokio::test]
async fn what_connection_names_is_stripped_on_every_line_and_what_we_set_is_not() {
    let edge = TestEdge::start().await;
    let fields = "Connection: x-first, keep-alive\r\nConnection: X-Second, host, content-length\r\n\
        X-First: 1\r\nX-Second: 2\r\nKeep-Alive: 5\r\nX-Kept: 3\r\nContent-Length: 2";
    let seen = passed(&edge, post(fields, "ab")).await;
    for gone in ["connection", "keep-alive", "x-first", "x-second"] {
        assert!(!seen.headers.contains_key(gone), "{gone}");
    }
    assert_eq!(seen.headers["x-kept"], "3");
    assert_eq!(seen.headers[header::HOST], "a.localhost");
    assert_eq!(
        (seen.headers[header::CONTENT_LENGTH].as_bytes(), seen.body.as_ref()),
        (&b"2"[..], &b"ab"[..])
    );
}

#[tokio::test]
async fn names_with_underscores_and_values_beyond_ascii_are_dropped() {
    let edge = TestEdge::start().await;
    let seen = passed(
        &edge,
        get_from(
            "Host: a.localhost\r\nX_Forwarded_For: 203.0.113.9\r\nX-Name: caf\u{e9}\r\nX-Kept: 1",
        ),
    )
    .await;
    assert!(!seen.headers.contains_key("x_forwarded_for") && !seen.headers.contains_key("x-name"));
    assert_eq!(seen.headers["x-kept"], "1");
    refused(&edge, 400, "GET /v1/echo?\u{e9} HTTP/1.1\r\nHost: a.localhost\r\n\r\n").await;
}

#[tokio::test]
async fn what_only_we_may_say_is_removed() {
    let edge = TestEdge::start().await;
    let names = [
        "Forwarded",
        "HTTP2-Settings",
        "Proxy-Authorization",
        "Proxy-Connection",
        "TE",
        "Via",
        "X-Edge-Country",
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "X-Forwarded-Port",
        "X-Forwarded-Proto",
        "X-HTTP-Method-Override",
        "X-Real-IP",
        "X-Request-Id",
        "X-Tenant-Id",
        "X-Waxseal-Context",
    ];
    let fields = names.map(|name| format!("{name}: forged\r\n")).concat();
    let seen = passed(&edge, get_from(&format!("{fields}Host: a.localhost"))).await;
    let left: Vec<_> = seen.headers.keys().map(HeaderName::as_str).collect();
    assert_eq!(left, ["host"]);
    assert_eq!(
        seen.of_tenant().network.as_str(),
        "127.0.0.0/24",
        "the client is who is at the other end"
    );
}

#[tokio::test]
async fn the_proof_of_our_own_pages_reaches_the_service() {
    let edge = TestEdge::start().await;
    let seen = passed(&edge, get_from("X-Waxseal-CSRF: abc\r\nHost: a.localhost")).await;
    assert_eq!(seen.headers["x-waxseal-csrf"], "abc");
}

#[tokio::test]
async fn tunnels_traces_and_unknown_methods_are_not_served() {
    let edge = TestEdge::start().await;
    for method in ["TRACE", "get", "PROPFIND"] {
        let raw = format!("{method} /v1/echo HTTP/1.1\r\nHost: a.localhost\r\n\r\n{PIPELINED}");
        let reply = refused(&edge, 405, raw).await;
        assert_eq!(reply.header("allow"), Some(METHODS));
        assert_eq!(reply.problem()["code"], "method");
    }
    refused(
        &edge,
        405,
        format!("CONNECT a.localhost:80 HTTP/1.1\r\nHost: a.localhost:80\r\n\r\n{PIPELINED}"),
    )
    .await;
}

#[tokio::test]
async fn an_offer_to_upgrade_is_ignored() {
    let edge = TestEdge::start().await;
    let offer = "Host: a.localhost\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk";
    let seen = passed(&edge, get_from(offer)).await;
    assert!(!seen.headers.contains_key("upgrade") && !seen.headers.contains_key("http2-settings"));
}

#[tokio::test]
async fn heads_have_limits() {
    let edge = TestEdge::start().await;
    let many = (0..64).map(|i| format!("X-{i}: 1\r\n")).collect::<Vec<_>>().concat();
    refused(&edge, 431, get_from(&format!("Host: a.localhost\r\n{many}X: 1"))).await;
    refused(&edge, 431, get_from(&format!("Host: a.localhost\r\nX: {}", "a".repeat(65_000)))).await;
    refused(
        &edge,
        414,
        format!("GET /v1/echo?{} HTTP/1.1\r\nHost: a.localhost\r\n\r\n", "a".repeat(8_192)),
    )
    .await;

    let just = (0..62).map(|i| format!("X-{i}: 1\r\n")).collect::<Vec<_>>().concat();
    passed(&edge, get_from(&format!("{just}Host: a.localhost"))).await;
    let path = "/v1/echo?".len();
    passed(
        &edge,
        format!("GET /v1/echo?{} HTTP/1.1\r\nHost: a.localhost\r\n\r\n", "a".repeat(8_192 - path)),
    )
    .await;
}

#[tokio::test]
async fn an_honest_connection_stays_open_and_pipelined_requests_are_answered_in_order() {
    let edge = TestEdge::start().await;
    let mut stream = TcpStream::connect(edge.plain).await.unwrap();
    for _ in 0..2 {
        stream.write_all(post("Content-Length: 2", "ab").as_bytes()).await.unwrap();
        assert_eq!(read_one(&mut stream).await.status, 200);
    }
    let two = format!("{}{}", post("Transfer-Encoding: chunked", "1\r\na\r\n0\r\n\r\n"), PIPELINED);
    let last = "GET /robots.txt HTTP/1.1\r\nHost: a.localhost\r\nConnection: close\r\n\r\n";
    let reply = crate::testing::exchange(stream, format!("{two}{last}")).await;
    assert_eq!(reply.answers(), 3);
    assert_eq!(edge.service.seen().len(), 4);
}
