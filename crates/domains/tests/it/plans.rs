//! How many domains a plan has room for.

use futures_util::future::join;
use http::Method;
use serde_json::json;
use wax_kernel::Clock as _;
use wax_model::{Limit, Meter, Plans};
use wax_testkit::{Answer, PlatformApp, database, plans};

use crate::kit::{MINUTE, Tenant, pass, tenant};

/// Three, the first of which every organization of these tests has.
fn three() -> Plans {
    plans(|free| free.domains = Limit::at_most(3))
}

fn refused(answer: &Answer, code: &str) {
    assert_eq!((answer.status.as_u16(), answer.code()), (403, code), "{:?}", answer.json);
    assert_ne!(answer.json["detail"], "", "it says what to do");
}

async fn counted(app: &PlatformApp, acme: &Tenant) -> u64 {
    let mut reader = app.store.read(acme.house.scope);
    reader.usage().used(Meter::Domains, app.clock.now()).await.unwrap()
}

#[tokio::test]
async fn as_many_domains_as_the_plan_has_are_added_and_no_more() {
    let app = PlatformApp::selling(three()).await;
    let acme = tenant(&app, "acme").await;
    let first = acme.add(&app, "a.example.com").await;
    acme.add(&app, "b.example.com").await;
    let fourth = acme.try_adding(&app, "c.example.com").await;
    refused(&fourth, "plan-limit");
    assert_eq!((&fourth.json["meter"], &fourth.json["max"]), (&json!("domains"), &json!(3)));
    let body = json!({"host": first.host});
    let removed = acme.ask(&app, Method::DELETE, &format!("/{}", first.id), Some(&body)).await;
    assert!(removed.status.is_success(), "{:?}", removed.json);
    assert_eq!(acme.try_adding(&app, "c.example.com").await.status, 201, "a place is free again");
    refused(&acme.try_adding(&app, "d.example.com").await, "plan-limit");
    app.change_plan(&acme.house, "team", false).await;
    assert_eq!(acme.try_adding(&app, "d.example.com").await.status, 201);
}

#[tokio::test]
async fn of_two_who_race_for_the_last_place_one_gets_it() {
    let (store, _folder) = database::sqlite_file().await;
    race(&PlatformApp::on_selling(store, three())).await;
    let (store, _database) = database::postgres().await;
    race(&PlatformApp::on_selling(store, three())).await;
}

async fn race(app: &PlatformApp) {
    let acme = tenant(app, "acme").await;
    acme.add(app, "a.example.com").await;
    let (one, other) =
        join(acme.try_adding(app, "b.example.com"), acme.try_adding(app, "c.example.com")).await;
    let mut ends = [one, other].map(|answer| answer.status.as_u16());
    ends.sort_unstable();
    assert_eq!((ends, counted(app, &acme).await), ([201, 403], 3));
}

#[tokio::test]
async fn the_name_that_the_platform_gives_takes_no_place() {
    let app = PlatformApp::selling(three()).await;
    let acme = tenant(&app, "acme").await;
    let before = counted(&app, &acme).await;
    pass(&app, MINUTE).await;
    let listed = acme.ask(&app, Method::GET, "", None).await;
    assert_eq!(listed.json["items"].as_array().unwrap().len(), 2, "it was given");
    assert_eq!(counted(&app, &acme).await, before);
}

#[tokio::test]
async fn a_limited_organization_adds_no_domain() {
    let app = PlatformApp::selling(three()).await;
    let acme = tenant(&app, "acme").await;
    app.change_plan(&acme.house, "team", true).await;
    refused(&acme.try_adding(&app, "a.example.com").await, "organization-limited");
}

#[tokio::test]
async fn settings_go_no_further_than_the_organizations_own_plan() {
    let app = PlatformApp::selling(plans(|free| free.max_views = 5)).await;
    let acme = tenant(&app, "acme").await;
    let path = format!("/{}/settings", acme.house.domain);
    let body = json!({"limits": {"max_views": 6}});
    let answer = acme.ask(&app, Method::PATCH, &path, Some(&body)).await;
    assert_eq!((answer.status.as_u16(), &answer.json["rule"]), (422, &json!("plan")));
    app.change_plan(&acme.house, "team", false).await;
    let answer = acme.ask(&app, Method::PATCH, &path, Some(&body)).await;
    assert_eq!(answer.status, 200, "{:?}", answer.json);
}
