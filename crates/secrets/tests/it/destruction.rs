//! What is left in memory of a destroyed secret's row: nothing that opens it. Files are `tests/`' matter.

use std::{sync::Arc, time::Duration};

use wax_cache::MemoryHints;
use wax_crypto::at_rest::{Day, KeyStore, MemoryKeyStore};
use wax_kernel::{Clock, JobError, SystemRng, Timestamp};
use wax_model::{Entitlements, Plans};
use wax_secrets::{Parts, Secrets};
use wax_store::Store;
use wax_testkit::{Sender, Terms, TestApp};

#[tokio::test]
async fn the_last_confirmation_deletes_both_data_keys_and_the_ciphertext() {
    let app = TestApp::new().await;
    let sender = Sender::share(&app, "text", &Terms::default()).await;
    let id = sender.sealed.id;
    let mut reader = sender.recipient();
    let claimed = reader.claim(&app).await;
    let mut rows = app.store.read(app.scope());
    assert!(rows.secrets().wrap(id).await.unwrap().is_some());
    assert!(rows.secrets().content(id).await.unwrap().is_some());

    reader.ack(&app, &claimed).await;
    assert!(rows.secrets().wrap(id).await.unwrap().is_none());
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
        app.settle().await;
        assert_eq!(app.keys.existing_day_key(day).unwrap().is_some(), exists);
    }
}

/// What a server finds at its start that has these keys.
async fn check(app: &TestApp, keys: Arc<dyn KeyStore>) -> Result<(), JobError> {
    let secrets = Secrets::new(Parts {
        store: Arc::clone(&app.store) as Arc<dyn Store>,
        keys,
        hints: Arc::new(MemoryHints::default()),
        clock: Arc::clone(&app.clock) as Arc<dyn Clock>,
        rng: Arc::clone(&app.rng),
        plans: Plans::self_hosted(Entitlements::SELF_HOSTED),
    });
    secrets.check_keys().await
}

#[tokio::test]
async fn keys_that_are_not_those_of_what_is_stored_are_noticed() {
    let app = TestApp::new().await;
    let lost = || Arc::new(MemoryKeyStore::new(Arc::new(SystemRng)));
    check(&app, lost()).await.expect("nothing is stored yet");
    Sender::share(&app, "text", &Terms::default()).await;
    check(&app, Arc::clone(&app.keys) as Arc<dyn KeyStore>).await.expect("these are the keys");
    let error = check(&app, lost()).await.unwrap_err();
    assert!(error.to_string().contains("key store"), "{error}");
    let other = lost();
    // Of the same day, whichever that is.
    let today = Day::of(app.clock.now());
    for day in [today.number(), today.number() + 1] {
        other.day_key(Day::from_number(day)).unwrap();
    }
    let error = check(&app, other).await.unwrap_err();
    assert!(error.to_string().contains("does not open"), "{error}");
}

/// More than one batch: at a batch every ten minutes, one sender could make receipts faster than they are forgotten.
#[tokio::test]
async fn every_receipt_whose_time_is_over_is_forgotten_at_once() {
    let app = TestApp::new().await;
    for _ in 0..501 {
        let sender = Sender::share(&app, "text", &Terms::default()).await;
        app.post("/v1/secrets/burn", &sender.proof()).await;
    }
    app.clock.advance(Duration::from_secs(31 * 86_400));
    let due = app.store.platform().due_tombstones(app.clock.now(), 1_000).await.unwrap();
    assert_eq!(due.len(), 501);
    app.run_jobs().await;
    let due = app.store.platform().due_tombstones(app.clock.now(), 1_000).await.unwrap();
    assert_eq!(due, []);
}
