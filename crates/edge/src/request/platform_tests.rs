//! The platform's host beside those of tenants: neither has anything of the other.

use std::num::NonZeroU32;

use http::header;
use wax_httpkit::Context;

use crate::{
    Limits, Rate, Rates, RouteClass,
    testing::{APP, Reply, TestEdge},
};

const TENANT: &str = "a.localhost";

fn ask(host: &str, method: &str, path: &str, fields: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{fields}\r\n")
}

async fn get(edge: &TestEdge, host: &str, path: &str) -> Reply {
    edge.send(ask(host, "GET", path, "")).await
}

#[tokio::test]
async fn a_request_on_the_platforms_host_acts_for_no_tenant() {
    let edge = TestEdge::start().await;
    let reply = edge.send(ask(APP, "POST", "/v1/echo", "Content-Length: 2\r\n") + "{}").await;
    assert_eq!(reply.status, 200);
    let seen = edge.service.seen().remove(0);
    let Context::Platform(context) = seen.context else { panic!("a tenant's context") };
    assert_eq!(context.origin.to_string(), "http://app.localhost");
    assert_eq!(context.network.as_str(), "127.0.0.0/24");
    assert_eq!(context.client.get(), std::net::IpAddr::from([127, 0, 0, 1]));
    assert_eq!(reply.header("x-request-id"), Some(&*context.request_id.to_string()));
}

#[tokio::test]
async fn a_route_of_one_host_does_not_exist_on_the_other() {
    let edge = TestEdge::start().await;
    for (host, path) in [
        (APP, "/v1/secrets/create"),
        (APP, "/v1/secrets/claim"),
        (APP, "/v1/things/x"),
        (TENANT, "/v1/sign-in"),
        (TENANT, "/v1/invitations/1/accept"),
    ] {
        for method in ["GET", "POST", "DELETE"] {
            let reply = edge.send(ask(host, method, path, "Content-Length: 0\r\n")).await;
            assert_eq!(reply.status, 404, "{method} {host}{path}");
            assert_eq!(reply.problem()["code"], "not-available", "{method} {host}{path}");
        }
    }
    assert!(edge.service.seen().is_empty());
}

#[tokio::test]
async fn the_console_is_on_the_platforms_host_and_nowhere_else() {
    let edge = TestEdge::start().await;
    for path in ["/", "/sign-in", "/organizations/acme/members"] {
        let reply = get(&edge, APP, path).await;
        assert_eq!((reply.status, reply.body()), (200, "the console"), "{path}");
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        assert_ne!(get(&edge, TENANT, path).await.body(), "the console", "{path}");
    }
    assert_eq!(get(&edge, APP, "/assets/console.js").await.body(), "console");
    assert_eq!(get(&edge, TENANT, "/assets/console.js").await.status, 404);
    let post = edge.send(ask(APP, "POST", "/sign-in", "Content-Length: 0\r\n")).await;
    assert_eq!((post.status, post.header("allow")), (405, Some("GET, HEAD")));
}

/// Beside the API, what somebody is mounted for; the next address is the edge's own again.
#[tokio::test]
async fn a_services_page_has_every_method_and_what_a_service_may_know() {
    let edge = TestEdge::start().await;
    for (host, other) in [(APP, "the console"), (TENANT, "nothing here")] {
        for method in ["GET", "POST"] {
            let fields = "Cookie: lang=ja\r\nContent-Length: 2\r\n";
            let reply = edge.send(ask(host, method, "/stop/token", fields) + "{}").await;
            assert_eq!((reply.status, reply.body()), (200, "seen"), "{method} {host}");
            let seen = edge.service.seen().remove(0);
            assert_eq!(seen.headers.contains_key(header::COOKIE), host == APP, "{host}");
        }
        assert_eq!(get(&edge, host, "/stopped").await.body(), other, "{host}");
        assert_eq!(get(&edge, host, "/stop/a/b").await.problem()["code"], "not-available");
    }
    assert!(edge.service.seen().is_empty());
}

#[tokio::test]
async fn a_link_on_the_platforms_host_opens_nothing_and_runs_no_script() {
    let edge = TestEdge::start().await;
    for path in ["/s/AAAAAAAAAAAAAAAAAAAAAA", "/assets/app.js"] {
        assert_eq!(get(&edge, TENANT, path).await.status, 200, "{path}");
        let reply = get(&edge, APP, path).await;
        assert_eq!((reply.status, reply.body(), reply.header("content-type")), (404, "", None));
    }
    assert_eq!(get(&edge, APP, "/robots.txt").await.body(), "User-agent: *\nDisallow: /\n");
    assert!(!get(&edge, APP, "/brand.json").await.body().contains("Acme"));
}

#[tokio::test]
async fn cookies_are_the_platforms_alone_and_keys_are_for_every_host() {
    let edge = TestEdge::start().await;
    let fields = "Authorization: Bearer wxk_key\r\nCookie: __Host-s=1\r\nCookie: lang=ja\r\n\
        Origin: http://app.localhost\r\nSec-Fetch-Site: same-origin\r\nContent-Length: 0\r\n";
    for (host, cookie) in [(APP, Some("__Host-s=1; lang=ja")), (TENANT, None)] {
        let reply = edge.send(ask(host, "POST", "/v1/echo", fields)).await;
        assert_eq!(reply.header("set-cookie").is_some(), cookie.is_some(), "{host}");
        let seen = edge.service.seen().remove(0).headers;
        assert_eq!(seen.get(header::COOKIE).map(|value| value.to_str().unwrap()), cookie, "{host}");
        assert_eq!(seen[header::AUTHORIZATION], "Bearer wxk_key");
        assert_eq!(seen[header::ORIGIN], "http://app.localhost");
        assert_eq!(seen["sec-fetch-site"], "same-origin");
        let printed = format!("{seen:?}");
        assert!(!printed.contains("wxk_key") && !printed.contains("__Host-s"), "{printed}");
    }
}

#[tokio::test]
async fn the_platforms_api_has_the_methods_that_members_need() {
    let edge = TestEdge::start().await;
    for method in ["GET", "POST", "PATCH", "DELETE"] {
        let reply = edge.send(ask(APP, method, "/v1/echo", "Content-Length: 0\r\n")).await;
        assert_eq!(reply.status, 200, "{method}");
    }
    for method in ["TRACE", "PROPFIND"] {
        assert_eq!(edge.send(ask(APP, method, "/v1/echo", "")).await.status, 405, "{method}");
    }
}

#[tokio::test]
async fn tries_to_sign_in_have_a_tight_rate_of_their_own() {
    let rate = |burst| Rate {
        per_minute: NonZeroU32::new(6).unwrap(),
        burst: NonZeroU32::new(burst).unwrap(),
    };
    let rates = Rates { create: rate(9), request: rate(9), sign_in: rate(2) };
    let edge = TestEdge::start_with(Limits::default(), rates).await;
    let post = |path| ask(APP, "POST", path, "Content-Length: 0\r\n");
    assert_eq!(edge.send(post("/v1/sign-in")).await.status, 200);
    assert_eq!(edge.send(post("/v1/invitations/1/accept")).await.status, 200);
    for path in ["/v1/sign-in", "/v1/invitations/2/accept"] {
        let reply = edge.send(post(path)).await;
        assert_eq!((reply.status, reply.header("retry-after")), (429, Some("10")), "{path}");
        assert_eq!(reply.problem()["code"], "rate-limited");
    }
    assert_eq!(edge.send(post("/v1/echo")).await.status, 200, "the rest goes on");
}

#[tokio::test]
async fn a_body_on_the_platforms_host_has_64_kib() {
    let edge = TestEdge::start().await;
    for (bytes, status) in [(RouteClass::MEDIUM, 200), (RouteClass::MEDIUM + 1, 413)] {
        let head = ask(APP, "POST", "/v1/echo", &format!("Content-Length: {bytes}\r\n"));
        assert_eq!(edge.send(head + &"x".repeat(bytes)).await.status, status);
    }
}

#[tokio::test]
async fn a_host_that_is_not_quite_the_platforms_is_nobodys() {
    let edge = TestEdge::start().await;
    for name in ["xapp.localhost", "x.app.localhost", "app.localhost.example", "localhost"] {
        let reply = edge.send(ask(name, "GET", "/", "")).await;
        assert_eq!((reply.status, reply.body()), (404, ""), "{name}");
    }
    let both = "GET http://app.localhost/v1/echo HTTP/1.1\r\nHost: a.localhost\r\n\r\n";
    assert_eq!(edge.send(both).await.status, 400);
    assert!(edge.service.seen().is_empty());
}
