//! The sender's side.

use std::time::Duration;

use axum::http::Request;
use serde_json::json;
use wax_testkit::{START, Sender, Terms, TestApp};

#[tokio::test]
async fn a_receipt_tells_every_opening_and_its_end() {
    let app = TestApp::new().await;
    let sender = Sender::share(&app, "text", &Terms { views: 2, ..Terms::default() }).await;
    let (mut one, two) = (sender.recipient(), sender.recipient());
    let claimed = one.claim(&app).await;
    app.clock.advance(Duration::from_secs(3));
    one.ack(&app, &claimed).await;
    two.claim(&app).await;
    let receipt = app.post("/v1/secrets/receipt", &sender.proof()).await;
    let start = START.as_ms();
    assert_eq!(
        receipt.json["openings"],
        json!([
            {"at_ms": start, "device": "unknown", "state": "acked", "ended_at_ms": start + 3_000,
             "opens": 0, "last_open_at_ms": null},
            {"at_ms": start + 3_000, "device": "unknown", "state": "open", "ended_at_ms": null,
             "opens": 0, "last_open_at_ms": null},
        ])
    );
    assert_eq!(
        (&receipt.json["state"], &receipt.json["views_left"]),
        (&json!("draining"), &json!(0))
    );
}

#[tokio::test]
async fn burning_ends_open_claims_at_once_and_can_be_repeated() {
    let app = TestApp::new().await;
    let sender = Sender::share(&app, "text", &Terms { views: 2, ..Terms::default() }).await;
    let mut reader = sender.recipient();
    let claimed = reader.claim(&app).await;
    for _ in 0..2 {
        let burned = app.post("/v1/secrets/burn", &sender.proof()).await;
        assert_eq!(
            (&burned.json["state"], &burned.json["openings"][0]["state"]),
            (&json!("burned"), &json!("lapsed"))
        );
    }
    assert!(reader.recover(&app).await.json["claim"].is_null());
    assert_eq!(reader.heartbeat(&app, &claimed).await.json["state"], "burned");
    assert_eq!(reader.ack(&app, &claimed).await.json["state"], "burned");
    assert_eq!(sender.recipient().claim(&app).await.json["state"], "burned");
}

#[tokio::test]
async fn a_destroyed_secret_cannot_be_burned_or_unlocked_back() {
    let app = TestApp::new().await;
    let sender = Sender::share(&app, "text", &Terms::default()).await;
    let mut reader = sender.recipient();
    let claimed = reader.claim(&app).await;
    reader.ack(&app, &claimed).await;
    for route in ["burn", "unlock"] {
        let answer = app.post(&format!("/v1/secrets/{route}"), &sender.proof()).await;
        assert_eq!(answer.json["state"], "destroyed", "{route}");
    }
}

#[tokio::test]
async fn the_status_stream_says_each_change_and_ends_with_the_secret() {
    let app = TestApp::new().await;
    let sender = Sender::share(&app, "text", &Terms::default()).await;
    let mut reader = sender.recipient();
    let proof = sender.proof();
    // The stream ends by itself when the secret does, so its whole body can be read.
    let watching = app.lines("/v1/secrets/status", &proof);
    let opening = async {
        let claimed = reader.claim(&app).await;
        tokio::task::yield_now().await;
        reader.ack(&app, &claimed).await;
    };
    let (lines, ()) = tokio::join!(watching, opening);
    let states: Vec<_> = lines.iter().map(|line| line["state"].as_str().unwrap()).collect();
    assert_eq!((states.first(), states.last()), (Some(&"ready"), Some(&"destroyed")), "{states:?}");
}

#[tokio::test]
async fn problems_speak_the_callers_language() {
    let app = TestApp::new().await;
    let mut request = wax_testkit::request("/v1/secrets/receipt", "{}");
    request.headers_mut().insert("accept-language", "ja-JP,ja;q=0.9,en;q=0.8".parse().unwrap());
    let answer = app.send(app.scope(), request).await;
    assert_eq!(
        (answer.status.as_u16(), &answer.headers["content-language"]),
        (422, &"ja".parse().unwrap())
    );
    assert!(
        answer.json["title"].as_str().unwrap().chars().any(|c| c as u32 > 0x3000),
        "{:?}",
        answer.json
    );
}

#[tokio::test]
async fn a_get_changes_nothing_and_is_told_the_method() {
    let app = TestApp::new().await;
    let sender = Sender::share(&app, "text", &Terms::default()).await;
    for route in [
        "create",
        "peek",
        "claim",
        "recover",
        "ack",
        "heartbeat",
        "burn",
        "unlock",
        "receipt",
        "status",
    ] {
        for method in ["GET", "HEAD", "PUT", "DELETE"] {
            let request = Request::builder().method(method).uri(format!("/v1/secrets/{route}"));
            let answer =
                app.send(app.scope(), request.body(axum::body::Body::empty()).unwrap()).await;
            assert_eq!(answer.status, 405, "{method} {route}");
        }
    }
    assert_eq!(sender.recipient().peek(&app).await.json["views_left"], 1);
}
