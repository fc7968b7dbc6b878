//! Requests, as far as they are the same for every operation: who asks, how often, and what goes wrong on the way.

use std::{io, sync::Arc};

use axum::{
    Json,
    body::Body,
    extract::{Request, State},
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};

use super::{
    Asked, Fault, Shared, books::Answered, books::Books, control, form::Form, pages,
    refusal::Refusal,
};

const LONGEST_BODY: usize = 1 << 20;

pub(super) async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, LONGEST_BODY).await.unwrap_or_default();
    let body = String::from_utf8_lossy(&body).into_owned();
    let (method, path) = (parts.method.as_str(), parts.uri.path());
    let query = parts.uri.query().unwrap_or_default();
    if let Some(path) = path.strip_prefix("/__control/") {
        return control::answer(&shared, method, path, &body).await;
    }
    if path.starts_with("/v1/") {
        let text = if method == "POST" { &body } else { query };
        return faulty(&shared, method, path, text, &parts.headers).await;
    }
    let page = pages::answer(&mut shared.lock().books, method, path, &body, &parts.headers);
    shared.told();
    page
}

/// The operation, and what goes wrong with it.
async fn faulty(
    shared: &Shared,
    method: &str,
    path: &str,
    text: &str,
    headers: &HeaderMap,
) -> Response {
    let done = || {
        let answer = shared.lock().ask(method, path, text, headers);
        shared.told();
        answer
    };
    // A fault is decided when the request comes; it says nothing of what is done.
    let fault = shared.lock().fault(method, path);
    match fault {
        None => done(),
        Some(Fault::Down) => cut(),
        Some(Fault::CutAfter) => {
            drop(done());
            cut()
        }
        Some(Fault::Hold) => {
            let answer = done();
            shared.release.notified().await;
            answer
        }
        Some(Fault::TooMany) => refused(&Refusal::too_many()),
        Some(Fault::Broken) => refused(&Refusal::broken()),
        Some(Fault::InUse) => refused(&Refusal::key_in_use()),
        Some(Fault::Page) => (StatusCode::BAD_GATEWAY, "<html>Bad gateway</html>").into_response(),
        Some(Fault::Garbage) => Json(json!({"object": "surprise"})).into_response(),
        Some(Fault::Endless) => {
            let spaces =
                futures_util::stream::repeat_with(|| Ok::<_, io::Error>(vec![b' '; 16_384]));
            Body::from_stream(spaces).into_response()
        }
    }
}

/// A head that promises a body, and a connection that ends.
fn cut() -> Response {
    let end = futures_util::stream::once(async { Err::<Vec<u8>, _>(io::Error::other("the end")) });
    Body::from_stream(end).into_response()
}

fn refused(refusal: &Refusal) -> Response {
    let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::BAD_REQUEST);
    (status, Json(refusal.document())).into_response()
}

impl super::Desk {
    fn fault(&mut self, method: &str, path: &str) -> Option<Fault> {
        let once = self.faults.iter().position(|(only, _)| {
            only.as_ref().is_none_or(|only| *only == format!("{method} {path}"))
        });
        let once = once.and_then(|at| self.faults.remove(at)).map(|(_, fault)| fault);
        let fault = once.or(self.always);
        // Whoever is not let in leaves no trace but this.
        if matches!(fault, Some(fault) if !fault.does_it()) {
            self.turned_away += 1;
        }
        fault
    }

    fn ask(&mut self, method: &str, path: &str, text: &str, headers: &HeaderMap) -> Response {
        let said = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let authorized = said("authorization") == Some(&format!("Bearer {}", self.key));
        if !authorized {
            return refused(&Refusal::key());
        }
        let form_encoded = said("content-type") == Some("application/x-www-form-urlencoded");
        if method == "POST" && !text.is_empty() && !form_encoded {
            return refused(&Refusal::invalid(
                "",
                "Invalid request (check that it is form-encoded)",
            ));
        }
        if said("stripe-version").is_none_or(|version| !version.starts_with("20")) {
            return refused(&Refusal::invalid("", "Invalid Stripe API version"));
        }
        let form = match Form::parse(text) {
            Ok(form) => form,
            Err(refusal) => return refused(&refusal),
        };
        let key = said("idempotency-key").filter(|_| method == "POST");
        self.asked.push(Asked {
            method: method.to_owned(),
            path: path.to_owned(),
            form: form.pairs(),
            key: key.map(str::to_owned),
        });
        self.books.catch_up();
        let (status, body, replayed) = self.books.once(method, path, form, key);
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
        let mut response =
            (status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response();
        if replayed {
            response
                .headers_mut()
                .insert("idempotent-replayed", header::HeaderValue::from_static("true"));
        }
        response
    }
}

impl Books {
    /// The same key and the same parameters: the same answer, and nothing happens again. What was refused before anything
    /// happened may be tried again (<https://docs.stripe.com/api/idempotent_requests>).
    fn once(
        &mut self,
        method: &str,
        path: &str,
        form: Form,
        key: Option<&str>,
    ) -> (u16, Value, bool) {
        if let Some((key, known)) = key.and_then(|key| Some((key, self.answered.get(key)?))) {
            if known.form == form && known.path == path {
                return (known.status, known.body.clone(), true);
            }
            let refusal = Refusal::other_parameters(key);
            return (refusal.status, refusal.document(), false);
        }
        let (status, body) = match self.operate(method, path, form.clone()) {
            Ok(document) => (200, document),
            Err(refusal) => (refusal.status, refusal.document()),
        };
        if let Some(key) = key.filter(|_| matches!(status, 200 | 402)) {
            let answered = Answered { path: path.to_owned(), form, status, body: body.clone() };
            self.answered.insert(key.to_owned(), answered);
        }
        (status, body, false)
    }
}
