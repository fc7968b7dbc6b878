//! Sessions begin anew, end, and are nobody else's.

use std::time::Duration;

use axum::body::Body;
use http::{Method, Request, StatusCode, header};
use serde_json::json;
use wax_httpkit::auth::SESSION_COOKIE;

use super::kit::{ANN, App, PASSWORD};

#[tokio::test]
async fn signing_in_begins_a_new_session_whatever_the_browser_had() {
    let app = App::new().await;
    let mut ann = app.ann().await;
    let before = ann.cookies[SESSION_COOKIE].clone();
    let body = json!({"email": ANN, "password": PASSWORD});
    ann.post("/v1/sign-in/password", body.clone()).await.ok();
    assert_ne!(ann.cookies[SESSION_COOKIE], before);

    // Somebody has planted a value of their own, and the one from before.
    for planted in ["AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", &before] {
        let mut victim = app.browser().await;
        victim.cookies.insert(SESSION_COOKIE.to_owned(), planted.to_owned());
        victim.post("/v1/sign-in/password", body.clone()).await.ok();
        assert_ne!(victim.cookies[SESSION_COOKIE], planted);
        let mut attacker = app.browser().await;
        attacker.cookies.insert(SESSION_COOKIE.to_owned(), planted.to_owned());
        assert!(!attacker.is_signed_in().await, "{planted}");
    }
}

#[tokio::test]
async fn a_session_ends_12_hours_after_its_last_use_and_30_days_after_its_start() {
    let app = App::new().await;
    let mut ann = app.ann().await;
    for _ in 0..4 {
        app.pass(Duration::from_secs(12 * 3_600 - 1));
        assert!(ann.is_signed_in().await);
    }
    app.pass(Duration::from_hours(12));
    assert!(!ann.is_signed_in().await);

    let mut ann = app.ann_elsewhere().await;
    for _ in 0..59 {
        app.pass(Duration::from_secs(12 * 3_600 - 1));
        assert!(ann.is_signed_in().await);
    }
    app.pass(Duration::from_secs(12 * 3_600 - 1));
    app.pass(Duration::from_secs(60));
    assert!(!ann.is_signed_in().await, "used all the time, but 30 days old");
}

#[tokio::test]
async fn sessions_are_listed_without_what_opens_them_and_ended_one_by_one_or_all() {
    let app = App::new().await;
    let (mut ann, mut second, mut third) =
        (app.ann().await, app.ann_elsewhere().await, app.ann_elsewhere().await);
    let listed = ann.get("/v1/account/sessions").await.ok();
    let items = listed.json["items"].as_array().unwrap();
    assert_eq!(items.len(), 3);
    assert_eq!(items.iter().filter(|item| item["current"] == true).count(), 1);
    assert_eq!(items[0]["device"], "Firefox on Linux");
    for browser in [&ann, &second, &third] {
        assert!(!listed.body.contains(&browser.cookies[SESSION_COOKIE]));
    }
    let id = second.get("/v1/account/sessions").await.ok().json["items"].clone();
    let id =
        id.as_array().unwrap().iter().find(|item| item["current"] == true).unwrap()["id"].clone();
    let path = format!("/v1/account/sessions/{}", id.as_str().unwrap());
    assert_eq!(ann.delete(&path).await.status, StatusCode::NO_CONTENT);
    assert!(!second.is_signed_in().await);
    assert_eq!(ann.delete(&path).await.code(), "not-available");
    assert_eq!(ann.delete("/v1/account/sessions").await.status, StatusCode::NO_CONTENT);
    assert!(ann.is_signed_in().await && !third.is_signed_in().await);
}

#[tokio::test]
async fn nobody_ends_a_session_of_somebody_else() {
    let app = App::new().await;
    let mut ann = app.ann().await;
    let mut bob = app.browser().await;
    bob.sign_up("bob@acme.example").await;
    let listed = ann.get("/v1/account/sessions").await.ok().json;
    let path = format!("/v1/account/sessions/{}", listed["items"][0]["id"].as_str().unwrap());
    assert_eq!(bob.delete(&path).await.code(), "not-available");
    assert!(ann.is_signed_in().await);
}

#[tokio::test]
async fn a_new_device_is_told_of_and_a_known_one_is_not() {
    let app = App::new().await;
    let mut ann = app.ann().await;
    let body = json!({"email": ANN, "password": PASSWORD});
    ann.post("/v1/sign-in/password", body.clone()).await.ok();
    assert!(app.mail_names().await.is_empty(), "the browser that signed up");
    let mut other = app.browser().await;
    other.post("/v1/sign-in/password", body.clone()).await.ok();
    assert_eq!(app.mail_names().await, [(ANN.to_owned(), "new-device")]);
    other.post("/v1/sign-in/password", body).await.ok();
    assert!(app.mail_names().await.is_empty());
}

#[tokio::test]
async fn dangerous_acts_need_a_proof_of_the_last_ten_minutes() {
    let app = App::new().await;
    let mut ann = app.ann().await;
    app.pass(Duration::from_secs(600));
    let change = json!({"password": "another plaid kettle"});
    assert_eq!(ann.post("/v1/account/password", change.clone()).await.code(), "step-up");
    let step_up = |password: &str| json!({"password": password});
    let wrong = ann.post("/v1/account/step-up", step_up("wrong wrong wrong")).await;
    assert_eq!(wrong.code(), "sign-in");
    ann.post("/v1/account/step-up", step_up(PASSWORD)).await.ok();
    let mut other = app.ann_elsewhere().await;
    ann.post("/v1/account/password", change).await.ok();
    assert!(ann.is_signed_in().await && !other.is_signed_in().await, "the others end");
    assert_eq!(app.mail_names().await, [(ANN.to_owned(), "password-changed")]);
}

#[tokio::test]
async fn the_last_way_in_and_the_last_owner_stay() {
    let app = App::new().await;
    let mut ann = app.ann().await;
    let answer = ann.post("/v1/account/password", json!({"password": null})).await;
    assert_eq!(answer.code(), "last-way-in");
    assert_eq!(ann.post("/v1/account/password", json!({})).await.code(), "invalid");
    let body = Some(json!({"email": ANN}));
    assert_eq!(ann.send(Method::DELETE, "/v1/account", body).await.code(), "last-owner");
    assert!(ann.is_signed_in().await);
}

#[tokio::test]
async fn an_account_without_an_organization_is_deleted_with_its_sessions() {
    let app = App::new().await;
    let mut browser = app.browser().await;
    let body = json!({"email": ANN, "name": "Ann", "password": PASSWORD, "lang": "en"});
    browser.post("/v1/sign-up", body).await.ok();
    let token = app.mailed_token().await;
    browser.post("/v1/sign-up/verify", json!({"token": token})).await.ok();
    let wrong = Some(json!({"email": "bob@acme.example"}));
    assert_eq!(browser.send(Method::DELETE, "/v1/account", wrong).await.code(), "invalid");
    let kept = browser.cookies.clone();
    let body = Some(json!({"email": ANN}));
    let answer = browser.send(Method::DELETE, "/v1/account", body).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{answer:?}");
    browser.cookies = kept;
    assert!(!browser.is_signed_in().await);
    let body = json!({"email": ANN, "password": PASSWORD});
    assert_eq!(browser.post("/v1/sign-in/password", body).await.code(), "sign-in");
}

#[tokio::test]
async fn a_command_line_is_let_in_once_it_was_approved() {
    let app = App::new().await;
    let mut ann = app.ann().await;
    let call = |path: &str, body: serde_json::Value| {
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/json");
        request.body(Body::from(body.to_string())).unwrap()
    };
    let started = app.answer(call("/v1/device/start", json!({"name": "laptop"}))).await.ok().json;
    assert_eq!(started["verification_uri"], "https://app.example/device");
    let poll = json!({"device_code": started["device_code"]});
    let pending = app.answer(call("/v1/device/poll", poll.clone())).await.ok();
    assert_eq!(pending.json["state"], "pending");

    let code = json!({"user_code": started["user_code"]});
    let look = ann.post("/v1/device/look", code).await.ok().json;
    assert_eq!((&look["name"], &look["network"]), (&json!("laptop"), &json!("192.0.2.0/24")));
    let approve = json!({"user_code": started["user_code"], "approve": true});
    ann.post("/v1/device/approve", approve).await.ok();

    let polled = app.answer(call("/v1/device/poll", poll)).await.ok().json;
    let token = polled["token"].as_str().unwrap();
    assert!(token.starts_with("wxs_") && polled["state"] == "approved");
    let bearer =
        Request::get("/v1/account").header(header::AUTHORIZATION, format!("Bearer {token}"));
    let account = app.answer(bearer.body(Body::empty()).unwrap()).await.ok();
    assert_eq!(account.json["email"], ANN);
}

#[tokio::test]
async fn a_login_that_was_approved_and_not_fetched_ends_with_the_sessions() {
    for ending in ["reset", "all"] {
        let app = App::new().await;
        let mut ann = app.ann().await;
        let call = |path: &str, body: serde_json::Value| {
            let request = Request::post(path).header(header::CONTENT_TYPE, "application/json");
            request.body(Body::from(body.to_string())).unwrap()
        };
        let start = call("/v1/device/start", json!({"name": "laptop"}));
        let started = app.answer(start).await.ok().json;
        let approve = json!({"user_code": started["user_code"], "approve": true});
        ann.post("/v1/device/approve", approve).await.ok();
        if ending == "reset" {
            let mut other = app.browser().await;
            other.post("/v1/password/reset", json!({"email": ANN})).await.ok();
            let token = app.mailed_token().await;
            let body = json!({"token": token, "password": "another plaid kettle"});
            other.post("/v1/password/reset/finish", body).await.ok();
        } else {
            ann.send(Method::DELETE, "/v1/account/sessions", None).await;
        }
        let poll = json!({"device_code": started["device_code"]});
        let polled = app.answer(call("/v1/device/poll", poll)).await;
        assert_eq!(polled.code(), "not-available", "{ending}");
    }
}

#[tokio::test]
async fn the_account_tells_its_own_history() {
    let app = App::new().await;
    let mut ann = app.ann().await;
    app.pass(Duration::from_secs(1));
    let mut other = app.browser().await;
    let body = json!({"email": ANN, "password": "wrong wrong wrong"});
    other.post("/v1/sign-in/password", body).await;
    let told = ann.get("/v1/account/events?limit=1").await.ok().json;
    let event = &told["items"][0];
    assert_eq!(event["action"], "account.sign_in.refused");
    assert_eq!(
        (&event["network"], &event["device"]),
        (&json!("192.0.2.0/24"), &json!("Firefox on Linux"))
    );
    let path = format!("/v1/account/events?cursor={}", told["next"].as_str().unwrap());
    let older = ann.get(&path).await.ok().json;
    let mut actions: Vec<_> =
        older["items"].as_array().unwrap().iter().map(|e| e["action"].as_str().unwrap()).collect();
    actions.sort_unstable();
    assert_eq!(actions, ["account.created", "account.signed_in.link"]);
}
