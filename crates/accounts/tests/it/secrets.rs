//! Secrets of members and keys: made, listed, destroyed.

use http::Method;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use wax_model::Role;
use wax_testkit::{Answer, House, PlatformApp, Sender, Terms};

async fn share(app: &PlatformApp, house: &House, credential: &str) -> Answer {
    let body = Sender::seal("text", &Terms::default()).create;
    app.post(&house.path(&format!("/secrets?domain={}", house.domain)), credential, &body).await
}

async fn key(app: &PlatformApp, house: &House, by: &str, scopes: &[&str]) -> String {
    let made = app.post(&house.path("/keys"), by, &json!({"name": "ci", "scopes": scopes})).await;
    made.json["key"].as_str().unwrap_or_else(|| panic!("{:?}", made.json)).to_owned()
}

async fn list(app: &PlatformApp, house: &House, credential: &str, query: &str) -> Vec<Value> {
    let answer = app.get(&house.path(&format!("/secrets{query}")), credential).await;
    assert_eq!(answer.status, 200, "{:?}", answer.json);
    answer.json["items"].as_array().expect("items").clone()
}

#[tokio::test]
async fn members_and_keys_see_their_own_receipts_and_owners_see_all() {
    let app = PlatformApp::new().await;
    let (ann, bob) = (app.person("ann").await, app.person("bob").await);
    let acme = app.house(&ann, "acme").await;
    app.join(&acme, &bob, Role::Member, None).await;
    let ci = key(&app, &acme, &ann.token, &["secrets:create", "secrets:read"]).await;
    for credential in [&ann.token, &bob.token, &ci] {
        assert_eq!(share(&app, &acme, credential).await.status, 201);
    }
    let stranger = Sender::seal("text", &Terms::default()).create;
    assert_eq!(app.post_on_host(&acme, "/v1/secrets/create", "", &stranger).await.status, 201);
    assert_eq!(list(&app, &acme, &ann.token, "").await.len(), 4);
    let own = list(&app, &acme, &bob.token, "").await;
    assert_eq!((own.len(), &own[0]["created_by"]), (1, &json!(bob.id)));
    assert_eq!(list(&app, &acme, &ci, "").await.len(), 1);
    let theirs = format!("?created_by={}", bob.id);
    assert_eq!(list(&app, &acme, &ann.token, &theirs).await, own);
    assert_eq!(list(&app, &acme, &ci, &theirs).await, Vec::<Value>::new());
    assert_eq!(list(&app, &acme, &ann.token, "?state=burned").await, Vec::<Value>::new());
    assert_eq!(list(&app, &acme, &ann.token, "?kind=one_time&state=ready").await.len(), 4);
}

#[tokio::test]
async fn a_list_goes_on_where_the_last_page_ended() {
    let app = PlatformApp::new().await;
    let ann = app.person("ann").await;
    let acme = app.house(&ann, "acme").await;
    for _ in 0..5 {
        share(&app, &acme, &ann.token).await;
        app.clock.advance(std::time::Duration::from_millis(1));
    }
    let (mut seen, mut query) = (Vec::new(), "?limit=2".to_owned());
    loop {
        let page = app.get(&acme.path(&format!("/secrets{query}")), &ann.token).await;
        seen.extend(page.json["items"].as_array().unwrap().iter().map(|item| item["rid"].clone()));
        let Some(next) = page.json["next"].as_str() else { break };
        query = format!("?limit=2&cursor={next}");
    }
    let whole: Vec<_> =
        list(&app, &acme, &ann.token, "").await.iter().map(|item| item["rid"].clone()).collect();
    assert_eq!((seen.len(), seen), (5, whole));
}

#[tokio::test]
async fn a_secret_is_burned_by_who_reaches_it_and_nobody_else() {
    let app = PlatformApp::new().await;
    let (ann, bob, eve) =
        (app.person("ann").await, app.person("bob").await, app.person("eve").await);
    let (acme, other) = (app.house(&ann, "acme").await, app.house(&eve, "other").await);
    app.join(&acme, &bob, Role::Member, None).await;
    let made = share(&app, &acme, &ann.token).await;
    let rid = made.json["rid"].as_str().unwrap();
    let burn = async |house: &House, credential: &str| {
        app.post(&house.path(&format!("/secrets/{rid}/burn")), credential, &json!({})).await
    };
    assert_eq!(burn(&acme, &bob.token).await.code(), "not-available", "not their own");
    assert_eq!(burn(&other, &eve.token).await.code(), "not-available", "another organization's");
    assert_eq!(burn(&acme, &ann.token).await.json["state"], "burned");
    let trail = app.get(&acme.path("/audit?action=secret.burned"), &ann.token).await;
    assert_eq!(trail.json["items"][0]["actor"], json!(ann.id));
}

#[tokio::test]
async fn a_key_on_a_tenants_host_is_recorded_or_refused_and_never_ignored() {
    let app = PlatformApp::new().await;
    let ann = app.person("ann").await;
    let (acme, other) = (app.house(&ann, "acme").await, app.house(&ann, "other").await);
    let good = key(&app, &acme, &ann.token, &["secrets:create"]).await;
    let foreign = key(&app, &other, &ann.token, &["secrets:create"]).await;
    let unscoped = key(&app, &acme, &ann.token, &["secrets:read"]).await;
    let share = async |credential: &str| {
        let body = Sender::seal("text", &Terms::default()).create;
        app.post_on_host(&acme, "/v1/secrets/create", credential, &body).await
    };
    for (credential, code) in [
        (foreign.as_str(), "signed-out"),
        ("wxk_00000000000000000000000000000000000000", "signed-out"),
        (ann.token.as_str(), "signed-out"),
        ("nonsense", "signed-out"),
        (unscoped.as_str(), "forbidden"),
    ] {
        assert_eq!(share(credential).await.code(), code);
    }
    assert_eq!(list(&app, &acme, &ann.token, "").await, Vec::<Value>::new(), "nothing was made");
    assert_eq!(share(&good).await.status, 201);
    let made = list(&app, &acme, &ann.token, "").await;
    let trail = app.get(&acme.path("/audit?action=secret.created"), &ann.token).await;
    assert_eq!(trail.json["items"][0]["actor"], made[0]["created_by"]);
    assert!(made[0]["created_by"].as_str().unwrap().starts_with(wax_kernel::ApiKeyId::PREFIX));
}

#[tokio::test]
async fn a_secret_is_made_only_on_a_domain_that_the_caller_reaches() {
    let app = PlatformApp::new().await;
    let (ann, bob) = (app.person("ann").await, app.person("bob").await);
    let (acme, other) = (app.house(&ann, "acme").await, app.house(&ann, "other").await);
    let second = app.domain(acme.id, "second.example").await;
    app.join(&acme, &bob, Role::Member, Some(second)).await;
    let on = async |domain, credential: &str| {
        let body = Sender::seal("text", &Terms::default()).create;
        let path = acme.path(&format!("/secrets?domain={domain}"));
        app.ask(Method::POST, &path, credential, Some(&body)).await
    };
    assert_eq!(on(other.domain, &ann.token).await.code(), "not-available");
    assert_eq!(on(acme.domain, &bob.token).await.code(), "not-available");
    assert_eq!(on(second, &bob.token).await.status, 201);
}

#[tokio::test]
async fn a_stream_tells_what_changes_and_ends_when_the_member_is_removed() {
    let app = PlatformApp::new().await;
    let (ann, bob) = (app.person("ann").await, app.person("bob").await);
    let acme = app.house(&ann, "acme").await;
    app.join(&acme, &bob, Role::Auditor, None).await;
    let mut body = app.stream(&acme.path("/secrets/live"), &bob.token).await;
    let mut next = async || {
        let frame = body.frame().await?.ok()?;
        Some(String::from_utf8(frame.into_data().ok()?.to_vec()).unwrap())
    };
    assert_eq!(next().await.as_deref(), Some(": here\n\n"));
    let made = share(&app, &acme, &ann.token).await;
    let event = next().await.unwrap();
    let told = event.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
    let told: Value = serde_json::from_str(told).unwrap();
    assert_eq!((&told["rid"], &told["created_by"]), (&made.json["rid"], &json!(ann.id)));
    let path = acme.path(&format!("/members/{}", bob.id));
    assert_eq!(app.ask(Method::DELETE, &path, &ann.token, None).await.status, 204);
    share(&app, &acme, &ann.token).await;
    assert_eq!(next().await, None, "who is no member any more is told nothing");
}
