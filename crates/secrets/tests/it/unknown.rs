//! Commits whose outcome nobody knows, because the connection broke while it was awaited.

use std::sync::Arc;

use wax_store::Store;
use wax_testkit::{Breaking, Commit, Sender, Terms, TestApp};

async fn app() -> (TestApp, Arc<Breaking>) {
    let store = TestApp::new().await.store;
    let breaking = Breaking::new(Arc::clone(&store) as Arc<dyn Store>);
    (TestApp::behind(store, Arc::clone(&breaking) as Arc<dyn Store>).await, breaking)
}

#[tokio::test]
async fn a_create_that_was_written_is_answered_and_one_that_was_not_may_be_sent_again() {
    let (app, store) = app().await;
    let sender = Sender::share(&app, "text", &Terms::default()).await;
    store.set(Commit::Written);
    let again = app.post("/v1/secrets/create", &sender.create).await;
    assert_eq!(again.status, 201);

    store.set(Commit::Lost);
    let other = Sender::seal("other", &Terms::default());
    let lost = app.post("/v1/secrets/create", &other.create).await;
    assert_eq!((lost.status.as_u16(), lost.code()), (503, "unavailable"));
    store.set(Commit::Answered);
    assert_eq!(app.post("/v1/secrets/create", &other.create).await.status, 201);
}

#[tokio::test]
async fn a_claim_that_was_written_is_delivered_and_one_that_was_not_may_be_sent_again() {
    let (app, store) = app().await;
    let sender = Sender::share(&app, "text", &Terms::default()).await;
    let reader = sender.recipient();
    store.set(Commit::Lost);
    let lost = reader.claim(&app).await;
    assert_eq!((lost.status.as_u16(), lost.code()), (503, "unavailable"));
    store.set(Commit::Written);
    assert_eq!(reader.open(&reader.claim(&app).await).text.expose(), "text");
}
