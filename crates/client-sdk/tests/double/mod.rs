//! A strict double of the server for one secret: it keeps the protocol's rules (signatures included) and loses answers
//! when told to. The real server is tested with the real client elsewhere; this one can fail on cue.

use std::{
    collections::VecDeque,
    net::Ipv4Addr,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
    routing::post,
};
use serde_json::{Value, json};
use wax_client_sdk::{Client, DeviceStore, Options, Retry};
use wax_crypto::{
    AckPreimage, Challenge, ChallengeKey, ClaimKey, DevicePublicKey, Origin, PeekHash, PeekKey,
    ReceiptHash, SignatureHeaders, SignedRequest,
};
use wax_kernel::{Timestamp, base64url_decode};

pub(crate) const NOW: Timestamp = Timestamp::from_ms(1_700_000_000_000);

/// What happens to the next request of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The work is done, and the answer never arrives.
    LoseAnswer,
    /// The request never arrives.
    LoseRequest,
    /// `stale-challenge`, with a fresh one where the protocol gives one.
    Stale,
    /// A problem with this code and status.
    Refuse(&'static str, u16),
    /// A redirect to somewhere else.
    Redirect,
}

/// What the double remembers.
#[derive(Default)]
pub(crate) struct Memory {
    pub(crate) created: Option<Value>,
    pub(crate) views_taken: u32,
    /// The device that holds the open claim.
    pub(crate) holder: Option<String>,
    pub(crate) acked: bool,
    pub(crate) counter: i64,
    /// Names of the requests that arrived, in order.
    pub(crate) requests: Vec<String>,
    /// Runs while a claim is being answered: what is true on the client's side at that moment?
    pub(crate) at_claim: Option<Box<dyn FnMut() + Send>>,
    fates: VecDeque<(String, Fate)>,
}

#[derive(Clone)]
pub(crate) struct Double {
    pub(crate) memory: Arc<Mutex<Memory>>,
    pub(crate) origin: Origin,
}

impl Double {
    /// Starts one on a free port.
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let origin = Origin::parse(&format!("http://secrets.acme.localhost:{port}")).unwrap();
        let double = Self { memory: Arc::default(), origin };
        let app =
            Router::new().route("/v1/secrets/{name}", post(answer)).with_state(double.clone());
        #[expect(clippy::disallowed_methods, reason = "a test's server ends with its runtime")]
        tokio::spawn(async move { axum::serve(listener, app).await });
        double
    }

    /// A client that asks again at once.
    pub(crate) fn client(&self) -> Client {
        let retry = Retry { first_wait: std::time::Duration::ZERO, ..Retry::default() };
        Client::new(self.origin.clone(), &Options { retry, ..Options::default() }).unwrap()
    }

    /// The next requests of this name fare like this.
    pub(crate) fn expect(&self, name: &str, fates: &[Fate]) {
        let mut memory = self.memory.lock().unwrap();
        memory.fates.extend(fates.iter().map(|fate| (name.to_owned(), *fate)));
    }

    pub(crate) fn count(&self, name: &str) -> usize {
        self.memory.lock().unwrap().requests.iter().filter(|request| *request == name).count()
    }

    pub(crate) fn views_taken(&self) -> u32 {
        self.memory.lock().unwrap().views_taken
    }

    /// Changes a byte string of what was stored, as a server might that is not honest.
    pub(crate) fn tamper(&self, member: &str, change: impl Fn(&mut Vec<u8>)) {
        let mut memory = self.memory.lock().unwrap();
        let stored = &mut memory.created.as_mut().unwrap()[member];
        let mut bytes = base64url_decode(stored.as_str().unwrap()).unwrap();
        change(&mut bytes);
        *stored = json!(wax_kernel::base64url_encode(bytes));
    }
}

/// A store in a folder of its own.
pub(crate) fn devices() -> (tempfile::TempDir, DeviceStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = DeviceStore::new(folder.path().join("state"));
    (folder, store)
}

async fn answer(
    State(double): State<Double>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: axum::body::Bytes,
) -> Response {
    let mut memory = double.memory.lock().unwrap();
    memory.requests.push(name.clone());
    assert!(headers["user-agent"].to_str().unwrap().starts_with("waxseal/"));
    let fate =
        memory.fates.iter().position(|(of, _)| *of == name).and_then(|at| memory.fates.remove(at));
    let request: Value = serde_json::from_slice(&body).unwrap();
    let fate = fate.map(|(_, fate)| fate);
    if fate == Some(Fate::LoseRequest) {
        return lost();
    }
    if fate == Some(Fate::Redirect) {
        return (StatusCode::TEMPORARY_REDIRECT, [("location", "http://localhost:1/")])
            .into_response();
    }
    if let Some(Fate::Refuse(code, status)) = fate {
        return problem(code, status, &json!({}));
    }
    if matches!(&*name, "claim" | "recover" | "heartbeat" | "ack") {
        verify_signature(&double.origin, &name, &headers, &body, &request);
    }
    if fate == Some(Fate::Stale) {
        let fresh =
            if name == "ack" { json!({}) } else { json!({ "challenge": challenge(&request) }) };
        return problem("stale-challenge", 401, &fresh);
    }
    let answer = match &*name {
        "create" => create(&mut memory, request),
        "peek" => peek(&memory, &request),
        "claim" => claim(&mut memory, &request),
        "recover" => recover(&memory, &request),
        "ack" => ack(&mut memory, &request),
        "receipt" | "burn" => axum::Json(receipt(&name)).into_response(),
        "status" => format!("\n{}\n\n{}\n", receipt("receipt"), receipt("burn")).into_response(),
        _ => problem("not-available", 404, &json!({})),
    };
    if fate == Some(Fate::LoseAnswer) { lost() } else { answer }
}

/// Headers arrive, then the connection breaks.
fn lost() -> Response {
    let broken = futures_util::stream::iter([Err::<Vec<u8>, _>(std::io::Error::other("lost"))]);
    Body::from_stream(broken).into_response()
}

fn problem(code: &str, status: u16, extra: &Value) -> Response {
    let mut document = json!({ "type": format!("urn:waxseal:problem:{code}"), "code": code, "status": status,
        "title": "Title", "detail": "Detail" });
    document.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    (StatusCode::from_u16(status).unwrap(), axum::Json(document)).into_response()
}

fn device_of(request: &Value) -> DevicePublicKey {
    DevicePublicKey::from_slice(&base64url_decode(request["device"].as_str().unwrap()).unwrap())
        .unwrap()
}

fn secret_of(request: &Value) -> wax_kernel::SecretId {
    wax_kernel::SecretId::parse(request["id"].as_str().unwrap()).unwrap()
}

fn challenge_key() -> ChallengeKey {
    ChallengeKey::from_slice(&[7; 32]).unwrap()
}

fn challenge(request: &Value) -> Challenge {
    challenge_key().mint(&secret_of(request), &device_of(request).thumbprint(), NOW)
}

fn verify_signature(
    origin: &Origin,
    name: &str,
    headers: &HeaderMap,
    body: &[u8],
    request: &Value,
) {
    let header = |name| headers[name].to_str().unwrap().to_owned();
    let challenge = Challenge::parse(request["challenge"].as_str().unwrap()).unwrap();
    let device = device_of(request);
    let target_uri = format!("{origin}/v1/secrets/{name}");
    let signature = SignatureHeaders {
        content_digest: header("content-digest"),
        signature_input: header("signature-input"),
        signature: header("signature"),
    };
    SignedRequest { target_uri: &target_uri, body, challenge: &challenge }
        .verify(&device, &signature)
        .unwrap();
    challenge_key().verify(&challenge, &secret_of(request), &device.thumbprint(), NOW).unwrap();
}

fn create(memory: &mut Memory, request: Value) -> Response {
    match &memory.created {
        Some(first) if *first != request => return problem("conflict", 409, &json!({})),
        _ => {}
    }
    let text = |member: &str| request[member].as_str().unwrap();
    let id = PeekHash::parse(text("peek_sha256")).unwrap().secret_id();
    let rid = ReceiptHash::parse(text("receipt_sha256")).unwrap().receipt_id();
    let answer = json!({ "id": id, "rid": rid, "created_at_ms": NOW, "expires_at_ms": NOW.as_ms() + 60_000 });
    memory.created = Some(request);
    (StatusCode::CREATED, axum::Json(answer)).into_response()
}

fn peek(memory: &Memory, request: &Value) -> Response {
    let Some(created) = &memory.created else { return problem("not-available", 404, &json!({})) };
    let proof = PeekKey::parse(request["peek"].as_str().unwrap()).unwrap();
    assert_eq!(PeekHash::parse(created["peek_sha256"].as_str().unwrap()).unwrap(), proof.hash());
    let policy: Value = serde_json::from_slice(&policy_of(created)).unwrap();
    let thumbprint = request["thumbprint"].as_str();
    let yours = match thumbprint {
        Some(thumbprint) if memory.holder.as_deref() == Some(thumbprint) => {
            json!(if memory.acked { "acked" } else { "open" })
        }
        _ => Value::Null,
    };
    let challenge = thumbprint.map(|thumbprint| {
        let thumbprint = wax_crypto::Thumbprint::parse(thumbprint).unwrap();
        challenge_key().mint(&secret_of(request), &thumbprint, NOW)
    });
    let state = match memory.views_taken {
        0 => "ready",
        _ if memory.acked => "destroyed",
        _ => "draining",
    };
    axum::Json(json!({
        "id": request["id"], "state": state, "kind": "one_time", "sealed": "client",
        "passphrase": policy["passphrase"], "views": 1, "views_left": 1 - memory.views_taken,
        "created_at_ms": NOW, "expires_at_ms": NOW.as_ms() + 60_000, "content_bytes": 1040,
        "tries": { "wrong": 0, "left": 20, "next_at_ms": null }, "openings": [], "yours": yours,
        "challenge": challenge, "a member of a later version": 1,
    }))
    .into_response()
}

fn policy_of(created: &Value) -> Vec<u8> {
    base64url_decode(created["policy"].as_str().unwrap()).unwrap()
}

fn claim(memory: &mut Memory, request: &Value) -> Response {
    if let Some(check) = &mut memory.at_claim {
        check();
    }
    let created = memory.created.clone().unwrap();
    let key = |value: &Value| ClaimKey::parse(value["claim_key"].as_str().unwrap()).unwrap();
    if key(&created) != key(request) {
        let tries = json!({ "tries": { "wrong": 1, "left": 19, "next_at_ms": null } });
        return problem("wrong-key", 403, &tries);
    }
    let thumbprint = device_of(request).thumbprint().to_base64url().to_string();
    match &memory.holder {
        Some(holder) if *holder != thumbprint || memory.acked => {
            return problem("gone", 410, &json!({ "state": "destroyed", "openings": [] }));
        }
        Some(_) => {}
        None => {
            memory.views_taken += 1;
            memory.holder = Some(thumbprint);
        }
    }
    delivery(memory, request)
}

fn recover(memory: &Memory, request: &Value) -> Response {
    let thumbprint = device_of(request).thumbprint().to_base64url().to_string();
    if memory.holder.as_deref() == Some(&*thumbprint) && !memory.acked {
        return delivery(memory, request);
    }
    axum::Json(json!({ "claim": null, "challenge": challenge(request) })).into_response()
}

fn delivery(memory: &Memory, request: &Value) -> Response {
    let created = memory.created.as_ref().unwrap();
    let claim = json!({
        "id": "clm_AAAAAAAAAAAAAAAAAAAAAA", "counter": memory.counter,
        "window_ends_at_ms": NOW.as_ms() + 600_000, "header": created["header"], "policy": created["policy"],
        "wrapped_key": created["wrapped_key"], "content": created["content"],
    });
    axum::Json(json!({ "claim": claim, "challenge": challenge(request) })).into_response()
}

fn ack(memory: &mut Memory, request: &Value) -> Response {
    let created = memory.created.as_ref().unwrap();
    let preimage = AckPreimage::parse(request["ack"].as_str().unwrap()).unwrap();
    assert_eq!(created["ack_sha256"].as_str().unwrap(), preimage.hash().to_base64url().as_str());
    let counter = request["counter"].as_i64().unwrap();
    assert!(memory.acked || counter > memory.counter, "a counter never repeats");
    memory.counter = counter;
    memory.acked = true;
    axum::Json(json!({ "state": "destroyed", "challenge": challenge(request) })).into_response()
}

fn receipt(name: &str) -> Value {
    let state = if name == "burn" { "burned" } else { "ready" };
    json!({
        "rid": "AAAAAAAAAAAAAAAAAAAAAA", "state": state, "kind": "one_time", "sealed": "client",
        "passphrase": false, "views": 1, "views_left": 1, "created_at_ms": NOW, "expires_at_ms": NOW,
        "kept_until_ms": NOW, "tries": { "wrong": 0, "left": 20, "next_at_ms": null }, "openings": [],
        "ended_at_ms": null,
    })
}
