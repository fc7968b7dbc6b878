//! Founding an organization while its owner's account is being deleted: whoever is first, no organization is left without an
//! owner, and nobody meets a fault of ours.

use std::sync::Arc;

use http::Method;
use serde_json::json;
use wax_store::Store;
use wax_testkit::{Answer, Overtaken, Person, PlatformApp, database};

/// Two processes on one database. What the second does may overtake the first.
async fn two(store: Arc<dyn Store>) -> (PlatformApp, Arc<Overtaken>, Arc<PlatformApp>, Person) {
    let slow = Overtaken::new(Arc::clone(&store));
    let (slower, faster) = (PlatformApp::on(slow.clone()), Arc::new(PlatformApp::on(store)));
    let ann = faster.person("ann").await;
    (slower, slow, faster, ann)
}

async fn found(app: &PlatformApp, by: &Person, slug: &str) -> Answer {
    app.post("/v1/organizations", &by.token, &json!({"name": "Acme", "slug": slug})).await
}

async fn delete(app: &PlatformApp, whom: &Person) -> Answer {
    let body = json!({"email": whom.email});
    app.ask(Method::DELETE, "/v1/account", &whom.token, Some(&body)).await
}

async fn is_there(app: &PlatformApp, slug: &str) -> bool {
    let slug = slug.to_owned();
    let found = app.store.write_platform(move |unit| {
        let slug = slug.clone();
        Box::pin(async move { unit.find_tenant(&slug).await })
    });
    found.await.expect("the store answers").is_some()
}

async fn owns(app: &PlatformApp, person: &Person, slug: &str) -> bool {
    let seen = app.get(&format!("/v1/organizations/{slug}"), &person.token).await;
    seen.json["role"] == "owner"
}

async fn who_is_deleted_founds_nothing(store: Arc<dyn Store>) {
    let (slower, slow, faster, ann) = two(store).await;
    let (app, whom) = (Arc::clone(&faster), ann.clone());
    slow.overtake(async move { assert_eq!(delete(&app, &whom).await.status, 204) });
    let refused = found(&slower, &ann, "acme").await;
    assert_eq!((refused.status.as_u16(), refused.code()), (401, "signed-out"));
    assert!(!is_there(&faster, "acme").await);
}

async fn who_has_founded_is_not_deleted(store: Arc<dyn Store>) {
    let (slower, slow, faster, ann) = two(store).await;
    let (app, by) = (Arc::clone(&faster), ann.clone());
    slow.overtake(async move { assert_eq!(found(&app, &by, "acme").await.status, 201) });
    let refused = delete(&slower, &ann).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (503, "unavailable"));
    assert!(refused.headers.contains_key("retry-after"));
    assert_eq!(delete(&slower, &ann).await.code(), "last-owner", "asked again, it knows why");
    assert!(owns(&faster, &ann, "acme").await);
}

async fn of_both_at_once_one_is_done(store: Arc<dyn Store>) {
    let app = PlatformApp::on(store);
    for round in 0..20 {
        let slug = format!("acme-{round}");
        let ann = app.person(&format!("ann-{round}")).await;
        let (made, gone) = tokio::join!(found(&app, &ann, &slug), delete(&app, &ann));
        match (made.status.as_u16(), gone.status.as_u16()) {
            (201, 409 | 503) => assert!(owns(&app, &ann, &slug).await, "{slug}"),
            (401, 204) => assert!(!is_there(&app, &slug).await, "{slug}"),
            _ => panic!("{slug}: {:?}, {:?}", made.json, gone.json),
        }
    }
}

macro_rules! on_both_databases {
    ($($promise:ident),+) => {
        mod sqlite {
            $(
                #[tokio::test]
                async fn $promise() {
                    let (store, _folder) = super::database::sqlite_file().await;
                    super::$promise(store).await;
                }
            )+
        }

        mod postgres {
            $(
                #[tokio::test]
                async fn $promise() {
                    let (store, _database) = super::database::postgres().await;
                    super::$promise(store).await;
                }
            )+
        }
    };
}

on_both_databases!(
    who_is_deleted_founds_nothing,
    who_has_founded_is_not_deleted,
    of_both_at_once_one_is_done
);
