//! Members: who may change whom, and the last owner.

use http::Method;
use serde_json::{Value, json};
use wax_model::Role;
use wax_testkit::{House, Person, PlatformApp, database};

async fn set(app: &PlatformApp, house: &House, by: &Person, who: &Person, body: Value) -> String {
    let path = house.path(&format!("/members/{}", who.id));
    let answer = app.ask(Method::PATCH, &path, &by.token, Some(&body)).await;
    if answer.status == 200 { "done".into() } else { answer.code().into() }
}

async fn remove(app: &PlatformApp, house: &House, by: &Person, who: &Person) -> String {
    let path = house.path(&format!("/members/{}", who.id));
    let answer = app.ask(Method::DELETE, &path, &by.token, None).await;
    if answer.status == 204 { "done".into() } else { answer.code().into() }
}

#[tokio::test]
async fn an_admin_changes_everybody_below_owner_and_makes_none() {
    let app = PlatformApp::new().await;
    let (ann, bob, eve) =
        (app.person("ann").await, app.person("bob").await, app.person("eve").await);
    let acme = app.house(&ann, "acme").await;
    app.join(&acme, &bob, Role::Admin, None).await;
    app.join(&acme, &eve, Role::Member, None).await;
    assert_eq!(set(&app, &acme, &bob, &ann, json!({"role": "member"})).await, "forbidden");
    assert_eq!(remove(&app, &acme, &bob, &ann).await, "forbidden");
    assert_eq!(set(&app, &acme, &bob, &eve, json!({"role": "owner"})).await, "forbidden");
    assert_eq!(set(&app, &acme, &bob, &bob, json!({"role": "owner"})).await, "forbidden");
    assert_eq!(set(&app, &acme, &eve, &eve, json!({"role": "admin"})).await, "forbidden");
    assert_eq!(set(&app, &acme, &bob, &eve, json!({"role": "auditor"})).await, "done");
    assert_eq!(set(&app, &acme, &ann, &eve, json!({"role": "owner"})).await, "done");
    assert_eq!(remove(&app, &acme, &bob, &eve).await, "forbidden");
}

#[tokio::test]
async fn an_organization_keeps_an_owner_whoever_leaves() {
    let app = PlatformApp::new().await;
    let (ann, bob) = (app.person("ann").await, app.person("bob").await);
    let acme = app.house(&ann, "acme").await;
    app.join(&acme, &bob, Role::Auditor, None).await;
    assert_eq!(set(&app, &acme, &ann, &ann, json!({"role": "admin"})).await, "last-owner");
    assert_eq!(remove(&app, &acme, &ann, &ann).await, "last-owner");
    assert_eq!(remove(&app, &acme, &bob, &bob).await, "done", "everybody may leave");
    assert_eq!(app.get(&acme.path(""), &bob.token).await.code(), "not-available");
    assert_eq!(remove(&app, &acme, &ann, &bob).await, "not-available");
}

#[tokio::test]
async fn of_two_owners_who_demote_each_other_at_once_one_stays() {
    let (store, _folder) = database::sqlite_file().await;
    demote_each_other(&PlatformApp::on(store)).await;
}

#[tokio::test]
async fn on_postgres_too_one_owner_stays() {
    let (store, _database) = database::postgres().await;
    demote_each_other(&PlatformApp::on(store)).await;
}

async fn demote_each_other(app: &PlatformApp) {
    let (ann, bob) = (app.person("ann").await, app.person("bob").await);
    let acme = app.house(&ann, "acme").await;
    app.join(&acme, &bob, Role::Owner, None).await;
    let down = || json!({"role": "member"});
    let (one, other) =
        tokio::join!(set(app, &acme, &ann, &bob, down()), set(app, &acme, &bob, &ann, down()),);
    assert_eq!([&*one, &*other].iter().filter(|end| **end == "done").count(), 1, "{one}, {other}");
    let owners = app.store.write(&acme.scope, |uow| {
        Box::pin(async move { uow.organization().count_members(Role::Owner).await })
    });
    assert_eq!(owners.await.expect("the store answers"), 1);
}

#[tokio::test]
async fn a_confined_member_sees_only_their_domain() {
    let app = PlatformApp::new().await;
    let (ann, bob) = (app.person("ann").await, app.person("bob").await);
    let (acme, other) = (app.house(&ann, "acme").await, app.house(&ann, "other").await);
    let second = app.domain(acme.id, "second.example").await;
    app.join(&acme, &bob, Role::Admin, None).await;
    assert_eq!(set(&app, &acme, &ann, &bob, json!({"domain": second})).await, "done");
    let seen = app.get(&acme.path(""), &bob.token).await;
    assert_eq!(seen.json["domains"], json!([{"id": second, "host": "second.example"}]));
    assert_eq!(app.get(&acme.path("/members"), &bob.token).await.code(), "forbidden");
    assert_eq!(set(&app, &acme, &ann, &bob, json!({"domain": other.domain})).await, "invalid");
    assert_eq!(set(&app, &acme, &ann, &bob, json!({"role": "owner"})).await, "invalid");
    assert_eq!(
        set(&app, &acme, &ann, &bob, json!({"role": "owner", "domain": null})).await,
        "done"
    );
}

#[tokio::test]
async fn members_are_told_by_mail_and_the_trail_says_who_did_it() {
    let app = PlatformApp::new().await;
    let (ann, bob) = (app.person("ann").await, app.person("bob").await);
    let acme = app.house(&ann, "acme").await;
    app.join(&acme, &bob, Role::Member, None).await;
    set(&app, &acme, &ann, &bob, json!({"role": "auditor"})).await;
    remove(&app, &acme, &ann, &bob).await;
    let mails = app.mails().await;
    let kinds: Vec<_> = mails.iter().map(|mail| (mail.to.as_str(), mail.kind.name())).collect();
    assert!(kinds.contains(&("bob@people.example", "role-changed")), "{kinds:?}");
    assert!(kinds.contains(&("bob@people.example", "member-removed")), "{kinds:?}");
    let query = format!("/audit?action=member.removed&actor={}&subject={}", ann.id, bob.id);
    let trail = app.get(&acme.path(&query), &ann.token).await;
    assert_eq!(trail.json["items"].as_array().unwrap().len(), 1, "{:?}", trail.json);
}
