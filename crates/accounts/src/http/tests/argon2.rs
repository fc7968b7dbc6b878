//! Passwords cost time, and only theirs.

use std::sync::mpsc;

use http::{Method, StatusCode};
use serde_json::json;

use super::kit::{ANN, App, PASSWORD};

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_of_passwords_answers_503_and_others_are_served() {
    let app = App::new().await;
    let mut ann = app.ann().await;
    let places = app.accounts.every_password_place();
    let body = json!({"email": ANN, "password": PASSWORD});
    let answer = ann.post("/v1/sign-in/password", body.clone()).await;
    assert_eq!((answer.status, answer.code()), (StatusCode::SERVICE_UNAVAILABLE, "unavailable"));
    assert!(answer.headers["retry-after"].to_str().unwrap().parse::<u32>().unwrap() >= 1);
    assert!(ann.is_signed_in().await, "another request goes through");
    drop(places);
    // And what was refused was not counted as a try.
    for _ in 0..5 {
        ann.post("/v1/sign-in/password", body.clone()).await.ok();
    }
}

/// Nobody's password is verified as long as somebody's: both wait for the thread that does it.
#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_address_waits_for_a_password_to_be_verified() {
    let app = App::new().await;
    app.ann().await;
    for email in [ANN, "bob@acme.example"] {
        let (free, waits) = mpsc::channel::<()>();
        let place = app.accounts.every_password_place().pop().unwrap();
        let busy = place.run(move || waits.recv().is_ok());
        let browser = app.browser().await;
        let body = json!({"email": email, "password": "wrong wrong wrong"});
        let tried = app.answer(browser.request(Method::POST, "/v1/sign-in/password", Some(&body)));
        let (mut busy, mut tried) = (Box::pin(busy), Box::pin(tried));
        // The thread is taken before the password comes.
        assert!(futures_util::poll!(&mut busy).is_pending());
        for _ in 0..200 {
            assert!(futures_util::poll!(&mut tried).is_pending(), "{email}");
            tokio::task::yield_now().await;
        }
        free.send(()).unwrap();
        busy.await.unwrap();
        assert_eq!(tried.await.code(), "sign-in", "{email}");
    }
}

#[tokio::test]
async fn nothing_that_opens_something_is_printed() {
    let app = App::new().await;
    let ann = app.ann().await;
    let printed = format!("{:?} {:?}", app.accounts, app.mails().await);
    for value in ann.cookies.values() {
        assert!(!printed.contains(value.as_str()));
    }
    assert!(!printed.contains(ANN) && !printed.contains(PASSWORD));
}
