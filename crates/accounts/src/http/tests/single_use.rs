//! What lets somebody in does so once.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use wax_kernel::EmailAddress;

use super::kit::{ANN, App, ORIGIN, PASSWORD};
use crate::OperatorLink;

/// A value in somebody's hands: where it is shown, how, and how long it lives.
struct Shown {
    what: &'static str,
    path: &'static str,
    body: Value,
    life: Duration,
}

const MINUTE: Duration = Duration::from_secs(60);

/// One of each sort, on a server of its own, and the browser that may show it.
async fn each(app: &App, number: usize) -> Option<(super::kit::Browser<'_>, Shown)> {
    let shown = |what, path, body, life| Shown { what, path, body, life };
    let mut browser = if number == 0 { app.browser().await } else { app.ann().await };
    Some(match number {
        0 => {
            let body = json!({"email": ANN, "name": "Ann", "lang": "en"});
            browser.post("/v1/sign-up", body).await.ok();
            let body = json!({"token": app.mailed_token().await});
            (browser, shown("sign-up", "/v1/sign-up/verify", body, 24 * 60 * MINUTE))
        }
        1 => {
            browser.post("/v1/sign-in/link", json!({"email": ANN})).await.ok();
            let body = json!({"token": app.mailed_token().await});
            (browser, shown("link", "/v1/sign-in/link/finish", body, 15 * MINUTE))
        }
        2 => {
            browser.post("/v1/password/reset", json!({"email": ANN})).await.ok();
            let body =
                json!({"token": app.mailed_token().await, "password": "another plaid kettle"});
            (browser, shown("reset", "/v1/password/reset/finish", body, 30 * MINUTE))
        }
        3 => {
            browser.post("/v1/account/address", json!({"email": "new@acme.example"})).await.ok();
            let body = json!({"token": app.mailed_token().await});
            (browser, shown("address", "/v1/account/address/finish", body, 12 * 60 * MINUTE))
        }
        4 => {
            let origin = wax_crypto::Origin::parse(ORIGIN).unwrap();
            let email = EmailAddress::parse(ANN).unwrap();
            let link = app.accounts.operator_link(&origin, &email, OperatorLink::Recover).await;
            let token = link.unwrap().expose().split_once('#').unwrap().1.to_owned();
            let body = json!({"token": token});
            (browser, shown("operator's link", "/v1/sign-in/link/finish", body, 60 * MINUTE))
        }
        5 => {
            let started = browser.post("/v1/device/start", json!({"name": "laptop"})).await.ok();
            let decision = json!({"user_code": started.json["user_code"], "approve": true});
            browser.post("/v1/device/approve", decision).await.ok();
            let body = json!({"device_code": started.json["device_code"]});
            (browser, shown("device login", "/v1/device/poll", body, 10 * MINUTE))
        }
        6 => {
            let started = browser.post("/v1/device/start", json!({"name": "laptop"})).await.ok();
            let body = json!({"user_code": started.json["user_code"], "approve": false});
            (browser, shown("device code", "/v1/device/approve", body, 10 * MINUTE))
        }
        _ => return None,
    })
}

#[tokio::test]
async fn every_token_is_taken_once() {
    for number in 0.. {
        let app = App::new().await;
        let Some((mut browser, shown)) = each(&app, number).await else { break };
        let first = browser.post(shown.path, shown.body.clone()).await;
        assert!(first.status.is_success(), "{}: {first:?}", shown.what);
        // The replay comes from whoever is in by now: reset and recovery end sessions.
        let mut again = app.browser().await;
        if number == 3 || number == 6 {
            again = browser;
        }
        let second = again.post(shown.path, shown.body.clone()).await;
        assert_eq!(second.code(), "not-available", "{}: {second:?}", shown.what);
    }
}

#[tokio::test]
async fn of_many_who_show_one_token_at_once_one_gets_in() {
    for number in [1, 4, 5] {
        let app = App::new().await;
        let Some((browser, shown)) = each(&app, number).await else { break };
        let requests = (0..8)
            .map(|_| app.answer(browser.request(Method::POST, shown.path, Some(&shown.body))));
        let answers = futures_util::future::join_all(requests).await;
        let right = answers.iter().filter(|answer| answer.status.is_success()).count();
        assert_eq!(right, 1, "{}", shown.what);
    }
}

#[tokio::test]
async fn every_token_ends_at_its_time() {
    for number in 0.. {
        let app = App::new().await;
        let Some((mut browser, shown)) = each(&app, number).await else { break };
        app.pass(shown.life);
        let late = browser.post(shown.path, shown.body).await;
        // Half a day ends the session before the new address's token.
        let code = if number == 3 { "signed-out" } else { "not-available" };
        let code = if number == 6 { "step-up" } else { code };
        assert_eq!(late.code(), code, "{}: {late:?}", shown.what);
    }
}

#[tokio::test]
async fn a_token_opens_nothing_that_it_is_not_for() {
    let app = App::new().await;
    let mut ann = app.ann().await;
    ann.post("/v1/password/reset", json!({"email": ANN})).await.ok();
    let token = app.mailed_token().await;
    for path in ["/v1/sign-in/link/finish", "/v1/sign-up/verify", "/v1/account/address/finish"] {
        let answer = ann.post(path, json!({"token": token})).await;
        assert_eq!(answer.code(), "not-available", "{path}");
    }
    let body = json!({"token": token, "password": "another plaid kettle"});
    ann.post("/v1/password/reset/finish", body).await.ok();
}

#[tokio::test]
async fn a_newer_link_ends_the_older_one() {
    let app = App::new().await;
    let mut ann = app.ann().await;
    ann.post("/v1/sign-in/link", json!({"email": ANN})).await.ok();
    let old = app.mailed_token().await;
    app.pass(MINUTE);
    ann.post("/v1/sign-in/link", json!({"email": ANN})).await.ok();
    let new = app.mailed_token().await;
    let finish = "/v1/sign-in/link/finish";
    assert_eq!(ann.post(finish, json!({"token": old})).await.code(), "not-available");
    ann.post(finish, json!({"token": new})).await.ok();
}

#[tokio::test]
async fn a_link_signs_in_only_the_browser_that_asked_for_it_and_stays_until_then() {
    let app = App::new().await;
    app.ann().await;
    let mut asked = app.browser().await;
    asked.post("/v1/sign-in/link", json!({"email": ANN})).await.ok();
    let body = json!({"token": app.mailed_token().await});
    let mut other = app.browser().await;
    let finish = "/v1/sign-in/link/finish";
    assert_eq!(other.post(finish, body.clone()).await.code(), "other-device");
    assert!(!other.is_signed_in().await);
    asked.post(finish, body).await.ok();
    assert!(asked.is_signed_in().await);
}

#[tokio::test]
async fn a_reset_sets_the_password_ends_every_session_and_signs_nobody_in() {
    let app = App::new().await;
    let (mut ann, mut other) = (app.ann().await, app.browser().await);
    other.post("/v1/password/reset", json!({"email": ANN})).await.ok();
    let body = json!({"token": app.mailed_token().await, "password": "another plaid kettle"});
    other.post("/v1/password/reset/finish", body).await.ok();
    assert_eq!(app.mail_names().await, [(ANN.to_owned(), "password-changed")]);
    assert!(!ann.is_signed_in().await && !other.is_signed_in().await);
    let sign_in = |password: &str| json!({"email": ANN, "password": password});
    assert_eq!(other.post("/v1/sign-in/password", sign_in(PASSWORD)).await.code(), "sign-in");
    other.post("/v1/sign-in/password", sign_in("another plaid kettle")).await.ok();
}
