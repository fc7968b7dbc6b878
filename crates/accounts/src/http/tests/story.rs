//! From nothing to a signed-in owner, and out again.

use http::{Method, StatusCode, header};
use serde_json::json;
use wax_httpkit::auth::{DEVICE_COOKIE, SESSION_COOKIE};
use wax_kernel::EmailAddress;
use wax_model::SignUpPolicy;

use super::kit::{ANN, App, PASSWORD};
use crate::{Argon2Cost, OperatorLink};

#[tokio::test]
async fn signing_up_mails_a_link_and_the_link_signs_in_the_browser_that_asked() {
    let app = App::new().await;
    let mut browser = app.browser().await;
    let body = json!({
        "email": ANN, "name": "Ann", "password": PASSWORD, "lang": "ja",
        "organization": {"name": "Globex, Inc."},
    });
    let answer = browser.post("/v1/sign-up", body).await;
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::ACCEPTED, "{}"));
    assert!(!browser.is_signed_in().await, "nobody is, before the address is proven");

    let mails = app.mails().await;
    assert_eq!((mails.len(), mails[0].language.as_str()), (1, "ja"));
    let verified =
        browser.post("/v1/sign-up/verify", json!({"token": super::kit::token(&mails[0])})).await;
    assert_eq!(verified.json["signed_in"], true, "{verified:?}");

    let account = browser.get("/v1/account").await.ok().json;
    assert_eq!(account["email"], ANN);
    assert_eq!(account["organizations"][0]["slug"], "globex-inc");
    assert_eq!(account["organizations"][0]["role"], "owner");
    assert!(account["stepped_up_until"].is_i64());

    assert_eq!(browser.post("/v1/sign-out", json!({})).await.status, StatusCode::NO_CONTENT);
    assert!(!browser.is_signed_in().await);
    assert_eq!(browser.get("/v1/account").await.code(), "signed-out");
}

#[tokio::test]
async fn a_link_opened_in_another_browser_makes_the_account_and_signs_nobody_in() {
    let app = App::new().await;
    let mut asked = app.browser().await;
    let body = json!({"email": ANN, "name": "Ann", "password": PASSWORD, "lang": "en"});
    asked.post("/v1/sign-up", body).await.ok();
    let token = app.mailed_token().await;
    let mut other = app.browser().await;
    let verified = other.post("/v1/sign-up/verify", json!({"token": token})).await.ok();
    assert_eq!(verified.json["signed_in"], false);
    assert!(!other.is_signed_in().await && !asked.is_signed_in().await);
    // Whoever asked may be somebody else than who reads the mail: their password is worth nothing.
    let sign_in = json!({"email": ANN, "password": PASSWORD});
    assert_eq!(asked.post("/v1/sign-in/password", sign_in).await.code(), "sign-in");
    app.pass(std::time::Duration::from_secs(61));
    other.post("/v1/sign-in/link", json!({"email": ANN})).await.ok();
    let token = app.mailed_token().await;
    other.post("/v1/sign-in/link/finish", json!({"token": token})).await.ok();
    assert!(other.is_signed_in().await);
}

#[tokio::test]
async fn cookies_are_bound_to_the_host_and_kept_from_scripts_and_other_sites() {
    let app = App::new().await;
    let mut browser = app.ann().await;
    browser.post("/v1/sign-out", json!({})).await.ok();
    let body = json!({"email": ANN, "password": PASSWORD});
    let answer = browser.post("/v1/sign-in/password", body).await.ok();
    let session = app.answer(browser.request(Method::GET, "/v1/session", None)).await;
    let lines = answer.headers.get_all(header::SET_COOKIE).iter();
    let lines = lines.chain(session.headers.get_all(header::SET_COOKIE));
    let lines: Vec<_> = lines.map(|line| line.to_str().unwrap().to_owned()).collect();
    for name in [SESSION_COOKIE, DEVICE_COOKIE] {
        let line = lines.iter().find(|line| line.starts_with(name)).unwrap();
        let (_, attributes) = line.split_once("; ").unwrap();
        let attributes: Vec<_> =
            attributes.split("; ").filter(|a| !a.starts_with("Max-Age")).collect();
        assert_eq!(attributes, ["Path=/", "Secure", "HttpOnly", "SameSite=Lax"], "{name}");
    }
    assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");
}

#[tokio::test]
async fn a_weak_password_is_refused_and_nothing_is_mailed() {
    let app = App::new().await;
    let mut browser = app.browser().await;
    for (password, code) in [("password123", "weak-password"), ("short", "invalid")] {
        let body = json!({"email": ANN, "name": "Ann", "password": password, "lang": "en"});
        let answer = browser.post("/v1/sign-up", body).await;
        assert_eq!((answer.code(), &answer.json["field"]), (code, &json!("password")));
    }
    assert!(app.mails().await.is_empty());
}

#[tokio::test]
async fn where_people_are_invited_nobody_signs_up_but_the_operator_lets_the_first_one_in() {
    let cost = Argon2Cost { memory_kib: 8, passes: 1, lanes: 1 };
    let app = App::with(SignUpPolicy::Invited, cost).await;
    let mut browser = app.browser().await;
    let body = json!({"email": ANN, "name": "Ann", "lang": "en"});
    assert_eq!(browser.post("/v1/sign-up", body).await.code(), "sign-up-closed");
    assert_eq!(browser.get("/v1/session").await.json["sign_up"], "invited");

    let link = OperatorLink::Owner { name: None, organization: Some("acme".into()) };
    let token = operators(&app, link).await;
    let answer = browser.post("/v1/sign-in/link/finish", json!({"token": token})).await.ok();
    assert_eq!(answer.json["next"], "done");
    let account = browser.get("/v1/account").await.ok().json;
    let organization = &account["organizations"][0];
    assert_eq!((&account["name"], &organization["slug"]), (&json!("ann"), &json!("acme")));
    assert_eq!(organization["role"], "owner");
}

#[tokio::test]
async fn the_operator_lets_somebody_back_in_who_has_lost_every_factor() {
    let app = App::new().await;
    let mut ann = app.ann().await;
    let token = operators(&app, OperatorLink::Recover).await;
    let mut browser = app.browser().await;
    browser.post("/v1/sign-in/link/finish", json!({"token": token})).await.ok();
    assert!(browser.is_signed_in().await);
    assert!(!ann.is_signed_in().await, "whoever was in is out");
}

async fn operators(app: &App, link: OperatorLink) -> String {
    let origin = wax_crypto::Origin::parse(super::kit::ORIGIN).unwrap();
    let email = EmailAddress::parse(ANN).unwrap();
    let link = app.accounts.operator_link(&origin, &email, link).await.unwrap();
    link.expose().split_once("/sign-in/link#").unwrap().1.to_owned()
}
