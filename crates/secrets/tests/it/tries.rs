//! Wrong passphrases: counted, held back, locked, never burning anything.

use std::time::Duration;

use serde_json::json;
use wax_kernel::base64url_encode;
use wax_testkit::{Answer, Recipient, Sender, Terms, TestApp};

/// A claim with a wrong key: what a wrong passphrase derives, without the half second of deriving it.
async fn wrong(app: &TestApp, reader: &Recipient) -> Answer {
    let challenge = reader.challenge(app).await;
    let mut body = reader.claim_body(&challenge);
    body["claim_key"] = base64url_encode([0_u8; 32]).into();
    app.send(app.scope(), reader.signed("/v1/secrets/claim", &body, &challenge)).await
}

#[tokio::test]
async fn the_passphrase_is_part_of_the_key() {
    let app = TestApp::new().await;
    let terms = Terms { passphrase: Some("ｐａｓｓ 秘密🔑"), ..Terms::default() };
    let sender = Sender::share(&app, "text", &terms).await;
    let mut reader = sender.recipient();
    assert_eq!(
        reader.peek(&app).await.json["passphrase"],
        json!({"m_kib": 65_536, "t": 3, "p": 1})
    );
    reader.passphrase = Some("pass 秘密");
    let refused = reader.claim(&app).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (403, "wrong-key"));
    assert_eq!(refused.json["tries"], json!({"wrong": 1, "left": 19, "next_at_ms": null}));
    // NFKC: what was typed full-width opens half-width.
    reader.passphrase = Some("pass 秘密🔑");
    let claimed = reader.claim(&app).await;
    assert_eq!(reader.open(&claimed).text.expose(), "text");
}

#[tokio::test]
async fn the_fifth_wrong_try_waits_a_minute_the_sixth_five_and_later_ones_thirty() {
    let app = TestApp::new().await;
    let sender = Sender::share(&app, "text", &Terms { after_s: 86_400, ..Terms::default() }).await;
    let reader = sender.recipient();
    for count in 1..=4 {
        assert_eq!(wrong(&app, &reader).await.json["tries"]["wrong"], count);
    }
    for (count, wait_s) in [(5, 60), (6, 300), (7, 1_800), (8, 1_800)] {
        assert_eq!(wrong(&app, &reader).await.json["tries"]["wrong"], count);
        app.clock.advance(Duration::from_millis(wait_s * 1_000 - 1));
        let held = [wrong(&app, &reader).await, reader.claim(&app).await];
        for answer in held {
            assert_eq!((answer.status.as_u16(), answer.code()), (429, "held-back"));
            assert_eq!(answer.headers["retry-after"], "1");
            assert_eq!(
                answer.json["tries"]["wrong"], count,
                "a try that was held back was counted"
            );
        }
        app.clock.advance(Duration::from_millis(1));
    }
    assert_eq!(reader.claim(&app).await.status, 200);
}

#[tokio::test]
async fn twenty_wrong_tries_lock_and_only_the_sender_unlocks() {
    let app = TestApp::new().await;
    let sender =
        Sender::share(&app, "text", &Terms { after_s: 30 * 86_400, ..Terms::default() }).await;
    let reader = sender.recipient();
    for _ in 0..20 {
        wrong(&app, &reader).await;
        app.clock.advance(Duration::from_secs(1_800));
    }
    let locked = reader.claim(&app).await;
    assert_eq!((locked.status.as_u16(), locked.code()), (423, "locked"));
    assert_eq!(reader.peek(&app).await.json["state"], "locked");
    let receipt = app.post("/v1/secrets/receipt", &sender.proof()).await;
    assert_eq!(
        (&receipt.json["state"], &receipt.json["tries"]["wrong"]),
        (&json!("locked"), &json!(20))
    );

    let unlocked = app.post("/v1/secrets/unlock", &sender.proof()).await;
    assert_eq!(
        (&unlocked.json["state"], &unlocked.json["tries"]["wrong"]),
        (&json!("ready"), &json!(0))
    );
    assert_eq!(reader.open(&reader.claim(&app).await).text.expose(), "text");
}

#[tokio::test]
async fn a_lock_stops_new_claims_only() {
    let app = TestApp::new().await;
    let terms = Terms { views: 2, after_s: 86_400, ..Terms::default() };
    let sender = Sender::share(&app, "text", &terms).await;
    let (mut reader, guesser) = (sender.recipient(), sender.recipient());
    let claimed = reader.claim(&app).await;
    app.run_jobs().await;
    // One view taken: the lock comes at 21. The holding back is skipped by unlocking no one, only by time.
    for _ in 0..21 {
        wrong(&app, &guesser).await;
        app.clock.advance(Duration::from_secs(1_800));
        // The reader keeps the window open meanwhile.
        app.run_jobs().await;
    }
    assert_eq!(guesser.peek(&app).await.json["state"], "locked");
    assert_eq!(reader.open(&reader.recover(&app).await).text.expose(), "text");
    assert_eq!(reader.ack(&app, &claimed).await.json["state"], "locked");
}
