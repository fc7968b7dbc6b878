//! How many members and keys a plan has room for, however many ask at once.

use std::time::Duration;

use futures_util::future::join;
use http::Method;
use serde_json::json;
use wax_kernel::{Clock as _, Timestamp};
use wax_model::{Limit, Meter, Month, Plans, Role};
use wax_testkit::{Answer, House, Person, PlatformApp, database, plans};

/// Two members and one key.
fn small() -> Plans {
    plans(|free| (free.members, free.keys) = (Limit::at_most(2), Limit::at_most(1)))
}

async fn invite(app: &PlatformApp, house: &House, by: &Person, email: &str) -> Answer {
    let body = json!({"email": email, "role": "member"});
    app.post(&house.path("/invitations"), &by.token, &body).await
}

async fn accept(app: &PlatformApp, token: &str, person: &Person) -> Answer {
    app.post("/v1/invitations/accept", &person.token, &json!({"token": token})).await
}

async fn make_key(app: &PlatformApp, house: &House, by: &Person) -> Answer {
    let body = json!({"name": "ci", "scopes": ["organization:read"]});
    app.post(&house.path("/keys"), &by.token, &body).await
}

fn refused(answer: &Answer, code: &str) {
    assert_eq!((answer.status.as_u16(), answer.code()), (403, code), "{:?}", answer.json);
    assert_ne!(answer.json["detail"], "", "it says what to do");
}

fn beyond(answer: &Answer, meter: &str, max: u64) {
    refused(answer, "plan-limit");
    assert_eq!((&answer.json["meter"], &answer.json["max"]), (&json!(meter), &json!(max)));
}

#[tokio::test]
async fn an_invitation_takes_a_place_until_it_is_accepted_or_taken_back() {
    let app = PlatformApp::selling(small()).await;
    let (ann, bob) = (app.person("ann").await, app.person("bob").await);
    let acme = app.house(&ann, "acme").await;
    let first = invite(&app, &acme, &ann, "eve@people.example").await;
    beyond(&invite(&app, &acme, &ann, &bob.email).await, "members", 2);
    let again = invite(&app, &acme, &ann, "eve@people.example").await;
    assert_eq!(again.status, 201, "the same address anew takes no other place");
    let path = acme.path(&format!("/invitations/{}", again.json["id"].as_str().unwrap()));
    assert_ne!(first.json["id"], again.json["id"]);
    assert_eq!(app.ask(Method::DELETE, &path, &ann.token, None).await.status, 204);
    assert_eq!(invite(&app, &acme, &ann, &bob.email).await.status, 201);
    let token = app.invitation_token(&bob.email).await;
    assert_eq!(accept(&app, &token, &bob).await.status, 200, "it had its place");
    beyond(&invite(&app, &acme, &ann, "eve@people.example").await, "members", 2);
}

#[tokio::test]
async fn of_two_who_race_for_the_last_place_one_gets_it() {
    let (store, _folder) = database::sqlite_file().await;
    race(&PlatformApp::on_selling(store, small())).await;
    let (store, _database) = database::postgres().await;
    race(&PlatformApp::on_selling(store, small())).await;
}

async fn race(app: &PlatformApp) {
    let ann = app.person("ann").await;
    let acme = app.house(&ann, "acme").await;
    let ends = |one: Answer, other: Answer| {
        let mut ends = [one, other].map(|answer| answer.status.as_u16());
        ends.sort_unstable();
        ends
    };
    let (one, other) = join(
        invite(app, &acme, &ann, "one@people.example"),
        invite(app, &acme, &ann, "other@people.example"),
    )
    .await;
    assert_eq!(ends(one, other), [201, 403]);
    let (one, other) = join(make_key(app, &acme, &ann), make_key(app, &acme, &ann)).await;
    assert_eq!(ends(one, other), [201, 403]);
}

#[tokio::test]
async fn who_was_invited_before_the_plan_shrank_joins_while_there_is_room() {
    let app = PlatformApp::selling(small()).await;
    let [ann, bob, eve] =
        [app.person("ann").await, app.person("bob").await, app.person("eve").await];
    let acme = app.house(&ann, "acme").await;
    app.change_plan(&acme, "team", false).await;
    let mut tokens = Vec::new();
    for person in [&bob, &eve] {
        assert_eq!(invite(&app, &acme, &ann, &person.email).await.status, 201);
        tokens.push(app.invitation_token(&person.email).await);
    }
    app.change_plan(&acme, "team", true).await;
    refused(&accept(&app, &tokens[0], &bob).await, "organization-limited");
    app.change_plan(&acme, "free", false).await;
    assert_eq!(accept(&app, &tokens[0], &bob).await.status, 200, "the link still stood");
    let full = accept(&app, &tokens[1], &eve).await;
    refused(&full, "organization-limited");
    assert_eq!(full.json.get("max"), None, "who is no member is not told of the plan");
    app.change_plan(&acme, "team", false).await;
    assert_eq!(accept(&app, &tokens[1], &eve).await.status, 200);
}

#[tokio::test]
async fn a_key_that_is_over_leaves_its_place_and_does_not_come_back_without_one() {
    let app = PlatformApp::selling(small()).await;
    let ann = app.person("ann").await;
    let acme = app.house(&ann, "acme").await;
    let hour = app.now_ms() + 3_600_000;
    let made = make_key(&app, &acme, &ann).await;
    let path = acme.path(&format!("/keys/{}", made.json["id"].as_str().unwrap()));
    let until = async |ms: i64| {
        let body = json!({"expires_at_ms": ms});
        app.ask(Method::PATCH, &path, &ann.token, Some(&body)).await
    };
    assert_eq!(until(hour).await.status, 200);
    beyond(&make_key(&app, &acme, &ann).await, "keys", 1);
    app.clock.set(Timestamp::from_ms(hour));
    assert_eq!(make_key(&app, &acme, &ann).await.status, 201);
    beyond(&until(hour + 3_600_000).await, "keys", 1);
    app.change_plan(&acme, "team", false).await;
    assert_eq!(until(hour + 3_600_000).await.status, 200);
}

#[tokio::test]
async fn a_limited_organization_adds_nobody_and_nothing_but_removes() {
    let app = PlatformApp::selling(small()).await;
    let (ann, bob) = (app.person("ann").await, app.person("bob").await);
    let acme = app.house(&ann, "acme").await;
    app.join(&acme, &bob, Role::Member, None).await;
    app.change_plan(&acme, "team", true).await;
    refused(&invite(&app, &acme, &ann, "eve@people.example").await, "organization-limited");
    refused(&make_key(&app, &acme, &ann).await, "organization-limited");
    let path = acme.path(&format!("/members/{}", bob.id));
    assert_eq!(app.ask(Method::DELETE, &path, &ann.token, None).await.status, 204);
    assert_eq!(app.get(&acme.path("/audit"), &ann.token).await.status, 200);
}

#[tokio::test]
async fn an_organization_begins_with_the_default_plan() {
    let app = PlatformApp::selling(small()).await;
    let ann = app.person("ann").await;
    let acme = app.house(&ann, "acme").await;
    let found = app.store.read(acme.scope).organization().find().await.unwrap().unwrap();
    assert_eq!(found.plan, app.plans.default_plan().id);
}

#[tokio::test]
async fn owners_can_be_told_when_four_fifths_of_the_places_are_taken() {
    let app = PlatformApp::selling(plans(|free| free.members = Limit::at_most(5))).await;
    let ann = app.person("ann").await;
    let acme = app.house(&ann, "acme").await;
    let month = Month::of(app.clock.now());
    let high = async || app.store.platform().high_usage(month, None, 9).await.unwrap();
    for n in 2..=3 {
        invite(&app, &acme, &ann, &format!("{n}@people.example")).await;
        app.clock.advance(Duration::from_secs(1));
    }
    assert_eq!(high().await, []);
    invite(&app, &acme, &ann, "4@people.example").await;
    let noted: Vec<_> = high().await.into_iter().map(|one| (one.tenant, one.meter)).collect();
    assert_eq!(noted, [(acme.id, Meter::Members)]);
}
