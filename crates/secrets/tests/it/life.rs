//! From creation to the tombstone.

use std::time::Duration;

use serde_json::json;
use wax_testkit::{START, Sender, Terms, TestApp};

#[tokio::test]
async fn a_text_is_opened_once_and_its_holder_is_told_when() {
    let app = TestApp::new().await;
    let sender = Sender::share(&app, "秘密 🔑 correct horse", &Terms::default()).await;
    let mut reader = sender.recipient();
    let claimed = reader.claim(&app).await;
    assert_eq!(claimed.status, 200, "{:?}", claimed.json);
    assert_eq!(reader.open(&claimed).text.expose(), "秘密 🔑 correct horse");
    let acked = reader.ack(&app, &claimed).await;
    assert_eq!((acked.status.as_u16(), acked.json["state"].as_str()), (200, Some("destroyed")));

    let late = sender.recipient();
    let seen = late.peek(&app).await;
    assert_eq!(seen.json["state"], "destroyed");
    assert_eq!(
        seen.json["openings"],
        json!([{"at_ms": START.as_ms(), "device": "unknown", "state": "acked"}])
    );
    let refused = late.claim(&app).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (410, "gone"));
    assert_eq!(refused.json["openings"][0]["at_ms"], START.as_ms());
}

#[tokio::test]
async fn looking_takes_nothing() {
    let app = TestApp::new().await;
    let sender = Sender::share(&app, "text", &Terms::default()).await;
    for _ in 0..20 {
        let seen = sender.recipient().peek(&app).await;
        assert_eq!(
            (seen.json["state"].as_str(), seen.json["views_left"].as_u64()),
            (Some("ready"), Some(1))
        );
    }
}

#[tokio::test]
async fn the_same_request_again_gets_the_first_answer_and_another_body_a_conflict() {
    let app = TestApp::new().await;
    let sender = Sender::seal("text", &Terms::default());
    let first = app.post("/v1/secrets/create", &sender.create).await;
    app.clock.advance(Duration::from_secs(5));
    let again = app.post("/v1/secrets/create", &sender.create).await;
    assert_eq!((first.status.as_u16(), &first.json), (201, &again.json));
    assert_eq!(first.json["expires_at_ms"], START.as_ms() + 3_600_000);

    let mut other = sender.create.clone();
    other["ack_sha256"] = other["receipt_sha256"].clone();
    let conflict = app.post("/v1/secrets/create", &other).await;
    assert_eq!((conflict.status.as_u16(), conflict.code()), (409, "conflict"));
}

#[tokio::test]
async fn a_creation_repeated_near_the_moment_it_names_gets_the_first_answer() {
    let app = TestApp::new().await;
    let terms = Terms { at_ms: Some(START.as_ms() + 60_000), ..Terms::default() };
    let sender = Sender::seal("text", &terms);
    let first = app.post("/v1/secrets/create", &sender.create).await;
    assert_eq!(first.status, 201);
    app.clock.advance(Duration::from_secs(30));
    let again = app.post("/v1/secrets/create", &sender.create).await;
    assert_eq!((again.status.as_u16(), &again.json), (201, &first.json));
    let other = app.post("/v1/secrets/create", &Sender::seal("text", &terms).create).await;
    assert_eq!(
        (other.status.as_u16(), &other.json["field"]),
        (422, &json!("policy.expires.at_ms"))
    );
}

#[tokio::test]
async fn a_receipt_key_names_one_secret_only() {
    let app = TestApp::new().await;
    let first = Sender::share(&app, "one", &Terms::default()).await;
    let mut second = Sender::seal("two", &Terms::default());
    second.create["receipt_sha256"] = first.create["receipt_sha256"].clone();
    let conflict = app.post("/v1/secrets/create", &second.create).await;
    assert_eq!(conflict.code(), "conflict");
}

#[tokio::test]
async fn expiry_is_exact_to_the_millisecond() {
    let app = TestApp::new().await;
    let terms = Terms { after_s: 60, views: 2, ..Terms::default() };
    let sender = Sender::share(&app, "text", &terms).await;
    let (before, at) = (sender.recipient(), sender.recipient());
    app.clock.advance(Duration::from_millis(59_999));
    assert_eq!(before.claim(&app).await.status, 200);
    app.clock.advance(Duration::from_millis(1));
    let refused = at.claim(&app).await;
    assert_eq!((refused.code(), refused.json["state"].as_str()), ("gone", Some("draining")));
}

#[tokio::test]
async fn an_unopened_secret_expires_and_its_receipt_stays_for_thirty_days() {
    let app = TestApp::new().await;
    let sender = Sender::share(&app, "text", &Terms { after_s: 60, ..Terms::default() }).await;
    app.pass(Duration::from_secs(70)).await;
    assert_eq!(sender.recipient().peek(&app).await.json["state"], "expired");
    let receipt = app.post("/v1/secrets/receipt", &sender.proof()).await;
    assert_eq!(receipt.json["state"], "expired");
    assert_eq!(receipt.json["kept_until_ms"], START.as_ms() + 60_000 + 30 * 86_400_000);

    app.clock.advance(Duration::from_secs(30 * 86_400));
    app.settle().await;
    assert_eq!(app.post("/v1/secrets/receipt", &sender.proof()).await.code(), "not-available");
    assert_eq!(sender.recipient().peek(&app).await.code(), "not-available");
}

#[tokio::test]
async fn a_claim_before_expiry_keeps_its_window_after_it() {
    let app = TestApp::new().await;
    let sender = Sender::share(&app, "text", &Terms { after_s: 60, ..Terms::default() }).await;
    let mut reader = sender.recipient();
    app.clock.advance(Duration::from_secs(59));
    let claimed = reader.claim(&app).await;
    app.pass(Duration::from_secs(300)).await;
    let recovered = reader.recover(&app).await;
    assert_eq!(reader.open(&recovered).text.expose(), "text");
    assert_eq!(reader.ack(&app, &claimed).await.json["state"], "destroyed");
}

#[tokio::test]
async fn a_delivery_that_nobody_confirms_lapses_after_ten_minutes_and_destroys_the_secret() {
    let app = TestApp::new().await;
    let sender = Sender::share(&app, "text", &Terms::default()).await;
    let reader = sender.recipient();
    reader.claim(&app).await;
    app.pass(Duration::from_secs(599)).await;
    assert_eq!(reader.peek(&app).await.json["yours"], "open");
    app.pass(Duration::from_secs(20)).await;
    let receipt = app.post("/v1/secrets/receipt", &sender.proof()).await;
    assert_eq!(
        (&receipt.json["state"], &receipt.json["openings"][0]["state"]),
        (&json!("destroyed"), &json!("lapsed"))
    );
    assert!(reader.recover(&app).await.json["claim"].is_null());
}

#[tokio::test]
async fn heartbeats_keep_a_window_open_for_a_day_at_most() {
    let app = TestApp::new().await;
    let sender = Sender::share(&app, "text", &Terms { after_s: 300_000, ..Terms::default() }).await;
    let mut reader = sender.recipient();
    let claimed = reader.claim(&app).await;
    let mut ends = 0;
    for _ in 1..(24 * 60 / 9) {
        app.pass(Duration::from_secs(540)).await;
        let beaten = reader.heartbeat(&app, &claimed).await;
        assert_eq!(beaten.status, 200, "{:?}", beaten.json);
        ends = beaten.json["window_ends_at_ms"].as_i64().unwrap();
    }
    assert_eq!(ends, START.as_ms() + 86_400_000);
    app.pass(Duration::from_secs(600)).await;
    app.run_jobs().await;
    assert_eq!(reader.heartbeat(&app, &claimed).await.code(), "gone");
}

#[tokio::test]
async fn an_outage_does_not_end_what_was_not_received() {
    let app = TestApp::new().await;
    let sender = Sender::share(&app, "text", &Terms::default()).await;
    let mut reader = sender.recipient();
    app.run_jobs().await;
    let claimed = reader.claim(&app).await;
    app.clock.advance(Duration::from_secs(7_200));
    app.run_jobs().await;
    assert_eq!(reader.peek(&app).await.json["yours"], "open");
    assert_eq!(reader.ack(&app, &claimed).await.status, 200);
}

#[tokio::test]
async fn a_secret_of_one_tenant_does_not_exist_for_another() {
    let app = TestApp::new().await;
    let sender = Sender::share(&app, "text", &Terms::default()).await;
    let peeked = app.post_elsewhere("/v1/secrets/peek", &sender.recipient().peek_body()).await;
    assert_eq!((peeked.status.as_u16(), peeked.code()), (404, "not-available"));
    let receipt = app.post_elsewhere("/v1/secrets/receipt", &sender.proof()).await;
    assert_eq!(receipt.code(), "not-available");
    let burned = app.post_elsewhere("/v1/secrets/burn", &sender.proof()).await;
    assert_eq!(burned.code(), "not-available");
    assert_eq!(sender.recipient().peek(&app).await.json["state"], "ready");
}

#[tokio::test]
async fn a_clock_that_leaps_and_is_put_back_costs_no_secret() {
    let app = TestApp::new().await;
    app.run_jobs().await;
    let sender = Sender::share(&app, "text", &Terms::default()).await;
    app.clock.advance(Duration::from_secs(3_650 * 86_400));
    for _ in 0..100 {
        app.run_jobs().await;
    }
    app.clock.set(START);
    app.run_jobs().await;
    let reader = sender.recipient();
    assert_eq!(reader.open(&reader.claim(&app).await).text.expose(), "text");
}

#[tokio::test]
async fn a_clock_that_stays_ahead_is_believed_after_ten_minutes() {
    let app = TestApp::new().await;
    app.run_jobs().await;
    let sender = Sender::share(&app, "text", &Terms::default()).await;
    app.clock.advance(Duration::from_secs(10 * 86_400));
    app.settle().await;
    let receipt = app.post("/v1/secrets/receipt", &sender.proof()).await;
    assert_eq!(
        (&receipt.json["state"], receipt.json["ended_at_ms"].is_i64()),
        (&json!("expired"), true)
    );
}
