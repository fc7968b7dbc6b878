//! How long an answer takes tells nobody who has an account: for both kinds of address the same work is done. Work is counted,
//! in passwords hashed and in what the store is asked, because a clock on a busy machine proves nothing.

use http::Method;
use serde_json::{Value, json};
use wax_testkit::{Step, Watched};

use super::kit::{ANN, App, Browser, PASSWORD};

/// As long as Ann's.
const NOBODY: &str = "bob@acme.example";
const WRONG: &str = "not the password";

/// Of a request about this address.
type Body<'b> = &'b dyn Fn(&str) -> Value;

/// Hashes, and what was asked of the store.
type Work = (usize, Vec<Step>);

async fn work(
    app: &App,
    store: &Watched,
    browser: &mut Browser<'_>,
    path: &str,
    body: Value,
) -> Work {
    store.steps();
    let before = app.accounts.hashes();
    browser.send(Method::POST, path, Some(body)).await;
    let steps = store.steps();
    assert!(steps.contains(&Step::Read) && steps.contains(&Step::Statement), "{path}: {steps:?}");
    (app.accounts.hashes() - before, steps)
}

#[tokio::test]
async fn a_wrong_password_costs_the_same_whoever_has_the_address_and_however_often() {
    let (app, store) = App::watched().await;
    app.ann().await;
    // Somebody who signs in by mailed links alone.
    let unset = "eve@acme.example";
    let mut browser = app.browser().await;
    browser.post("/v1/sign-up", json!({"email": unset, "name": "Eve", "lang": "en"})).await.ok();
    let token = app.mailed_token().await;
    browser.post("/v1/sign-up/verify", json!({"token": token})).await.ok();

    let mut browser = app.browser().await;
    for round in 1..=12 {
        let mut done = Vec::new();
        for email in [ANN, NOBODY, unset] {
            let body = json!({"email": email, "password": WRONG});
            done.push(work(&app, &store, &mut browser, "/v1/sign-in/password", body).await);
        }
        assert_eq!(done[0].0, 1, "try {round} hashes once");
        assert!(done.iter().all(|work| *work == done[0]), "try {round}: {done:?}");
        app.pass(std::time::Duration::from_secs(1_800));
    }
}

#[tokio::test]
async fn links_resets_and_sign_ups_cost_the_same_whoever_has_the_address() {
    let (app, store) = App::watched().await;
    app.ann().await;
    let mut browser = app.browser().await;
    let email = |email: &str| json!({"email": email});
    let with_password =
        |email: &str| json!({"email": email, "name": "X", "password": PASSWORD, "lang": "en"});
    let without = |email: &str| json!({"email": email, "name": "X", "lang": "en"});
    let ways: [(&str, Body<'_>, usize); 4] = [
        ("/v1/sign-in/link", &email, 0),
        ("/v1/password/reset", &email, 0),
        ("/v1/sign-up", &with_password, 1),
        ("/v1/sign-up", &without, 0),
    ];
    for (path, body, hashes) in ways {
        // The second time, no other mail is sent so soon; the third, one to somebody is.
        for time in 1..=3 {
            if time == 3 {
                app.pass(std::time::Duration::from_secs(61));
            }
            let known = work(&app, &store, &mut browser, path, body(ANN)).await;
            let unknown = work(&app, &store, &mut browser, path, body(NOBODY)).await;
            assert_eq!(known, unknown, "{path}, time {time}");
            assert_eq!(known.0, hashes, "{path}");
        }
        app.pass(std::time::Duration::from_hours(25));
    }
}

#[tokio::test]
async fn an_invitation_and_a_new_address_cost_the_same_whoever_has_the_address() {
    let (app, store) = App::watched().await;
    let mut other = app.browser().await;
    other.sign_up("eve@acme.example").await;
    let mut ann = app.ann().await;
    let account = ann.get("/v1/account").await.ok().json;
    let id = account["organizations"][0]["id"].as_str().unwrap();
    let invitations = format!("/v1/organizations/{id}/invitations");
    let invite = |email: &str| json!({"email": email, "role": "member"});
    let email = |email: &str| json!({"email": email});
    let ways: [(&str, Body<'_>); 2] = [(&invitations, &invite), ("/v1/account/address", &email)];
    for (path, body) in ways {
        let known = work(&app, &store, &mut ann, path, body("eve@acme.example")).await;
        let unknown = work(&app, &store, &mut ann, path, body(NOBODY)).await;
        assert_eq!(known, unknown, "{path}");
        assert_eq!(app.mails().await.len(), 2, "{path}: both get mail");
    }
}

#[tokio::test]
async fn who_signs_up_after_asking_gets_mail() {
    let app = App::new().await;
    let mut stranger = app.browser().await;
    stranger.post("/v1/sign-in/link", json!({"email": ANN})).await.ok();
    app.mail_names().await;
    let mut ann = app.ann().await;
    app.pass(std::time::Duration::from_secs(61));
    ann.post("/v1/sign-in/link", json!({"email": ANN})).await.ok();
    let mails = app.mail_names().await;
    assert!(mails.iter().any(|(to, name)| to == ANN && *name == "sign-in-link"), "{mails:?}");
}
