//! Claims: one device a view, and only a device that proves itself.

use std::{collections::BTreeSet, time::Duration};

use futures_util::future::join_all;
use serde_json::json;
use wax_crypto::{Challenge, DeviceKey};
use wax_kernel::base64url_encode;
use wax_testkit::{Sender, Terms, TestApp};

#[tokio::test]
async fn of_ten_thousand_racing_devices_exactly_one_gets_the_view() {
    let app = TestApp::new().await;
    let sender = Sender::share(&app, "text", &Terms::default()).await;
    let readers: Vec<_> = (0..10_000).map(|_| sender.recipient()).collect();
    let answers = join_all(readers.iter().map(|reader| reader.claim(&app))).await;
    let taken = answers.iter().filter(|answer| answer.status == 200).count();
    let gone = answers.iter().filter(|answer| answer.code() == "gone").count();
    assert_eq!((taken, gone), (1, 9_999));
}

#[tokio::test]
async fn n_views_go_to_exactly_n_devices() {
    let app = TestApp::new().await;
    let sender = Sender::share(&app, "text", &Terms { views: 7, ..Terms::default() }).await;
    let readers: Vec<_> = (0..50).map(|_| sender.recipient()).collect();
    let answers = join_all(readers.iter().map(|reader| reader.claim(&app))).await;
    let opened = answers.iter().zip(&readers).filter(|(answer, _)| answer.status == 200);
    assert!(opened.clone().all(|(answer, reader)| reader.open(answer).text.expose() == "text"));
    assert_eq!(opened.count(), 7);
}

#[tokio::test]
async fn a_device_hears_of_its_claim_however_many_came_before_it() {
    let app = TestApp::new().await;
    let sender = Sender::share(&app, "text", &Terms { views: 30, ..Terms::default() }).await;
    for n in 1..=22 {
        let reader = sender.recipient();
        assert!(reader.peek(&app).await.json["yours"].is_null(), "device {n} before its claim");
        assert_eq!(reader.claim(&app).await.status, 200);
        assert_eq!(reader.peek(&app).await.json["yours"], "open", "device {n}");
        app.clock.advance(Duration::from_secs(1));
    }
}

#[tokio::test]
async fn two_tabs_of_one_device_take_one_view_and_both_get_it() {
    let app = TestApp::new().await;
    let sender = Sender::share(&app, "text", &Terms { views: 2, ..Terms::default() }).await;
    let reader = sender.recipient();
    let (one, two) = tokio::join!(reader.claim(&app), reader.claim(&app));
    assert_eq!((one.status.as_u16(), two.status.as_u16()), (200, 200));
    assert_eq!(one.json["claim"]["id"], two.json["claim"]["id"]);
    assert_eq!(reader.peek(&app).await.json["views_left"], 1);
}

#[tokio::test]
async fn the_device_recovers_what_it_claimed_and_no_other_does() {
    let app = TestApp::new().await;
    let sender = Sender::share(&app, "text", &Terms::default()).await;
    let (reader, thief) = (sender.recipient(), sender.recipient());
    let claimed = reader.claim(&app).await;
    for _ in 0..3 {
        let recovered = reader.recover(&app).await;
        assert_eq!(recovered.json["claim"]["id"], claimed.json["claim"]["id"]);
        assert_eq!(reader.open(&recovered).text.expose(), "text");
    }
    let other = thief.recover(&app).await;
    assert_eq!((other.status.as_u16(), other.json["claim"].is_null()), (200, true));
}

#[tokio::test]
async fn an_acknowledgement_whose_answer_was_lost_can_be_sent_again() {
    let app = TestApp::new().await;
    let sender = Sender::share(&app, "text", &Terms::default()).await;
    let mut reader = sender.recipient();
    let claimed = reader.claim(&app).await;
    for _ in 0..3 {
        let acked = reader.ack(&app, &claimed).await;
        assert_eq!((acked.status.as_u16(), &acked.json["state"]), (200, &json!("destroyed")));
    }
}

#[tokio::test]
async fn a_counter_that_does_not_rise_is_refused() {
    let app = TestApp::new().await;
    let sender = Sender::share(&app, "text", &Terms::default()).await;
    let mut reader = sender.recipient();
    let claimed = reader.claim(&app).await;
    reader.counter = 5;
    assert_eq!(reader.heartbeat(&app, &claimed).await.status, 200);
    for stale in [5, 4, 0, -7] {
        reader.counter = stale - 1;
        let refused = reader.heartbeat(&app, &claimed).await;
        assert_eq!(
            (refused.status.as_u16(), &refused.json["field"]),
            (422, &json!("counter")),
            "{stale}"
        );
    }
    reader.counter = i64::MAX - 1;
    assert_eq!(reader.heartbeat(&app, &claimed).await.status, 200);
}

#[tokio::test]
async fn a_lapsed_claim_is_gone_even_while_views_are_left() {
    let app = TestApp::new().await;
    let sender = Sender::share(&app, "text", &Terms { views: 2, ..Terms::default() }).await;
    let mut reader = sender.recipient();
    let claimed = reader.claim(&app).await;
    app.pass(Duration::from_secs(620)).await;
    for refused in [reader.heartbeat(&app, &claimed).await, reader.ack(&app, &claimed).await] {
        assert_eq!((refused.code(), &refused.json["state"]), ("gone", &json!("ready")));
        assert_eq!(refused.json["openings"][0]["state"], "lapsed");
    }
}

#[tokio::test]
async fn a_signature_by_another_key_or_over_other_bytes_takes_nothing() {
    let app = TestApp::new().await;
    let sender = Sender::share(&app, "text", &Terms::default()).await;
    let reader = sender.recipient();
    let challenge = reader.challenge(&app).await;
    let body = reader.claim_body(&challenge);

    let mut other = sender.recipient();
    other.device = DeviceKey::generate();
    let forged = other.signed("/v1/secrets/claim", &body, &challenge);
    let elsewhere = reader.signed("/v1/secrets/recover", &body, &challenge);
    let (mut parts, sent) = elsewhere.into_parts();
    parts.uri = "/v1/secrets/claim".parse().unwrap();
    let moved = http::Request::from_parts(parts, sent);
    let mut unsigned = reader.signed("/v1/secrets/claim", &body, &challenge);
    unsigned.headers_mut().remove("signature");
    for request in [forged, moved, unsigned] {
        let refused = app.send(app.scope(), request).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (401, "bad-signature"));
    }
    assert_eq!(reader.peek(&app).await.json["views_left"], 1);
}

#[tokio::test]
async fn an_old_or_foreign_challenge_is_answered_with_a_fresh_one() {
    let app = TestApp::new().await;
    let sender = Sender::share(&app, "text", &Terms::default()).await;
    let reader = sender.recipient();
    let old = reader.challenge(&app).await;
    let foreign = sender.recipient().challenge(&app).await;
    let invented = Challenge::from_bytes([7; 40]);
    app.clock.advance(Duration::from_millis(60_001));
    for challenge in [old, foreign, invented] {
        let request =
            reader.signed("/v1/secrets/claim", &reader.claim_body(&challenge), &challenge);
        let refused = app.send(app.scope(), request).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (401, "stale-challenge"));
        let fresh = Challenge::parse(refused.json["challenge"].as_str().unwrap()).unwrap();
        let again = reader.signed("/v1/secrets/recover", &recover_body(&reader, &fresh), &fresh);
        assert_eq!(app.send(app.scope(), again).await.status, 200);
    }
}

fn recover_body(reader: &wax_testkit::Recipient, challenge: &Challenge) -> serde_json::Value {
    let mut body = reader.claim_body(challenge);
    body.as_object_mut().expect("an object").remove("claim_key");
    body
}

#[tokio::test]
async fn without_proof_of_the_link_every_route_gives_one_answer() {
    let app = TestApp::new().await;
    let sender = Sender::share(&app, "text", &Terms::default()).await;
    let reader = sender.recipient();
    let claimed = reader.claim(&app).await;
    let challenge = reader.challenge(&app).await;
    let wrong = base64url_encode([1_u8; 32]);
    let mut peek = reader.peek_body();
    peek["peek"] = wrong.clone().into();
    let mut unknown = reader.peek_body();
    unknown["id"] = base64url_encode([1_u8; 16]).into();
    let mut claim = reader.claim_body(&challenge);
    claim["peek"] = wrong.into();

    let mut recover = claim.clone();
    recover.as_object_mut().unwrap().remove("claim_key");
    let mut stranger = sender.recipient();
    let beat = stranger.call_body(&claimed.json["claim"]["id"], &challenge);
    let mut ack = beat.clone();
    ack["ack"] = base64url_encode([1_u8; 32]).into();
    let mut ask = recover.clone();
    ask["receive"] = base64url_encode(stranger.device.public().as_bytes()).into();
    let mut give = beat.clone();
    give["to"] = base64url_encode(reader.thumbprint().as_bytes()).into();
    give["keys"] = base64url_encode([1_u8; 113]).into();
    let no_receipt = json!({"rid": sender.sealed.rid, "receipt": base64url_encode([1_u8; 32])});

    let expected = app.post("/v1/secrets/peek", &unknown).await;
    let unsigned = [
        ("peek", &peek),
        ("receipt", &no_receipt),
        ("status", &no_receipt),
        ("burn", &no_receipt),
        ("unlock", &no_receipt),
    ];
    let signed = [
        ("claim", &claim, &reader),
        ("recover", &recover, &reader),
        ("heartbeat", &beat, &stranger),
        ("ack", &ack, &stranger),
        ("open", &beat, &stranger),
        ("ask", &ask, &reader),
        ("give", &give, &stranger),
    ];
    // Neither creating needs a proof nor asking for the channel's key.
    let mut asked = BTreeSet::from(["/v1/channel", "/v1/secrets/create"].map(str::to_owned));
    for (route, body) in unsigned {
        let path = format!("/v1/secrets/{route}");
        let answer = app.post(&path, body).await;
        assert_eq!((answer.status.as_u16(), &answer.json), (404, &expected.json), "{route}");
        asked.insert(path);
    }
    for (route, body, device) in signed {
        let path = format!("/v1/secrets/{route}");
        let answer = app.send(app.scope(), device.signed(&path, body, &challenge)).await;
        assert_eq!((answer.status.as_u16(), &answer.json), (404, &expected.json), "{route}");
        asked.insert(path);
    }
    let all = wax_secrets::openapi().paths.paths.into_keys();
    let all: BTreeSet<_> = all.filter(|path| !path.starts_with("/v1/organizations/")).collect();
    assert_eq!(asked, all, "a route has no case here");
    assert_eq!(reader.peek(&app).await.json["tries"]["wrong"], 0);
}

#[tokio::test]
async fn another_claims_acknowledgement_confirms_nothing() {
    let app = TestApp::new().await;
    let sender = Sender::share(&app, "text", &Terms { views: 2, ..Terms::default() }).await;
    let (mut one, mut two) = (sender.recipient(), sender.recipient());
    let (first, second) = (one.claim(&app).await, two.claim(&app).await);
    let mixed = one.ack(&app, &second).await;
    assert_eq!(mixed.code(), "not-available");
    assert_eq!(one.ack(&app, &first).await.json["state"], "draining");
    assert_eq!(two.ack(&app, &second).await.json["state"], "destroyed");
}

#[tokio::test]
async fn a_wrong_preimage_confirms_nothing() {
    let app = TestApp::new().await;
    let sender = Sender::share(&app, "text", &Terms::default()).await;
    let mut reader = sender.recipient();
    let claimed = reader.claim(&app).await;
    let challenge = reader.challenge(&app).await;
    let mut body = reader.call_body(&claimed.json["claim"]["id"], &challenge);
    body["ack"] = base64url_encode([1_u8; 32]).into();
    let refused = app.send(app.scope(), reader.signed("/v1/secrets/ack", &body, &challenge)).await;
    assert_eq!((refused.status.as_u16(), &refused.json["field"]), (422, &json!("ack")));
    assert_eq!(reader.peek(&app).await.json["yours"], "open");
}
