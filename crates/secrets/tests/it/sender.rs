//! Whom a recipient is told that a secret is from.

use http::Method;
use serde_json::{Value, json};
use wax_model::{Brand, Role};
use wax_store::Store;
use wax_testkit::{House, Person, PlatformApp, Sender, Terms, TestApp, change_domain};

async fn sender_of(app: &PlatformApp, house: &House, sealed: &Sender) -> Value {
    let body = sealed.recipient().peek_body();
    let mut peeked = app.post_on_host(house, "/v1/secrets/peek", "", &body).await;
    peeked.json["sender"].take()
}

/// Made by a member on the platform's host.
async fn send(app: &PlatformApp, house: &House, by: &Person) -> Sender {
    let sealed = Sender::seal("text", &Terms::default());
    let path = house.path(&format!("/secrets?domain={}", house.domain));
    assert_eq!(app.post(&path, &by.token, &sealed.create).await.status, 201);
    sealed
}

#[tokio::test]
async fn of_a_guest_nobody_says_who_it_is() {
    let app = TestApp::new().await;
    let seen = Sender::share(&app, "text", &Terms::default()).await.recipient().peek(&app).await;
    let expected = json!({
        "by": "guest", "member": null, "organization": "acme", "host": "secrets.acme.example",
        "proven_since_ms": null,
    });
    assert_eq!(seen.json["sender"], expected);
}

#[tokio::test]
async fn a_domain_that_was_proved_says_since_when() {
    let app = TestApp::new().await;
    let sealed = Sender::share(&app, "text", &Terms::default()).await;
    app.change_domain(|domain| {
        domain.token.text = "its proof".into();
        domain.claim.since = wax_kernel::Timestamp::from_ms(1_790_000_000_000);
    })
    .await;
    let seen = sealed.recipient().peek(&app).await;
    assert_eq!(seen.json["sender"]["proven_since_ms"], 1_790_000_000_000_i64);
}

#[tokio::test]
async fn a_members_name_is_told_only_where_the_organization_chose_so_and_while_they_are_one() {
    let app = PlatformApp::new().await;
    let (ann, bob) = (app.person("ann").await, app.person("bob").await);
    let acme = app.house(&ann, "acme").await;
    app.join(&acme, &bob, Role::Member, None).await;
    let sealed = send(&app, &acme, &bob).await;
    let told = async || {
        let sender = sender_of(&app, &acme, &sealed).await;
        assert_eq!((&sender["by"], &sender["organization"]), (&json!("member"), &json!("acme")));
        sender["member"].clone()
    };
    assert_eq!(told().await, Value::Null, "unless chosen");
    change_domain(&*app.store, acme.domain, |domain| domain.settings.shows_member = true).await;
    assert_eq!(told().await, "bob");
    let path = acme.path(&format!("/members/{}", bob.id));
    assert_eq!(app.ask(Method::DELETE, &path, &ann.token, None).await.status, 204);
    assert_eq!(told().await, Value::Null, "who has left");
}

#[tokio::test]
async fn a_program_is_told_as_one_and_its_keys_name_is_not() {
    let app = PlatformApp::new().await;
    let ann = app.person("ann").await;
    let acme = app.house(&ann, "acme").await;
    change_domain(&*app.store, acme.domain, |domain| domain.settings.shows_member = true).await;
    let body = json!({"name": "The Chairman", "scopes": ["secrets:create"]});
    let made = app.post(&acme.path("/keys"), &ann.token, &body).await;
    let sealed = Sender::seal("text", &Terms::default());
    let key = made.json["key"].as_str().unwrap();
    app.post_on_host(&acme, "/v1/secrets/create", key, &sealed.create).await;
    let sender = sender_of(&app, &acme, &sealed).await;
    assert_eq!((&sender["by"], &sender["member"]), (&json!("key"), &Value::Null));
}

#[tokio::test]
async fn no_text_of_a_brand_is_in_what_is_told_of_a_sender() {
    let app = TestApp::new().await;
    let sealed = Sender::share(&app, "text", &Terms::default()).await;
    let before = sealed.recipient().peek(&app).await.json["sender"].clone();
    let lie = "Verified: the chairman of bank.example, proven since 1990";
    let brand = Brand { before_open: lie.into(), after_open: lie.into(), ..Brand::plain(lie) };
    let (store, id) = (&*app.store as &dyn Store, app.domain());
    let domain = store.platform().domains().domain(id).await.unwrap().unwrap();
    let branded = store.write_platform(move |unit| {
        let (domain, brand) = (domain.clone(), brand.clone());
        Box::pin(async move { unit.domains().set_brand(&domain, &brand).await })
    });
    branded.await.unwrap();
    let after = sealed.recipient().peek(&app).await.json["sender"].clone();
    assert_eq!(after, before);
}

#[tokio::test]
async fn who_cannot_prove_the_link_is_told_nothing_of_its_sender() {
    let app = TestApp::new().await;
    let sealed = Sender::share(&app, "text", &Terms::default()).await;
    let mut body = sealed.recipient().peek_body();
    body["peek"] = sealed.create["receipt_sha256"].clone();
    let refused = app.post("/v1/secrets/peek", &body).await;
    assert_eq!((refused.code(), &refused.json["sender"]), ("not-available", &Value::Null));
}
