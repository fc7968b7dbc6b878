//! Records that the DNS provider sets.

use http::Method;
use serde_json::{Value, json};
use wax_connect::Fault;
use wax_testkit::{Answer, PlatformApp, Refused};

use crate::kit::{Added, MINUTE, Tenant, pass, tenant};

async fn connect(app: &PlatformApp, who: &Tenant, domain: &Added) -> Answer {
    who.ask(app, Method::POST, &format!("/{}/connect", domain.id), None).await
}

fn text<'a>(json: &'a Value, name: &str) -> &'a str {
    json[name].as_str().unwrap()
}

/// What a domain asks people to set, as lines.
fn wanted(json: &Value) -> Vec<String> {
    let records = json["records"].as_array().unwrap();
    let line = |record: &Value| {
        format!("{} {} {}", text(record, "name"), text(record, "type"), text(record, "value"))
    };
    records.iter().map(line).collect()
}

#[tokio::test]
async fn one_click_sets_what_people_would_set_by_hand_for_every_kind_of_host() {
    let app = PlatformApp::new().await;
    let provider = app.names.connect();
    let acme = tenant(&app, "acme").await;
    for host in [
        "secrets.example.com",
        "a.b.example.com",
        "example.com",
        "*.example.com",
        "*.x.example.com",
    ] {
        let domain = acme.add(&app, host).await;
        let told = connect(&app, &acme, &domain).await;
        assert_eq!(told.status, 200, "{host}: {:?}", told.json);
        let mut set = provider.agree(text(&told.json, "url")).unwrap();
        let mut by_hand = wanted(&acme.one(&app, &domain).await);
        assert_eq!(wanted(&told.json), by_hand, "{host}");
        set.sort();
        by_hand.sort();
        assert_eq!(set, by_hand, "{host}");
    }
}

#[tokio::test]
async fn a_host_is_proved_by_one_click_also_if_nobody_comes_back() {
    let app = PlatformApp::new().await;
    let provider = app.names.connect();
    let acme = tenant(&app, "acme").await;
    let domain = acme.add(&app, "secrets.example.com").await;
    pass(&app, MINUTE * 60 * 24 * 30).await;
    let told = connect(&app, &acme, &domain).await.json;
    assert_eq!(
        (text(&told, "provider"), text(&told, "host")),
        ("Virtucon Domains", "www.virtucon.example")
    );
    provider.agree(text(&told, "url")).unwrap();
    pass(&app, MINUTE).await;
    assert_eq!(acme.one(&app, &domain).await["ownership"], "verified");
}

#[tokio::test]
async fn a_url_that_somebody_has_changed_is_refused_by_the_provider() {
    let app = PlatformApp::new().await;
    let provider = app.names.connect();
    let (acme, rival) = (tenant(&app, "acme").await, tenant(&app, "rival").await);
    let domain = acme.add(&app, "secrets.example.com").await;
    let other = rival.add(&app, "secrets.example.com").await;
    let told = connect(&app, &acme, &domain).await.json;
    let url = text(&told, "url");
    let label = |domain: &Added| domain.target.split('.').next().unwrap().to_owned();
    let changed = url.replace(&label(&domain), &label(&other));
    assert_ne!(url, changed);
    assert_eq!(provider.agree(&changed), Err(Refused::Signature));
    let back = format!("https://app.waxseal.example/o/acme/domains/{}", domain.id);
    let back = back.replace(':', "%3A").replace('/', "%2F");
    assert!(url.contains(&format!("redirect_uri={back}")), "{url}");
    assert!(url.contains(&format!("state={}", text(&told, "state"))));
}

#[tokio::test]
async fn why_records_are_set_by_hand_is_said() {
    let app = PlatformApp::new().await;
    let acme = tenant(&app, "acme").await;
    let domain = acme.add(&app, "secrets.example.com").await;
    let reason = async |domain: &Added| {
        let refused = connect(&app, &acme, domain).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (409, "conflict"));
        let words = text(&refused.json, "detail").to_owned();
        assert!(words.len() > 30 && !words.contains("dns.connect"), "{words}");
        text(&refused.json, "reason").to_owned()
    };
    assert_eq!(reason(&domain).await, "off");
    assert_eq!(acme.one(&app, &domain).await["connects"], json!(false));
    let provider = app.names.connect();
    assert_eq!(acme.one(&app, &domain).await["connects"], json!(true));
    provider.forget_templates();
    assert_eq!(reason(&domain).await, "unknown-template");
    provider.fail(Fault::Slow);
    assert_eq!(reason(&domain).await, "slow");
    app.names.tree.remove("_domainconnect.example.com", "TXT");
    assert_eq!(reason(&domain).await, "not-offered");
    app.names.tree.zone("secrets.example.com", &["ns1.example.com"]);
    assert_eq!(reason(&domain).await, "zone-top");
    let local = acme.try_adding(&app, "try.localhost").await.json;
    assert_eq!(reason(&crate::kit::added(&local)).await, "nothing-to-set");
}

#[tokio::test]
async fn only_who_may_change_domains_is_sent_to_a_provider() {
    let app = PlatformApp::new().await;
    app.names.connect();
    let (acme, rival) = (tenant(&app, "acme").await, tenant(&app, "rival").await);
    let domain = acme.add(&app, "secrets.example.com").await;
    assert_eq!(connect(&app, &rival, &domain).await.code(), "not-available");
    let tom = app.person("tom").await;
    app.join(&acme.house, &tom, wax_model::Role::Member, None).await;
    let path = acme.house.path(&format!("/domains/{}/connect", domain.id));
    assert_eq!(app.ask(Method::POST, &path, &tom.token, None).await.status, 403);
}
