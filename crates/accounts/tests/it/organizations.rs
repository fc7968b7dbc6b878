//! Made, seen, renamed, given away.

use http::Method;
use serde_json::json;
use wax_model::Role;
use wax_testkit::PlatformApp;

#[tokio::test]
async fn who_makes_an_organization_owns_it_and_nobody_else_sees_it() {
    let app = PlatformApp::new().await;
    let (ann, bob) = (app.person("ann").await, app.person("bob").await);
    let acme = app.house(&ann, "acme").await;
    for name in [acme.id.to_string(), "acme".to_owned()] {
        let path = format!("/v1/organizations/{name}");
        let seen = app.get(&path, &ann.token).await;
        assert_eq!((seen.status.as_u16(), &seen.json["role"]), (200, &json!("owner")));
        assert_eq!(seen.json["domains"][0]["host"], "acme.example");
        assert_eq!(app.get(&path, &bob.token).await.code(), "not-available");
        assert_eq!(app.get(&path, "").await.code(), "signed-out");
    }
}

#[tokio::test]
async fn a_short_name_is_taken_once_and_not_from_our_own_words() {
    let app = PlatformApp::new().await;
    let ann = app.person("ann").await;
    app.house(&ann, "acme").await;
    let make = async |body| app.post("/v1/organizations", &ann.token, &body).await;
    let taken = make(json!({"name": "Other", "slug": "acme"})).await;
    assert_eq!((taken.code(), &taken.json["field"]), ("conflict", &json!("slug")));
    assert_eq!(taken.json["title"], "This short name is taken");
    let unnamed = make(json!({"name": "Acme"})).await;
    assert!(unnamed.json["slug"].as_str().unwrap().starts_with("acme-"), "{:?}", unnamed.json);
    let reserved = make(json!({"name": "Admin"})).await;
    assert!(reserved.json["slug"].as_str().unwrap().starts_with("admin-"), "{:?}", reserved.json);
    for slug in ["admin", "ab", "Acme", "a--b", ""] {
        let refused = make(json!({"name": "Other", "slug": slug})).await;
        assert_eq!((refused.code(), &refused.json["field"]), ("invalid", &json!("slug")), "{slug}");
    }
}

#[tokio::test]
async fn an_organization_is_renamed_and_nobody_takes_anothers_short_name() {
    let app = PlatformApp::new().await;
    let ann = app.person("ann").await;
    let (acme, _) = (app.house(&ann, "acme").await, app.house(&ann, "other").await);
    let patch = async |body| app.ask(Method::PATCH, &acme.path(""), &ann.token, Some(&body)).await;
    let renamed = patch(json!({"name": " Acme, Inc. ", "slug": "acme-inc"})).await;
    assert_eq!(
        (&renamed.json["name"], &renamed.json["slug"]),
        (&json!("Acme, Inc."), &json!("acme-inc"))
    );
    assert_eq!(patch(json!({"slug": "other"})).await.code(), "conflict");
    assert_eq!(app.get("/v1/organizations/acme", &ann.token).await.code(), "not-available");
}

#[tokio::test]
async fn an_organization_is_given_to_a_member_and_only_by_its_owner() {
    let app = PlatformApp::new().await;
    let (ann, bob, eve) =
        (app.person("ann").await, app.person("bob").await, app.person("eve").await);
    let acme = app.house(&ann, "acme").await;
    app.join(&acme, &bob, Role::Admin, None).await;
    let give = async |from: &str, to| {
        app.post(&acme.path("/transfer"), from, &json!({"account": to})).await
    };
    assert_eq!(give(&bob.token, bob.id).await.code(), "forbidden");
    assert_eq!(give(&ann.token, eve.id).await.code(), "not-available");
    assert_eq!(give(&ann.token, bob.id).await.status, 204);
    let role = async |token: &str| app.get(&acme.path(""), token).await.json["role"].clone();
    assert_eq!((role(&ann.token).await, role(&bob.token).await), (json!("admin"), json!("owner")));
    let told = app.mails().await;
    let given = told.iter().filter(|mail| mail.kind.name() == "ownership-transferred");
    assert_eq!(given.count(), 2);
}

#[tokio::test]
async fn a_request_that_is_sent_again_is_done_once_and_gets_the_first_answer() {
    let app = PlatformApp::new().await;
    let ann = app.person("ann").await;
    let acme = app.house(&ann, "acme").await;
    let make = async |key: &str, name: &str| {
        let body = json!({"name": name, "scopes": ["audit:read"]});
        app.post_once(&acme.path("/keys"), &ann.token, key, &body).await
    };
    let (first, again) =
        (make("AAAAAAAAAAAAAAAA", "ci").await, make("AAAAAAAAAAAAAAAA", "ci").await);
    assert_eq!((first.status, &first.json), (again.status, &again.json));
    assert_eq!(make("AAAAAAAAAAAAAAAA", "other").await.code(), "conflict");
    assert_ne!(make("BBBBBBBBBBBBBBBB", "ci").await.json["key"], first.json["key"]);
    assert_eq!(make("short", "ci").await.code(), "invalid");
    assert_eq!(make("CCCCCCCCCCCCCCCC", "").await.code(), "invalid");
    assert_eq!(
        make("CCCCCCCCCCCCCCCC", "ci").await.status,
        201,
        "what was refused may be tried again"
    );
    let keys = app.get(&acme.path("/keys"), &ann.token).await;
    assert_eq!(keys.json["items"].as_array().unwrap().len(), 3);
}
