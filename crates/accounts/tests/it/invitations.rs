//! Invitations, from mail to membership.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use wax_model::Role;
use wax_testkit::{Answer, House, Person, PlatformApp, database};

async fn invite(app: &PlatformApp, house: &House, by: &Person, email: &str, role: &str) -> Answer {
    app.post(&house.path("/invitations"), &by.token, &json!({"email": email, "role": role})).await
}

async fn accept(app: &PlatformApp, token: &str, person: &Person) -> Answer {
    app.post("/v1/invitations/accept", &person.token, &json!({"token": token})).await
}

fn open(answer: &Answer) -> Vec<Value> {
    answer.json["items"].as_array().cloned().unwrap_or_default()
}

#[tokio::test]
async fn an_invitation_is_taken_once_and_only_by_the_invited_address() {
    let app = PlatformApp::new().await;
    let (ann, bob, eve) =
        (app.person("ann").await, app.person("bob").await, app.person("eve").await);
    let acme = app.house(&ann, "acme").await;
    let invited = invite(&app, &acme, &ann, "Bob@people.example", "auditor").await;
    assert_eq!(invited.status, 201, "{:?}", invited.json);
    let token = app.invitation_token("Bob@people.example").await;
    let look = app.post_by_browser("/v1/invitations/look", &json!({"token": token})).await;
    assert_eq!(
        (&look.json["organization"], &look.json["inviter"]),
        (&json!("acme"), &json!("ann"))
    );
    assert_eq!(accept(&app, &token, &eve).await.code(), "not-available");
    let joined = accept(&app, &token, &bob).await;
    assert_eq!((joined.status.as_u16(), &joined.json["role"]), (200, &json!("auditor")));
    assert_eq!(accept(&app, &token, &bob).await.code(), "not-available");
    assert_eq!(open(&app.get(&acme.path("/invitations"), &ann.token).await), Vec::<Value>::new());
}

#[tokio::test]
async fn an_invitation_ends_with_the_standing_of_who_sent_it() {
    let app = PlatformApp::new().await;
    let (ann, bob, eve) =
        (app.person("ann").await, app.person("bob").await, app.person("eve").await);
    let acme = app.house(&ann, "acme").await;
    app.join(&acme, &bob, Role::Owner, None).await;
    assert_eq!(invite(&app, &acme, &bob, "eve@people.example", "owner").await.status, 201);
    let token = app.invitation_token("eve@people.example").await;
    let path = acme.path(&format!("/members/{}", bob.id));
    assert_eq!(app.ask(Method::DELETE, &path, &ann.token, None).await.status, 204);
    assert_eq!(accept(&app, &token, &eve).await.code(), "not-available");
}

#[tokio::test]
async fn a_key_brings_in_nobody_who_may_make_keys() {
    let app = PlatformApp::new().await;
    let ann = app.person("ann").await;
    let acme = app.house(&ann, "acme").await;
    let body = json!({"name": "hr", "scopes": ["members:write"]});
    let made = app.post(&acme.path("/keys"), &ann.token, &body).await;
    let key = made.json["key"].as_str().expect("a key").to_owned();
    for (role, status) in [("owner", 403), ("admin", 403), ("auditor", 201)] {
        let body = json!({"email": format!("{role}@people.example"), "role": role});
        let answer = app.post(&acme.path("/invitations"), &key, &body).await;
        assert_eq!(answer.status, status, "{role}");
    }
}

#[tokio::test]
async fn of_two_who_accept_one_invitation_at_once_one_joins() {
    let (store, _folder) = database::sqlite_file().await;
    accept_twice(&PlatformApp::on(store)).await;
}

#[tokio::test]
async fn on_postgres_too_one_joins() {
    let (store, _database) = database::postgres().await;
    accept_twice(&PlatformApp::on(store)).await;
}

async fn accept_twice(app: &PlatformApp) {
    let (ann, bob) = (app.person("ann").await, app.person("bob").await);
    let acme = app.house(&ann, "acme").await;
    invite(app, &acme, &ann, &bob.email, "member").await;
    let token = app.invitation_token(&bob.email).await;
    let (one, other) = tokio::join!(accept(app, &token, &bob), accept(app, &token, &bob));
    let mut ends = [one.status.as_u16(), other.status.as_u16()];
    ends.sort_unstable();
    assert_eq!(ends, [200, 404]);
    let joined = app.get(&acme.path("/audit?action=member.joined"), &ann.token).await;
    assert_eq!(open(&joined).len(), 1);
}

#[tokio::test]
async fn an_invitation_sent_again_has_a_new_link_and_is_held_back_when_it_is_too_often() {
    let app = PlatformApp::new().await;
    let (ann, bob) = (app.person("ann").await, app.person("bob").await);
    let acme = app.house(&ann, "acme").await;
    let invited = invite(&app, &acme, &ann, &bob.email, "member").await;
    let first = app.invitation_token(&bob.email).await;
    let path = format!("/invitations/{}/resend", invited.json["id"].as_str().unwrap());
    let resend = async || app.post(&acme.path(&path), &ann.token, &json!({})).await;
    assert_eq!(resend().await.status, 200);
    let second = app.invitation_token(&bob.email).await;
    assert_eq!(accept(&app, &first, &bob).await.code(), "not-available");
    let mut held = resend().await;
    for _ in 0..8 {
        if held.code() == "held-back" {
            break;
        }
        held = resend().await;
    }
    assert_eq!(held.code(), "held-back");
    assert!(held.headers.contains_key("retry-after"));
    let again = invite(&app, &acme, &ann, &bob.email, "member").await;
    assert_eq!(again.code(), "held-back", "inviting anew is no way around");
    assert_ne!(first, second);
}

#[tokio::test]
async fn what_is_taken_back_replaced_or_over_opens_nothing() {
    let app = PlatformApp::new().await;
    let (ann, bob) = (app.person("ann").await, app.person("bob").await);
    let acme = app.house(&ann, "acme").await;
    let invited = invite(&app, &acme, &ann, &bob.email, "member").await;
    let withdrawn = app.invitation_token(&bob.email).await;
    let path = acme.path(&format!("/invitations/{}", invited.json["id"].as_str().unwrap()));
    assert_eq!(app.ask(Method::DELETE, &path, &ann.token, None).await.status, 204);
    invite(&app, &acme, &ann, &bob.email, "member").await;
    let replaced = app.invitation_token(&bob.email).await;
    invite(&app, &acme, &ann, &bob.email, "auditor").await;
    let over = app.invitation_token(&bob.email).await;
    app.clock.advance(Duration::from_secs(7 * 86_400));
    for token in [withdrawn, replaced, over] {
        assert_eq!(accept(&app, &token, &bob).await.code(), "not-available");
        let look = app.post_by_browser("/v1/invitations/look", &json!({"token": token})).await;
        assert_eq!(look.code(), "not-available");
    }
}

#[tokio::test]
async fn nobody_invites_above_themselves_nor_a_member() {
    let app = PlatformApp::new().await;
    let (ann, bob) = (app.person("ann").await, app.person("bob").await);
    let acme = app.house(&ann, "acme").await;
    app.join(&acme, &bob, Role::Admin, None).await;
    assert_eq!(invite(&app, &acme, &bob, "eve@people.example", "owner").await.code(), "forbidden");
    let member = invite(&app, &acme, &ann, &bob.email, "member").await;
    assert_eq!((member.code(), &member.json["field"]), ("conflict", &json!("email")));
    assert_eq!(member.json["title"], "Already a member");
}

#[tokio::test]
async fn who_has_no_account_signs_up_by_an_invitation_and_it_is_taken_once() {
    let app = PlatformApp::new().await;
    let ann = app.person("ann").await;
    let acme = app.house(&ann, "acme").await;
    invite(&app, &acme, &ann, "ida@people.example", "auditor").await;
    let token = app.invitation_token("ida@people.example").await;
    let sign_up = async |password: &str| {
        let body = json!({"token": token, "name": "Ida", "password": password, "lang": "en"});
        app.post_by_browser("/v1/invitations/sign-up", &body).await
    };
    assert_eq!(sign_up("password123").await.code(), "weak-password");
    let done = sign_up("plaid kettle orbit nine").await;
    assert_eq!((done.status.as_u16(), &done.json["next"]), (200, &json!("done")));
    assert!(done.headers.contains_key("set-cookie"));
    assert_eq!(sign_up("plaid kettle orbit nine").await.code(), "not-available");
    let members = app.get(&acme.path("/members"), &ann.token).await;
    let ida = open(&members).into_iter().find(|member| member["name"] == "Ida").unwrap();
    assert_eq!((&ida["role"], &ida["email"]), (&json!("auditor"), &json!("ida@people.example")));
}

#[tokio::test]
async fn an_address_that_has_an_account_keeps_its_invitation_until_it_signs_in() {
    let app = PlatformApp::new().await;
    let (ann, bob) = (app.person("ann").await, app.person("bob").await);
    let acme = app.house(&ann, "acme").await;
    invite(&app, &acme, &ann, &bob.email, "member").await;
    let token = app.invitation_token(&bob.email).await;
    let password = "plaid kettle orbit nine";
    let body = json!({"token": token, "name": "Bob", "password": password, "lang": "en"});
    assert_eq!(app.post_by_browser("/v1/invitations/sign-up", &body).await.code(), "conflict");
    assert_eq!(accept(&app, &token, &bob).await.status, 200);
}
