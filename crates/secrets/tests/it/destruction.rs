//! What is left in memory of a destroyed secret's row: nothing that opens it. Files are `tests/`' matter.

use wax_crypto::at_rest::{Day, KeyStore as _};
use wax_kernel::{Clock as _, Timestamp};
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

#[tokio::test]
async fn a_days_key_is_destroyed_forty_eight_hours_after_the_day_and_not_before() {
    let app = TestApp::new().await;
    Sender::share(&app, "text", &Terms::default()).await;
    let day = Day::of(app.clock.now());
    let destroyed_at = Timestamp::from_ms((day.number() + 3) * 86_400_000);
    for (at, exists) in [(destroyed_at.as_ms() - 1, true), (destroyed_at.as_ms(), false)] {
        app.clock.set(Timestamp::from_ms(at));
        app.run_jobs().await;
        assert_eq!(app.keys.existing_day_key(day).unwrap().is_some(), exists);
    }
}
