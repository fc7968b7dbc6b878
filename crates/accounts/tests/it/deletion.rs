//! The end of an organization, and the copy that is taken before it.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use wax_model::Role;
use wax_store::AuditFilter;
use wax_testkit::{PlatformApp, Sender, Terms};

const DAY: Duration = Duration::from_secs(86_400);

#[tokio::test]
async fn a_deletion_is_meant_told_taken_back_and_done_after_seven_days() {
    let app = PlatformApp::new().await;
    let (ann, bob) = (app.person("ann").await, app.person("bob").await);
    let acme = app.house(&ann, "acme").await;
    app.join(&acme, &bob, Role::Admin, None).await;
    let schedule = async |name: &str, by: &str| {
        app.post(&acme.path("/deletion"), by, &json!({"name": name})).await
    };
    assert_eq!(schedule("acme", &bob.token).await.code(), "forbidden");
    assert_eq!(schedule("Acme", &ann.token).await.code(), "invalid");
    let due = schedule("acme", &ann.token).await;
    assert_eq!(due.json["due_at_ms"], app.now_ms() + 7 * 86_400_000);
    let kinds: Vec<_> = app.mails().await.iter().map(|mail| mail.kind.name()).collect();
    assert_eq!(kinds, ["deletion-scheduled"]);
    assert_eq!(
        app.ask(Method::DELETE, &acme.path("/deletion"), &ann.token, None).await.status,
        204
    );
    app.clock.advance(8 * DAY);
    app.run_jobs().await;
    let token = app.sign_in(ann.id, true).await;
    assert_eq!(app.get(&acme.path(""), &token).await.status, 200, "it was taken back");

    schedule("acme", &token).await;
    app.clock.advance(Duration::from_millis(7 * 86_400_000 - 1));
    app.run_jobs().await;
    let token = app.sign_in(ann.id, true).await;
    assert_eq!(app.get(&acme.path(""), &token).await.status, 200, "it is not due");
    app.clock.advance(Duration::from_millis(1));
    let late = app.ask(Method::DELETE, &acme.path("/deletion"), &token, None).await;
    assert_eq!(late.code(), "not-available", "what is due is not taken back");
}

#[tokio::test]
async fn of_an_erased_organization_nothing_is_left() {
    let app = PlatformApp::new().await;
    let (ann, bob) = (app.person("ann").await, app.person("bob").await);
    let acme = app.house(&ann, "acme").await;
    app.join(&acme, &bob, Role::Member, None).await;
    app.post(
        &acme.path("/invitations"),
        &ann.token,
        &json!({"email": "eve@people.example", "role": "member"}),
    )
    .await;
    let key = json!({"name": "ci", "scopes": ["secrets:create"]});
    let key = app.post(&acme.path("/keys"), &ann.token, &key).await.json["key"].clone();
    let body = Sender::seal("text", &Terms { after_s: 20 * 86_400, ..Terms::default() }).create;
    let made = app.post_on_host(&acme, "/v1/secrets/create", key.as_str().unwrap(), &body).await;
    assert_eq!(made.status, 201, "{:?}", made.json);
    app.post(&acme.path("/deletion"), &ann.token, &json!({"name": "acme"})).await;
    app.clock.advance(7 * DAY + Duration::from_secs(3_600));
    app.run_jobs().await;
    app.run_jobs().await;

    let token = app.sign_in(ann.id, true).await;
    assert_eq!(app.get(&acme.path(""), &token).await.code(), "not-available");
    assert_eq!(app.get("/v1/organizations/acme", &token).await.code(), "not-available");
    let refused = app.post_on_host(&acme, "/v1/secrets/create", key.as_str().unwrap(), &body).await;
    assert_eq!(refused.code(), "signed-out");
    let account = app.get("/v1/account", &token).await;
    assert_eq!(account.json["organizations"], json!([]), "the person stays");
    let mut reader = app.store.read(acme.scope);
    assert_eq!(reader.organization().find().await.unwrap(), None);
    let nothing = reader.organization().events(&AuditFilter::default(), None, 10).await.unwrap();
    assert!(nothing.is_empty(), "{nothing:?}");
}

#[tokio::test]
async fn an_export_has_everything_and_nothing_that_opens_anything() {
    let app = PlatformApp::new().await;
    let ann = app.person("ann").await;
    let acme = app.house(&ann, "acme").await;
    app.post(
        &acme.path("/invitations"),
        &ann.token,
        &json!({"email": "eve@people.example", "role": "member"}),
    )
    .await;
    let token = app.invitation_token("eve@people.example").await;
    let key = json!({"name": "ci", "scopes": ["secrets:create"]});
    let key = app.post(&acme.path("/keys"), &ann.token, &key).await.json["key"].clone();
    let body = Sender::seal("text", &Terms::default()).create;
    app.post(&acme.path(&format!("/secrets?domain={}", acme.domain)), &ann.token, &body).await;
    let taken = app.get(&acme.path("/export"), &ann.token).await;
    let text = taken.json.as_str().unwrap_or_else(|| panic!("{:?}", taken.json));
    let types: Vec<_> = text
        .lines()
        .map(|line| {
            serde_json::from_str::<Value>(line).unwrap()["type"].as_str().unwrap().to_owned()
        })
        .collect();
    for kind in ["organization", "domain", "member", "invitation", "key", "receipt", "event"] {
        assert!(types.iter().any(|found| found == kind), "{kind}: {types:?}");
    }
    for bearer in
        [token.as_str(), key.as_str().unwrap(), body["claim_key"].as_str().unwrap(), &ann.token]
    {
        assert!(!text.contains(bearer));
    }
}
