//! Passkey copies: what a bound device leaves with its acknowledgement, and who is given it.

use serde_json::{Value, json};
use wax_crypto::{HpkeKey, PASSKEY_COPY_BYTES};
use wax_kernel::{SystemRng, base64url_encode};
use wax_store::Store as _;
use wax_testkit::{Answer, Recipient, Sender, Terms, TestApp};

const COPY: [u8; PASSKEY_COPY_BYTES] = [0x5a; PASSKEY_COPY_BYTES];

struct Story {
    app: TestApp,
    sender: Sender,
    phone: Recipient,
    claimed: Answer,
}

/// A secret that is claimed by a phone, not yet confirmed.
async fn claimed(terms: &Terms) -> Story {
    let app = TestApp::new().await;
    let sender = Sender::share(&app, "text", terms).await;
    let phone = sender.recipient();
    let claimed = phone.claim(&app).await;
    Story { app, sender, phone, claimed }
}

/// A secret that is bound to a phone, which left a copy.
async fn copied() -> Story {
    let mut story = claimed(&Terms::device_bound()).await;
    let acked = story.phone.ack_with(&story.app, &story.claimed, Some(&COPY)).await;
    assert_eq!(acked.json["state"], "bound", "{:?}", acked.json);
    story
}

impl Story {
    /// The copy, as somebody is told who holds the link and nothing else.
    async fn peeked(&self) -> Value {
        let mut body = self.phone.peek_body();
        body.as_object_mut().expect("an object").remove("thumbprint");
        let seen = self.app.post("/v1/secrets/peek", &body).await.json;
        assert_eq!(seen["bound"], Value::Null);
        seen["copy"].clone()
    }
}

#[tokio::test]
async fn a_holder_of_the_link_is_given_the_copy_while_the_secret_is_bound() {
    let mut story = claimed(&Terms::device_bound()).await;
    assert_eq!(story.peeked().await, Value::Null);
    let acked = story.phone.ack_with(&story.app, &story.claimed, Some(&COPY)).await;
    assert_eq!(acked.status, 200, "{:?}", acked.json);
    assert_eq!(story.peeked().await, base64url_encode(COPY));

    let mut stranger = story.phone.peek_body();
    stranger["peek"] = base64url_encode([7; 32]).into();
    let answer = story.app.post("/v1/secrets/peek", &stranger).await;
    assert_eq!((answer.code(), &answer.json["copy"]), ("not-available", &Value::Null));
    let receipt = story.app.post("/v1/secrets/receipt", &story.sender.proof()).await;
    assert!(!receipt.json.to_string().contains(&base64url_encode(COPY)), "nor the sender");
}

#[tokio::test]
async fn whoever_has_the_devices_key_again_goes_on_with_its_counter() {
    let mut story = copied().await;
    assert_eq!(story.phone.reopen(&story.app, &story.claimed).await.status, 200);
    let counter = story.phone.counter;
    // The same pair on another machine knows nothing but what the look says.
    story.phone.counter = 0;
    let seen = story.phone.peek(&story.app).await.json["bound"].clone();
    assert_eq!(seen["counter"], json!(counter));
    let late = story.phone.reopen(&story.app, &story.claimed).await;
    assert_eq!((late.code(), &late.json["field"]), ("invalid", &json!("counter")));
    story.phone.counter = counter;
    assert_eq!(story.phone.reopen(&story.app, &story.claimed).await.status, 200);
}

#[tokio::test]
async fn a_copy_of_another_length_or_of_a_one_time_secret_is_refused_and_nothing_changes() {
    let mut story = claimed(&Terms::device_bound()).await;
    for copy in [&COPY[1..], &[0; PASSKEY_COPY_BYTES + 1], &[]] {
        let refused = story.phone.ack_with(&story.app, &story.claimed, Some(copy)).await;
        let why = (refused.status.as_u16(), &refused.json["field"], &refused.json["rule"]);
        assert_eq!(why, (422, &json!("copy"), &json!("length")), "{}", copy.len());
    }
    assert_eq!(story.phone.peek(&story.app).await.json["yours"], "open");
    assert_eq!(story.phone.ack(&story.app, &story.claimed).await.json["state"], "bound");

    let mut once = claimed(&Terms::default()).await;
    let refused = once.phone.ack_with(&once.app, &once.claimed, Some(&COPY)).await;
    assert_eq!((refused.code(), &refused.json["field"]), ("invalid", &json!("copy")));
    assert_eq!(once.phone.peek(&once.app).await.json["yours"], "open");
}

#[tokio::test]
async fn an_ack_that_comes_again_leaves_what_the_first_one_left() {
    let mut story = copied().await;
    let other = [1; PASSKEY_COPY_BYTES];
    let again = story.phone.ack_with(&story.app, &story.claimed, Some(&other)).await;
    assert_eq!((again.status.as_u16(), &again.json["state"]), (200, &json!("bound")));
    assert_eq!(story.peeked().await, base64url_encode(COPY));
}

#[tokio::test]
async fn a_hand_over_and_every_end_take_the_copy_away() {
    let mut given = copied().await;
    let (laptop, receive) = (given.sender.recipient(), HpkeKey::random(&SystemRng));
    laptop.ask(&given.app, receive.public()).await;
    let claim = given.claimed.json["claim"]["id"].clone();
    let answer = given.phone.give(&given.app, &claim, &laptop.thumbprint(), &[0; 113]).await;
    assert_eq!(answer.status, 200, "{:?}", answer.json);
    assert_eq!(given.peeked().await, Value::Null);

    let burned = copied().await;
    burned.app.post("/v1/secrets/burn", &burned.sender.proof()).await;
    assert_eq!(burned.peeked().await, Value::Null);
    let id = burned.sender.sealed.id;
    let row = burned.app.store.read(burned.app.scope()).copies().find(id).await.unwrap();
    assert!(row.is_none());

    let expired = copied().await;
    expired.app.clock.advance(std::time::Duration::from_secs(3_600));
    assert_eq!(expired.peeked().await, Value::Null, "before the reaper comes by, too");
}

#[tokio::test]
async fn the_copy_is_sealed_at_rest_as_the_content_is() {
    let story = copied().await;
    let id = story.sender.sealed.id;
    let row = story.app.store.read(story.app.scope()).copies().find(id).await.unwrap().unwrap();
    assert!(row.copy.len() > COPY.len());
    assert!(!row.copy.windows(16).any(|bytes| bytes == &COPY[..16]));
}
