//! Hosts that leave, come back, and are lost.

use http::Method;
use serde_json::json;
use wax_dns_tree::Fault;
use wax_testkit::PlatformApp;

use crate::kit::{Added, DAY, HOUR, MINUTE, Tenant, ms, pass, tenant, told_to};

async fn served(app: &PlatformApp) -> (Tenant, Added) {
    let acme = tenant(app, "acme").await;
    let domain = acme.add(app, "secrets.example.com").await;
    domain.point(app);
    pass(app, MINUTE).await;
    app.names.certify(domain.id, DAY * 90).await;
    pass(app, MINUTE).await;
    assert_eq!(acme.one(app, &domain).await["service"], "full");
    told_to(app, &acme).await;
    (acme, domain)
}

#[tokio::test]
async fn a_host_that_names_somebody_else_is_held_then_only_kept_then_lost_each_on_time() {
    let app = PlatformApp::new().await;
    let (acme, domain) = served(&app).await;
    domain.leave(&app);
    pass(&app, DAY * 3 / 2).await;
    let began = app.now_ms();
    let held = acme.one(&app, &domain).await;
    assert_eq!((&held["ownership"], &held["service"]), (&json!("held"), &json!("held")));
    assert_eq!(told_to(&app, &acme).await, ["domain-held"]);
    let ends = held["ownership_until_ms"].as_i64().unwrap();
    assert_eq!(ends - began, ms(DAY * 3));
    let mut met = Vec::new();
    for _ in 0..24 * 15 {
        pass(&app, HOUR).await;
        let now = acme.one(&app, &domain).await;
        let state = now["ownership"].as_str().unwrap().to_owned();
        if met.last().is_none_or(|(last, _): &(String, i64)| *last != state) {
            met.push((state, (app.now_ms() - began) / 3_600_000));
        }
    }
    let at = |state: &str, hours: i64| (state.to_owned(), hours);
    assert_eq!(met, [at("held", 1), at("grace", 72), at("lapsed", 14 * 24)], "to the hour");
    assert_eq!(told_to(&app, &acme).await, ["domain-grace", "domain-lapsed"]);
    assert_eq!(acme.one(&app, &domain).await.get("service"), None);
    domain.point(&app);
    pass(&app, DAY).await;
    assert_eq!(acme.one(&app, &domain).await["ownership"], "verified", "proved anew");
}

#[tokio::test]
async fn a_host_that_comes_back_is_served_again_and_its_owners_are_told() {
    let app = PlatformApp::new().await;
    let (acme, domain) = served(&app).await;
    domain.leave(&app);
    app.clock.advance(MINUTE);
    assert_eq!(acme.check(&app, &domain).await.json["service"], "held");
    domain.point(&app);
    app.clock.advance(MINUTE);
    assert_eq!(acme.check(&app, &domain).await.json["service"], "full");
    assert_eq!(told_to(&app, &acme).await, ["domain-held", "domain-back"]);
}

#[tokio::test]
async fn servers_that_fail_or_disagree_take_nothing_away() {
    let app = PlatformApp::new().await;
    let (acme, domain) = served(&app).await;
    app.names.tree.remove_at("ns2.example.com", &domain.host, "CNAME");
    app.names.tree.add_at("ns2.example.com", "secrets.example.com CNAME other.example.net");
    for fault in [Fault::ServFail, Fault::Refused, Fault::NxDomain] {
        app.names.tree.fault("ns1.example.com", fault);
        app.clock.advance(MINUTE);
        let seen = acme.check(&app, &domain).await.json;
        if fault != Fault::NxDomain {
            assert_eq!(seen["ownership"], "verified", "{fault:?}");
        }
    }
}

#[tokio::test]
async fn nothing_is_held_while_one_server_still_leads_here() {
    let app = PlatformApp::new().await;
    let (acme, domain) = served(&app).await;
    app.names.tree.remove_at("ns2.example.com", &domain.host, "CNAME");
    app.names.tree.add_at("ns2.example.com", "secrets.example.com CNAME other.example.net");
    app.clock.advance(MINUTE);
    let seen = acme.check(&app, &domain).await.json;
    assert_eq!((&seen["ownership"], &seen["pointing"]), (&json!("verified"), &json!("partial")));
}

#[tokio::test]
async fn a_record_that_will_break_the_next_renewal_is_told_once() {
    let app = PlatformApp::new().await;
    let (acme, domain) = served(&app).await;
    app.names.tree.add("example.com CAA 0 issue \"other.example\"");
    for _ in 0..3 {
        pass(&app, DAY * 3 / 2).await;
    }
    assert_eq!(told_to(&app, &acme).await, ["domain-at-risk"]);
    app.names.tree.remove("example.com", "CAA");
    for _ in 0..3 {
        pass(&app, DAY * 3 / 2).await;
    }
    app.names.tree.add("example.com CAA 0 issue \"other.example\"");
    pass(&app, DAY * 3 / 2).await;
    assert_eq!(told_to(&app, &acme).await, ["domain-at-risk"], "gone for a day, and back");
    assert_eq!(acme.one(&app, &domain).await["ownership"], "verified");
}

#[tokio::test]
async fn a_certificate_without_a_successor_is_told_at_fourteen_seven_three_and_one_day() {
    let app = PlatformApp::new().await;
    let acme = tenant(&app, "acme").await;
    let domain = acme.add(&app, "secrets.example.com").await;
    domain.point(&app);
    pass(&app, MINUTE).await;
    app.names.certify(domain.id, DAY * 45).await;
    pass(&app, MINUTE).await;
    told_to(&app, &acme).await;
    let mut told = Vec::new();
    for quarter in 1..45 * 4 {
        pass(&app, DAY / 4).await;
        let ends = told_to(&app, &acme).await.len();
        told.extend(std::iter::repeat_n((45 * 4 - quarter) / 4, ends));
    }
    assert_eq!(told.len(), 4, "{told:?}");
    for (left, limit) in told.iter().zip([14, 7, 3, 1]) {
        assert!((limit - 1..=limit).contains(left), "{told:?}");
    }
}

#[tokio::test]
async fn whoever_is_no_member_is_told_nothing_and_another_tenant_finds_nothing() {
    let app = PlatformApp::new().await;
    let (acme, domain) = served(&app).await;
    let rival = tenant(&app, "rival").await;
    for (method, rest) in [(Method::GET, ""), (Method::GET, "/history"), (Method::POST, "/check")] {
        let path = format!("/{}{rest}", domain.id);
        assert_eq!(rival.ask(&app, method, &path, None).await.code(), "not-available", "{rest}");
    }
    domain.leave(&app);
    app.clock.advance(MINUTE);
    acme.check(&app, &domain).await;
    assert_eq!(told_to(&app, &rival).await, [""; 0]);
}
