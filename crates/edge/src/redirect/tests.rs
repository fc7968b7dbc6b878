use std::net::SocketAddr;

use tokio::net::TcpStream;

use super::*;
use crate::{
    Proxies,
    testing::{Reply, TestEdge, exchange, host, listener},
};

async fn port_80(edge: &TestEdge, https: u16) -> SocketAddr {
    let listener = listener().await;
    let at = listener.local_addr().unwrap();
    edge.edge.listen_redirect(listener, https, Proxies::default()).unwrap();
    at
}

/// Asks once, and reads until the connection is closed: nobody stays on port 80.
async fn ask(at: SocketAddr, method: &str, name: &str, target: &str) -> Reply {
    let raw = format!("{method} {target} HTTP/1.1\r\nHost: {name}\r\n\r\n");
    exchange(TcpStream::connect(at).await.unwrap(), raw).await
}

#[tokio::test]
async fn a_page_of_a_host_that_is_served_moves_to_https_with_its_path() {
    let edge = TestEdge::start().await;
    let at = port_80(&edge, 443).await;
    for (method, name, target, location) in [
        ("GET", "a.localhost", "/", "https://a.localhost/"),
        ("GET", "A.localhost.", "/s/x?a=b&c", "https://a.localhost/s/x?a=b&c"),
        (
            "HEAD",
            "a.localhost:80",
            "//evil.example/%0d%0aX:",
            "https://a.localhost//evil.example/%0d%0aX:",
        ),
        ("GET", "app.localhost", "/sign-in", "https://app.localhost/sign-in"),
        ("GET", "a.localhost", "http://a.localhost/s/x", "https://a.localhost/s/x"),
    ] {
        let reply = ask(at, method, name, target).await;
        assert_eq!((reply.status, reply.header("location")), (308, Some(location)), "{target}");
        assert_eq!((reply.body(), reply.header("cache-control")), ("", Some("no-store")));
        assert_eq!(reply.header("strict-transport-security"), None, "RFC 6797 §7.2");
    }
    let at = port_80(&edge, 8443).await;
    let reply = ask(at, "GET", "b.localhost", "/s/x").await;
    assert_eq!(reply.header("location"), Some("https://b.localhost:8443/s/x"));
}

#[tokio::test]
async fn port_80_has_nothing_else_for_anybody() {
    let edge = TestEdge::start().await;
    let at = port_80(&edge, 443).await;
    for (method, name, target) in [
        ("GET", "c.localhost", "/"),
        ("GET", "127.0.0.1", "/"),
        ("POST", "a.localhost", "/s/x"),
        ("GET", "a.localhost", "/v1/echo"),
        ("POST", "a.localhost", "/v1/secrets/create"),
    ] {
        let reply = ask(at, method, name, target).await;
        assert_eq!((reply.status, reply.body()), (404, ""), "{method} {name} {target}");
        assert_eq!(reply.header("location"), None);
    }
    assert_eq!(ask(at, "TRACE", "a.localhost", "/").await.status, 405);
    assert_eq!(ask(at, "GET", "u@a.localhost", "/").await.status, 400);
    assert!(edge.service.seen().is_empty());
    assert!(edge.metrics.render().contains("refused_total{reason=\"needs_tls\"} 3"));
}

#[tokio::test]
async fn an_issuer_finds_its_file_at_a_host_under_order_whether_it_is_served_or_not() {
    let edge = TestEdge::start().await;
    let at = port_80(&edge, 443).await;
    for name in ["new.example", "a.localhost"] {
        let certificate = edge.ca.issue(&host("a.localhost")).unwrap();
        edge.pending.proofs.lock().unwrap().insert(host(name), certificate);
        let reply = ask(at, "GET", name, "/.well-known/acme-challenge/abc-_9").await;
        assert_eq!((reply.status, reply.body()), (200, "abc-_9"), "{name}");
        assert_eq!(reply.header("content-type"), Some("application/octet-stream"));
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
    }
    assert!(edge.metrics.render().contains("waxseal_edge_proofs_total{method=\"http-01\"} 2"));
}

#[tokio::test]
async fn no_other_question_for_a_file_is_answered_or_redirected() {
    let edge = TestEdge::start().await;
    let at = port_80(&edge, 443).await;
    let certificate = edge.ca.issue(&host("a.localhost")).unwrap();
    edge.pending.proofs.lock().unwrap().insert(host("a.localhost"), certificate);
    let long = "a".repeat(LONGEST_TOKEN + 1);
    for (method, name, token) in [
        ("GET", "b.localhost", "abc"),
        ("GET", "c.localhost", "abc"),
        ("HEAD", "a.localhost", "abc"),
        ("POST", "a.localhost", "abc"),
        ("GET", "a.localhost", ""),
        ("GET", "a.localhost", "../x"),
        ("GET", "a.localhost", "a/b"),
        ("GET", "a.localhost", "a%2e"),
        ("GET", "a.localhost", &long),
    ] {
        let reply = ask(at, method, name, &format!("/.well-known/acme-challenge/{token}")).await;
        assert_eq!(
            (reply.status, reply.header("location")),
            (404, None),
            "{method} {name} {token}"
        );
        assert_eq!(reply.body(), "");
    }
}
