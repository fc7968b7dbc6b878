//! Control characters in paths and queries: one refusal on every database. Postgres has no U+0000 in any text.

use std::sync::Arc;

use wax_store::Store;
use wax_testkit::{PlatformApp, database};

async fn refuses_them(store: Arc<dyn Store>) {
    let app = PlatformApp::on(store);
    let ann = app.person("ann").await;
    let acme = app.house(&ann, "acme").await;
    for escape in ["%00", "a%00b", "%1F", "%7f"] {
        for path in [
            format!("/v1/organizations/{escape}"),
            format!("/v1/organizations/{escape}/members"),
            acme.path(&format!("/audit?subject={escape}")),
            acme.path(&format!("/audit/export?format=csv&subject={escape}")),
            acme.path(&format!("/secrets?domain={escape}")),
        ] {
            let answer = app.get(&path, &ann.token).await;
            assert_eq!((answer.status.as_u16(), answer.code()), (400, "malformed"), "{path}");
        }
    }
    let other = app.get("/v1/organizations/%E7%A7%98", &ann.token).await;
    assert_eq!(other.code(), "not-available", "other characters are a name that nobody has");
    let other = app.get(&acme.path("/audit?subject=%E7%A7%98%20"), &ann.token).await;
    assert_eq!(other.status, 200, "{:?}", other.json);
}

#[tokio::test]
async fn a_control_character_is_refused_on_sqlite() {
    refuses_them(database::sqlite_memory().await.0).await;
}

#[tokio::test]
async fn a_control_character_is_refused_on_postgres() {
    let (store, _database) = database::postgres().await;
    refuses_them(store).await;
}
