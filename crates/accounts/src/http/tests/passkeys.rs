//! Passkeys, from their making to their end.

use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{
    authenticator::{Passkey, named},
    kit::{ANN, Answer, App, Browser, PASSWORD},
};

const SIGN_IN: &str = "/v1/sign-in/passkey";
const STEP_UP: &str = "/v1/account/step-up/passkey";
const OWN: &str = "/v1/account/passkeys";

/// Begins a ceremony. Answers its name and what is asked.
async fn start(browser: &mut Browser<'_>, path: &str) -> (Value, Value) {
    let asked = browser.post(&format!("{path}/start"), json!({})).await.ok().json;
    (asked["ceremony"].clone(), asked["options"].clone())
}

async fn finish(
    browser: &mut Browser<'_>,
    path: &str,
    ceremony: &Value,
    credential: Value,
) -> Answer {
    let body = json!({"ceremony": ceremony, "credential": credential});
    browser.post(&format!("{path}/finish"), body).await
}

/// A passkey of whoever is signed in.
async fn make(browser: &mut Browser<'_>, name: &str) -> Passkey {
    let (ceremony, options) = start(browser, OWN).await;
    let passkey = Passkey::of(&options);
    let credential = passkey.made(&options);
    let body = json!({"ceremony": ceremony, "name": name, "credential": credential});
    let made = browser.post("/v1/account/passkeys/finish", body).await.ok().json;
    assert_eq!(made["name"], name);
    passkey
}

/// Shows it to the sign-in page.
async fn show(browser: &mut Browser<'_>, passkey: &mut Passkey) -> Answer {
    let (ceremony, options) = start(browser, SIGN_IN).await;
    let credential = passkey.shown(&options);
    finish(browser, SIGN_IN, &ceremony, credential).await
}

/// A browser in which somebody else has signed up.
async fn bob(app: &App) -> Browser<'_> {
    app.mails().await;
    let mut browser = app.browser().await;
    browser.sign_up("bob@acme.example").await;
    browser
}

async fn history(browser: &mut Browser<'_>) -> Vec<String> {
    let events = browser.get("/v1/account/events").await.ok().json;
    let items = events["items"].as_array().unwrap();
    items.iter().map(|event| event["action"].as_str().unwrap().to_owned()).collect()
}

async fn first_id(browser: &mut Browser<'_>) -> String {
    let list = browser.get(OWN).await.ok().json;
    list["items"][0]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_passkey_signs_in_without_an_address_and_is_both_factors() {
    let app = App::new().await;
    let mut ann = app.ann().await;
    assert_eq!(ann.get("/v1/session").await.json["passkeys"], true);
    let mut passkey = make(&mut ann, "Key ring").await;
    assert_eq!(app.mail_names().await, [(ANN.to_owned(), "passkey-added")]);
    assert_eq!(ann.get("/v1/account").await.json["passkeys"], 1);
    super::totp::enable(&app, &mut ann).await;

    let mut browser = app.browser().await;
    let answer = show(&mut browser, &mut passkey).await.ok();
    assert_eq!(answer.json, json!({"next": "done"}));
    let account = browser.get("/v1/account").await.ok().json;
    assert_eq!(account["email"], ANN);
    assert!(account["stepped_up_until"].is_i64());
    assert_eq!(app.mail_names().await, [(ANN.to_owned(), "new-device")]);
    let list = browser.get(OWN).await.ok().json;
    assert!(list["items"][0]["last_used_at_ms"].is_i64(), "{list}");
    let history = history(&mut browser).await;
    assert!(history.contains(&"account.signed_in.passkey".to_owned()));
    assert!(history.contains(&"account.passkey.added".to_owned()));
}

#[tokio::test]
async fn the_question_is_for_this_host_demands_the_person_and_names_nobody() {
    let app = App::new().await;
    let mut ann = app.ann().await;
    let (_, options) = start(&mut ann, OWN).await;
    assert_eq!(options["rp"]["id"], "app.example");
    let wanted = &options["authenticatorSelection"];
    assert_eq!(wanted["userVerification"], "required");
    assert_eq!(
        (&wanted["requireResidentKey"], &wanted["residentKey"]),
        (&json!(true), &json!(null))
    );
    assert_eq!(options["attestation"], "none");
    assert!(!options["user"]["id"].as_str().unwrap().contains(ANN));
    let passkey = make(&mut ann, "Key ring").await;

    let mut browser = app.browser().await;
    let (_, options) = start(&mut browser, SIGN_IN).await;
    assert_eq!(options["rpId"], "app.example");
    assert_eq!(options["userVerification"], "required");
    assert!(named(&options).is_empty());
    let (_, options) = start(&mut ann, STEP_UP).await;
    assert_eq!(named(&options), [passkey.id]);
}

#[tokio::test]
async fn an_answer_to_another_question_or_by_another_key_signs_nobody_in() {
    type Lie = fn(&mut Passkey, &mut Value);
    let lies: [(&str, Lie); 8] = [
        ("another origin", |passkey, _| passkey.origin = "https://app.example.evil.example".into()),
        ("another port", |passkey, _| passkey.origin = "https://app.example:8443".into()),
        ("below the host", |passkey, _| passkey.origin = "https://x.app.example".into()),
        ("another host", |passkey, _| passkey.host = "evil.example".into()),
        ("no person", |passkey, _| passkey.verifies = false),
        ("another person", |passkey, _| passkey.owner = "AAAAAAAAAAAAAAAAAAAAAA".into()),
        ("another challenge", |_, options| options["challenge"] = json!("AAAA")),
        ("an unknown passkey", |passkey, _| passkey.id = vec![1; 32]),
    ];
    let app = App::new().await;
    let mut ann = app.ann().await;
    for (lie, tell) in lies {
        let mut passkey = make(&mut ann, lie).await;
        let mut browser = app.browser().await;
        let (ceremony, mut options) = start(&mut browser, SIGN_IN).await;
        tell(&mut passkey, &mut options);
        let credential = passkey.shown(&options);
        let answer = finish(&mut browser, SIGN_IN, &ceremony, credential).await;
        assert_eq!((answer.status, answer.code()), (StatusCode::UNAUTHORIZED, "sign-in"), "{lie}");
        assert!(!browser.is_signed_in().await, "{lie}");
    }
    assert!(history(&mut ann).await.contains(&"account.sign_in.refused".to_owned()));
}

#[tokio::test]
async fn a_forged_signature_signs_nobody_in() {
    let app = App::new().await;
    let mut ann = app.ann().await;
    let (mut passkey, other) = (make(&mut ann, "One").await, make(&mut ann, "Two").await);
    passkey.id.clone_from(&other.id);
    let mut browser = app.browser().await;
    assert_eq!(show(&mut browser, &mut passkey).await.code(), "sign-in");
    assert!(!browser.is_signed_in().await);
}

#[tokio::test]
async fn a_counter_that_does_not_go_up_is_refused_and_one_that_stays_0_is_none() {
    let app = App::new().await;
    let mut ann = app.ann().await;
    let mut passkey = make(&mut ann, "Copied").await;
    let mut browser = app.browser().await;
    passkey.counter = Some(7);
    show(&mut browser, &mut passkey).await.ok();
    for counter in [8, 7, 0] {
        passkey.counter = Some(counter);
        let mut browser = app.browser().await;
        let (ceremony, options) = start(&mut browser, SIGN_IN).await;
        let answer = finish(&mut browser, SIGN_IN, &ceremony, passkey.signed(&options)).await;
        assert_eq!(answer.code(), "sign-in", "{counter} after 8");
    }
    assert!(history(&mut ann).await.contains(&"account.sign_in.refused".to_owned()));

    let mut synchronised = make(&mut ann, "Synchronised").await;
    synchronised.counter = None;
    for _ in 0..2 {
        show(&mut app.browser().await, &mut synchronised).await.ok();
    }
}

#[tokio::test]
async fn an_answer_is_taken_once_in_time_and_from_the_browser_that_asked() {
    let app = App::new().await;
    let mut ann = app.ann().await;
    let mut passkey = make(&mut ann, "Key ring").await;
    let (mut asked, mut other) = (app.browser().await, app.browser().await);

    let (ceremony, options) = start(&mut asked, SIGN_IN).await;
    let credential = passkey.shown(&options);
    finish(&mut asked, SIGN_IN, &ceremony, credential.clone()).await.ok();
    let again = finish(&mut asked, SIGN_IN, &ceremony, credential).await;
    assert_eq!(again.code(), "not-available", "a replay");

    let (ceremony, options) = start(&mut asked, SIGN_IN).await;
    let credential = passkey.shown(&options);
    let elsewhere = finish(&mut other, SIGN_IN, &ceremony, credential).await;
    assert_eq!(elsewhere.code(), "not-available");
    assert!(!other.is_signed_in().await);

    let (ceremony, options) = start(&mut asked, SIGN_IN).await;
    app.pass(Duration::from_secs(300));
    let credential = passkey.shown(&options);
    let late = finish(&mut asked, SIGN_IN, &ceremony, credential).await;
    assert_eq!(late.code(), "not-available", "after five minutes");

    let (ceremony, options) = start(&mut asked, SIGN_IN).await;
    passkey.verifies = false;
    let wrong = passkey.shown(&options);
    assert_eq!(finish(&mut asked, SIGN_IN, &ceremony, wrong).await.code(), "sign-in");
    passkey.verifies = true;
    let right = passkey.shown(&options);
    let second = finish(&mut asked, SIGN_IN, &ceremony, right).await;
    assert_eq!(second.code(), "not-available", "a wrong answer is an answer");
}

#[tokio::test]
async fn of_many_who_show_one_answer_at_once_one_gets_in() {
    let app = App::new().await;
    let mut ann = app.ann().await;
    let mut passkey = make(&mut ann, "Key ring").await;
    let mut browser = app.browser().await;
    let (ceremony, options) = start(&mut browser, SIGN_IN).await;
    let body = json!({"ceremony": ceremony, "credential": passkey.shown(&options)});
    let path = format!("{SIGN_IN}/finish");
    let requests = (0..8).map(|_| app.answer(browser.request(Method::POST, &path, Some(&body))));
    let answers = futures_util::future::join_all(requests).await;
    assert_eq!(answers.iter().filter(|answer| answer.status.is_success()).count(), 1);
}

#[tokio::test]
async fn of_two_answers_with_one_count_one_gets_in() {
    let app = App::new().await;
    let mut ann = app.ann().await;
    let mut passkey = make(&mut ann, "Copied").await;
    passkey.counter = Some(5);
    let (mut first, mut second) = (app.browser().await, app.browser().await);
    let path = format!("{SIGN_IN}/finish");
    let mut requests = Vec::new();
    for browser in [&mut first, &mut second] {
        let (ceremony, options) = start(browser, SIGN_IN).await;
        let body = json!({"ceremony": ceremony, "credential": passkey.signed(&options)});
        requests.push(app.answer(browser.request(Method::POST, &path, Some(&body))));
    }
    let answers = futures_util::future::join_all(requests).await;
    assert_eq!(answers.iter().filter(|answer| answer.status.is_success()).count(), 1);
}

#[tokio::test]
async fn after_ten_wrong_passwords_a_passkey_lets_in_and_the_password_counts_again() {
    let app = App::new().await;
    let mut ann = app.ann().await;
    let mut passkey = make(&mut ann, "Key ring").await;
    let mut browser = app.browser().await;
    let sign_in = |password: &str| json!({"email": ANN, "password": password});
    for _ in 0..10 {
        browser.post("/v1/sign-in/password", sign_in("wrong wrong wrong")).await;
        app.pass(Duration::from_secs(1_800));
    }
    assert_eq!(browser.post("/v1/sign-in/password", sign_in(PASSWORD)).await.code(), "sign-in");
    show(&mut browser, &mut passkey).await.ok();
    let mut other = app.browser().await;
    other.post("/v1/sign-in/password", sign_in(PASSWORD)).await.ok();
}

#[tokio::test]
async fn where_a_second_factor_is_wanted_a_passkey_is_offered() {
    let app = App::new().await;
    let mut ann = app.ann().await;
    super::totp::enable(&app, &mut ann).await;
    let methods = async || {
        let mut browser = app.browser().await;
        let body = json!({"email": ANN, "password": PASSWORD});
        browser.post("/v1/sign-in/password", body).await.ok().json["methods"].clone()
    };
    assert_eq!(methods().await, json!(["totp", "recovery-code"]));
    make(&mut ann, "Key ring").await;
    assert_eq!(methods().await, json!(["totp", "recovery-code", "passkey"]));
}

/// A password lets in alone beside a passkey.
#[tokio::test]
async fn members_are_said_to_have_a_second_factor_when_signing_in_asks_for_one() {
    let app = App::new().await;
    let mut ann = app.ann().await;
    let account = ann.get("/v1/account").await.ok().json;
    let organization = account["organizations"][0]["id"].as_str().unwrap();
    let members = format!("/v1/organizations/{organization}/members");
    let said = async |ann: &mut Browser<'_>| {
        ann.get(&members).await.ok().json["items"][0]["second_factor"].clone()
    };
    let asked = async || {
        let mut browser = app.browser().await;
        let body = json!({"email": ANN, "password": PASSWORD});
        browser.post("/v1/sign-in/password", body).await.ok().json["next"] == "second-factor"
    };
    make(&mut ann, "Key ring").await;
    assert_eq!((said(&mut ann).await, asked().await), (json!(false), false));
    app.mails().await;
    super::totp::enable(&app, &mut ann).await;
    assert_eq!((said(&mut ann).await, asked().await), (json!(true), true));
}

#[tokio::test]
async fn a_passkey_proves_its_own_person_again_and_nobody_else() {
    let app = App::new().await;
    let mut ann = app.ann().await;
    assert_eq!(ann.post(&format!("{STEP_UP}/start"), json!({})).await.code(), "not-available");
    let mut passkey = make(&mut ann, "Key ring").await;
    let mut bob = bob(&app).await;
    let mut bobs = make(&mut bob, "Bob's").await;
    app.pass(Duration::from_secs(600));
    assert_eq!(ann.post(&format!("{OWN}/start"), json!({})).await.code(), "step-up");

    let (ceremony, options) = start(&mut ann, STEP_UP).await;
    let credential = bobs.shown(&options);
    assert_eq!(finish(&mut ann, STEP_UP, &ceremony, credential).await.code(), "sign-in");
    let (ceremony, options) = start(&mut ann, STEP_UP).await;
    let credential = passkey.shown(&options);
    // Another session of the same person has not asked.
    let mut elsewhere = app.ann_elsewhere().await;
    let answer = finish(&mut elsewhere, STEP_UP, &ceremony, credential).await;
    assert_eq!(answer.code(), "not-available");

    let (ceremony, options) = start(&mut ann, STEP_UP).await;
    let credential = passkey.shown(&options);
    let answer = finish(&mut ann, STEP_UP, &ceremony, credential).await.ok();
    assert!(answer.json["stepped_up_until"].is_i64());
    start(&mut ann, OWN).await;
}

#[tokio::test]
async fn an_answer_for_one_purpose_is_none_for_another() {
    let app = App::new().await;
    let mut ann = app.ann().await;
    let mut passkey = make(&mut ann, "Key ring").await;
    let (ceremony, options) = start(&mut ann, SIGN_IN).await;
    let credential = passkey.shown(&options);
    assert_eq!(finish(&mut ann, STEP_UP, &ceremony, credential).await.code(), "not-available");
    let (ceremony, options) = start(&mut ann, STEP_UP).await;
    let credential = passkey.shown(&options);
    assert_eq!(finish(&mut ann, SIGN_IN, &ceremony, credential).await.code(), "not-available");
    let (ceremony, options) = start(&mut ann, SIGN_IN).await;
    let new = Passkey::of(&json!({"rp": {"id": "app.example"}, "user": {"id": passkey.owner}}));
    let body = json!({"ceremony": ceremony, "name": "x", "credential": new.made(&options)});
    assert_eq!(ann.post(&format!("{OWN}/finish"), body).await.code(), "not-available");
}

#[tokio::test]
async fn a_passkey_that_somebody_has_or_that_was_not_asked_for_is_not_kept() {
    let app = App::new().await;
    let mut ann = app.ann().await;
    let anns = make(&mut ann, "Key ring").await;
    let mut bob = bob(&app).await;
    let path = format!("{OWN}/finish");

    let (ceremony, options) = start(&mut bob, OWN).await;
    let body = json!({"ceremony": ceremony, "name": "x", "credential": anns.made(&options)});
    assert_eq!(bob.post(&path, body).await.code(), "conflict");
    for (lie, tell) in [
        (
            "another origin",
            (|it: &mut Passkey| it.origin = "https://evil.example".into()) as fn(&mut Passkey),
        ),
        ("another host", |it| it.host = "evil.example".into()),
        ("no person", |it| it.verifies = false),
    ] {
        let (ceremony, options) = start(&mut bob, OWN).await;
        let mut passkey = Passkey::of(&options);
        tell(&mut passkey);
        let body = json!({"ceremony": ceremony, "name": "x", "credential": passkey.made(&options)});
        let answer = bob.post(&path, body).await;
        assert_eq!(
            (answer.code(), &answer.json["field"]),
            ("invalid", &json!("credential")),
            "{lie}"
        );
    }
    assert_eq!(bob.get(OWN).await.ok().json["items"], json!([]));
}

#[tokio::test]
async fn an_account_has_at_most_20_passkeys() {
    let app = App::new().await;
    let mut ann = app.ann().await;
    // Two questions at once: the second answer finds the place taken.
    let (ceremony, options) = start(&mut ann, OWN).await;
    for number in 0..20 {
        make(&mut ann, &format!("Passkey {number}")).await;
    }
    let more = ann.post(&format!("{OWN}/start"), json!({})).await;
    assert_eq!((more.code(), &more.json["max"]), ("invalid", &json!(20)));
    let credential = Passkey::of(&options).made(&options);
    let body = json!({"ceremony": ceremony, "name": "x", "credential": credential});
    assert_eq!(ann.post(&format!("{OWN}/finish"), body).await.code(), "invalid");
    assert_eq!(ann.get("/v1/account").await.json["passkeys"], 20);
}

#[tokio::test]
async fn a_passkey_is_renamed_by_its_person_alone() {
    let app = App::new().await;
    let mut ann = app.ann().await;
    make(&mut ann, "Key ring").await;
    let mut bob = bob(&app).await;
    let path = format!("{OWN}/{}", first_id(&mut ann).await);
    let body = json!({"name": "Yellow key"});
    let foreign = bob.send(Method::PATCH, &path, Some(body.clone())).await;
    assert_eq!(foreign.code(), "not-available");
    assert_eq!(bob.delete(&path).await.code(), "not-available");
    let renamed = ann.send(Method::PATCH, &path, Some(body)).await.ok();
    assert_eq!(renamed.json["name"], "Yellow key");
    let empty = ann.send(Method::PATCH, &path, Some(json!({"name": " "}))).await;
    assert_eq!((empty.code(), &empty.json["field"]), ("invalid", &json!("name")));
}

#[tokio::test]
async fn a_removed_passkey_signs_nobody_in_and_its_person_is_told() {
    let app = App::new().await;
    let mut ann = app.ann().await;
    let mut passkey = make(&mut ann, "Key ring").await;
    app.mails().await;
    let mut browser = app.browser().await;
    let (ceremony, options) = start(&mut browser, SIGN_IN).await;
    let path = format!("{OWN}/{}", first_id(&mut ann).await);
    assert_eq!(ann.delete(&path).await.status, StatusCode::NO_CONTENT);
    assert_eq!(ann.delete(&path).await.code(), "not-available");
    assert_eq!(app.mail_names().await, [(ANN.to_owned(), "passkey-removed")]);
    assert!(history(&mut ann).await.contains(&"account.passkey.removed".to_owned()));
    let credential = passkey.shown(&options);
    assert_eq!(finish(&mut browser, SIGN_IN, &ceremony, credential).await.code(), "sign-in");
    assert_eq!(show(&mut browser, &mut passkey).await.code(), "sign-in");
}

#[tokio::test]
async fn the_last_way_in_stays() {
    let app = App::new().await;
    let mut ann = app.ann().await;
    let give_up = json!({"password": null});
    let alone = ann.post("/v1/account/password", give_up.clone()).await;
    assert_eq!(alone.code(), "last-way-in", "no passkey");
    let mut passkey = make(&mut ann, "Key ring").await;
    ann.post("/v1/account/password", give_up).await.ok();
    assert_eq!(ann.get("/v1/account").await.json["has_password"], false);
    let path = format!("{OWN}/{}", first_id(&mut ann).await);
    let last = ann.delete(&path).await;
    assert_eq!((last.status, last.code()), (StatusCode::CONFLICT, "last-way-in"), "no password");
    show(&mut app.browser().await, &mut passkey).await.ok();
    make(&mut ann, "Another").await;
    assert_eq!(ann.delete(&path).await.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn with_the_account_its_passkeys_go() {
    let app = App::new().await;
    let mut bob = app.browser().await;
    let body = json!({"email": "bob@acme.example", "name": "Bob", "lang": "en"});
    bob.post("/v1/sign-up", body).await.ok();
    let token = app.mailed_token().await;
    bob.post("/v1/sign-up/verify", json!({"token": token})).await.ok();
    let mut passkey = make(&mut bob, "Key ring").await;
    let repeated = json!({"email": "bob@acme.example"});
    bob.send(Method::DELETE, "/v1/account", Some(repeated)).await.ok();
    assert_eq!(show(&mut app.browser().await, &mut passkey).await.code(), "sign-in");
}
