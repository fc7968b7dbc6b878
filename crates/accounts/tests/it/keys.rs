//! API keys: told once, rotated, limited, ended.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use wax_kernel::Timestamp;
use wax_model::{MailKind, Role};
use wax_testkit::{Answer, House, Person, PlatformApp};

async fn make(app: &PlatformApp, house: &House, by: &Person, body: Value) -> Answer {
    app.post(&house.path("/keys"), &by.token, &body).await
}

async fn key(app: &PlatformApp, house: &House, by: &Person, body: Value) -> (String, String) {
    let made = make(app, house, by, body).await;
    assert_eq!(made.status, 201, "{:?}", made.json);
    let text = |name: &str| made.json[name].as_str().expect("a text").to_owned();
    (text("id"), text("key"))
}

async fn works(app: &PlatformApp, house: &House, key: &str) -> bool {
    let answer = app.get(&house.path(""), key).await;
    assert!(answer.status == 200 || answer.code() == "signed-out", "{:?}", answer.json);
    answer.status == 200
}

fn reads() -> Value {
    json!({"name": "ci", "scopes": ["organization:read"]})
}

#[tokio::test]
async fn a_rotated_key_works_until_its_overlap_ends_and_not_after() {
    let app = PlatformApp::new().await;
    let ann = app.person("ann").await;
    let acme = app.house(&ann, "acme").await;
    let (id, first) = key(&app, &acme, &ann, reads()).await;
    let rotate = async |overlap_s: u64| {
        let path = acme.path(&format!("/keys/{id}/rotate"));
        let rotated = app.post(&path, &ann.token, &json!({"overlap_s": overlap_s})).await;
        assert_eq!(rotated.status, 200, "{:?}", rotated.json);
        rotated.json["key"].as_str().unwrap().to_owned()
    };
    let second = rotate(3_600).await;
    assert!(works(&app, &acme, &first).await && works(&app, &acme, &second).await);
    app.clock.advance(Duration::from_millis(3_600_000 - 1));
    assert!(works(&app, &acme, &first).await, "to the last millisecond");
    app.clock.advance(Duration::from_millis(1));
    assert!(!works(&app, &acme, &first).await);
    assert!(works(&app, &acme, &second).await);
    let third = rotate(0).await;
    assert!(!works(&app, &acme, &second).await, "no overlap ends the old text at once");
    assert!(works(&app, &acme, &third).await);
}

#[tokio::test]
async fn owners_are_told_who_rotated_a_key_and_until_when_the_old_text_works() {
    let app = PlatformApp::new().await;
    let (ann, bob, eve) =
        (app.person("ann").await, app.person("bob").await, app.person("eve").await);
    let acme = app.house(&ann, "acme").await;
    app.join(&acme, &bob, Role::Admin, None).await;
    app.join(&acme, &eve, Role::Member, None).await;
    let (id, _) = key(&app, &acme, &ann, reads()).await;
    app.mails().await;
    let path = acme.path(&format!("/keys/{id}/rotate"));
    assert_eq!(app.post(&path, &bob.token, &json!({"overlap_s": 3_600})).await.status, 200);
    let mails = app.mails().await;
    let told: Vec<_> = mails.iter().map(|mail| (mail.to.as_str(), &mail.kind)).collect();
    let (at, until) = (app.now_ms(), app.now_ms() + 3_600_000);
    let expected = MailKind::KeyRotated {
        organization: "acme".into(),
        name: "ci".into(),
        by: "bob".into(),
        at: Timestamp::from_ms(at),
        until: Timestamp::from_ms(until),
    };
    assert_eq!(told, [(&*ann.email, &expected)]);
}

#[tokio::test]
async fn two_changes_of_one_key_at_once_both_stand() {
    let (store, _folder) = wax_testkit::database::sqlite_file().await;
    let app = PlatformApp::on(store);
    let ann = app.person("ann").await;
    let acme = app.house(&ann, "acme").await;
    for round in 0..20 {
        let (id, _) = key(&app, &acme, &ann, reads()).await;
        let path = acme.path(&format!("/keys/{id}"));
        let (name, networks) = (json!({"name": "new"}), json!({"networks": ["192.0.2.0/24"]}));
        tokio::join!(
            app.ask(Method::PATCH, &path, &ann.token, Some(&name)),
            app.ask(Method::PATCH, &path, &ann.token, Some(&networks)),
        );
        let list = app.get(&acme.path("/keys"), &ann.token).await.json;
        let kept = list["items"].as_array().unwrap().iter().find(|row| row["id"] == json!(id));
        let kept = kept.unwrap();
        assert_eq!(
            (&kept["name"], &kept["networks"]),
            (&json!("new"), &json!(["192.0.2.0/24"])),
            "round {round}"
        );
    }
}

#[tokio::test]
async fn a_key_that_is_over_unknown_or_elsewhere_is_one_refusal() {
    let app = PlatformApp::new().await;
    let ann = app.person("ann").await;
    let acme = app.house(&ann, "acme").await;
    let end = app.now_ms() + 60_000;
    let (_, expiring) = key(
        &app,
        &acme,
        &ann,
        json!({"name": "a", "scopes": ["organization:read"], "expires_at_ms": end}),
    )
    .await;
    let (gone, revoked) = key(&app, &acme, &ann, reads()).await;
    let networks = |network: &str| json!({"name": "n", "scopes": ["organization:read"], "networks": [network]});
    let (_, elsewhere) = key(&app, &acme, &ann, networks("198.51.100.0/24")).await;
    let (_, here) = key(&app, &acme, &ann, networks("192.0.2.0/29")).await;
    let path = acme.path(&format!("/keys/{gone}"));
    assert!(works(&app, &acme, &expiring).await && works(&app, &acme, &revoked).await);
    assert_eq!(app.ask(Method::DELETE, &path, &ann.token, None).await.status, 204);
    app.clock.advance(Duration::from_secs(60));
    assert!(works(&app, &acme, &here).await);
    let mut answers = Vec::new();
    for text in
        [&expiring, &revoked, &elsewhere, "wxk_00000000000000000000000000000000000000", "wxk_"]
    {
        let answer = app.get(&acme.path(""), text).await;
        answers.push((answer.status, answer.json));
    }
    assert_eq!(answers[0].1["code"], "signed-out");
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
}

#[tokio::test]
async fn a_key_is_told_once_and_its_last_use_is_known_to_the_minute() {
    let app = PlatformApp::new().await;
    let ann = app.person("ann").await;
    let acme = app.house(&ann, "acme").await;
    let (id, text) = key(&app, &acme, &ann, reads()).await;
    works(&app, &acme, &text).await;
    let listed = app.get(&acme.path("/keys"), &ann.token).await;
    assert!(!listed.json.to_string().contains(&text));
    let row = &listed.json["items"][0];
    assert_eq!((&row["id"], &row["prefix"]), (&json!(id), &json!(text[..8])));
    assert_eq!(row["last_used_at_ms"], app.now_ms());
    let kinds: Vec<_> = app.mails().await.iter().map(|mail| mail.kind.name()).collect();
    assert_eq!(kinds, ["key-created"], "owners are told");
}

#[tokio::test]
async fn what_a_key_may_be_is_checked_field_by_field() {
    let app = PlatformApp::new().await;
    let ann = app.person("ann").await;
    let acme = app.house(&ann, "acme").await;
    let three_years = app.now_ms() + 3 * 365 * 86_400_000;
    for (body, field) in [
        (json!({"name": "", "scopes": ["audit:read"]}), "name"),
        (json!({"name": "x", "scopes": []}), "scopes"),
        (json!({"name": "x", "scopes": ["audit:read", "audit:read"]}), "scopes"),
        (
            json!({"name": "x", "scopes": ["audit:read"], "expires_at_ms": three_years}),
            "expires_at_ms",
        ),
        (
            json!({"name": "x", "scopes": ["audit:read"], "expires_at_ms": app.now_ms()}),
            "expires_at_ms",
        ),
        (json!({"name": "x", "scopes": ["audit:read"], "networks": ["192.0.2.7/24"]}), "networks"),
        (json!({"name": "x", "scopes": ["audit:read"], "networks": ["192.0.2.7"]}), "networks"),
    ] {
        let refused = make(&app, &acme, &ann, body.clone()).await;
        assert_eq!((refused.code(), &refused.json["field"]), ("invalid", &json!(field)), "{body}");
    }
    let late = app.person_not_stepped_up("late").await;
    let theirs = app.post("/v1/organizations", &late.token, &json!({"name": "Theirs"})).await;
    let path = format!("/v1/organizations/{}/keys", theirs.json["id"].as_str().unwrap());
    assert_eq!(app.post(&path, &late.token, &reads()).await.code(), "step-up");
}

#[tokio::test]
async fn a_key_learns_whose_it_is_and_until_when_whatever_its_scopes() {
    let app = PlatformApp::new().await;
    let ann = app.person("ann").await;
    let acme = app.house(&ann, "acme").await;
    let (id, text) =
        key(&app, &acme, &ann, json!({"name": "ci", "scopes": ["secrets:create"]})).await;
    let answer = app.get("/v1/key", &text).await;
    assert_eq!(answer.status, 200, "{:?}", answer.json);
    let told = &answer.json;
    assert_eq!((told["id"].as_str(), told["name"].as_str()), (Some(&*id), Some("ci")));
    assert_eq!(told["organization"]["id"].as_str(), Some(&*acme.id.to_string()));
    assert_eq!(told["organization"]["permissions"], json!(["secrets.create"]));
    assert_eq!(told["organization"]["domains"][0]["host"], "acme.example");
    assert!(!told.to_string().contains(&text), "never the text itself");
}
