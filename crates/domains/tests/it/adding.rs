//! Hosts that are added, and those that are not.

use serde_json::json;
use wax_model::Role;
use wax_testkit::PlatformApp;

use crate::kit::{added, tenant};

#[tokio::test]
async fn a_host_that_is_added_says_which_records_it_needs() {
    let app = PlatformApp::new().await;
    let acme = tenant(&app, "acme").await;
    let made = acme.try_adding(&app, "Secrets.Example.COM.").await;
    assert_eq!(made.status, 201, "{:?}", made.json);
    let domain = &made.json;
    assert_eq!(
        (&domain["host"], &domain["ownership"], &domain["pointing"], &domain["certificate"]),
        (&json!("secrets.example.com"), &json!("pending"), &json!("unknown"), &json!("none"))
    );
    assert_eq!(domain.get("service"), None, "nobody is served there yet");
    let records = domain["records"].as_array().unwrap();
    assert_eq!(
        (&records[0]["type"], &records[0]["name"], &records[0]["relative"]),
        (&json!("CNAME"), &json!("secrets.example.com"), &json!("secrets"))
    );
    assert_eq!(
        (&records[1]["type"], &records[1]["name"], &records[1]["relative"]),
        (
            &json!("TXT"),
            &json!("_waxseal-challenge.secrets.example.com"),
            &json!("_waxseal-challenge.secrets")
        )
    );
    assert!(records[1]["value"].as_str().unwrap().starts_with("waxseal-domain="));
    assert_eq!(records.len(), 2);
}

#[tokio::test]
async fn the_top_of_a_zone_is_led_here_by_addresses_and_a_wildcard_is_certified_by_dns() {
    let app = PlatformApp::new().await;
    let acme = tenant(&app, "acme").await;
    for (host, expected) in [
        ("example.com", vec![("point", "A", "@"), ("prove", "TXT", "_waxseal-challenge")]),
        (
            "*.example.com",
            vec![
                ("point", "CNAME", "*"),
                ("prove", "TXT", "_waxseal-challenge"),
                ("certify", "CNAME", "_acme-challenge"),
            ],
        ),
    ] {
        let made = acme.try_adding(&app, host).await;
        let records = made.json["records"].as_array().unwrap();
        let told: Vec<_> = records
            .iter()
            .map(|record| {
                ["purpose", "type", "relative"].map(|name| record[name].as_str().unwrap())
            })
            .map(|[purpose, kind, relative]| (purpose, kind, relative))
            .collect();
        assert_eq!(told, expected, "{host}");
    }
}

#[tokio::test]
async fn a_host_that_nobody_may_bring_is_refused_with_its_reason_in_words() {
    let app = PlatformApp::new().await;
    let acme = tenant(&app, "acme").await;
    let long = format!("{}.example.com", vec!["a".repeat(60); 4].join("."));
    for (host, reason) in [
        ("", "invalid"),
        ("https://example.com", "invalid"),
        ("192.0.2.1", "address"),
        (&*long, "too-long"),
        ("a.*.example.com", "misplaced-wildcard"),
        ("printer.local", "special-use"),
        ("co.uk", "public-suffix"),
        ("*.co.uk", "wildcard-of-suffix"),
        ("app.waxseal.example", "special-use"),
        ("acme.houses.example.org", "platform"),
        ("example.org", "platform"),
        ("pаypal.com", "mixed-script"),
        ("аррӏе.com", "look-alike"),
    ] {
        let refused = acme.try_adding(&app, host).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (422, "invalid"), "{host}");
        assert_eq!(refused.json["reason"], reason, "{host}");
        assert_eq!(refused.json["field"], "host");
        let words = refused.json["detail"].as_str().unwrap();
        assert!(words.len() > 20 && !words.contains("dns.host"), "{host}: {words}");
    }
    assert_eq!(
        acme.ask(&app, http::Method::GET, "", None).await.json["items"].as_array().unwrap().len(),
        1
    );
}

#[tokio::test]
async fn a_host_is_added_once_by_one_tenant_and_any_number_may_claim_it() {
    let app = PlatformApp::new().await;
    let (acme, rival) = (tenant(&app, "acme").await, tenant(&app, "rival").await);
    let first = acme.add(&app, "secrets.example.com").await;
    assert_eq!(acme.try_adding(&app, "SECRETS.example.com").await.code(), "conflict");
    let second = rival.add(&app, "secrets.example.com").await;
    assert_ne!(first.target, second.target);
    assert_ne!(first.token, second.token);
}

#[tokio::test]
async fn below_localhost_a_name_works_at_once_and_is_the_first_ones() {
    let app = PlatformApp::new().await;
    let (acme, rival) = (tenant(&app, "acme").await, tenant(&app, "rival").await);
    let made = acme.try_adding(&app, "try.localhost").await;
    assert_eq!(
        (&made.json["ownership"], &made.json["service"], &made.json["transport"]),
        (&json!("verified"), &json!("full"), &json!("loopback"))
    );
    let refused = rival.try_adding(&app, "try.localhost").await;
    assert_eq!((refused.status.as_u16(), refused.code()), (409, "conflict"));
}

#[tokio::test]
async fn a_request_that_is_sent_again_adds_one_domain() {
    let app = PlatformApp::new().await;
    let acme = tenant(&app, "acme").await;
    let (path, token) = (acme.house.path("/domains"), &acme.owner.token);
    let body = json!({"host": "secrets.example.com"});
    let key = "AAAAAAAAAAAAAAAAAAAAAA";
    let first = app.post_once(&path, token, key, &body).await;
    let second = app.post_once(&path, token, key, &body).await;
    assert_eq!((first.status.as_u16(), second.status.as_u16()), (201, 201), "{:?}", second.json);
    assert_eq!(first.json["id"], second.json["id"]);
    assert_eq!(added(&first.json).token, added(&second.json).token);
    let other = app.post_once(&path, token, key, &json!({"host": "b.example.com"})).await;
    assert_eq!((other.code(), &other.json["field"]), ("conflict", &json!("Idempotency-Key")));
    let bad = app.post_once(&path, token, "short", &body).await;
    assert_eq!((bad.code(), &bad.json["field"]), ("invalid", &json!("Idempotency-Key")));
}

#[tokio::test]
async fn a_tenant_has_no_more_domains_than_its_server_lets_it() {
    let app = PlatformApp::new().await;
    let acme = tenant(&app, "acme").await;
    for number in 0..49 {
        acme.add(&app, &format!("h{number}.example.com")).await;
    }
    let refused = acme.try_adding(&app, "one-more.example.com").await;
    assert_eq!(
        (refused.code(), &refused.json["rule"], &refused.json["max"]),
        ("invalid", &json!("plan"), &json!(50))
    );
}

#[tokio::test]
async fn lists_go_by_host_page_after_page_and_show_who_is_confined_one() {
    let app = PlatformApp::new().await;
    let acme = tenant(&app, "acme").await;
    let mut ids = Vec::new();
    for host in ["c.example.com", "a.example.com", "b.example.com"] {
        ids.push(acme.add(&app, host).await);
    }
    let mut hosts = Vec::new();
    let mut query = "?limit=2".to_owned();
    loop {
        let page = acme.ask(&app, http::Method::GET, &query, None).await.json;
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= 2);
        hosts.extend(items.iter().map(|item| item["host"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        query = format!("?limit=2&cursor={next}");
    }
    assert_eq!(hosts, ["a.example.com", "acme.example", "b.example.com", "c.example.com"]);
    let tom = app.person("tom").await;
    app.join(&acme.house, &tom, Role::Member, Some(ids[1].id)).await;
    let seen = app.get(&acme.house.path("/domains"), &tom.token).await.json;
    assert_eq!(seen["items"].as_array().unwrap().len(), 1);
    assert_eq!(seen["items"][0]["host"], "a.example.com");
    let other = app.get(&acme.house.path(&format!("/domains/{}", ids[0].id)), &tom.token).await;
    assert_eq!(other.code(), "not-available");
}
