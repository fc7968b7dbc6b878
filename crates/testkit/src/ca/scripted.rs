//! A certificate authority that does what Pebble cannot: windows for renewals (RFC 9773), limits, pauses, pages of proxies
//! in place of documents, certificates that are not what was ordered, silence.
//!
//! It is strict about what it reads: nonces are used once, the URL that is signed is the one that is asked, orders and
//! accounts exist. It verifies no signature and looks at no proof: Pebble does both.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    response::{IntoResponse as _, Response},
};
use http::{StatusCode, header};
use rustls_pki_types::{PrivateKeyDer, pem::PemObject as _};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_rustls::{TlsAcceptor, rustls, server::TlsStream};
use wax_kernel::{base64url_decode, base64url_encode};

use super::authority;

mod issuing;

pub use issuing::Issuing;

/// Where a fault happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "they are RFC 8555's")]
pub enum Served {
    Directory,
    Nonce,
    NewAccount,
    KeyChange,
    NewOrder,
    Order,
    Authorization,
    Challenge,
    Finalize,
    Certificate,
    RenewalInfo,
}

/// What happens instead of an answer, or to one. Each is used once, in order.
#[derive(Debug, Clone)]
pub enum Fault {
    /// A problem document of this status, type and detail, and what it asks to wait, in seconds.
    Problem(u16, &'static str, &'static str, Option<u32>),
    /// A proxy's page.
    Page(u16),
    /// No answer at all.
    Hang,
    /// Nothing is done, and the answer breaks off.
    Close,
    /// It is done, and the answer breaks off.
    Lost,
    /// An answer without an end.
    Endless,
    /// A success that is not JSON.
    Garbage,
    /// The proof fails, for this type of reason.
    ProofFails(&'static str),
    /// The proof is never decided.
    Undecided,
    /// A certificate for another key.
    OtherKey,
    /// A certificate for another host.
    OtherHost,
    /// A certificate that is over.
    Over,
    /// A certificate that is good in five minutes.
    Early,
    /// A chain in the wrong order.
    Shuffled,
}

/// The certificate authority.
#[derive(Debug)]
pub struct ScriptedCa {
    address: SocketAddr,
    authority: String,
    state: Arc<Mutex<Ca>>,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct Ca {
    base: String,
    issuing: Issuing,
    faults: HashMap<Served, VecDeque<Fault>>,
    nonces: HashSet<String>,
    accounts: Vec<Value>,
    orders: Vec<Order>,
    replaced: HashSet<String>,
    requests: Vec<Served>,
    /// From when to when to renew, in seconds since 1970, and when to ask again.
    window: Option<(i64, i64, u32)>,
    drawn: u64,
}

#[derive(Debug, Clone)]
struct Order {
    name: String,
    status: &'static str,
    /// Of its one proof, with the type of reason for which it failed.
    proof: (&'static str, Option<&'static str>),
    replaces: Option<String>,
    chain: Option<String>,
}

impl ScriptedCa {
    /// Starts one. Certificates are good from `now`, in seconds since 1970, for so many days.
    ///
    /// # Panics
    /// Without a free port.
    pub async fn start(now: i64, days: i64) -> Self {
        let (authority, certificate, key) = authority("localhost");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let state = Arc::new(Mutex::new(Ca {
            base: format!("https://localhost:{}", address.port()),
            issuing: Issuing::new(now, days),
            faults: HashMap::new(),
            nonces: HashSet::new(),
            accounts: Vec::new(),
            orders: Vec::new(),
            replaced: HashSet::new(),
            requests: Vec::new(),
            window: None,
            drawn: 0,
        }));
        let router = Router::new().fallback(answer).with_state(Arc::clone(&state));
        let listener = Tls { listener, acceptor: acceptor(&certificate, &key) };
        #[expect(
            clippy::disallowed_methods,
            reason = "a server of a test ends with the test's runtime"
        )]
        let task = tokio::spawn(async move {
            // It serves until it is aborted.
            let _ = axum::serve(listener, router).await;
        });
        Self { address, authority, state, task }
    }

    /// Its directory's URL.
    pub fn directory(&self) -> String {
        format!("https://localhost:{}/directory", self.address.port())
    }

    /// The authority behind its own certificate, as PEM.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// Has this happen the next time that somebody asks for `at`.
    pub fn fault(&self, at: Served, fault: Fault) {
        self.ca().faults.entry(at).or_default().push_back(fault);
    }

    /// The names for which it has issued certificates, in order.
    pub fn issued(&self) -> Vec<String> {
        let ca = self.ca();
        ca.orders
            .iter()
            .filter(|order| order.chain.is_some())
            .map(|order| order.name.clone())
            .collect()
    }

    /// What every order said that it replaces.
    pub fn replacing(&self) -> Vec<Option<String>> {
        self.ca().orders.iter().map(|order| order.replaces.clone()).collect()
    }

    /// How many accounts there are.
    pub fn accounts(&self) -> usize {
        self.ca().accounts.len()
    }

    /// How often something was asked for.
    pub fn asked(&self, what: Served) -> usize {
        self.ca().requests.iter().filter(|asked| **asked == what).count()
    }

    /// Tells everybody to renew between these seconds since 1970, and to ask again after so many.
    pub fn suggest(&self, start: i64, end: i64, again: u32) {
        self.ca().window = Some((start, end, again));
    }

    /// Its clock, in seconds since 1970.
    pub fn set_now(&self, now: i64) {
        self.ca().issuing.set_now(now);
    }

    fn ca(&self) -> MutexGuard<'_, Ca> {
        lock(&self.state)
    }
}

impl Drop for ScriptedCa {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock(state: &Mutex<Ca>) -> MutexGuard<'_, Ca> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Tls {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl axum::serve::Listener for Tls {
    type Io = TlsStream<tokio::net::TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, SocketAddr) {
        loop {
            let Ok((stream, address)) = self.listener.accept().await else { continue };
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

fn acceptor(certificate: &str, key: &str) -> TlsAcceptor {
    let certificate = rustls_pki_types::CertificateDer::from_pem_slice(certificate.as_bytes());
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).expect("our own key");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider has them")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.expect("our own certificate")], key)
        .expect("a certificate and its key");
    TlsAcceptor::from(Arc::new(config))
}

/// Which resource a path is, and which order or account it is about.
fn resource(path: &str) -> Option<(Served, usize)> {
    let mut parts = path.trim_start_matches('/').split('/');
    let served = match parts.next()? {
        "directory" => Served::Directory,
        "nonce" => Served::Nonce,
        "account" => Served::NewAccount,
        "key-change" => Served::KeyChange,
        "new-order" => Served::NewOrder,
        "order" => Served::Order,
        "authorization" => Served::Authorization,
        "challenge" => Served::Challenge,
        "finalize" => Served::Finalize,
        "certificate" => Served::Certificate,
        "renewal" => Served::RenewalInfo,
        _ => return None,
    };
    Some((served, parts.next().and_then(|id| id.parse().ok()).unwrap_or(0)))
}

async fn answer(State(state): State<Arc<Mutex<Ca>>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap_or_default();
    let path = parts.uri.path();
    let Some((served, id)) = resource(path) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let fault = {
        let mut ca = lock(&state);
        ca.requests.push(served);
        ca.faults.get_mut(&served).and_then(VecDeque::pop_front)
    };
    let done = |fault: Option<Fault>| {
        let mut ca = lock(&state);
        let answered = ca.serve(served, id, path, &body, fault.as_ref());
        let mut response = answered.unwrap_or_else(axum::response::IntoResponse::into_response);
        let nonce = ca.nonce();
        response.headers_mut().insert("replay-nonce", nonce.parse().expect("base64url"));
        response
    };
    match fault {
        Some(Fault::Hang) => std::future::pending().await,
        Some(Fault::Close) => broken(),
        Some(Fault::Lost) => {
            drop(done(None));
            broken()
        }
        Some(Fault::Problem(status, kind, detail, wait)) => {
            let mut response = problem(status, kind, detail).into_response();
            if let Some(wait) = wait {
                response.headers_mut().insert(header::RETRY_AFTER, wait.into());
            }
            response
        }
        Some(Fault::Page(status)) => (
            StatusCode::from_u16(status).expect("a status"),
            [(header::CONTENT_TYPE, "text/html")],
            "<html><h1>Something is wrong</h1></html>",
        )
            .into_response(),
        Some(Fault::Garbage) => "It works!".into_response(),
        Some(Fault::Endless) => {
            let chunks =
                futures_util::stream::repeat_with(|| Ok::<_, io::Error>(vec![b' '; 16_384]));
            Body::from_stream(chunks).into_response()
        }
        fault => done(fault),
    }
}

/// A head that promises a body, and a connection that ends.
fn broken() -> Response {
    let end = futures_util::stream::once(async { Err::<Vec<u8>, _>(io::Error::other("the end")) });
    Body::from_stream(end).into_response()
}

/// A problem document: status, type, detail.
struct Refused(u16, &'static str, &'static str);

const fn problem(status: u16, kind: &'static str, detail: &'static str) -> Refused {
    Refused(status, kind, detail)
}

impl axum::response::IntoResponse for Refused {
    fn into_response(self) -> Response {
        let Self(status, kind, detail) = self;
        let document =
            json!({ "type": format!("urn:ietf:params:acme:error:{kind}"), "detail": detail });
        (
            StatusCode::from_u16(status).expect("a status"),
            [(header::CONTENT_TYPE, "application/problem+json")],
            document.to_string(),
        )
            .into_response()
    }
}

type Answered = Result<Response, Refused>;

impl Ca {
    fn nonce(&mut self) -> String {
        self.drawn += 1;
        let nonce = base64url_encode(self.drawn.to_be_bytes());
        self.nonces.insert(nonce.clone());
        nonce
    }

    fn serve(
        &mut self,
        served: Served,
        id: usize,
        path: &str,
        body: &[u8],
        fault: Option<&Fault>,
    ) -> Answered {
        match served {
            Served::Directory => return Ok(self.directory()),
            Served::Nonce => return Ok(StatusCode::OK.into_response()),
            Served::RenewalInfo => return self.renewal_info(),
            _ => {}
        }
        let (protected, payload) = self.read(path, body)?;
        match served {
            Served::NewAccount => self.new_account(&protected, &payload),
            Served::KeyChange => self.change_key(&protected, &payload),
            Served::NewOrder => self.new_order(&payload),
            _ if id >= self.orders.len() => Err(problem(404, "malformed", "no such order")),
            Served::Order => Ok(self.order(id)),
            Served::Authorization => Ok(self.authorization(id)),
            Served::Challenge => Ok(self.challenge(id, fault)),
            Served::Finalize => self.finalize(id, &payload, fault),
            _ => self.certificate(id),
        }
    }

    fn directory(&self) -> Response {
        let base = &self.base;
        axum::Json(json!({
            "newNonce": format!("{base}/nonce"),
            "newAccount": format!("{base}/account"),
            "newOrder": format!("{base}/new-order"),
            "keyChange": format!("{base}/key-change"),
            "renewalInfo": format!("{base}/renewal"),
            "meta": { "profiles": { "tlsserver": "for servers" } },
        }))
        .into_response()
    }

    /// The head and the payload of a signed request (RFC 8555 §6).
    fn read(&mut self, path: &str, body: &[u8]) -> Result<(Value, Value), Refused> {
        let malformed = || problem(400, "malformed", "is no signed request");
        let body: Value = serde_json::from_slice(body).map_err(|_| malformed())?;
        let part = |name: &str| {
            let bytes =
                base64url_decode(body[name].as_str().unwrap_or_default()).unwrap_or_default();
            if bytes.is_empty() { Ok(Value::Null) } else { serde_json::from_slice(&bytes) }
        };
        let protected = part("protected").map_err(|_| malformed())?;
        let payload = part("payload").map_err(|_| malformed())?;
        if protected["url"] != format!("{}{path}", self.base) {
            return Err(problem(400, "malformed", "the URL that is signed is another one"));
        }
        let nonce = protected["nonce"].as_str().unwrap_or_default();
        if !self.nonces.remove(nonce) {
            return Err(problem(400, "badNonce", "was used before"));
        }
        let known = |kid: &str| self.account_of(kid).is_some();
        if !protected["jwk"].is_object() && !protected["kid"].as_str().is_some_and(known) {
            return Err(problem(400, "accountDoesNotExist", "no such account"));
        }
        Ok((protected, payload))
    }

    fn account_of(&self, kid: &str) -> Option<usize> {
        let id: usize = kid.strip_prefix(&format!("{}/account/", self.base))?.parse().ok()?;
        (id < self.accounts.len()).then_some(id)
    }

    fn new_account(&mut self, protected: &Value, payload: &Value) -> Answered {
        let known = self.accounts.iter().position(|key| same_key(key, &protected["jwk"]));
        let status = if known.is_some() { StatusCode::OK } else { StatusCode::CREATED };
        if known.is_none() && payload["onlyReturnExisting"] == true {
            return Err(problem(400, "accountDoesNotExist", "no account has this key"));
        }
        let id = known.unwrap_or_else(|| {
            self.accounts.push(protected["jwk"].clone());
            self.accounts.len() - 1
        });
        let location = [(header::LOCATION, format!("{}/account/{id}", self.base))];
        Ok((status, location, axum::Json(json!({ "status": "valid" }))).into_response())
    }

    fn change_key(&mut self, protected: &Value, payload: &Value) -> Answered {
        let part = |name: &str| -> Option<Value> {
            let bytes = base64url_decode(payload[name].as_str()?).ok()?;
            serde_json::from_slice(&bytes).ok()
        };
        let wrong = || problem(400, "malformed", "is no change of keys");
        let (inner, claim) = part("protected").zip(part("payload")).ok_or_else(wrong)?;
        let account =
            self.account_of(claim["account"].as_str().unwrap_or_default()).ok_or_else(wrong)?;
        let right = protected["kid"] == claim["account"]
            && inner["url"] == protected["url"]
            && same_key(&self.accounts[account], &claim["oldKey"]);
        if !right {
            return Err(wrong());
        }
        self.accounts[account] = inner["jwk"].clone();
        Ok(axum::Json(json!({ "status": "valid" })).into_response())
    }

    fn new_order(&mut self, payload: &Value) -> Answered {
        let name = payload["identifiers"][0]["value"].as_str().unwrap_or_default().to_owned();
        let replaces = payload["replaces"].as_str().map(str::to_owned);
        if let Some(replaces) = &replaces
            && !self.replaced.insert(replaces.clone())
        {
            return Err(problem(409, "alreadyReplaced", "has been replaced"));
        }
        self.orders.push(Order {
            name,
            status: "pending",
            proof: ("pending", None),
            replaces,
            chain: None,
        });
        let id = self.orders.len() - 1;
        let location = [(header::LOCATION, format!("{}/order/{id}", self.base))];
        Ok((StatusCode::CREATED, location, self.order(id)).into_response())
    }

    fn order(&self, id: usize) -> Response {
        let (order, base) = (&self.orders[id], &self.base);
        let mut document = json!({
            "status": order.status,
            "identifiers": [{ "type": "dns", "value": order.name }],
            "authorizations": [format!("{base}/authorization/{id}")],
            "finalize": format!("{base}/finalize/{id}"),
        });
        if let Some(replaces) = &order.replaces {
            document["replaces"] = replaces.as_str().into();
        }
        if order.chain.is_some() {
            document["certificate"] = format!("{base}/certificate/{id}").into();
        }
        axum::Json(document).into_response()
    }

    fn authorization(&self, id: usize) -> Response {
        let order = &self.orders[id];
        let (status, wrong) = order.proof;
        let challenge = |kind: &str| {
            let mut document = json!({
                "type": kind, "status": status, "token": format!("token-{id}"),
                "url": format!("{}/challenge/{id}", self.base),
            });
            if let Some(wrong) = wrong {
                let kind = format!("urn:ietf:params:acme:error:{wrong}");
                document["error"] = json!({ "type": kind, "detail": "as it was told" });
            }
            document
        };
        let offered = ["http-01", "tls-alpn-01", "dns-01"].map(challenge);
        axum::Json(json!({
            "identifier": { "type": "dns", "value": order.name },
            "status": status,
            "challenges": offered,
        }))
        .into_response()
    }

    fn challenge(&mut self, id: usize, fault: Option<&Fault>) -> Response {
        let order = &mut self.orders[id];
        match fault {
            Some(Fault::ProofFails(why)) => {
                (order.status, order.proof) = ("invalid", ("invalid", Some(*why)));
            }
            Some(Fault::Undecided) => {}
            _ => (order.status, order.proof) = ("ready", ("valid", None)),
        }
        axum::Json(json!({
            "type": "http-01", "status": "processing", "token": format!("token-{id}"),
            "url": format!("{}/challenge/{id}", self.base),
        }))
        .into_response()
    }

    fn finalize(&mut self, id: usize, payload: &Value, fault: Option<&Fault>) -> Answered {
        if self.orders[id].status != "ready" {
            return Err(problem(403, "orderNotReady", "is not ready"));
        }
        let request =
            base64url_decode(payload["csr"].as_str().unwrap_or_default()).unwrap_or_default();
        let name = self.orders[id].name.clone();
        let chain = self.issuing.issue(&name, &request, fault);
        let chain = chain.ok_or_else(|| problem(400, "badCSR", "is no request for this name"))?;
        self.orders[id].status = "valid";
        self.orders[id].chain = Some(chain);
        Ok(self.order(id))
    }

    fn certificate(&self, id: usize) -> Answered {
        let chain = self.orders[id].chain.clone();
        let chain = chain.ok_or_else(|| problem(404, "malformed", "no certificate yet"))?;
        Ok(([(header::CONTENT_TYPE, "application/pem-certificate-chain")], chain).into_response())
    }

    fn renewal_info(&self) -> Answered {
        let (start, end, again) =
            self.window.ok_or_else(|| problem(404, "malformed", "no window"))?;
        let window = json!({ "start": issuing::rfc3339(start), "end": issuing::rfc3339(end) });
        let document = json!({ "suggestedWindow": window });
        Ok(([(header::RETRY_AFTER, again.to_string())], axum::Json(document)).into_response())
    }
}

/// What makes a P-256 key the same; writers add members of their own.
fn same_key(one: &Value, other: &Value) -> bool {
    ["crv", "x", "y"].iter().all(|member| one[member] == other[member])
}
