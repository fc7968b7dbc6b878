//! Hand-overs: the bound device gives its secret to another, which asked for it.

use std::time::Duration;

use serde_json::{Value, json};
use wax_crypto::{Handover, HpkeKey, PartKey, Thumbprint};
use wax_kernel::{SystemRng, base64url_decode};
use wax_testkit::{Answer, Recipient, START, Sender, Terms, TestApp};

struct Story {
    app: TestApp,
    sender: Sender,
    phone: Recipient,
    claimed: Answer,
}

/// A secret that is bound to a phone.
async fn story() -> Story {
    let app = TestApp::new().await;
    let sender = Sender::share(&app, "text", &Terms::device_bound()).await;
    let mut phone = sender.recipient();
    let claimed = phone.claim(&app).await;
    assert_eq!(phone.ack(&app, &claimed).await.json["state"], "bound");
    Story { app, sender, phone, claimed }
}

impl Story {
    fn claim(&self) -> Value {
        self.claimed.json["claim"]["id"].clone()
    }

    /// What the phone seals to a device that asked.
    fn sealed_to(&self, to: &Thumbprint, receive: &HpkeKey) -> Vec<u8> {
        let (id, from) = (&self.sender.sealed.id, &self.phone.thumbprint());
        let part_key = PartKey::from_slice(&[7; 32]).expect("32 bytes");
        let sealed = Handover { id, from, to }.seal(receive.public(), &part_key, &SystemRng);
        sealed.to_vec()
    }

    /// The phone gives the secret to this device.
    async fn give(&mut self, to: &Recipient, receive: &HpkeKey) -> Answer {
        let (claim, to) = (self.claim(), to.thumbprint());
        let keys = self.sealed_to(&to, receive);
        self.phone.give(&self.app, &claim, &to, &keys).await
    }

    async fn open(&self, device: &mut Recipient, kept: bool) -> Answer {
        let seen = device.peek(&self.app).await.json;
        let challenge = device.challenge(&self.app).await;
        let mut body = device.call_body(&seen["bound"]["claim"], &challenge);
        if kept {
            body["kept"] = json!(true);
        }
        let request = device.signed("/v1/secrets/open", &body, &challenge);
        self.app.send(self.app.scope(), request).await
    }
}

fn field(answer: &Answer) -> (u16, &str, &Value) {
    (answer.status.as_u16(), answer.code(), &answer.json["field"])
}

#[tokio::test]
async fn the_binding_moves_to_the_device_that_asked_with_what_only_it_can_open() {
    let mut story = story().await;
    let (mut laptop, receive) = (story.sender.recipient(), HpkeKey::random(&SystemRng));
    let asked = laptop.ask(&story.app, receive.public()).await;
    assert_eq!(asked.status, 200, "{:?}", asked.json);
    assert_eq!(asked.json["ends_at_ms"], START.as_ms() + 900_000);

    let seen = &story.phone.peek(&story.app).await.json["bound"]["asks"][0];
    assert_eq!((&seen["code"], &seen["at_ms"]), (&asked.json["code"], &json!(START.as_ms())));
    assert_eq!(seen["device"], "unknown");
    assert_eq!(asked.json["code"].as_str().unwrap().len(), 6);

    let given = story.give(&laptop, &receive).await;
    assert_eq!(given.status, 200, "{:?}", given.json);
    let opened = story.open(&mut laptop, false).await;
    assert_eq!(opened.status, 200, "{:?}", opened.json);
    for part in ["header", "policy", "content"] {
        assert_eq!(opened.json[part], story.claimed.json["claim"][part]);
    }
    let bytes =
        |name: &str| base64url_decode(opened.json["handed"][name].as_str().unwrap()).unwrap();
    assert_eq!(bytes("from"), story.phone.thumbprint().as_bytes());
    let (from, to) = (story.phone.thumbprint(), laptop.thumbprint());
    let handover = Handover { id: &story.sender.sealed.id, from: &from, to: &to };
    let part_key = handover.open(&receive, &bytes("keys")).unwrap();
    assert_eq!(part_key, PartKey::from_slice(&[7; 32]).unwrap());

    let kept = story.open(&mut laptop, true).await;
    assert_eq!((kept.status.as_u16(), &kept.json["handed"]), (200, &Value::Null));
    assert_eq!(story.open(&mut laptop, false).await.json["handed"], Value::Null);
}

#[tokio::test]
async fn the_device_that_gave_is_refused_from_then_on() {
    let mut story = story().await;
    let (laptop, receive) = (story.sender.recipient(), HpkeKey::random(&SystemRng));
    laptop.ask(&story.app, receive.public()).await;
    story.give(&laptop, &receive).await;
    let claimed = &story.claimed;
    let late = story.phone.reopen(&story.app, claimed).await;
    assert_eq!((late.code(), &late.json["state"]), ("gone", &json!("bound")));
    let seen = story.phone.peek(&story.app).await.json;
    assert_eq!((&seen["yours"], &seen["bound"]), (&json!("handed"), &Value::Null));
    let again = story.phone.ask(&story.app, receive.public()).await;
    assert_eq!(again.code(), "gone", "a device that gave it away makes a new key to ask");

    let receipt = story.app.post("/v1/secrets/receipt", &story.sender.proof()).await;
    let states: Vec<_> = receipt.json["openings"].as_array().unwrap().iter().collect();
    assert_eq!(states.len(), 2);
    assert!(states.iter().any(|opening| opening["state"] == "handed"));
    assert!(states.iter().any(|opening| opening["state"] == "acked"));
}

#[tokio::test]
async fn giving_again_answers_the_same_and_binds_nobody_else() {
    let mut story = story().await;
    let (laptop, tablet) = (story.sender.recipient(), story.sender.recipient());
    let receive = HpkeKey::random(&SystemRng);
    laptop.ask(&story.app, receive.public()).await;
    tablet.ask(&story.app, receive.public()).await;
    for _ in 0..3 {
        assert_eq!(story.give(&laptop, &receive).await.status, 200);
    }
    assert_eq!(story.give(&tablet, &receive).await.code(), "gone");
    assert!(laptop.peek(&story.app).await.json["bound"].is_object());
}

#[tokio::test]
async fn asking_again_answers_the_same_code_and_another_key_is_refused() {
    let story = story().await;
    let (laptop, receive) = (story.sender.recipient(), HpkeKey::random(&SystemRng));
    let first = laptop.ask(&story.app, receive.public()).await;
    story.app.clock.advance(Duration::from_secs(60));
    let again = laptop.ask(&story.app, receive.public()).await;
    assert_eq!(first.json["code"], again.json["code"]);
    assert_eq!(first.json["ends_at_ms"], again.json["ends_at_ms"]);
    let other = laptop.ask(&story.app, HpkeKey::random(&SystemRng).public()).await;
    assert_eq!(field(&other), (422, "invalid", &json!("receive")));
}

#[tokio::test]
async fn a_sixth_ask_waits_until_one_has_ended() {
    let story = story().await;
    let receive = HpkeKey::random(&SystemRng);
    for _ in 0..5 {
        let asked = story.sender.recipient().ask(&story.app, receive.public()).await;
        assert_eq!(asked.status, 200);
        story.app.clock.advance(Duration::from_secs(1));
    }
    let refused = story.sender.recipient().ask(&story.app, receive.public()).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (429, "rate-limited"));
    assert_eq!(refused.headers["retry-after"], "895");
    story.app.clock.advance(Duration::from_secs(895));
    assert_eq!(story.sender.recipient().ask(&story.app, receive.public()).await.status, 200);
}

#[tokio::test]
async fn nothing_is_given_to_a_device_that_does_not_ask_or_not_any_more() {
    let mut story = story().await;
    let (laptop, receive) = (story.sender.recipient(), HpkeKey::random(&SystemRng));
    assert_eq!(field(&story.give(&laptop, &receive).await), (422, "invalid", &json!("to")));
    laptop.ask(&story.app, receive.public()).await;
    story.app.pass(Duration::from_secs(900)).await;
    assert_eq!(field(&story.give(&laptop, &receive).await), (422, "invalid", &json!("to")));
    assert_eq!(story.phone.peek(&story.app).await.json["bound"]["asks"], json!([]));
    assert_eq!(laptop.ask(&story.app, receive.public()).await.status, 200);
    assert_eq!(story.give(&laptop, &receive).await.status, 200);
}

#[tokio::test]
async fn what_is_not_bound_is_not_asked_for() {
    let app = TestApp::new().await;
    let sender = Sender::share(&app, "text", &Terms::device_bound()).await;
    let receive = HpkeKey::random(&SystemRng);
    let early = sender.recipient().ask(&app, receive.public()).await;
    assert_eq!((early.code(), &early.json["state"]), ("gone", &json!("ready")));
}

#[tokio::test]
async fn bad_keys_and_a_used_counter_give_nothing() {
    let mut story = story().await;
    let (laptop, receive) = (story.sender.recipient(), HpkeKey::random(&SystemRng));
    laptop.ask(&story.app, receive.public()).await;
    let (claim, to) = (story.claim(), laptop.thumbprint());
    for keys in [&[1_u8; 112][..], &[1; 114], &[]] {
        let refused = story.phone.give(&story.app, &claim, &to, keys).await;
        assert_eq!(field(&refused), (422, "invalid", &json!("keys")));
    }
    story.phone.counter = 0;
    assert_eq!(field(&story.give(&laptop, &receive).await), (422, "invalid", &json!("counter")));
    assert_eq!(laptop.peek(&story.app).await.json["bound"], Value::Null);
}

#[tokio::test]
async fn a_burn_ends_every_hand_over() {
    let mut story = story().await;
    let (mut laptop, receive) = (story.sender.recipient(), HpkeKey::random(&SystemRng));
    laptop.ask(&story.app, receive.public()).await;
    story.give(&laptop, &receive).await;
    let bound = laptop.peek(&story.app).await.json["bound"]["claim"].clone();
    story.app.post("/v1/secrets/burn", &story.sender.proof()).await;
    let challenge = laptop.challenge(&story.app).await;
    let body = laptop.call_body(&bound, &challenge);
    let request = laptop.signed("/v1/secrets/open", &body, &challenge);
    let late = story.app.send(story.app.scope(), request).await;
    assert_eq!((late.code(), &late.json["state"]), ("gone", &json!("burned")));
}
