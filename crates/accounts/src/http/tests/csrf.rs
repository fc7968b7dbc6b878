//! What other sites make a browser send.

use axum::body::Body;
use http::{HeaderValue, Method, Request, StatusCode, header};
use serde_json::{Value, json};
use wax_httpkit::auth::CSRF_HEADER;

use super::kit::{ANN, App, PASSWORD};

const FOREIGN: [&str; 4] =
    ["https://evil.example", "null", "http://app.example", "https://secrets.acme.example"];

/// Every operation that changes something by a cookie, as the document lists them.
fn changing() -> Vec<(Method, String)> {
    let document = serde_json::to_value(crate::openapi()).unwrap();
    let mut found = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for method in operations.as_object().unwrap().keys() {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            // Command lines have no cookie that another site could use.
            if method != Method::GET && !["/v1/device/start", "/v1/device/poll"].contains(&&**path)
            {
                found.push((method, path.clone()));
            }
        }
    }
    assert!(found.len() > 15);
    found
}

fn with(mut request: Request<Body>, name: http::HeaderName, value: Option<&str>) -> Request<Body> {
    request.headers_mut().remove(&name);
    if let Some(value) = value {
        request.headers_mut().insert(name, HeaderValue::from_str(value).unwrap());
    }
    request
}

#[tokio::test]
async fn nothing_is_done_for_a_page_that_is_not_ours() {
    let app = App::new().await;
    let mut ann = app.ann().await;
    for (method, path) in changing() {
        let request = || ann.request(method.clone(), &path, Some(&json!({})));
        for origin in FOREIGN.into_iter().map(Some).chain([None]) {
            let answer = app.answer(with(request(), header::ORIGIN, origin)).await;
            assert_eq!(answer.code(), "csrf", "{method} {path} from {origin:?}");
        }
        for token in [None, Some(""), Some("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")] {
            let answer = app.answer(with(request(), CSRF_HEADER, token)).await;
            assert_eq!(answer.code(), "csrf", "{method} {path} with the token {token:?}");
        }
    }
    assert!(ann.is_signed_in().await);
    assert!(app.mails().await.is_empty());
}

/// Also without a session to lose: otherwise another site signs its visitors in to an account of its own.
#[tokio::test]
async fn another_site_cannot_sign_its_visitors_in() {
    let app = App::new().await;
    app.ann().await;
    let visitor = app.browser().await;
    let body = json!({"email": ANN, "password": PASSWORD});
    let request = || visitor.request(Method::POST, "/v1/sign-in/password", Some(&body));
    for origin in FOREIGN {
        let answer = app.answer(with(request(), header::ORIGIN, Some(origin))).await;
        assert_eq!(answer.code(), "csrf", "{origin}");
        assert!(!answer.headers.contains_key(header::SET_COOKIE));
    }
    let answer = app.answer(with(request(), CSRF_HEADER, None)).await;
    assert_eq!(answer.code(), "csrf");
}

#[tokio::test]
async fn a_get_changes_nothing_and_tells_other_sites_nothing() {
    let app = App::new().await;
    let mut ann = app.ann().await;
    for path in ["/v1/session", "/v1/account", "/v1/account/sessions", "/v1/account/events"] {
        for origin in FOREIGN {
            let request = with(ann.request(Method::GET, path, None), header::ORIGIN, Some(origin));
            assert_eq!(app.answer(request).await.code(), "csrf", "{path} from {origin}");
        }
        // A link of another site brings the cookie and no origin.
        let mut link = ann.request(Method::GET, path, None);
        link.headers_mut().insert("sec-fetch-site", HeaderValue::from_static("cross-site"));
        assert_eq!(app.answer(link).await.code(), "csrf", "{path} by a link");
        let answer = ann.get(path).await.ok();
        assert!(!answer.headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN));
    }
    let of_a_person = |(_, path): &(Method, String)| !path.contains("{organization}");
    for (_, path) in changing().into_iter().filter(of_a_person) {
        let answer = ann.get(&path).await;
        let read = ["/v1/account", "/v1/account/notices", "/v1/account/sessions"].contains(&&*path);
        assert!(read || answer.status == StatusCode::METHOD_NOT_ALLOWED, "{path}: {answer:?}");
    }
    assert!(ann.is_signed_in().await);
}

/// A host's origin is the edge's word: what is asked on one platform's host is not ours on another.
#[tokio::test]
async fn a_token_and_a_cookie_are_worth_nothing_on_another_host() {
    let app = App::new().await;
    let ann = app.ann().await;
    let request = ann.request(Method::POST, "/v1/sign-out", Some(&json!({})));
    let answer = app.answer_at("https://other.example", request).await;
    assert_eq!(answer.code(), "csrf");
}

/// Where somebody goes after signing in is the page's own affair: no answer of ours leads anywhere.
#[tokio::test]
async fn nobody_can_be_sent_elsewhere() {
    let app = App::new().await;
    let mut browser = app.browser().await;
    for (method, path) in changing() {
        for name in ["next", "return", "return_to", "redirect", "redirect_uri", "url"] {
            let body: Value = json!({name: "https://evil.example"});
            let answer = browser.send(method.clone(), &path, Some(body)).await;
            assert!(!answer.status.is_redirection(), "{path}");
            assert!(!answer.headers.contains_key(header::LOCATION), "{path}");
        }
    }
    let body = json!({"email": ANN, "password": PASSWORD, "redirect": "https://evil.example"});
    let answer = browser.post("/v1/sign-in/password", body).await;
    assert_eq!((answer.code(), &answer.json["rule"]), ("invalid", &json!("unknown")));
}
