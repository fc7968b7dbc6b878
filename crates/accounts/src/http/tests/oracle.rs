//! Whether an address has an account cannot be told from outside.

use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};

use super::kit::{ANN, App, PASSWORD};

type Body<'b> = &'b dyn Fn(&str) -> Value;

/// As long as Ann's.
const NOBODY: &str = "bob@acme.example";

#[tokio::test]
async fn known_and_unknown_addresses_are_answered_alike_and_both_get_mail() {
    let app = App::new().await;
    app.ann().await;
    let email = |email: &str| json!({"email": email});
    let sign_up =
        |email: &str| json!({"email": email, "name": "X", "password": PASSWORD, "lang": "en"});
    let ways: [(&str, Body<'_>, [&str; 2]); 3] = [
        ("/v1/sign-in/link", &email, ["sign-in-link", "no-account"]),
        ("/v1/password/reset", &email, ["reset-password", "no-account"]),
        ("/v1/sign-up", &sign_up, ["already-registered", "verify-address"]),
    ];
    for (path, body, kinds) in ways {
        let mut browser = app.browser().await;
        let known = browser.post(path, body(ANN)).await;
        let unknown = browser.post(path, body(NOBODY)).await;
        assert_eq!(known.status, StatusCode::ACCEPTED);
        assert_eq!(known.seen(), unknown.seen(), "{path}");
        let mut mails = app.mail_names().await;
        mails.sort();
        let expected = [(ANN.to_owned(), kinds[0]), (NOBODY.to_owned(), kinds[1])];
        assert_eq!(mails, expected, "{path}");
        app.pass(Duration::from_secs(61));
    }
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_are_answered_alike() {
    let app = App::new().await;
    app.ann().await;
    let mut browser = app.browser().await;
    let body = |email: &str| json!({"email": email, "password": "not the password"});
    for round in 1..=6 {
        let known = browser.post("/v1/sign-in/password", body(ANN)).await;
        let unknown = browser.post("/v1/sign-in/password", body(NOBODY)).await;
        assert_eq!(known.seen(), unknown.seen(), "try {round}");
        let code = if round <= 5 { "sign-in" } else { "held-back" };
        assert_eq!(known.code(), code, "try {round}");
    }
}

#[tokio::test]
async fn a_held_back_address_gets_the_same_answer_for_the_right_password() {
    let app = App::new().await;
    app.ann().await;
    let mut browser = app.browser().await;
    let sign_in = |password: &str| json!({"email": ANN, "password": password});
    for _ in 0..5 {
        browser.post("/v1/sign-in/password", sign_in("wrong wrong wrong")).await;
    }
    let wrong = browser.post("/v1/sign-in/password", sign_in("wrong wrong wrong")).await;
    let right = browser.post("/v1/sign-in/password", sign_in(PASSWORD)).await;
    assert_eq!((right.status, right.code()), (StatusCode::TOO_MANY_REQUESTS, "held-back"));
    assert_eq!(right.seen(), wrong.seen());
    assert_eq!(right.headers["retry-after"], "60");
    app.pass(Duration::from_secs(60));
    assert_eq!(
        browser.post("/v1/sign-in/password", sign_in(PASSWORD)).await.ok().json["next"],
        "done"
    );
}

#[tokio::test]
async fn after_ten_wrong_passwords_only_the_mailed_link_lets_in() {
    let app = App::new().await;
    app.ann().await;
    let mut browser = app.browser().await;
    let sign_in = |password: &str| json!({"email": ANN, "password": password});
    for _ in 0..10 {
        browser.post("/v1/sign-in/password", sign_in("wrong wrong wrong")).await;
        app.pass(Duration::from_secs(1_800));
    }
    assert_eq!(app.mail_names().await, [(ANN.to_owned(), "many-wrong-tries")]);
    let right = browser.post("/v1/sign-in/password", sign_in(PASSWORD)).await;
    assert_eq!(right.code(), "sign-in", "the eleventh, though right");

    browser.post("/v1/sign-in/link", json!({"email": ANN})).await.ok();
    let token = app.mailed_token().await;
    browser.post("/v1/sign-in/link/finish", json!({"token": token})).await.ok();
    let mut other = app.browser().await;
    other.post("/v1/sign-in/password", sign_in(PASSWORD)).await.ok();
}

#[tokio::test]
async fn an_address_is_not_flooded_with_mail() {
    let app = App::new().await;
    app.ann().await;
    let mut browser = app.browser().await;
    for email in [ANN, NOBODY] {
        for _ in 0..5 {
            browser.post("/v1/sign-in/link", json!({"email": email})).await.ok();
        }
        assert_eq!(app.mails().await.len(), 1, "{email}");
    }
    app.pass(Duration::from_hours(23));
    browser.post("/v1/sign-in/link", json!({"email": NOBODY})).await.ok();
    assert!(app.mails().await.is_empty(), "at most one a day where nobody has the address");
    browser.post("/v1/sign-in/link", json!({"email": ANN})).await.ok();
    assert_eq!(app.mails().await.len(), 1);
}
