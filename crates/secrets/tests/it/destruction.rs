//! What is left in memory of a destroyed secret's row: nothing that opens it. Files are `tests/`' matter.

use wax_store::Store as _;
use wax_testkit::{Sender, Terms, TestApp};

#[tokio::test]
async fn the_last_confirmation_deletes_both_data_keys_and_the_ciphertext() {
    let app = TestApp::new().await;
    let sender = Sender::share(&app, "text", &Terms::default()).await;
    let id = sender.sealed.id;
    let mut reader = sender.recipient();
    let claimed = reader.claim(&app).await;
    let mut rows = app.store.read(app.scope());
    let keys = rows.secrets().keys(id).await.unwrap();
    assert!(
        keys.wrap.is_some() && keys.content.is_some(),
        "the check below would find nothing anyway"
    );
    assert!(rows.secrets().content(id).await.unwrap().is_some());

    reader.ack(&app, &claimed).await;
    let keys = rows.secrets().keys(id).await.unwrap();
    assert!(keys.wrap.is_none() && keys.content.is_none());
    assert!(rows.secrets().content(id).await.unwrap().is_none());
}
