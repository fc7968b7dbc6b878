//! What the audit trail tells of a secret: everything that happened, and at its end which one it was.

use std::{sync::Arc, time::Duration};

use wax_cache::MemoryHints;
use wax_crypto::at_rest::{KeyStore, MemoryKeyStore};
use wax_kernel::{Clock, Rng, SystemRng};
use wax_model::{Entitlements, Plans};
use wax_secrets::{Parts, Secrets};
use wax_store::{AuditFilter, Store};
use wax_testkit::{PlatformApp, Sender, Terms, TestApp, plans};

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

#[tokio::test]
async fn what_is_older_than_the_trail_is_kept_is_forgotten_with_its_ids() {
    let app = TestApp::new().await;
    let kept = Duration::from_secs(86_400);
    let secrets = Secrets::new(Parts {
        store: Arc::clone(&app.store) as Arc<dyn Store>,
        keys: Arc::clone(&app.keys) as Arc<dyn KeyStore>,
        hints: Arc::new(MemoryHints::default()),
        clock: Arc::clone(&app.clock) as Arc<dyn Clock>,
        rng: Arc::clone(&app.rng),
        plans: Plans::self_hosted(Entitlements::SELF_HOSTED),
    });
    for job in wax_secrets::jobs(&secrets) {
        job.run().await.expect("it trusts the clock from the first beat on");
    }
    let job = wax_secrets::audit_job(&secrets, kept);
    let sender = Sender::share(&app, "text", &Terms::default()).await;
    app.clock.advance(Duration::from_millis(86_399_999));
    job.run().await.unwrap();
    assert_eq!(trail(&app, &sender).await, ["secret.created"]);
    app.clock.advance(Duration::from_millis(1));
    job.run().await.unwrap();
    assert!(trail(&app, &sender).await.is_empty());
}

#[tokio::test]
async fn a_plan_may_keep_the_trail_for_less_long() {
    let app = PlatformApp::selling(plans(|free| {
        free.audit_kept = Some(Duration::from_secs(3_600));
    }))
    .await;
    let ann = app.person("ann").await;
    let houses = [app.house(&ann, "acme").await, app.house(&ann, "other").await];
    app.change_plan(&houses[1], "team", false).await;
    let events = async || {
        let mut found = [true; 2];
        for (found, house) in found.iter_mut().zip(&houses) {
            let mut reader = app.store.read(house.scope);
            let page = reader.organization().events(&AuditFilter::default(), None, 1).await;
            *found = !page.unwrap().is_empty();
        }
        found
    };
    let rng: Arc<dyn Rng> = Arc::new(SystemRng);
    let secrets = Secrets::new(Parts {
        store: Arc::clone(&app.store),
        keys: Arc::new(MemoryKeyStore::new(Arc::clone(&rng))),
        hints: Arc::new(MemoryHints::default()),
        clock: Arc::clone(&app.clock) as Arc<dyn Clock>,
        rng,
        plans: app.plans.clone(),
    });
    for job in wax_secrets::jobs(&secrets) {
        job.run().await.expect("it trusts the clock from the first beat on");
    }
    let job = wax_secrets::audit_job(&secrets, Duration::from_secs(86_400));
    for (passed_ms, expected) in [
        (3_599_999, [true, true]),
        (1, [false, true]),
        (82_799_999, [false, true]),
        (1, [false; 2]),
    ] {
        app.clock.advance(Duration::from_millis(passed_ms));
        job.run().await.unwrap();
        assert_eq!(events().await, expected);
    }
}
