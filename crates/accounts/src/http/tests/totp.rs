//! The second factor.

use std::time::Duration;

use serde_json::{Value, json};
use wax_kernel::Clock as _;

use super::kit::{ANN, App, Browser, PASSWORD};

/// An authenticator app that has read this key.
fn code(uri: &str, app: &App) -> String {
    let secret = uri.split("secret=").nth(1).unwrap().split('&').next().unwrap();
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bits = secret.bytes().flat_map(|c| {
        let value = alphabet.bytes().position(|known| known == c).unwrap();
        let value = u8::try_from(value).unwrap();
        (0..5).rev().map(move |at| value >> at & 1)
    });
    let bits: Vec<_> = bits.collect();
    let bytes: Vec<u8> =
        bits.chunks_exact(8).map(|byte| byte.iter().fold(0, |all, bit| all << 1 | *bit)).collect();
    let totp = totp_rs::Builder::new().with_secret(bytes).build().unwrap();
    let seconds = u64::try_from(app.clock.now().as_secs()).unwrap();
    totp.generate(seconds).to_string()
}

/// Turns it on; answers the app's key and the recovery codes.
pub(super) async fn enable(app: &App, ann: &mut Browser<'_>) -> (String, Vec<Value>) {
    let started = ann.post("/v1/account/totp/start", json!({})).await.ok().json;
    let uri = started["uri"].as_str().unwrap().to_owned();
    let finish = json!({"code": code(&uri, app)});
    let codes = ann.post("/v1/account/totp/finish", finish).await.ok().json;
    assert_eq!(app.mail_names().await, [(ANN.to_owned(), "second-factor-changed")]);
    app.pass(Duration::from_secs(30));
    (uri, codes["recovery_codes"].as_array().unwrap().clone())
}

/// A browser in which Ann's password was right.
async fn half_in(app: &App) -> Browser<'_> {
    let mut browser = app.browser().await;
    let body = json!({"email": ANN, "password": PASSWORD});
    let answer = browser.post("/v1/sign-in/password", body).await.ok();
    assert_eq!(answer.json["next"], "second-factor");
    assert!(!browser.is_signed_in().await);
    browser
}

const STEP: &str = "/v1/sign-in/second-factor";

#[tokio::test]
async fn a_code_signs_in_once_and_its_replay_does_not() {
    let app = App::new().await;
    let mut ann = app.ann().await;
    let (uri, codes) = enable(&app, &mut ann).await;
    assert_eq!(codes.len(), 10);
    let (mut first, mut second) = (half_in(&app).await, half_in(&app).await);
    let body = json!({"totp": code(&uri, &app)});
    let answer = first.post(STEP, body.clone()).await.ok();
    assert_eq!(answer.json, json!({"next": "done", "recovery_codes_left": 10}));
    assert!(first.is_signed_in().await);
    assert_eq!(
        second.post(STEP, body.clone()).await.code(),
        "second-factor",
        "seen over a shoulder"
    );
    assert_eq!(first.post(STEP, body).await.code(), "sign-in", "the sign-in is done");
    app.pass(Duration::from_secs(30));
    second.post(STEP, json!({"totp": code(&uri, &app)})).await.ok();
}

#[tokio::test]
async fn the_code_that_turned_it_on_signs_nobody_in() {
    let app = App::new().await;
    let mut ann = app.ann().await;
    let started = ann.post("/v1/account/totp/start", json!({})).await.ok().json;
    let body = json!({"code": code(started["uri"].as_str().unwrap(), &app)});
    ann.post("/v1/account/totp/finish", body.clone()).await.ok();
    assert_eq!(ann.post("/v1/account/totp/finish", body.clone()).await.code(), "not-available");
    let mut other = half_in(&app).await;
    assert_eq!(other.post(STEP, json!({"totp": body["code"]})).await.code(), "second-factor");
}

#[tokio::test]
async fn a_recovery_code_signs_in_once_and_new_ones_end_the_old() {
    let app = App::new().await;
    let mut ann = app.ann().await;
    let (_, codes) = enable(&app, &mut ann).await;
    let mut browser = half_in(&app).await;
    let typed = codes[0].as_str().unwrap().replace('-', " ").to_uppercase();
    let answer = browser.post(STEP, json!({"recovery_code": typed})).await.ok();
    assert_eq!(answer.json["recovery_codes_left"], 9);
    let mut browser = half_in(&app).await;
    let again = browser.post(STEP, json!({"recovery_code": codes[0]})).await;
    assert_eq!(again.code(), "second-factor");
    ann.post("/v1/account/recovery-codes", json!({})).await.ok();
    let old = browser.post(STEP, json!({"recovery_code": codes[1]})).await;
    assert_eq!(old.code(), "second-factor");
}

#[tokio::test]
async fn wrong_codes_are_held_back_as_passwords_are() {
    let app = App::new().await;
    let mut ann = app.ann().await;
    let (uri, _) = enable(&app, &mut ann).await;
    let mut browser = half_in(&app).await;
    for _ in 0..5 {
        assert_eq!(browser.post(STEP, json!({"totp": "000000"})).await.code(), "second-factor");
    }
    // Not even by starting over.
    let mut browser = half_in(&app).await;
    let body = json!({"totp": code(&uri, &app)});
    assert_eq!(browser.post(STEP, body).await.code(), "held-back");
    app.pass(Duration::from_secs(60));
    browser.post(STEP, json!({"totp": code(&uri, &app)})).await.ok();
}

#[tokio::test]
async fn a_mailed_link_does_not_go_round_the_second_factor() {
    let app = App::new().await;
    let mut ann = app.ann().await;
    let (uri, _) = enable(&app, &mut ann).await;
    let mut browser = app.browser().await;
    browser.post("/v1/sign-in/link", json!({"email": ANN})).await.ok();
    let token = app.mailed_token().await;
    let answer = browser.post("/v1/sign-in/link/finish", json!({"token": token})).await.ok();
    assert_eq!(answer.json["next"], "second-factor");
    assert!(!browser.is_signed_in().await);
    browser.post(STEP, json!({"totp": code(&uri, &app)})).await.ok();
    assert!(browser.is_signed_in().await);
}

#[tokio::test]
async fn a_first_factor_is_worth_nothing_after_ten_minutes_or_a_reset() {
    let app = App::new().await;
    let mut ann = app.ann().await;
    let (uri, _) = enable(&app, &mut ann).await;
    let mut browser = half_in(&app).await;
    app.pass(Duration::from_secs(600));
    assert_eq!(browser.post(STEP, json!({"totp": code(&uri, &app)})).await.code(), "sign-in");

    let mut browser = half_in(&app).await;
    browser.post("/v1/password/reset", json!({"email": ANN})).await.ok();
    let body = json!({"token": app.mailed_token().await, "password": "another plaid kettle"});
    browser.post("/v1/password/reset/finish", body).await.ok();
    assert_eq!(browser.post(STEP, json!({"totp": code(&uri, &app)})).await.code(), "sign-in");
}
