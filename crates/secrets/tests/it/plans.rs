//! What an organization's plan leaves it: asked in the transaction that writes, whoever races.

use std::{collections::BTreeMap, time::Duration};

use futures_util::future::join_all;
use serde_json::{Value, json};
use wax_kernel::{Clock as _, DomainId};
use wax_model::{Limit, Meter, Month, Role};
use wax_testkit::{Answer, House, Person, PlatformApp, Sender, Terms, database, plans};

/// Somebody with an organization, where five secrets may be made in a month.
async fn five() -> (PlatformApp, Person, House) {
    let app = PlatformApp::selling(plans(|free| free.secrets_per_month = Limit::at_most(5))).await;
    let ann = app.person("ann").await;
    let acme = app.house(&ann, "acme").await;
    (app, ann, acme)
}

async fn create_on(
    app: &PlatformApp,
    house: &House,
    on: DomainId,
    by: &str,
    body: &Value,
) -> Answer {
    app.post(&house.path(&format!("/secrets?domain={on}")), by, body).await
}

async fn create(app: &PlatformApp, house: &House, by: &Person) -> Answer {
    let body = Sender::seal("text", &Terms::default()).create;
    create_on(app, house, house.domain, &by.token, &body).await
}

async fn by_stranger(app: &PlatformApp, house: &House) -> Answer {
    let body = Sender::seal("text", &Terms::default()).create;
    app.post_on_host(house, "/v1/secrets/create", "", &body).await
}

async fn used(app: &PlatformApp, house: &House) -> u64 {
    let mut reader = app.store.read(house.scope);
    reader.usage().used(Meter::Secrets, app.clock.now()).await.expect("the store answers")
}

fn refused(answer: &Answer, code: &str) {
    assert_eq!((answer.status.as_u16(), answer.code()), (403, code), "{:?}", answer.json);
    assert_ne!(answer.json["detail"], "", "it says what to do");
}

#[tokio::test]
async fn as_many_secrets_as_the_plan_has_are_made_in_a_month_and_no_more() {
    let (app, ann, acme) = five().await;
    for _ in 0..5 {
        assert_eq!(create(&app, &acme, &ann).await.status, 201);
    }
    let sixth = create(&app, &acme, &ann).await;
    refused(&sixth, "plan-limit");
    assert_eq!((&sixth.json["meter"], &sixth.json["max"]), (&json!("secrets"), &json!(5)));
    assert!(sixth.json["detail"].as_str().unwrap().contains('5'));
    let listed = app.get(&acme.path("/secrets"), &ann.token).await;
    assert_eq!(listed.json["items"].as_array().unwrap().len(), 5, "nothing was written");
    let other = app.house(&ann, "other").await;
    assert_eq!(create(&app, &other, &ann).await.status, 201, "another organization has its own");

    app.clock.set(Month::of(app.clock.now()).plus(1).starts_at());
    assert_eq!(create(&app, &acme, &ann).await.status, 201, "a month begins anew");
}

async fn race(app: &PlatformApp) {
    let ann = app.person("ann").await;
    let acme = app.house(&ann, "acme").await;
    let answers = join_all((0..12).map(|_| create(app, &acme, &ann))).await;
    let mut ends = BTreeMap::new();
    for answer in answers {
        *ends.entry((answer.status.as_u16(), answer.code().to_owned())).or_insert(0) += 1;
    }
    let expected = [((201, String::new()), 5), ((403, "plan-limit".to_owned()), 7)];
    assert_eq!(ends, BTreeMap::from(expected));
    assert_eq!(used(app, &acme).await, 5);
}

#[tokio::test]
async fn of_twelve_who_race_for_five_places_five_get_one() {
    let limit = || plans(|free| free.secrets_per_month = Limit::at_most(5));
    let (store, _folder) = database::sqlite_file().await;
    race(&PlatformApp::on_selling(store, limit())).await;
    let (store, _database) = database::postgres().await;
    race(&PlatformApp::on_selling(store, limit())).await;
}

#[tokio::test]
async fn a_request_that_is_sent_again_gets_the_first_answer_and_is_counted_once() {
    let (app, ann, acme) = five().await;
    let body = Sender::seal("text", &Terms::default()).create;
    let first = create_on(&app, &acme, acme.domain, &ann.token, &body).await;
    assert_eq!(first.status, 201);
    let same = create_on(&app, &acme, acme.domain, &ann.token, &body).await;
    assert_eq!((same.status.as_u16(), &same.json, used(&app, &acme).await), (201, &first.json, 1));
    for _ in 0..4 {
        assert_eq!(create(&app, &acme, &ann).await.status, 201);
    }
    refused(&create(&app, &acme, &ann).await, "plan-limit");
    let again = create_on(&app, &acme, acme.domain, &ann.token, &body).await;
    assert_eq!((again.status.as_u16(), &again.json), (201, &first.json), "the last place is gone");
    assert_eq!(used(&app, &acme).await, 5);
}

#[tokio::test]
async fn another_plan_lifts_the_limit_at_once_and_nothing_is_counted_without_one() {
    let (app, ann, acme) = five().await;
    for _ in 0..5 {
        assert_eq!(create(&app, &acme, &ann).await.status, 201);
    }
    refused(&create(&app, &acme, &ann).await, "plan-limit");
    app.change_plan(&acme, "team", false).await;
    assert_eq!(create(&app, &acme, &ann).await.status, 201);
    assert_eq!(used(&app, &acme).await, 5, "no row is written where there is no limit");
    app.change_plan(&acme, "free", false).await;
    refused(&create(&app, &acme, &ann).await, "plan-limit");
}

#[tokio::test]
async fn a_server_that_sells_nothing_counts_nothing() {
    let app = PlatformApp::new().await;
    let ann = app.person("ann").await;
    let acme = app.house(&ann, "acme").await;
    app.change_plan(&acme, "anything", true).await;
    assert_eq!(create(&app, &acme, &ann).await.status, 201, "and nobody is limited");
    let mut reader = app.store.read(acme.scope);
    assert_eq!(reader.usage().months(Month::from_number(0)).await.unwrap(), []);
}

#[tokio::test]
async fn a_guest_is_not_told_how_the_organization_stands() {
    let (app, ann, acme) = five().await;
    for _ in 0..5 {
        assert_eq!(create(&app, &acme, &ann).await.status, 201);
    }
    let at_the_limit = by_stranger(&app, &acme).await;
    refused(&at_the_limit, "organization-limited");
    app.change_plan(&acme, "team", true).await;
    let limited = by_stranger(&app, &acme).await;
    assert_eq!(limited.json, at_the_limit.json, "one answer for all");
    for member in ["meter", "max"] {
        assert_eq!(limited.json.get(member), None);
    }
}

#[tokio::test]
async fn a_limited_organization_makes_nothing_and_its_links_go_on_opening() {
    let (app, ann, acme) = five().await;
    let sender = Sender::seal("made before", &Terms::default());
    assert_eq!(create_on(&app, &acme, acme.domain, &ann.token, &sender.create).await.status, 201);
    app.change_plan(&acme, "team", true).await;
    let told = create(&app, &acme, &ann).await;
    refused(&told, "organization-limited");
    assert_ne!(told.json, by_stranger(&app, &acme).await.json, "members are told why");
    assert_opens(&app, &acme, &sender).await;
    app.change_plan(&acme, "team", false).await;
    assert_eq!(create(&app, &acme, &ann).await.status, 201);
}

/// What a link shows before it is opened.
async fn assert_opens(app: &PlatformApp, house: &House, sender: &Sender) {
    let peek = sender.recipient().peek_body();
    let peeked = app.post_on_host(house, "/v1/secrets/peek", "", &peek).await;
    assert_eq!(peeked.status, 200, "{:?}", peeked.json);
}

#[tokio::test]
async fn on_a_domain_beyond_the_plan_nobody_creates_and_its_links_go_on_opening() {
    let app = PlatformApp::selling(plans(|free| free.domains = Limit::at_most(1))).await;
    let ann = app.person("ann").await;
    let acme = app.house(&ann, "acme").await;
    app.change_plan(&acme, "team", false).await;
    app.clock.advance(Duration::from_secs(1));
    let second = House { domain: app.domain(acme.id, "second.example").await, ..acme.clone() };
    let sender = Sender::seal("made before", &Terms::default());
    assert_eq!(
        create_on(&app, &second, second.domain, &ann.token, &sender.create).await.status,
        201
    );
    app.change_plan(&acme, "free", false).await;
    let frozen = create(&app, &second, &ann).await;
    refused(&frozen, "plan-limit");
    assert_eq!((&frozen.json["meter"], &frozen.json["max"]), (&json!("domains"), &json!(1)));
    refused(&by_stranger(&app, &second).await, "organization-limited");
    assert_opens(&app, &second, &sender).await;
    assert_eq!(create(&app, &acme, &ann).await.status, 201, "the older one is not");
}

#[tokio::test]
async fn a_member_or_key_beyond_the_plan_makes_none_and_owners_come_first() {
    let app = PlatformApp::selling(plans(|free| {
        (free.members, free.keys) = (Limit::at_most(2), Limit::at_most(1));
    }))
    .await;
    let [ann, bob, eve] =
        [app.person("ann").await, app.person("bob").await, app.person("eve").await];
    let acme = app.house(&ann, "acme").await;
    app.change_plan(&acme, "team", false).await;
    for (person, role) in [(&bob, Role::Member), (&eve, Role::Owner)] {
        app.clock.advance(Duration::from_secs(1));
        app.join(&acme, person, role, None).await;
    }
    let mut keys = Vec::new();
    for name in ["old", "new"] {
        app.clock.advance(Duration::from_secs(1));
        let body = json!({"name": name, "scopes": ["secrets:create"]});
        let made = app.post(&acme.path("/keys"), &ann.token, &body).await;
        keys.push(made.json["key"].as_str().unwrap().to_owned());
    }
    app.change_plan(&acme, "free", false).await;
    let body = || Sender::seal("text", &Terms::default()).create;
    for (credential, meter) in [
        (&ann.token, None),
        (&eve.token, None),
        (&keys[0], None),
        (&bob.token, Some("members")),
        (&keys[1], Some("keys")),
    ] {
        let answer = create_on(&app, &acme, acme.domain, credential, &body()).await;
        match meter {
            None => assert_eq!(answer.status, 201, "{:?}", answer.json),
            Some(meter) => {
                refused(&answer, "plan-limit");
                assert_eq!(answer.json["meter"], meter);
            }
        }
    }
    assert_eq!(
        app.get(&acme.path("/secrets"), &bob.token).await.status,
        200,
        "but sees what there is"
    );
}

#[tokio::test]
async fn what_is_beyond_the_plan_is_refused_with_its_field() {
    let app = PlatformApp::selling(plans(|free| {
        free.max_lifetime = Duration::from_secs(3_600);
        free.max_views = 2;
        free.max_content_bytes = 2_048;
    }))
    .await;
    let ann = app.person("ann").await;
    let acme = app.house(&ann, "acme").await;
    let (hour, large) = (Terms { after_s: 3_600, ..Terms::default() }, "x".repeat(4_000));
    for (text, terms, field, max) in [
        ("x", Terms { after_s: 3_601, ..Terms::default() }, "policy.expires.after_s", 3_600),
        ("x", Terms { views: 3, ..hour.clone() }, "policy.views", 2),
        (&*large, hour.clone(), "content", 2_048),
    ] {
        let body = Sender::seal(text, &terms).create;
        let refused = create_on(&app, &acme, acme.domain, &ann.token, &body).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (422, "invalid"), "{field}");
        let told = ["field", "rule", "max"].map(|name| refused.json[name].clone());
        assert_eq!(told, [json!(field), json!("plan"), json!(max)]);
        let by_guest = app.post_on_host(&acme, "/v1/secrets/create", "", &body).await;
        assert_eq!(by_guest.json["field"], field);
    }
    assert_eq!(
        create_on(&app, &acme, acme.domain, &ann.token, &Sender::seal("x", &hour).create)
            .await
            .status,
        201
    );
    app.change_plan(&acme, "team", false).await;
    let body = Sender::seal(&large, &Terms { views: 3, ..Terms::default() }).create;
    assert_eq!(create_on(&app, &acme, acme.domain, &ann.token, &body).await.status, 201);
}
