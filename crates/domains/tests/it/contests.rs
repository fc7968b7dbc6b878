//! Two tenants, one host.

use http::Method;
use serde_json::json;
use wax_testkit::PlatformApp;

use crate::kit::{Added, DAY, HOUR, MINUTE, Tenant, added, ms, pass, tenant, told_to};

/// A holder by CNAME, and a rival who can set a text: the rival's proof is seen from here, and later from there.
async fn contested(app: &PlatformApp) -> (Tenant, Added, Tenant, Added) {
    let (acme, rival) = (tenant(app, "acme").await, tenant(app, "rival").await);
    let own = acme.add(app, "secrets.example.com").await;
    own.point(app);
    pass(app, MINUTE).await;
    assert_eq!(acme.one(app, &own).await["ownership"], "verified");
    let other = rival.add(app, "secrets.example.com").await;
    other.prove(app);
    pass(app, MINUTE).await;
    assert_eq!(acme.one(app, &own).await["ownership"], "verified", "one sighting is none");
    app.clock.advance(HOUR);
    app.names.work(&app.names.there).await;
    (acme, own, rival, other)
}

#[tokio::test]
async fn a_proof_seen_twice_from_two_places_makes_a_contest_and_silence_loses_it_after_three_days()
{
    let app = PlatformApp::new().await;
    let (acme, own, rival, other) = contested(&app).await;
    let seen = acme.one(&app, &own).await;
    assert_eq!(seen["ownership"], "contested");
    let until = seen["ownership_until_ms"].as_i64().unwrap();
    assert_eq!(until - app.now_ms(), ms(DAY * 3));
    assert_eq!(told_to(&app, &acme).await, ["domain-contested"]);
    pass(&app, HOUR * 71).await;
    assert_eq!(acme.one(&app, &own).await["ownership"], "contested", "not too soon");
    pass(&app, HOUR).await;
    assert_eq!(acme.one(&app, &own).await["ownership"], "lapsed");
    assert_eq!(rival.one(&app, &other).await["ownership"], "verified");
    assert_eq!(told_to(&app, &acme).await, ["domain-lapsed"]);
}

#[tokio::test]
async fn the_same_place_twice_is_one_sighting() {
    let app = PlatformApp::new().await;
    let (acme, rival) = (tenant(&app, "acme").await, tenant(&app, "rival").await);
    let own = acme.add(&app, "secrets.example.com").await;
    own.point(&app);
    pass(&app, MINUTE).await;
    let other = rival.add(&app, "secrets.example.com").await;
    other.prove(&app);
    for _ in 0..24 {
        pass(&app, HOUR).await;
    }
    assert_eq!(acme.one(&app, &own).await["ownership"], "verified");
    assert_eq!(rival.one(&app, &other).await["ownership"], "pending");
}

#[tokio::test]
async fn the_holder_answers_with_a_fresh_record_and_keeps_the_host() {
    let app = PlatformApp::new().await;
    let (acme, own, rival, other) = contested(&app).await;
    told_to(&app, &acme).await;
    let path = format!("/{}/contest", own.id);
    let body = json!({"answer": "mine"});
    let answered = acme.ask(&app, Method::POST, &path, Some(&body)).await;
    assert_eq!(answered.status, 200, "{:?}", answered.json);
    let fresh = added(&answered.json);
    assert_ne!(fresh.token, own.token, "the old record could be anybody's by now");
    let again = acme.ask(&app, Method::POST, &path, Some(&body)).await;
    assert_eq!(added(&again.json).token, fresh.token);
    fresh.prove(&app);
    pass(&app, MINUTE).await;
    assert_eq!(acme.one(&app, &own).await["ownership"], "verified");
    assert_eq!(told_to(&app, &acme).await, ["domain-kept"]);
    let refused = rival.one(&app, &other).await;
    assert_eq!(refused["ownership"], "pending");
    let wait = refused["ownership_until_ms"].as_i64().unwrap() - app.now_ms();
    assert_eq!(wait, ms(DAY * 7), "it is not heard for a week");
    let late = acme.ask(&app, Method::POST, &path, Some(&body)).await;
    assert_eq!((late.status.as_u16(), late.code()), (409, "conflict"));
    for _ in 0..6 {
        pass(&app, DAY).await;
        app.names.work(&app.names.there).await;
    }
    assert_eq!(acme.one(&app, &own).await["ownership"], "verified");
}

#[tokio::test]
async fn an_old_record_of_the_holders_answers_no_contest() {
    let app = PlatformApp::new().await;
    let (acme, own, ..) = contested(&app).await;
    own.prove(&app);
    pass(&app, HOUR).await;
    assert_eq!(acme.one(&app, &own).await["ownership"], "contested");
}

#[tokio::test]
async fn a_contest_ends_when_the_rival_gives_up() {
    let app = PlatformApp::new().await;
    let (acme, own, rival, other) = contested(&app).await;
    told_to(&app, &acme).await;
    let body = json!({"host": other.host});
    let gone = rival.ask(&app, Method::DELETE, &format!("/{}", other.id), Some(&body)).await;
    assert_eq!(gone.status, 204, "{:?}", gone.json);
    assert_eq!(acme.one(&app, &own).await["ownership"], "verified");
    assert_eq!(told_to(&app, &acme).await, ["domain-kept"]);
}
