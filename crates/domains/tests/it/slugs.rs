//! The host that every organization has.

use http::Method;
use serde_json::json;
use wax_testkit::{PlatformApp, SUFFIX};

use crate::kit::{MINUTE, pass, tenant};

#[tokio::test]
async fn an_organization_has_a_host_at_once_and_it_follows_the_short_name() {
    let app = PlatformApp::new().await;
    let acme = tenant(&app, "acme").await;
    pass(&app, MINUTE).await;
    let hosts = async || -> Vec<String> {
        let list = acme.ask(&app, Method::GET, "", None).await.json;
        let items = list["items"].as_array().unwrap();
        items.iter().map(|item| item["host"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(hosts().await, ["acme.example".to_owned(), format!("acme.{SUFFIX}")]);
    pass(&app, MINUTE).await;
    assert_eq!(hosts().await.len(), 2, "one is enough");
    let renamed = app
        .ask(Method::PATCH, &acme.house.path(""), &acme.owner.token, Some(&json!({"slug": "ajax"})))
        .await;
    assert_eq!(renamed.status, 200, "{:?}", renamed.json);
    pass(&app, MINUTE).await;
    assert_eq!(hosts().await, ["acme.example".to_owned(), format!("ajax.{SUFFIX}")]);
}

#[tokio::test]
async fn nobody_removes_it() {
    let app = PlatformApp::new().await;
    let acme = tenant(&app, "acme").await;
    pass(&app, MINUTE).await;
    let list = acme.ask(&app, Method::GET, "", None).await.json;
    let own = &list["items"][1];
    assert_eq!((&own["ownership"], &own["records"]), (&json!("verified"), &json!([])));
    let path = format!("/{}", own["id"].as_str().unwrap());
    let body = json!({"host": own["host"]});
    let refused = acme.ask(&app, Method::DELETE, &path, Some(&body)).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (409, "conflict"));
}
