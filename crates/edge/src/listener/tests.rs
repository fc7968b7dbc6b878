use tokio::{io::AsyncWriteExt as _, net::TcpStream};

use super::*;
use crate::{
    Rates,
    testing::{Reply, TestEdge, exchange, listener, read_one, read_to_close},
};

const GET: &str = "GET /v1/echo HTTP/1.1\r\nHost: a.localhost\r\nConnection: close\r\n\r\n";
const HEADER: &str = "PROXY TCP4 203.0.113.9 198.51.100.1 1000 443\r\n";

/// An edge whose redirect listener is behind a proxy on this machine.
async fn behind_proxy(limits: Limits) -> (TestEdge, std::net::SocketAddr) {
    let edge = TestEdge::start_with(limits, Rates::default()).await;
    let listener = listener().await;
    let at = listener.local_addr().unwrap();
    let proxies = Proxies::new(["127.0.0.0/8".parse().unwrap()]);
    edge.edge.listen_redirect(listener, 443, proxies).unwrap();
    (edge, at)
}

async fn send(at: std::net::SocketAddr, raw: String) -> Reply {
    exchange(TcpStream::connect(at).await.unwrap(), raw).await
}

const PAGE: &str = "GET /s/x HTTP/1.1\r\nHost: a.localhost\r\n\r\n";

#[tokio::test]
async fn a_trusted_proxy_must_say_whose_connection_it_is() {
    let (edge, at) = behind_proxy(Limits::default()).await;
    // Hosts below localhost are for this machine, which a client elsewhere is not, whoever passes it on.
    assert_eq!(send(at, HEADER.to_owned() + PAGE).await.status, 404);
    assert_eq!(send(at, "PROXY UNKNOWN\r\n".to_owned() + PAGE).await.status, 308);
    assert_eq!(send(at, PAGE.to_owned()).await.text, "", "closed without a word");
    assert!(edge.metrics.render().contains("refused_total{reason=\"proxy_header\"} 1"));
}

#[tokio::test]
async fn a_header_of_anybody_else_is_a_broken_request() {
    let edge = TestEdge::start().await;
    let binary =
        b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xcb\0\x71\x09\xc6\x33\x64\x01\x03\xe8\x01\xbb";
    for header in [HEADER.as_bytes(), b"PROXY UNKNOWN\r\n", binary] {
        let raw = [header, GET.as_bytes()].concat();
        let plain = edge.send(&raw).await;
        assert!([0, 400].contains(&plain.status), "{}", plain.text);
        let mut secure = TcpStream::connect(edge.secure).await.unwrap();
        secure.write_all(&raw).await.unwrap();
        let answer = read_to_close(&mut secure).await;
        assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    }
    assert!(edge.service.seen().is_empty());
    assert!(edge.metrics.render().contains("refused_total{reason=\"not_tls\"} 3"));
}

#[tokio::test]
async fn limits_hold_against_the_client_and_not_against_its_proxy() {
    let limits = Limits { connections_per_network: 1, ..Limits::default() };
    let (edge, at) = behind_proxy(limits).await;
    let held = async |client: &str| {
        let mut stream = TcpStream::connect(at).await.unwrap();
        let header = format!("PROXY TCP4 {client} 198.51.100.1 1000 443\r\n");
        // It is let in once its head is read; the connection stays until the body has come.
        let head =
            "POST / HTTP/1.1\r\nHost: a.localhost\r\nContent-Length: 9\r\nExpect: 100-continue\r\n";
        stream.write_all((header + head).as_bytes()).await.unwrap();
        stream
    };
    let mut first = held("203.0.113.1").await;
    let _second = held("203.0.113.2").await;
    while !edge.metrics.render().contains("waxseal_edge_connections{kind=\"redirect\"} 2") {
        tokio::task::yield_now().await;
    }
    assert_eq!(read_to_close(&mut held("203.0.113.1").await).await, b"");
    assert!(edge.metrics.render().contains("refused_total{reason=\"network_cap\"} 1"));
    first.write_all(b"\r\n").await.unwrap();
    assert_eq!(read_one(&mut first).await.status, 404);
}

#[tokio::test]
async fn the_cap_on_all_connections_holds_before_a_byte_is_read() {
    let limits = Limits { connections: 1, ..Limits::default() };
    let (edge, at) = behind_proxy(limits).await;
    let _silent = TcpStream::connect(at).await.unwrap();
    while !edge.metrics.render().contains("waxseal_edge_connections{kind=\"redirect\"} 1") {
        tokio::task::yield_now().await;
    }
    assert_eq!(edge.send(GET).await.text, "");
    assert!(edge.metrics.render().contains("refused_total{reason=\"connection_cap\"} 1"));
}

#[tokio::test(start_paused = true)]
async fn a_proxy_that_says_nothing_is_dropped_after_three_seconds() {
    let (mut proxy, served) = {
        let listener = listener().await;
        let proxy = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        (proxy, listener.accept().await.unwrap().0)
    };
    let proxies = Proxies::new(["127.0.0.1/32".parse().unwrap()]);
    let (begun, mut served) = (Instant::now(), served);
    proxy.write_all(b"PROXY TCP4 203").await.unwrap();
    let from = [127, 0, 0, 1].into();
    let told = client(&mut served, from, begun, &proxies, &Limits::default()).await;
    assert_eq!((told, begun.elapsed().as_secs()), (Err("proxy_timeout"), 3));
}
