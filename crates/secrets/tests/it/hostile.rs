//! Requests by somebody in between or with another device: refused with the reason, nothing consumed, nothing leaked.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::time::Duration;

use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::{Value, json};
use wax_crypto::Challenge;
use wax_kernel::{base64url_decode, base64url_encode};
use wax_testkit::{Recipient, Sender, Terms, TestApp};

use crate::sealed::{Channel, send, signature};

const CLAIM: &str = "/v1/secrets/claim";
const RECOVER: &str = "/v1/secrets/recover";
const HEARTBEAT: &str = "/v1/secrets/heartbeat";
const ACK: &str = "/v1/secrets/ack";

/// A shared secret with two views, its reader, and the channel between them.
struct Stage {
    app: TestApp,
    channel: Channel,
    sender: Sender,
    reader: Recipient,
}

impl Stage {
    async fn new() -> Self {
        let app = TestApp::new().await;
        let channel = Channel::of(&app).await;
        let sender = Sender::share(&app, "text", &Terms { views: 2, ..Terms::default() }).await;
        let reader = sender.recipient();
        Self { app, channel, sender, reader }
    }

    /// Everything that anybody can see of the secret; the challenge alone is new every time.
    async fn seen(&self) -> (Value, Value) {
        let mut peeked = self.reader.peek(&self.app).await.json;
        peeked.as_object_mut().unwrap().remove("challenge").unwrap();
        (peeked, self.app.post("/v1/secrets/receipt", &self.sender.proof()).await.json)
    }

    /// Claims, and prepares a heartbeat or an ack for the claim.
    async fn claimed(&mut self) -> Value {
        let (status, claimed) = self.channel.claim(&self.app, &self.reader).await;
        assert_eq!(status, StatusCode::OK);
        claimed
    }

    async fn challenge(&self) -> Challenge {
        self.channel.challenge(&self.app, &self.reader).await
    }
}

/// A refusal says no more than why.
fn refused(status: StatusCode, problem: &Value, code: &str) {
    assert_eq!(
        (problem["status"].as_u64(), problem["code"].as_str()),
        (Some(status.as_u16().into()), Some(code))
    );
    for leak in ["claim", "header", "policy", "wrapped_key", "content"] {
        assert!(problem.get(leak).is_none(), "{leak}");
    }
}

#[tokio::test]
async fn a_replayed_claim_takes_nothing_and_only_its_device_reads_the_answer() {
    let stage = Stage::new().await;
    let challenge = stage.challenge().await;
    let body = stage.reader.claim_body(&challenge);
    let claim = stage.channel.sign(CLAIM, &body, &stage.reader, &challenge);
    let first = claim.send(&stage.app).await;
    let before = stage.seen().await;

    let replayed = claim.send(&stage.app).await;
    assert_eq!(replayed.status, 200);
    let theirs = stage.channel.seal(CLAIM, &body);
    assert!(theirs.opener.open(&replayed.bytes).is_err(), "who replays it cannot read the answer");
    assert_ne!(replayed.bytes, first.bytes);
    let opened = replayed.open(claim.opener);
    assert_eq!(stage.reader.open_json(&opened).text.expose(), "text");
    assert_eq!(stage.seen().await, before);
}

#[tokio::test]
async fn a_stale_challenge_is_refused() {
    let stage = Stage::new().await;
    let challenge = stage.challenge().await;
    let body = stage.reader.claim_body(&challenge);
    let claim = stage.channel.sign(CLAIM, &body, &stage.reader, &challenge);
    stage.app.clock.advance(Duration::from_millis(60_001));
    let before = stage.seen().await;
    let received = claim.send(&stage.app).await;
    refused(received.status, &received.open(claim.opener), "stale-challenge");
    assert_eq!(stage.seen().await, before);
}

/// Made by a process whose clock was ahead, or before this one's was set back.
#[tokio::test]
async fn a_challenge_from_the_future_is_refused() {
    let stage = Stage::new().await;
    let now = wax_kernel::Clock::now(&*stage.app.clock);
    stage.app.clock.advance(Duration::from_millis(60_001));
    let challenge = stage.challenge().await;
    stage.app.clock.set(now);
    let body = stage.reader.claim_body(&challenge);
    let claim = stage.channel.sign(CLAIM, &body, &stage.reader, &challenge);
    let before = stage.seen().await;
    let received = claim.send(&stage.app).await;
    refused(received.status, &received.open(claim.opener), "stale-challenge");
    assert_eq!(stage.seen().await, before);
}

#[tokio::test]
async fn another_devices_key_or_challenge_is_refused() {
    let stage = Stage::new().await;
    let thief = stage.sender.recipient();
    let challenge = stage.challenge().await;
    let body = stage.reader.claim_body(&challenge);
    let before = stage.seen().await;

    let by_another = stage.channel.sign(CLAIM, &body, &thief, &challenge);
    let received = by_another.send(&stage.app).await;
    refused(received.status, &received.open(by_another.opener), "bad-signature");

    let mut swapped = body.clone();
    swapped["device"] = base64url_encode(thief.device.public().as_bytes()).into();
    let of_another = stage.channel.sign(CLAIM, &swapped, &thief, &challenge);
    let received = of_another.send(&stage.app).await;
    refused(received.status, &received.open(of_another.opener), "stale-challenge");
    assert_eq!(stage.seen().await, before);
}

/// Some readers take two lines for one list, others the first of them: both would have to be checked.
#[tokio::test]
async fn a_second_line_of_a_signatures_headers_is_refused() {
    let stage = Stage::new().await;
    let challenge = stage.challenge().await;
    let body = stage.reader.claim_body(&challenge);
    let claim = stage.channel.sign(CLAIM, &body, &stage.reader, &challenge);
    let before = stage.seen().await;
    for name in ["content-digest", "signature-input", "signature"] {
        let right = claim.headers[name].clone();
        for second in [HeaderValue::from_static("sig2=:AAAA:"), right] {
            let mut headers = claim.headers.clone();
            headers.append(name, second);
            let received = send(&stage.app, CLAIM, &claim.bytes, &headers).await;
            assert_eq!(received.status, 401, "{name}");
        }
    }
    assert_eq!(stage.seen().await, before);
    assert_eq!(claim.send(&stage.app).await.status, 200, "as it was signed");
}

#[tokio::test]
async fn a_signature_is_for_the_sealed_bytes_and_no_others() {
    let stage = Stage::new().await;
    let challenge = stage.challenge().await;
    let body = stage.reader.claim_body(&challenge);
    let (one, two) = (
        stage.channel.sign(CLAIM, &body, &stage.reader, &challenge),
        stage.channel.sign(CLAIM, &body, &stage.reader, &challenge),
    );
    let inside = signature(&stage.reader, CLAIM, body.to_string().as_bytes(), &challenge);
    let before = stage.seen().await;
    for headers in [&two.headers, &inside, &HeaderMap::new()] {
        let received = send(&stage.app, CLAIM, &one.bytes, headers).await;
        assert_eq!(received.status, 401);
        assert!(received.is_sealed());
    }
    let received = send(&stage.app, CLAIM, &one.bytes, &two.headers).await;
    refused(received.status, &received.open(one.opener), "bad-signature");
    assert_eq!(stage.seen().await, before);
}

#[tokio::test]
async fn a_signed_request_does_not_move_to_another_path_or_host() {
    let stage = Stage::new().await;
    let challenge = stage.challenge().await;
    let body = stage.reader.claim_body(&challenge);
    let before = stage.seen().await;

    let moved = stage.channel.sign(RECOVER, &body, &stage.reader, &challenge);
    let received = send(&stage.app, CLAIM, &moved.bytes, &moved.headers).await;
    refused(received.status, &received.plain(), "malformed");

    let mut resigned = stage.channel.seal(CLAIM, &body);
    resigned.headers = signature(&stage.reader, RECOVER, &resigned.bytes, &challenge);
    let received = resigned.send(&stage.app).await;
    refused(received.status, &received.open(resigned.opener), "bad-signature");

    let elsewhere = stage.channel.moved_to("secrets.other.example");
    let foreign = elsewhere.sign(CLAIM, &body, &stage.reader, &challenge);
    let received = foreign.send(&stage.app).await;
    refused(received.status, &received.plain(), "malformed");
    assert_eq!(stage.seen().await, before);
}

#[tokio::test]
async fn an_unknown_channel_key_takes_nothing() {
    let stage = Stage::new().await;
    let challenge = stage.challenge().await;
    let body = stage.reader.claim_body(&challenge);
    let mut claim = stage.channel.seal(CLAIM, &body);
    claim.bytes[..8].copy_from_slice(&[7; 8]);
    claim.headers = signature(&stage.reader, CLAIM, &claim.bytes, &challenge);
    let before = stage.seen().await;
    let received = claim.send(&stage.app).await;
    refused(received.status, &received.plain(), "channel-key");
    assert_eq!(stage.seen().await, before);
}

#[tokio::test]
async fn an_answer_or_a_record_of_another_request_does_not_open() {
    let stage = Stage::new().await;
    let peek = stage.reader.peek_body();
    let (one, two) = (
        stage.channel.seal("/v1/secrets/peek", &peek),
        stage.channel.seal("/v1/secrets/peek", &peek),
    );
    let (first, second) = (one.send(&stage.app).await, two.send(&stage.app).await);
    assert!(one.opener.open(&second.bytes).is_err());
    assert!(two.opener.open(&first.bytes).is_err());

    let status = stage.channel.seal("/v1/secrets/status", &stage.sender.proof());
    stage.channel.post(&stage.app, "/v1/secrets/burn", &stage.sender.proof()).await;
    let received = status.send(&stage.app).await;
    let (salt, record) = received.bytes.split_at(16);
    let mut stream = status.opener.stream();
    stream.push(&[salt, record, record].concat());
    assert!(stream.next_record().unwrap().is_some());
    assert!(stream.next_record().is_err(), "a repeated record does not open");
}

/// `n − s` instead of `s`: as good a signature of the same message (protocol.md §5), so nothing may depend on a
/// signature being the only one. The counter does not let the request through twice.
#[tokio::test]
async fn a_malleated_signature_is_a_signature_and_no_second_request() {
    let mut stage = Stage::new().await;
    let claimed = stage.claimed().await;
    let challenge = stage.challenge().await;
    let body = stage.reader.call_body(&claimed["claim"]["id"], &challenge);
    let beat = stage.channel.sign(HEARTBEAT, &body, &stage.reader, &challenge);
    let mirrored = mirrored(&beat.headers);
    assert_ne!(mirrored, beat.headers);

    let first = send(&stage.app, HEARTBEAT, &beat.bytes, &mirrored).await;
    assert_eq!(first.status, 200);
    let before = stage.seen().await;
    for headers in [&mirrored, &beat.headers] {
        let again = send(&stage.app, HEARTBEAT, &beat.bytes, headers).await;
        assert_eq!(again.status, 422);
    }
    let received = beat.send(&stage.app).await;
    let problem = received.open(beat.opener);
    refused(received.status, &problem, "invalid");
    assert_eq!(problem["field"], "counter");
    assert_eq!(stage.seen().await, before);
}

/// SEC 2 §2.4.2: the order of P-256's group.
const ORDER: [u8; 32] = *b"\xff\xff\xff\xff\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\
    \xbc\xe6\xfa\xad\xa7\x17\x9e\x84\xf3\xb9\xca\xc2\xfc\x63\x25\x51";

fn mirrored(headers: &HeaderMap) -> HeaderMap {
    let text = headers["signature"].to_str().unwrap();
    let url = text.trim_start_matches("sig=:").trim_end_matches(':').trim_end_matches('=');
    let mut bytes = base64url_decode(&url.replace('+', "-").replace('/', "_")).unwrap();
    let mut borrow = 0;
    for (byte, order) in bytes[32..].iter_mut().zip(ORDER).rev() {
        let difference = i16::from(order) - i16::from(*byte) - borrow;
        borrow = i16::from(difference < 0);
        *byte = u8::try_from(difference.rem_euclid(256)).unwrap();
    }
    let text = base64url_encode(&bytes).replace('-', "+").replace('_', "/");
    let mut headers = headers.clone();
    headers.insert("signature", format!("sig=:{text}==:").parse().unwrap());
    headers
}

#[tokio::test]
async fn an_acknowledgement_for_another_claim_confirms_nothing() {
    let mut stage = Stage::new().await;
    let mine = stage.claimed().await;
    let mut other = stage.sender.recipient();
    let (_, theirs) = stage.channel.claim(&stage.app, &other).await;
    let before = stage.seen().await;

    let challenge = stage.channel.challenge(&stage.app, &other).await;
    let mut body = other.call_body(&mine["claim"]["id"], &challenge);
    body["ack"] = base64url_encode(other.open_json(&theirs).ack.expose()).into();
    let ack = stage.channel.sign(ACK, &body, &other, &challenge);
    let received = ack.send(&stage.app).await;
    refused(received.status, &received.open(ack.opener), "not-available");
    assert_eq!(stage.seen().await, before);

    let (status, acked) = {
        let mut body = other.call_body(&theirs["claim"]["id"], &challenge);
        body["ack"] = base64url_encode(other.open_json(&theirs).ack.expose()).into();
        stage.channel.post_signed(&stage.app, ACK, &body, &other, &challenge).await
    };
    assert_eq!((status.as_u16(), &acked["state"]), (200, &json!("draining")), "the right one does");
}
