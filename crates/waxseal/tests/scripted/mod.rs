//! A platform that answers as a script says: what the DNS and an issuer lead to, without either of them.

use std::{
    collections::VecDeque,
    net::Ipv4Addr,
    process::Command,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{Router, body::Body, extract::Request};
use http::{Response, StatusCode, header};
use serde_json::{Value, json};
use wax_client_sdk::{
    ChosenOrganization, Credential, Profile, ProfileName, Profiles, SessionToken,
};
use wax_crypto::Origin;
use wax_kernel::{Redacted, TenantId, base64url_encode};

use crate::run::Run;

/// What was asked: `POST /domains/dom_…/check`, and the body.
pub(crate) type Asked = (String, Value);
/// A status, and a body.
pub(crate) type Answer = (u16, Value);

#[derive(Default)]
struct Script {
    asked: Vec<Asked>,
    answers: Vec<(String, VecDeque<Answer>)>,
}

/// A platform, and a home folder in which somebody is signed in.
pub(crate) struct Scripted {
    script: Arc<Mutex<Script>>,
    home: tempfile::TempDir,
    _runtime: tokio::runtime::Runtime,
}

impl Scripted {
    pub(crate) fn start() -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.unwrap();
        let script = Arc::new(Mutex::new(Script::default()));
        let organization = TenantId::from_bytes([7; 16]);
        let app = router(Arc::clone(&script), format!("/v1/organizations/{organization}"));
        let port = runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
            let port = listener.local_addr().unwrap().port();
            #[expect(clippy::disallowed_methods, reason = "a test's server ends with its runtime")]
            tokio::spawn(async move { axum::serve(listener, app).await });
            port
        });
        let home = tempfile::tempdir().unwrap();
        let token = format!("wxs_{}", base64url_encode([9; 32]));
        let profile = Profile {
            platform: Origin::parse(&format!("http://app.localhost:{port}")).unwrap(),
            credential: Credential::Session(SessionToken::parse(&token).unwrap()),
            who: Redacted::new("somebody".into()),
            organization: Some(ChosenOrganization { id: organization, name: "acme".into() }),
            domain: None,
        };
        let profiles = Profiles::new(home.path().join(".config/waxseal"));
        let name = ProfileName::parse("default").unwrap();
        profiles.update(|file| file.put(name, profile)).unwrap();
        Self { script, home, _runtime: runtime }
    }

    /// Answers a request: once each, in this order, and the last one from then on.
    pub(crate) fn answer(&self, request: &str, answers: impl IntoIterator<Item = Answer>) {
        let mut script = self.script.lock().unwrap_or_else(PoisonError::into_inner);
        script.answers.retain(|(known, _)| known != request);
        script.answers.push((request.to_owned(), answers.into_iter().collect()));
    }

    /// Everything that was asked, with these words in it.
    pub(crate) fn asked(&self, words: &str) -> Vec<Asked> {
        let script = self.script.lock().unwrap_or_else(PoisonError::into_inner);
        script.asked.iter().filter(|(request, _)| request.contains(words)).cloned().collect()
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        let mut command = Command::new(env!("CARGO_BIN_EXE_waxseal"));
        command.args(arguments).env_clear().env("HOME", self.home.path());
        Run::of(command.stdin(std::process::Stdio::null()).output().unwrap())
    }
}

fn router(script: Arc<Mutex<Script>>, base: String) -> Router {
    Router::new().fallback(move |request: Request| {
        let (script, base) = (Arc::clone(&script), base.clone());
        async move {
            let (parts, body) = request.into_parts();
            let path = parts.uri.path().strip_prefix(&base).unwrap_or_default();
            let asked = format!("{} {path}", parts.method);
            let body = axum::body::to_bytes(body, 1 << 20).await.unwrap_or_default();
            let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
            let mut script = script.lock().unwrap_or_else(PoisonError::into_inner);
            let known = script.answers.iter_mut().find(|(request, _)| *request == asked);
            let answer = known.and_then(|(_, answers)| match answers.len() {
                1 => answers.front().cloned(),
                _ => answers.pop_front(),
            });
            script.asked.push((asked, body));
            response(answer.unwrap_or_else(|| problem(404, "not-available")))
        }
    })
}

/// A problem document. Whoever is held back may come again at once: no test waits for time.
pub(crate) fn problem(status: u16, code: &str) -> Answer {
    (status, json!({"code": code, "status": status, "title": "T", "detail": "D"}))
}

fn response((status, body): Answer) -> Response<Body> {
    let is_problem = status >= 400;
    let kind = if is_problem { "application/problem+json" } else { "application/json" };
    let response = Response::builder().status(StatusCode::from_u16(status).unwrap_or_default());
    let response = response.header(header::CONTENT_TYPE, kind).header(header::RETRY_AFTER, "0");
    let body = if status == 204 { Body::empty() } else { Body::from(body.to_string()) };
    response.body(body).unwrap_or_default()
}
