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
    routing::{get, post},
};
use serde_json::{Value, json};
use wax_client_sdk::{Client, DeviceStore, KnownHosts, Options, Retry};
use wax_crypto::{
    AckPreimage, Challenge, ChallengeKey, ClaimKey, DevicePublicKey, Origin, PeekHash, PeekKey,
    ReceiptHash, SignatureHeaders, SignedRequest,
    channel::{self, ChannelKey, HostKey, HostPublicKey, HostSeed, SealedRequest, SignedConfig},
};
use wax_kernel::{SystemRng, Timestamp, base64url_decode};

const CLAIM: &str = "clm_AAAAAAAAAAAAAAAAAAAAAA";
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
    /// The same, from somebody who cannot seal.
    Plain(&'static str, u16),
    /// The work is done, and an edge has lost the answer.
    NoAnswer,
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
    /// Openings of what is bound.
    pub(crate) opens: u32,
    asks: Vec<Value>,
    /// Devices that gave it away.
    givers: Vec<String>,
    handed: Option<Value>,
    /// Names of the requests that arrived, in order.
    pub(crate) requests: Vec<String>,
    /// Runs while a claim is being answered: what is true on the client's side at that moment?
    pub(crate) at_claim: Option<Box<dyn FnMut() + Send>>,
    fates: VecDeque<(String, Fate)>,
}

/// What the channel needs.
struct Keys {
    channel: ChannelKey,
    host: HostKey,
}

#[derive(Clone)]
pub(crate) struct Double {
    pub(crate) memory: Arc<Mutex<Memory>>,
    keys: Arc<Mutex<Keys>>,
    pub(crate) origin: Origin,
}

impl Double {
    /// Starts one on a free port.
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let origin = Origin::parse(&format!("http://secrets.acme.localhost:{port}")).unwrap();
        let keys = Keys { channel: ChannelKey::random(&SystemRng), host: host_key(&origin) };
        let double = Self { memory: Arc::default(), keys: Arc::new(Mutex::new(keys)), origin };
        let app = Router::new()
            .route("/v1/channel", get(config))
            .route("/v1/secrets/{name}", post(sealed))
            .with_state(double.clone());
        #[expect(clippy::disallowed_methods, reason = "a test's server ends with its runtime")]
        tokio::spawn(async move { axum::serve(listener, app).await });
        double
    }

    /// A client that asks again at once.
    pub(crate) fn client(&self) -> Client {
        self.client_with(None)
    }

    /// One that remembers hosts.
    pub(crate) fn client_with(&self, known_hosts: Option<KnownHosts>) -> Client {
        let retry = Retry { first_wait: std::time::Duration::ZERO, ..Retry::default() };
        let options = Options { retry, known_hosts, ..Options::default() };
        Client::new(self.origin.clone(), &options).unwrap()
    }

    /// A new day.
    pub(crate) fn change_channel_key(&self) {
        self.keys.lock().unwrap().channel = ChannelKey::random(&SystemRng);
    }

    /// Another server, or somebody who says so.
    pub(crate) fn change_host_key(&self) {
        self.keys.lock().unwrap().host = host_key(&self.origin);
    }

    pub(crate) fn host_key(&self) -> HostPublicKey {
        self.keys.lock().unwrap().host.public()
    }

    fn signed_config(&self) -> SignedConfig {
        let keys = self.keys.lock().unwrap();
        let until = Timestamp::from_ms(NOW.as_ms() + 86_400_000);
        keys.host.sign(&keys.channel.config(&self.origin, NOW, until))
    }

    fn next_fate(&self, name: &str) -> Option<Fate> {
        let mut memory = self.memory.lock().unwrap();
        let at = memory.fates.iter().position(|(of, _)| *of == name)?;
        memory.fates.remove(at).map(|(_, fate)| fate)
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

fn host_key(origin: &Origin) -> HostKey {
    HostKey::derive(&HostSeed::random(&SystemRng), origin)
}

async fn config(State(double): State<Double>) -> Response {
    match double.next_fate("channel") {
        Some(Fate::Refuse(code, status)) => problem(code, status, &json!({})),
        Some(_) => lost(),
        None => axum::Json(double.signed_config()).into_response(),
    }
}

/// Opens the request, and seals the answer record by record.
async fn sealed(
    State(double): State<Double>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: axum::body::Bytes,
) -> Response {
    assert_eq!(headers["content-type"], channel::CONTENT_TYPE);
    let request = SealedRequest::parse(&body).unwrap();
    let path = format!("/v1/secrets/{name}");
    let opened =
        double.keys.lock().unwrap().channel.open(&request, &double.origin, &path, &SystemRng);
    let Ok((plain, mut sealer)) = opened else {
        return problem("channel-key", 400, &json!({ "channel": double.signed_config() }));
    };
    let fate = double.next_fate(&name);
    let response = answer(&double, &name, &headers, &body, &plain, fate);
    if matches!(fate, Some(Fate::Plain(..) | Fate::NoAnswer | Fate::Redirect)) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = axum::body::to_bytes(body, usize::MAX).await else { return lost() };
    let pieces: Vec<_> = match &*name {
        "status" => bytes.split_inclusive(|byte| *byte == b'\n').collect(),
        _ => vec![&bytes[..]],
    };
    parts.headers.insert("content-type", channel::CONTENT_TYPE.parse().unwrap());
    parts.headers.remove("content-length");
    let sealed: Vec<u8> = pieces.into_iter().flat_map(|piece| sealer.seal(piece)).collect();
    Response::from_parts(parts, Body::from(sealed))
}

fn answer(
    double: &Double,
    name: &str,
    headers: &HeaderMap,
    sealed: &[u8],
    plain: &[u8],
    fate: Option<Fate>,
) -> Response {
    let mut memory = double.memory.lock().unwrap();
    memory.requests.push(name.to_owned());
    assert!(headers["user-agent"].to_str().unwrap().starts_with("waxseal/"));
    let request: Value = serde_json::from_slice(plain).unwrap();
    match fate {
        Some(Fate::LoseRequest) => return lost(),
        Some(Fate::Redirect) => {
            let elsewhere = [("location", "http://localhost:1/")];
            return (StatusCode::TEMPORARY_REDIRECT, elsewhere).into_response();
        }
        Some(Fate::Refuse(code, status) | Fate::Plain(code, status)) => {
            return problem(code, status, &json!({}));
        }
        _ => {}
    }
    if matches!(name, "claim" | "recover" | "heartbeat" | "ack" | "open" | "ask" | "give") {
        verify_signature(&double.origin, name, headers, sealed, &request);
    }
    if fate == Some(Fate::Stale) {
        let fresh =
            if name == "ack" { json!({}) } else { json!({ "challenge": challenge(&request) }) };
        return problem("stale-challenge", 401, &fresh);
    }
    let answer = match name {
        "create" => create(&mut memory, request),
        "peek" => peek(&memory, &request),
        "claim" => claim(&mut memory, &request),
        "recover" => recover(&memory, &request),
        "ack" => ack(&mut memory, &request),
        "open" => open(&mut memory, &request),
        "ask" => ask(&mut memory, &request),
        "give" => give(&mut memory, &request),
        "receipt" | "burn" => axum::Json(receipt(name)).into_response(),
        "status" => format!("\n{}\n\n{}\n", receipt("receipt"), receipt("burn")).into_response(),
        _ => problem("not-available", 404, &json!({})),
    };
    match fate {
        Some(Fate::LoseAnswer) => lost(),
        Some(Fate::NoAnswer) => problem("no-answer", 502, &json!({})),
        _ => answer,
    }
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
    let is_holder = thumbprint.is_some() && memory.holder.as_deref() == thumbprint;
    let yours = match thumbprint {
        Some(_) if is_holder => json!(if memory.acked { "acked" } else { "open" }),
        Some(thumbprint) if memory.givers.iter().any(|giver| giver == thumbprint) => {
            json!("handed")
        }
        _ => Value::Null,
    };
    let is_bound = memory.acked && policy["kind"] == "device_bound";
    let bound = (is_bound && is_holder)
        .then(|| json!({ "claim": CLAIM, "counter": memory.counter, "asks": memory.asks }));
    let challenge = thumbprint.map(|thumbprint| {
        let thumbprint = wax_crypto::Thumbprint::parse(thumbprint).unwrap();
        challenge_key().mint(&secret_of(request), &thumbprint, NOW)
    });
    let state = match memory.views_taken {
        0 => "ready",
        _ if is_bound => "bound",
        _ if memory.acked => "destroyed",
        _ => "draining",
    };
    axum::Json(json!({
        "id": request["id"], "state": state, "kind": policy["kind"], "sealed": "client",
        "passphrase": policy["passphrase"], "views": 1, "views_left": 1 - memory.views_taken,
        "created_at_ms": NOW, "expires_at_ms": NOW.as_ms() + 60_000, "content_bytes": 1040,
        "tries": { "wrong": 0, "left": 20, "next_at_ms": null }, "openings": [], "yours": yours,
        "bound": bound, "challenge": challenge, "a member of a later version": 1,
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
        "id": CLAIM, "counter": memory.counter,
        "window_ends_at_ms": NOW.as_ms() + 600_000, "header": created["header"], "policy": created["policy"],
        "wrapped_key": created["wrapped_key"], "content": created["content"],
    });
    axum::Json(json!({ "claim": claim, "challenge": challenge(request) })).into_response()
}

/// Each request of the bound device has a larger counter.
fn count(memory: &mut Memory, request: &Value) {
    let thumbprint = device_of(request).thumbprint().to_base64url().to_string();
    assert_eq!((memory.holder.as_deref(), memory.acked), (Some(&*thumbprint), true));
    let counter = request["counter"].as_i64().unwrap();
    assert!(counter > memory.counter, "a counter never repeats");
    memory.counter = counter;
}

fn open(memory: &mut Memory, request: &Value) -> Response {
    count(memory, request);
    memory.opens += 1;
    if request["kept"] == true {
        memory.handed = None;
    }
    let created = memory.created.as_ref().unwrap();
    axum::Json(json!({
        "header": created["header"], "policy": created["policy"], "content": created["content"],
        "handed": memory.handed, "challenge": challenge(request),
    }))
    .into_response()
}

fn ask(memory: &mut Memory, request: &Value) -> Response {
    let thumbprint = device_of(request).thumbprint().to_base64url().to_string();
    let ask = json!({ "at_ms": NOW, "device": "cli", "thumbprint": thumbprint, "receive": request["receive"],
        "code": "042137" });
    if !memory.asks.contains(&ask) {
        memory.asks.push(ask);
    }
    let ends_at = NOW.as_ms() + 900_000;
    axum::Json(json!({ "code": "042137", "ends_at_ms": ends_at, "challenge": challenge(request) }))
        .into_response()
}

fn give(memory: &mut Memory, request: &Value) -> Response {
    count(memory, request);
    let from = memory.holder.take().unwrap();
    memory.handed = Some(json!({ "from": from, "keys": request["keys"] }));
    memory.givers.push(from);
    memory.holder = Some(request["to"].as_str().unwrap().to_owned());
    (memory.counter, memory.asks) = (0, Vec::new());
    axum::Json(json!({ "challenge": challenge(request) })).into_response()
}

fn ack(memory: &mut Memory, request: &Value) -> Response {
    let created = memory.created.as_ref().unwrap();
    let preimage = AckPreimage::parse(request["ack"].as_str().unwrap()).unwrap();
    assert_eq!(created["ack_sha256"].as_str().unwrap(), preimage.hash().to_base64url().as_str());
    let policy: Value = serde_json::from_slice(&policy_of(created)).unwrap();
    let counter = request["counter"].as_i64().unwrap();
    assert!(memory.acked || counter > memory.counter, "a counter never repeats");
    memory.counter = counter;
    memory.acked = true;
    let state = if policy["kind"] == "device_bound" { "bound" } else { "destroyed" };
    axum::Json(json!({ "state": state, "challenge": challenge(request) })).into_response()
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
