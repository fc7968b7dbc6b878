use std::{
    io,
    num::NonZeroU32,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{io::AsyncWriteExt as _, net::TcpStream};
use wax_kernel::TenantId;
use wax_model::domain;

use crate::{
    Limits, Rate, Rates,
    testing::{Reply, TestEdge, exchange, read_one},
};

fn ask(method: &str, path: &str, fields: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nHost: a.localhost\r\nConnection: close\r\n{fields}\r\n")
}

async fn get(edge: &TestEdge, path: &str) -> Reply {
    edge.send(ask("GET", path, "")).await
}

/// An answer without what differs in every answer.
fn comparable(reply: &Reply) -> String {
    let kept = |line: &&str| !line.starts_with("x-request-id: ") && !line.starts_with("date: ");
    reply.text.lines().filter(kept).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn a_link_page_is_byte_identical_for_every_id_and_reaches_no_service() {
    let edge = TestEdge::start().await;
    for (page, ids) in
        [("/s/", ["AAAAAAAAAAAAAAAAAAAAAA", "x"]), ("/r/", ["BBBBBBBBBBBBBBBBBBBBBA", "%2e%2e/v1"])]
    {
        let [first, second] = [
            get(&edge, &format!("{page}{}", ids[0])).await,
            get(&edge, &format!("{page}{}", ids[1])).await,
        ];
        assert_eq!((first.status, second.status), (200, 200));
        assert_eq!(comparable(&first), comparable(&second));
        assert_eq!(first.header("cache-control"), Some("no-store"));
    }
    assert!(edge.service.seen().is_empty());
}

#[tokio::test]
async fn a_get_or_head_never_reaches_a_route_that_changes_something() {
    let edge = TestEdge::start().await;
    for method in ["GET", "HEAD"] {
        let reply =
            edge.send(ask(method, "/v1/secrets/create", "X-HTTP-Method-Override: POST\r\n")).await;
        assert_eq!((reply.status, reply.header("allow")), (405, Some("POST")), "{}", reply.text);
    }
    assert!(edge.service.seen().is_empty());
    let problem = get(&edge, "/v1/secrets/create").await.problem();
    assert_eq!(problem["detail"], "This address takes POST only.");
}

#[tokio::test]
async fn pages_and_assets_take_get_and_head_only() {
    let edge = TestEdge::start().await;
    for path in ["/", "/s/x", "/brand.json", "/nowhere"] {
        let reply = edge.send(ask("POST", path, "Content-Length: 2\r\n") + "{}").await;
        assert_eq!((reply.status, reply.header("allow")), (405, Some("GET, HEAD")), "{path}");
    }
    let (got, headed) =
        (get(&edge, "/assets/app.js").await, edge.send(ask("HEAD", "/assets/app.js", "")).await);
    assert_eq!((got.body(), headed.body()), ("code", ""));
    assert_eq!(headed.header("content-length"), Some("4"));
    assert_eq!(got.header("etag"), headed.header("etag"));
}

#[tokio::test]
async fn the_edge_answers_what_it_knows_itself() {
    let edge = TestEdge::start().await;
    assert_eq!(get(&edge, "/").await.body(), "home");
    assert!(get(&edge, "/brand.json").await.body().contains("Acme"));
    assert_eq!(get(&edge, "/robots.txt").await.body(), "User-agent: *\nDisallow: /\n");
    assert_eq!(get(&edge, "/favicon.ico").await.status, 404);
    let missing = get(&edge, "/nowhere").await;
    assert_eq!((missing.status, missing.body()), (404, "nothing here"));
    let tag = get(&edge, "/assets/app.js").await.header("etag").unwrap().to_owned();
    let again = edge.send(ask("GET", "/assets/app.js", &format!("If-None-Match: {tag}\r\n"))).await;
    assert_eq!((again.status, again.body()), (304, ""));
    assert!(edge.service.seen().is_empty());
}

#[tokio::test]
async fn only_v1_is_passed_on_and_an_unknown_route_there_is_a_problem() {
    let edge = TestEdge::start().await;
    for path in ["/v1", "/v1/nowhere", "/v1/things/a/b"] {
        assert_eq!(get(&edge, path).await.problem()["code"], "not-available", "{path}");
    }
    for path in ["/v1x", "/V1/echo", "/api/v1/echo", "//v1/echo", "/./v1/echo"] {
        assert_eq!(get(&edge, path).await.body(), "nothing here", "{path}");
    }
    assert!(edge.service.seen().is_empty());
}

#[tokio::test]
async fn a_service_gets_a_verified_context() {
    let edge = TestEdge::start().await;
    let reply = edge.send(ask("POST", "/v1/echo", "Content-Length: 2\r\n") + "{}").await;
    assert_eq!(reply.status, 200);
    let seen = edge.service.seen().remove(0);
    assert_eq!(seen.of_tenant().scope.tenant(), TenantId::from_bytes([1; 16]));
    assert_eq!(seen.context.origin().to_string(), "http://a.localhost");
    assert_eq!(seen.of_tenant().network.as_str(), "127.0.0.0/24");
    assert_eq!(reply.header("x-request-id"), Some(&*seen.context.request_id().to_string()));
}

#[tokio::test]
async fn every_answer_is_guarded_and_says_nothing_about_the_software() {
    let edge = TestEdge::start().await;
    for path in ["/v1/echo", "/v1/nowhere", "/robots.txt", "/favicon.ico", "/", "/v1/panic"] {
        let reply = get(&edge, path).await;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("x-frame-options", "DENY"),
        ] {
            assert_eq!(reply.header(name), Some(value), "{path}");
        }
        assert!(
            reply.header("content-security-policy").unwrap().starts_with("default-src 'none'"),
            "{path}"
        );
        assert_eq!(reply.header("server"), None);
        assert_eq!(
            reply.header("strict-transport-security"),
            None,
            "localhost and plain connections get none"
        );
    }
    let reply = get(&edge, "/v1/echo").await;
    assert_eq!((reply.header("x-kept"), reply.header("x-hop")), (Some("1"), None));
    assert_eq!(reply.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn a_panic_costs_one_answer_and_shows_nothing_of_its_message() {
    let edge = TestEdge::start().await;
    let reply = get(&edge, "/v1/panic").await;
    assert_eq!(reply.problem()["code"], "internal");
    assert!(!reply.text.contains("hunter2"));
    assert_eq!(get(&edge, "/v1/echo").await.status, 200);
}

#[tokio::test]
async fn a_client_that_leaves_does_not_interrupt_the_work() {
    let edge = TestEdge::start().await;
    let mut client = TcpStream::connect(edge.plain).await.unwrap();
    client.write_all(ask("POST", "/v1/slow", "Content-Length: 0\r\n").as_bytes()).await.unwrap();
    edge.service.begun.notified().await;
    drop(client);
    while !edge.metrics.render().contains("waxseal_edge_connections{kind=\"plain\"} 0") {
        tokio::task::yield_now().await;
    }
    edge.service.may_end.notify_one();
    edge.service.ended.notified().await;
}

#[tokio::test]
async fn a_host_that_is_nobodys_gets_an_empty_page_without_any_brand() {
    let edge = TestEdge::start().await;
    for name in ["c.localhost", "acme.example", "localhost", "127.0.0.1", "[::1]:8080"] {
        let reply = edge.send(format!("GET / HTTP/1.1\r\nHost: {name}\r\n\r\n")).await;
        assert_eq!(
            (reply.status, reply.body(), reply.header("content-type")),
            (404, "", None),
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_body_larger_than_its_route_takes_is_refused_before_the_service_sees_it() {
    let edge = TestEdge::start().await;
    let small = 16 * 1024;
    let large = "x".repeat(small + 1);
    let declared =
        ask("POST", "/v1/echo", &format!("Content-Length: {}\r\n", large.len())) + &large;
    let chunked = ask("POST", "/v1/echo", "Transfer-Encoding: chunked\r\n")
        + &format!("{:x}\r\n{large}\r\n0\r\n\r\n", large.len());
    for raw in [declared, chunked] {
        let reply = edge.send(raw).await;
        assert_eq!((reply.status, &reply.problem()["limit_bytes"]), (413, &small.into()));
        assert_eq!(reply.header("connection"), Some("close"));
    }
    assert!(edge.service.seen().is_empty());

    let create =
        ask("POST", "/v1/secrets/create", &format!("Content-Length: {}\r\n", large.len())) + &large;
    assert_eq!(edge.send(create).await.status, 200, "creation takes more");
    assert_eq!(edge.service.seen()[0].body.len(), small + 1);
    let too_much = crate::RouteClass::LARGE + 1;
    let create = ask("POST", "/v1/secrets/create", &format!("Content-Length: {too_much}\r\n"));
    assert_eq!(edge.send(create + &"x".repeat(too_much)).await.status, 413);
}

#[tokio::test]
async fn bodies_share_a_budget_of_memory() {
    let limits = Limits { body_memory: 1024, ..Limits::default() };
    let edge = TestEdge::start_with(limits, Rates::default()).await;
    let reply =
        edge.send(ask("POST", "/v1/echo", "Content-Length: 1025\r\n") + &"x".repeat(1025)).await;
    assert_eq!((reply.status, reply.header("retry-after")), (503, Some("1")));
    let fits = ask("POST", "/v1/echo", "Content-Length: 3\r\n") + "abc";
    assert_eq!(edge.send(fits).await.status, 200);
}

fn rates(create_burst: u32, request_burst: u32) -> Rates {
    let rate = |burst| Rate {
        per_minute: NonZeroU32::new(6).unwrap(),
        burst: NonZeroU32::new(burst).unwrap(),
    };
    Rates { create: rate(create_burst), request: rate(request_burst), sign_in: rate(1) }
}

#[tokio::test]
async fn creation_and_everything_else_have_rates_of_their_own() {
    let edge = TestEdge::start_with(Limits::default(), rates(1, 2)).await;
    let create =
        || ask("POST", "/v1/secrets/create", "Accept-Language: ja\r\nContent-Length: 0\r\n");
    assert_eq!(edge.send(create()).await.status, 200);
    let reply = edge.send(create()).await;
    assert_eq!((reply.status, reply.header("retry-after")), (429, Some("10")));
    assert_eq!(
        (&reply.problem()["code"], reply.header("content-language")),
        (&"rate-limited".into(), Some("ja"))
    );

    assert_eq!(get(&edge, "/").await.status, 200);
    assert_eq!(get(&edge, "/v1/echo").await.status, 200);
    assert_eq!(get(&edge, "/").await.status, 429, "pages count, too");
    edge.clock.advance(Duration::from_secs(10));
    assert_eq!((get(&edge, "/").await.status, edge.send(create()).await.status), (200, 200));
}

#[tokio::test]
async fn a_rate_limited_connection_stays_open() {
    let edge = TestEdge::start_with(Limits::default(), rates(1, 1)).await;
    let mut stream = TcpStream::connect(edge.plain).await.unwrap();
    for status in [200, 429, 429] {
        stream.write_all(b"GET / HTTP/1.1\r\nHost: a.localhost\r\n\r\n").await.unwrap();
        assert_eq!(read_one(&mut stream).await.status, status);
    }
}

#[tokio::test]
async fn one_network_cannot_open_every_connection() {
    let limits = Limits { connections_per_network: 1, ..Limits::default() };
    let edge = TestEdge::start_with(limits, Rates::default()).await;
    let mut first = TcpStream::connect(edge.plain).await.unwrap();
    first.write_all(b"GET / HTTP/1.1\r\nHost: a.localhost\r\n\r\n").await.unwrap();
    assert_eq!(read_one(&mut first).await.status, 200);
    let second = exchange(TcpStream::connect(edge.plain).await.unwrap(), ask("GET", "/", "")).await;
    assert_eq!(second.text, "", "closed without a word");
    assert!(edge.metrics.render().contains("refused_total{reason=\"network_cap\"} 1"));
}

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl io::Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn nothing_of_a_request_but_its_template_reaches_log_or_metrics() {
    let captured = Captured::default();
    let writer = captured.clone();
    let subscriber =
        wax_telemetry::subscriber(wax_telemetry::LogFormat::Json, "trace", move || writer.clone())
            .unwrap();
    let _guard = tracing::subscriber::set_default(subscriber);
    wax_telemetry::report_panics();

    let edge = TestEdge::start().await;
    let fields = "Authorization: Bearer hunter2\r\nCookie: s=hunter2\r\nX-Hunter2: hunter2\r\nContent-Length: 7\r\n";
    for path in [
        "/v1/echo?q=hunter2",
        "/v1/things/hunter2",
        "/s/hunter2",
        "/stop/hunter2",
        "/stop/hunter2/hunter2",
        "/hunter2",
        "/v1/panic",
        "/v1/hunter2",
    ] {
        for method in ["GET", "POST", "hunter2"] {
            edge.send(ask(method, path, fields) + "hunter2").await;
        }
    }
    edge.send("GET /hunter2 HTTP/1.1\r\nHost: hunter2.localhost\r\nX: hunter2\n\r\n").await;

    let log = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
    assert!(
        log.contains("/v1/things/{name}") && log.contains("/s/{id}") && log.contains("panicked"),
        "{log}"
    );
    assert!(log.contains("/stop/{token}"), "{log}");
    let service_line = log.lines().find(|line| line.contains("remembered")).unwrap();
    assert!(
        service_line.contains("\"id\":\"req_"),
        "a service's lines carry the request's id: {service_line}"
    );
    for (name, text) in [("log", log), ("metrics", edge.metrics.render())] {
        assert!(!text.to_lowercase().contains("hunter2"), "{name}: {text}");
        assert!(!text.contains("127.0.0.1"), "{name}: {text}");
    }
}

#[tokio::test]
async fn two_requests_for_one_link_can_be_matched_in_the_log_on_one_day_and_no_longer() {
    let captured = Captured::default();
    let writer = captured.clone();
    let subscriber =
        wax_telemetry::subscriber(wax_telemetry::LogFormat::Json, "info", move || writer.clone())
            .unwrap();
    let _guard = tracing::subscriber::set_default(subscriber);
    let edge = TestEdge::start().await;
    for path in ["/s/one", "/s/one?source=mail", "/s/two"] {
        get(&edge, path).await;
    }
    edge.clock.advance(Duration::from_hours(24));
    get(&edge, "/s/one").await;
    edge.send(ask("POST", "/v1/echo", "Content-Length: 3\r\n") + "abc").await;
    edge.send("GET / HTTP/1.1\r\nHost: stranger.localhost\r\n\r\n").await;
    edge.until_no_connection().await;

    let log = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
    let lines: Vec<serde_json::Value> =
        log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: Vec<_> = lines.iter().filter(|line| line["message"] == "answered").collect();
    let of = |route: &str| told.iter().filter(|line| line["route"] == route).collect::<Vec<_>>();
    let paths: Vec<_> = of("/s/{id}").iter().map(|line| line["path"].as_str().unwrap()).collect();
    assert_eq!((paths.len(), paths[0]), (4, paths[1]), "the query is no part of it");
    assert!(paths[2] != paths[0] && paths[3] != paths[0], "{paths:?}");
    let echo = of("/v1/echo")[0];
    assert_eq!((&echo["host"], &echo["protocol"]), (&"a.localhost".into(), &"HTTP/1.1".into()));
    assert_eq!((&echo["received_bytes"], &echo["sent_bytes"]), (&3.into(), &4.into()));
    assert_eq!((&echo["status"], &echo["is_whole"]), (&200.into(), &true.into()));
    assert_eq!(of("(refused)")[0]["host"], "-", "what strangers make up is not written down");
}

#[tokio::test]
async fn metrics_count_by_template() {
    let edge = TestEdge::start().await;
    for path in ["/s/one", "/s/two", "/v1/things/x", "/v1/things/y"] {
        assert_eq!(get(&edge, path).await.status, 200);
    }
    let text = edge.metrics.render();
    for route in ["/s/{id}", "/v1/things/{name}"] {
        let line = format!(
            "waxseal_http_requests_total{{route=\"{route}\",method=\"GET\",status=\"200\"}} 2"
        );
        assert!(text.contains(&line), "{text}");
    }
}

#[tokio::test]
async fn on_a_held_host_nothing_is_made_claimed_or_opened_and_every_page_of_these_says_so() {
    let edge = TestEdge::start().await;
    edge.change("a.localhost", |host| host.service = domain::Service::Held);
    for path in ["/", "/s/AAAAAAAAAAAAAAAAAAAAAA"] {
        let page = get(&edge, path).await;
        assert_eq!((page.status, page.body()), (503, "held"), "{path}");
    }
    assert_eq!(get(&edge, "/r/AAAAAAAAAAAAAAAAAAAAAA").await.body(), "receipt");
    for act in ["create", "claim", "recover", "peek", "open", "ask", "give", "made-up"] {
        let reply = edge
            .send(ask("POST", &format!("/v1/secrets/{act}"), "Content-Length: 2\r\n") + "{}")
            .await;
        assert_eq!((reply.status, reply.header("retry-after")), (503, Some("3600")), "{act}");
        assert!(reply.problem()["type"].as_str().unwrap().ends_with("domain-held"), "{act}");
    }
    assert!(edge.service.seen().is_empty());
    for act in ["ack", "heartbeat", "receipt", "status", "burn", "unlock"] {
        edge.send(ask("POST", &format!("/v1/secrets/{act}"), "Content-Length: 2\r\n") + "{}").await;
    }
    assert_eq!(edge.service.seen().len(), 6);
    let other = "GET / HTTP/1.1\r\nHost: b.localhost\r\nConnection: close\r\n\r\n".to_owned();
    assert_eq!(edge.send(other).await.body(), "home", "another host is as it was");
}
