//! Domains that their tenants give up.

use http::Method;
use serde_json::json;
use wax_testkit::{PlatformApp, Sender, Terms};

use crate::kit::{MINUTE, pass, tenant};

#[tokio::test]
async fn a_domain_is_removed_by_its_name_with_all_that_hangs_on_it() {
    let app = PlatformApp::new().await;
    let acme = tenant(&app, "acme").await;
    let domain = acme.add(&app, "secrets.example.com").await;
    domain.point(&app);
    pass(&app, MINUTE).await;
    let path = format!("/{}", domain.id);
    for host in ["", "example.com", "*.secrets.example.com"] {
        let body = json!({"host": host});
        let refused = acme.ask(&app, Method::DELETE, &path, Some(&body)).await;
        assert_eq!((refused.code(), &refused.json["field"]), ("invalid", &json!("host")), "{host}");
    }
    let body = json!({"host": "SECRETS.example.com"});
    assert_eq!(acme.ask(&app, Method::DELETE, &path, Some(&body)).await.status, 204);
    assert_eq!(acme.ask(&app, Method::GET, &path, None).await.code(), "not-available");
    assert_eq!(acme.ask(&app, Method::DELETE, &path, Some(&body)).await.code(), "not-available");
    assert_eq!(app.names.orders.issuance(&domain.id).await.unwrap(), None);
    let again = acme.add(&app, "secrets.example.com").await;
    assert_ne!(
        (again.id, &again.target),
        (domain.id, &domain.target),
        "no label is given out twice"
    );
}

#[tokio::test]
async fn what_is_removed_is_free_for_who_proves_it() {
    let app = PlatformApp::new().await;
    let (acme, rival) = (tenant(&app, "acme").await, tenant(&app, "rival").await);
    let own = acme.add(&app, "secrets.example.com").await;
    own.point(&app);
    pass(&app, MINUTE).await;
    let other = rival.add(&app, "secrets.example.com").await;
    let body = json!({"host": own.host});
    acme.ask(&app, Method::DELETE, &format!("/{}", own.id), Some(&body)).await;
    other.point(&app);
    pass(&app, MINUTE).await;
    assert_eq!(rival.one(&app, &other).await["ownership"], "verified");
}

#[tokio::test]
async fn before_it_is_removed_one_sees_how_many_secrets_go_with_it() {
    let app = PlatformApp::new().await;
    let acme = tenant(&app, "acme").await;
    let path = acme.house.path(&format!("/secrets?domain={}", acme.house.domain));
    for _ in 0..2 {
        let body = Sender::seal("text", &Terms::default()).create;
        assert_eq!(app.post(&path, &acme.owner.token, &body).await.status, 201);
    }
    let seen = acme.ask(&app, Method::GET, &format!("/{}", acme.house.domain), None).await;
    assert_eq!(seen.json["live_secrets"], 2);
}
