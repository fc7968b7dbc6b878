//! What the audit trail tells of a secret: everything that happened, and at its end which one it was.

use std::{sync::Arc, time::Duration};

use wax_store::Store;
use wax_testkit::{Sender, Terms, TestApp};

/// The trail of the one secret there is, oldest first. Every event names it and nothing of its link.
async fn trail(app: &TestApp, sender: &Sender) -> Vec<&'static str> {
    let store = Arc::clone(&app.store) as Arc<dyn Store>;
    let scope = app.scope();
    let events = store.write(&scope, |uow| Box::pin(uow.audit().list(None, 200)));
    let events = events.await.expect("the trail can be read");
    let rid = sender.sealed.rid.to_string();
    assert!(events.iter().all(|event| event.subject == rid));
    events.iter().map(|event| event.action.as_str()).collect()
}

#[tokio::test]
async fn every_secret_ends_with_exactly_one_event_that_says_how() {
    let ends = ["secret.destroyed", "secret.burned", "secret.expired"];
    for (n, expected) in [
        &["secret.created", "secret.claimed", "secret.acked", "secret.destroyed"][..],
        &["secret.created", "secret.claimed", "secret.lapsed", "secret.destroyed"],
        &["secret.created", "secret.claimed", "secret.burned"],
        &["secret.created", "secret.expired"],
        &["secret.created", "secret.claimed", "secret.acked", "secret.opened", "secret.expired"],
        &["secret.created", "secret.claimed", "secret.acked", "secret.burned"],
    ]
    .into_iter()
    .enumerate()
    {
        let app = TestApp::new().await;
        let terms = if n < 4 { Terms::default() } else { Terms::device_bound() };
        let sender = Sender::share(&app, "text", &Terms { after_s: 1_200, ..terms }).await;
        let mut reader = sender.recipient();
        let step = || app.clock.advance(Duration::from_millis(1));
        if expected.contains(&"secret.claimed") {
            step();
            let claimed = reader.claim(&app).await;
            if expected.contains(&"secret.acked") {
                step();
                reader.ack(&app, &claimed).await;
            }
            if expected.contains(&"secret.opened") {
                step();
                reader.reopen(&app, &claimed).await;
            }
        }
        if expected.contains(&"secret.burned") {
            step();
            app.post("/v1/secrets/burn", &sender.proof()).await;
        }
        app.pass(Duration::from_secs(1_300)).await;
        let told = trail(&app, &sender).await;
        assert_eq!(told, expected);
        assert_eq!(told.iter().filter(|action| ends.contains(action)).count(), 1);
    }
}
