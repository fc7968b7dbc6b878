//! The channel: every route works inside it, and what is outside tells nothing.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::time::Duration;

use http::{HeaderMap, header};
use serde_json::{Value, json};
use wax_kernel::base64url_encode;
use wax_testkit::{Sender, Terms, TestApp};

use crate::sealed::{Channel, Received, send};

#[tokio::test]
async fn a_whole_life_goes_through_the_channel() {
    let app = TestApp::new().await;
    let channel = Channel::of(&app).await;
    let sender = Sender::seal("a text", &Terms::default());
    let (status, created) = channel.post(&app, "/v1/secrets/create", &sender.create).await;
    assert_eq!((status.as_u16(), &created["id"]), (201, &json!(sender.sealed.id)));
    let (again, same) = channel.post(&app, "/v1/secrets/create", &sender.create).await;
    assert_eq!((again.as_u16(), same), (201, created), "sealed anew, it is the same request");

    let mut reader = sender.recipient();
    let (status, claimed) = channel.claim(&app, &reader).await;
    assert_eq!(status, 200);
    let opened = reader.open_json(&claimed);
    assert_eq!(opened.text.expose(), "a text");

    let challenge = channel.challenge(&app, &reader).await;
    let mut body = reader.call_body(&claimed["claim"]["id"], &challenge);
    body["ack"] = base64url_encode(opened.ack.expose()).into();
    let (_, acked) = channel.post_signed(&app, "/v1/secrets/ack", &body, &reader, &challenge).await;
    assert_eq!(acked["state"], "destroyed");
    let (_, receipt) = channel.post(&app, "/v1/secrets/receipt", &sender.proof()).await;
    assert_eq!(receipt["state"], "destroyed");
}

#[tokio::test]
async fn plain_json_is_answered_plainly() {
    let app = TestApp::new().await;
    Channel::of(&app).await;
    let sender = Sender::share(&app, "text", &Terms::default()).await;
    let answer = sender.recipient().peek(&app).await;
    assert_eq!(answer.headers[header::CONTENT_TYPE], "application/json");
}

/// Whoever reads along sees a status, a number of KiB, and nothing that is inside.
#[tokio::test]
async fn problems_are_sealed_too() {
    let app = TestApp::new().await;
    let channel = Channel::of(&app).await;
    let prepared = channel.seal("/v1/secrets/receipt", &json!({"rid": 1}));
    let received = prepared.send(&app).await;
    assert_eq!(received.status, 422);
    assert!(!received.headers.contains_key(header::CONTENT_LANGUAGE));
    assert_eq!(received.bytes.len() % 1_024, 16 + 4 + 16);
    assert_eq!(received.open(prepared.opener)["field"], "rid");

    let unknown = channel.seal("/v1/secrets/nothing", &json!({}));
    let received = unknown.send(&app).await;
    assert_eq!(
        (received.status.as_u16(), &received.open(unknown.opener)["code"]),
        (404, &json!("not-available"))
    );
}

#[tokio::test]
async fn when_to_try_again_stands_outside() {
    let app = TestApp::new().await;
    let channel = Channel::of(&app).await;
    let sender = Sender::share(&app, "text", &Terms::default()).await;
    let reader = sender.recipient();
    let mut held = None;
    for _ in 0..6 {
        let challenge = channel.challenge(&app, &reader).await;
        let mut body = reader.claim_body(&challenge);
        body["claim_key"] = base64url_encode([1; 32]).into();
        let prepared = channel.sign("/v1/secrets/claim", &body, &reader, &challenge);
        held = Some((prepared.send(&app).await, prepared.opener));
    }
    let (received, opener) = held.unwrap();
    assert_eq!(
        (received.status.as_u16(), &received.headers[header::RETRY_AFTER]),
        (429, &"60".parse().unwrap())
    );
    assert_eq!(received.open(opener)["code"], "held-back");
}

#[tokio::test]
async fn a_status_stream_is_a_record_for_each_line() {
    let app = TestApp::new().await;
    let channel = Channel::of(&app).await;
    let sender = Sender::share(&app, "text", &Terms::default()).await;
    let prepared = channel.seal("/v1/secrets/status", &sender.proof());
    let burn = sender.proof();
    let (received, _) =
        tokio::join!(prepared.send(&app), channel.post(&app, "/v1/secrets/burn", &burn));
    let states = states(&received, prepared.opener);
    assert!(states.len() <= 2 && states.last().unwrap() == "burned", "{states:?}");
}

/// The states that a stream's records tell.
fn states(received: &Received, opener: wax_crypto::channel::AnswerOpener) -> Vec<Value> {
    assert!(received.is_sealed());
    let mut stream = opener.stream();
    stream.push(&received.bytes);
    let mut states = Vec::new();
    while let Some(line) = stream.next_record().unwrap() {
        assert!(line.ends_with(b"\n"));
        states.push(serde_json::from_slice::<Value>(&line).unwrap()["state"].clone());
    }
    states
}

#[tokio::test]
async fn a_retired_or_unknown_key_is_answered_with_the_one_to_use() {
    let app = TestApp::new().await;
    let old = Channel::of(&app).await;
    let sender = Sender::share(&app, "text", &Terms { after_s: 400_000, ..Terms::default() }).await;
    let reader = sender.recipient();
    app.clock.advance(Duration::from_secs(86_400));
    let (status, _) = old.post(&app, "/v1/secrets/peek", &reader.peek_body()).await;
    assert_eq!(status, 200, "yesterday's key is still good");

    app.clock.advance(Duration::from_secs(86_400));
    let retired = old.seal("/v1/secrets/peek", &reader.peek_body());
    let mut unknown = retired.bytes.clone();
    unknown[..8].copy_from_slice(&[7; 8]);
    for bytes in [&retired.bytes, &unknown] {
        let received = send(&app, retired.path, bytes, &HeaderMap::new()).await;
        let problem = received.plain();
        assert_eq!((received.status.as_u16(), &problem["code"]), (400, &json!("channel-key")));
        let new = Channel::read(&problem["channel"]);
        assert_ne!(new.config.key_id(), old.config.key_id());
        let (status, _) = new.post(&app, "/v1/secrets/peek", &reader.peek_body()).await;
        assert_eq!(status, 200);
    }
}

#[tokio::test]
async fn the_host_key_stays_when_the_channel_key_changes() {
    let app = TestApp::new().await;
    let host_key = async || {
        let request = http::Request::get("/v1/channel").body(axum::body::Body::empty()).unwrap();
        let view = app.send(app.scope(), request).await.json;
        (view["host_key"].clone(), view["config"].clone())
    };
    let (before, config) = host_key().await;
    app.clock.advance(Duration::from_secs(86_400));
    let (after, new_config) = host_key().await;
    assert_eq!(before, after);
    assert_ne!(config, new_config);
}

#[tokio::test]
async fn what_was_not_sealed_for_this_host_and_path_is_malformed() {
    let app = TestApp::new().await;
    let channel = Channel::of(&app).await;
    let sender = Sender::share(&app, "text", &Terms::default()).await;
    let proof = sender.proof();
    let moved = channel.seal("/v1/secrets/receipt", &proof);
    let foreign = channel.moved_to("secrets.other.example").seal("/v1/secrets/burn", &proof);
    let mut changed = channel.seal("/v1/secrets/burn", &proof).bytes;
    changed[100] ^= 1;
    let plain = proof.to_string().into_bytes();
    for bytes in [&moved.bytes, &foreign.bytes, &changed, &plain, &Vec::new(), &vec![0; 72]] {
        let received = send(&app, "/v1/secrets/burn", bytes, &HeaderMap::new()).await;
        let problem = received.plain();
        assert_eq!((received.status.as_u16(), &problem["code"]), (400, &json!("malformed")));
    }
    assert_eq!(app.post("/v1/secrets/receipt", &proof).await.json["state"], "ready");
}

#[tokio::test]
async fn the_document_says_that_every_post_may_be_sealed() {
    let document = serde_json::to_value(wax_secrets::openapi()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    assert!(paths["/v1/channel"]["get"].is_object());
    for (path, methods) in paths {
        // Members are on the platform's host, which has no channel.
        let strangers = !path.starts_with("/v1/organizations/");
        let Some(post) = methods.get("post").filter(|_| strangers) else { continue };
        let sealed = "application/waxseal-channel";
        assert!(post["requestBody"]["content"][sealed].is_object(), "{path}");
        for (status, response) in post["responses"].as_object().unwrap() {
            assert!(response["content"][sealed].is_object(), "{path} {status}");
        }
    }
}
