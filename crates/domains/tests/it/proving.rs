//! From a record that is set to a host that is served.

use http::Method;
use serde_json::json;
use wax_testkit::PlatformApp;

use crate::kit::{DAY, HOUR, MINUTE, pass, tenant, told_to};

#[tokio::test]
async fn one_record_proves_leads_here_and_brings_a_certificate() {
    let app = PlatformApp::new().await;
    let acme = tenant(&app, "acme").await;
    let domain = acme.add(&app, "secrets.example.com").await;
    let before = acme.check(&app, &domain).await;
    assert_eq!(before.status, 200, "{:?}", before.json);
    assert_eq!(before.json["ownership"], "pending");
    assert_eq!(before.json["report"]["verdict"], "act");
    assert_eq!(before.json["report"]["records"][0]["to"], domain.target);
    domain.point(&app);
    pass(&app, MINUTE).await;
    let proved = acme.one(&app, &domain).await;
    assert_eq!(
        (&proved["ownership"], &proved["pointing"], &proved["certificate"]),
        (&json!("verified"), &json!("pointing"), &json!("queued")),
        "{proved}"
    );
    assert_ne!(proved["report"]["verdict"], "act", "{}", proved["report"]);
    assert_eq!(proved.get("service"), None, "without a certificate there is no handshake");
    assert_eq!(proved["order"]["issuer"], "test-ca");
    app.names.certify(domain.id, DAY * 90).await;
    pass(&app, MINUTE).await;
    let served = acme.one(&app, &domain).await;
    assert_eq!((&served["certificate"], &served["service"]), (&json!("active"), &json!("full")));
    assert_eq!(served["in_use"]["names"], json!(["secrets.example.com"]));
    assert_eq!(told_to(&app, &acme).await, ["domain-ready"]);
    pass(&app, DAY * 2).await;
    assert_eq!(told_to(&app, &acme).await, [""; 0], "told once");
    let history = acme.history(&app, &domain).await;
    let ownership = ["ownership", "pending", "verified"].map(str::to_owned);
    let active = ["certificate", "queued", "active"].map(str::to_owned);
    assert!(history.contains(&ownership) && history.contains(&active), "{history:?}");
}

#[tokio::test]
async fn every_change_of_whose_it_is_and_where_it_leads_is_in_history_and_in_the_trail() {
    let app = PlatformApp::new().await;
    let acme = tenant(&app, "acme").await;
    let domain = acme.add(&app, "secrets.example.com").await;
    domain.point(&app);
    pass(&app, MINUTE).await;
    let rows = acme.ask(&app, Method::GET, &format!("/{}/history", domain.id), None).await.json;
    let row =
        rows["items"].as_array().unwrap().iter().find(|row| row["axis"] == "ownership").unwrap();
    assert_eq!((&row["from"], &row["to"]), (&json!("pending"), &json!("verified")));
    assert_eq!(row.get("actor"), None, "the DNS did it");
    assert_eq!(row["evidence"]["servers"].as_array().unwrap().len(), 2, "what each server said");
    let trail = app.get(&acme.house.path("/audit"), &acme.owner.token).await.json;
    let actions: Vec<_> = trail["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|event| event["subject"] == domain.id.to_string())
        .map(|event| event["action"].as_str().unwrap())
        .collect();
    for action in ["domain.added", "domain.ownership_changed", "domain.pointing_changed"] {
        assert!(actions.contains(&action), "{action}: {actions:?}");
    }
}

#[tokio::test]
async fn a_text_proves_a_host_that_leads_elsewhere_and_no_certificate_is_ordered_until_it_leads_here()
 {
    let app = PlatformApp::new().await;
    let acme = tenant(&app, "acme").await;
    let domain = acme.add(&app, "secrets.example.com").await;
    domain.leave(&app);
    domain.prove(&app);
    pass(&app, MINUTE).await;
    let proved = acme.one(&app, &domain).await;
    assert_eq!(
        (&proved["ownership"], &proved["pointing"], &proved["certificate"]),
        (&json!("verified"), &json!("elsewhere"), &json!("none"))
    );
    domain.point(&app);
    pass(&app, MINUTE).await;
    assert_eq!(acme.one(&app, &domain).await["certificate"], "queued", "soon, not tomorrow");
}

#[tokio::test]
async fn no_certificate_is_ordered_where_a_record_forbids_it() {
    let app = PlatformApp::new().await;
    let acme = tenant(&app, "acme").await;
    app.names.tree.add("example.com CAA 0 issue \"other.example\"");
    let domain = acme.add(&app, "secrets.example.com").await;
    domain.point(&app);
    pass(&app, MINUTE).await;
    let proved = acme.one(&app, &domain).await;
    assert_eq!(
        (&proved["ownership"], &proved["certificate"]),
        (&json!("verified"), &json!("none"))
    );
    assert_eq!(proved["report"]["code"], "caa-other-authority");
    app.names.tree.remove("example.com", "CAA");
    pass(&app, MINUTE).await;
    assert_eq!(acme.one(&app, &domain).await["certificate"], "queued");
}

#[tokio::test]
async fn a_check_by_hand_waits_ten_seconds_after_the_last() {
    let app = PlatformApp::new().await;
    let acme = tenant(&app, "acme").await;
    let domain = acme.add(&app, "secrets.example.com").await;
    assert_eq!(acme.check(&app, &domain).await.status, 200);
    let held = acme.check(&app, &domain).await;
    assert_eq!((held.status.as_u16(), held.code()), (429, "held-back"));
    assert_eq!(held.headers["retry-after"], "10");
    assert_eq!(held.json["title"], "Just checked");
    app.clock.advance(MINUTE / 6);
    assert_eq!(acme.check(&app, &domain).await.status, 200);
}

#[tokio::test]
async fn a_pending_host_is_looked_at_soon_and_often_and_never_not_at_all() {
    let app = PlatformApp::new().await;
    let acme = tenant(&app, "acme").await;
    let domain = acme.add(&app, "secrets.example.com").await;
    let mut looks = 0;
    let mut last = 0;
    for _ in 0..60 {
        pass(&app, MINUTE / 2).await;
        let checked = acme.one(&app, &domain).await["checked_at_ms"].as_i64().unwrap_or(0);
        looks += u32::from(checked != last);
        last = checked;
    }
    assert!((15..=30).contains(&looks), "{looks} looks in the first half hour");
    for _ in 0..20 {
        pass(&app, DAY * 3 / 2).await;
        let checked = acme.one(&app, &domain).await["checked_at_ms"].as_i64().unwrap();
        assert_eq!(checked, app.now_ms(), "a month later it is still looked at");
    }
}

#[tokio::test]
async fn a_token_that_proved_nothing_for_a_month_is_another_one() {
    let app = PlatformApp::new().await;
    let acme = tenant(&app, "acme").await;
    let domain = acme.add(&app, "secrets.example.com").await;
    pass(&app, DAY * 29).await;
    let kept = crate::kit::added(&acme.one(&app, &domain).await);
    assert_eq!(kept.token, domain.token);
    pass(&app, DAY * 2).await;
    let renewed = crate::kit::added(&acme.one(&app, &domain).await);
    assert_ne!(renewed.token, domain.token);
    assert_eq!(renewed.target, domain.target);
}

#[tokio::test]
async fn a_look_that_heard_nothing_changes_nothing_and_says_so() {
    let app = PlatformApp::new().await;
    let acme = tenant(&app, "acme").await;
    let domain = acme.add(&app, "secrets.example.com").await;
    domain.point(&app);
    pass(&app, MINUTE).await;
    let good = acme.one(&app, &domain).await;
    for server in ["ns1.example.com", "ns2.example.com"] {
        app.names.tree.fault(server, wax_dns_tree::Fault::ServFail);
    }
    domain.leave(&app);
    pass(&app, DAY * 2).await;
    let silent = acme.one(&app, &domain).await;
    for axis in ["ownership", "pointing", "checked_at_ms"] {
        assert_eq!(silent[axis], good[axis], "{axis}");
    }
    assert_eq!(silent["report"]["checked_at_ms"], app.now_ms(), "and yet it was looked");
    assert_eq!(silent["report"]["verdict"], "act");
}

#[tokio::test]
async fn the_owner_lock_keeps_others_from_proving() {
    let app = PlatformApp::new().await;
    let (acme, rival) = (tenant(&app, "acme").await, tenant(&app, "rival").await);
    let hold = format!("_waxseal-hold.example.com TXT waxseal-hold={}", acme.house.id);
    app.names.tree.add(&hold);
    let (own, other) =
        (acme.add(&app, "secrets.example.com").await, rival.add(&app, "secrets.example.com").await);
    other.prove(&app);
    pass(&app, MINUTE).await;
    assert_eq!(rival.one(&app, &other).await["ownership"], "pending");
    own.prove(&app);
    pass(&app, HOUR).await;
    assert_eq!(acme.one(&app, &own).await["ownership"], "verified");
    assert_eq!(rival.one(&app, &other).await["report"]["code"], "lock-refuses");
}

#[tokio::test]
async fn a_wildcards_owner_is_told_that_another_has_proved_a_host_below_it() {
    let app = PlatformApp::new().await;
    let (acme, rival) = (tenant(&app, "acme").await, tenant(&app, "rival").await);
    let wildcard = acme.add(&app, "*.example.com").await;
    app.names.tree.add(&format!("_waxseal-challenge.example.com TXT {}", wildcard.token));
    pass(&app, MINUTE).await;
    assert_eq!(acme.one(&app, &wildcard).await["ownership"], "verified");
    assert_eq!(told_to(&app, &acme).await, [""; 0]);
    let exact = rival.add(&app, "shop.example.com").await;
    exact.point(&app);
    pass(&app, MINUTE).await;
    assert_eq!(rival.one(&app, &exact).await["ownership"], "verified");
    assert_eq!(told_to(&app, &acme).await, ["domain-overridden"]);
}

#[tokio::test]
async fn a_report_has_what_the_document_says_it_has() {
    let app = PlatformApp::new().await;
    let acme = tenant(&app, "acme").await;
    let domain = acme.add(&app, "secrets.example.com").await;
    let report = acme.check(&app, &domain).await.json["report"].clone();
    let document = serde_json::to_value(wax_domains::openapi()).unwrap();
    let schemas = &document["components"]["schemas"];
    let finding = &report["findings"][0];
    for (told, schema) in [
        (&report, "ReportView"),
        (&report["records"][0], "ChangeView"),
        (&report["servers"][0], "ServerView"),
        (finding, "FindingView"),
        (&report["hints"][0], "HintView"),
    ] {
        let (told, schema) = (told.as_object().unwrap(), &schemas[schema]);
        for name in told.keys() {
            assert!(schema["properties"].get(name).is_some(), "{name} is not in {schema}");
        }
        for name in schema["required"].as_array().unwrap() {
            assert!(told.contains_key(name.as_str().unwrap()), "{name}: {told:?}");
        }
    }
}
