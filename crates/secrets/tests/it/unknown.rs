//! Commits whose outcome nobody knows, because the connection broke while it was awaited.

use std::sync::Arc;

use wax_crypto::HpkeKey;
use wax_kernel::SystemRng;
use wax_store::Store;
use wax_testkit::{
    Answer, Breaking, Commit, CommitProxy, Sender, Terms, TestApp, database::PostgresDatabase,
};

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
    assert_eq!((lost.status.as_u16(), lost.code()), (502, "no-answer"));
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
    assert_eq!((lost.status.as_u16(), lost.code()), (502, "no-answer"));
    store.set(Commit::Written);
    assert_eq!(reader.open(&reader.claim(&app).await).text.expose(), "text");
}

/// "Unavailable" would say that nothing was changed (protocol.md §9).
#[tokio::test]
async fn what_was_done_unheard_is_never_said_to_be_undone() {
    let (app, store) = app().await;
    let sender = Sender::share(&app, "text", &Terms::device_bound()).await;
    let mut reader = sender.recipient();
    let claimed = reader.claim(&app).await;
    let unheard = |answer: Answer| assert_eq!(answer.code(), "no-answer", "{}", answer.json);
    store.set(Commit::Written);
    unheard(reader.heartbeat(&app, &claimed).await);
    store.set(Commit::Answered);
    reader.ack(&app, &claimed).await;

    let (asker, receive) = (sender.recipient(), HpkeKey::random(&SystemRng));
    store.set(Commit::Written);
    unheard(asker.ask(&app, receive.public()).await);
    unheard(reader.reopen(&app, &claimed).await);
    unheard(app.post("/v1/secrets/burn", &sender.proof()).await);
    assert_eq!(reader.peek(&app).await.json["state"], "burned", "and it was done");
}

/// The real thing: the connection to Postgres breaks between its COMMIT and the answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgres_what_was_committed_unheard_is_found_and_what_was_not_may_be_sent_again() {
    let database = PostgresDatabase::migrated().await;
    let proxy = CommitProxy::start(&database).await;
    let app = TestApp::on(proxy.store().await).await;
    for terms in [Terms::default(), Terms::device_bound()] {
        let end = if terms.device_bound { "bound" } else { "destroyed" };
        let sender = Sender::seal("text", &terms);
        proxy.set(Commit::Lost);
        assert_eq!(app.post("/v1/secrets/create", &sender.create).await.status, 502);
        proxy.set(Commit::Written);
        assert_eq!(app.post("/v1/secrets/create", &sender.create).await.status, 201);

        let mut reader = sender.recipient();
        proxy.set(Commit::Lost);
        assert_eq!(reader.claim(&app).await.status, 502);
        assert_eq!(reader.peek(&app).await.json["views_left"], 1, "nothing was taken");
        proxy.set(Commit::Written);
        let claimed = reader.claim(&app).await;
        assert_eq!(reader.open(&claimed).text.expose(), "text");
        assert_eq!(reader.peek(&app).await.json["views_left"], 0);

        proxy.set(Commit::Lost);
        assert_eq!(reader.ack(&app, &claimed).await.status, 502);
        assert_eq!(reader.peek(&app).await.json["yours"], "open");
        proxy.set(Commit::Written);
        let acked = reader.ack(&app, &claimed).await;
        assert_eq!((acked.status.as_u16(), acked.json["state"].as_str()), (200, Some(end)));
        proxy.set(Commit::Answered);
        assert_eq!(reader.ack(&app, &claimed).await.json["state"], end);
    }
}
