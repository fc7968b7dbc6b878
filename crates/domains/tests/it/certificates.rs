//! Certificates that are ordered, that fail, and that tenants bring.

use http::Method;
use serde_json::{Value, json};
use wax_acme::Reason;
use wax_testkit::PlatformApp;

use crate::kit::{Added, DAY, HOUR, MINUTE, Tenant, pass, tenant, told_to};

async fn proved(app: &PlatformApp) -> (Tenant, Added) {
    let acme = tenant(app, "acme").await;
    let domain = acme.add(app, "secrets.example.com").await;
    domain.point(app);
    pass(app, MINUTE).await;
    (acme, domain)
}

async fn bring(
    app: &PlatformApp,
    acme: &Tenant,
    domain: &Added,
    body: &Value,
) -> wax_testkit::Answer {
    acme.ask(app, Method::PUT, &format!("/{}/certificate", domain.id), Some(body)).await
}

#[tokio::test]
async fn an_order_that_failed_is_told_and_tried_again_by_hand() {
    let app = PlatformApp::new().await;
    let (acme, domain) = proved(&app).await;
    let order = format!("/{}/order", domain.id);
    let early = acme.ask(&app, Method::POST, &order, None).await;
    assert_eq!((early.status.as_u16(), early.code()), (409, "conflict"), "it is on its way");
    app.names.fail(domain.id, Reason::HostUnreachable).await;
    pass(&app, MINUTE / 6).await;
    let seen = acme.one(&app, &domain).await;
    assert_eq!(seen["certificate"], "backoff");
    let trouble = &seen["order"]["trouble"];
    assert_eq!(
        (&trouble["code"], &trouble["actor"], &trouble["detail"]),
        (&json!("host-unreachable"), &json!("tenant"), &json!("as told"))
    );
    assert_eq!(told_to(&app, &acme).await, ["domain-without-certificate"]);
    let again = acme.ask(&app, Method::POST, &order, None).await;
    assert_eq!(again.status, 200, "{:?}", again.json);
    assert!(again.json["order"]["next_at_ms"].as_i64().unwrap() <= app.now_ms());
}

#[tokio::test]
async fn a_certificate_that_is_brought_is_served_in_the_place_of_ours() {
    let app = PlatformApp::new().await;
    let (acme, domain) = proved(&app).await;
    let (chain, key) = app.names.pem(&domain.host, DAY * 90);
    let body = json!({"chain": chain, "key": key, "fallback": false});
    let brought = bring(&app, &acme, &domain, &body).await;
    assert_eq!(brought.status, 200, "{:?}", brought.json);
    assert_eq!(
        (&brought.json["transport"], &brought.json["certificate"], &brought.json["service"]),
        (&json!("own"), &json!("active"), &json!("full"))
    );
    assert_eq!(brought.json["in_use"]["brought"], true);
    assert_eq!(brought.json.get("order"), None, "nothing is ordered any more");
    assert!(!brought.json.to_string().contains("PRIVATE"), "no answer has a key");
    pass(&app, HOUR).await;
    assert_eq!(acme.one(&app, &domain).await.get("order"), None);
    let path = format!("/{}/certificate", domain.id);
    let back = acme.ask(&app, Method::DELETE, &path, None).await;
    assert_eq!(
        (&back.json["transport"], &back.json["certificate"]),
        (&json!("acme"), &json!("queued")),
        "{:?}",
        back.json
    );
    assert_eq!(acme.ask(&app, Method::DELETE, &path, None).await.code(), "not-available");
}

#[tokio::test]
async fn one_that_ends_is_followed_by_an_order_if_its_tenant_wants_that() {
    let app = PlatformApp::new().await;
    let (acme, domain) = proved(&app).await;
    let (chain, key) = app.names.pem(&domain.host, DAY * 90);
    let body = json!({"chain": chain, "key": key, "fallback": true});
    let brought = bring(&app, &acme, &domain, &body).await;
    let order = &brought.json["order"];
    let begins = order["next_at_ms"].as_i64().unwrap();
    let ends = brought.json["certificate_until_ms"].as_i64().unwrap();
    assert_eq!((ends - begins) / 1_000, 86_400, "a day before its end");
}

#[tokio::test]
async fn a_certificate_that_cannot_be_served_is_refused_with_everything_that_is_wrong() {
    let app = PlatformApp::new().await;
    let (acme, domain) = proved(&app).await;
    let (chain, key) = app.names.pem(&domain.host, DAY * 90);
    let (other_chain, other_key) = app.names.pem("other.example.com", DAY * 90);
    for (chain, key, faults) in [
        (&chain, &other_key, vec!["key-mismatch"]),
        (&other_chain, &other_key, vec!["other-host"]),
        (&other_chain, &key, vec!["key-mismatch", "other-host"]),
        (&String::new(), &String::new(), vec!["no-certificate", "no-key"]),
    ] {
        let body = json!({"chain": chain, "key": key, "fallback": false});
        let refused = bring(&app, &acme, &domain, &body).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (422, "invalid"));
        let told: Vec<_> = refused.json["faults"]
            .as_array()
            .unwrap()
            .iter()
            .map(|fault| fault["code"].as_str().unwrap())
            .collect();
        assert_eq!(told, faults);
        assert!(!refused.json["detail"].as_str().unwrap().contains("certificate.fault"));
    }
    assert_eq!(acme.one(&app, &domain).await["transport"], "acme", "nothing was changed");
}

#[tokio::test]
async fn a_tenant_with_many_hosts_that_wait_lets_others_go_first() {
    let app = PlatformApp::new().await;
    let acme = tenant(&app, "acme").await;
    let mut last = None;
    for number in 0..21 {
        let domain = acme.add(&app, &format!("h{number:02}.example.com")).await;
        domain.point(&app);
        pass(&app, MINUTE).await;
        last = Some(domain);
    }
    let last = app.names.orders.issuance(&last.unwrap().id).await.unwrap().unwrap();
    assert_eq!(last.lane, wax_acme::Lane::Bulk);
}
