//! A listener before a [`PlatformApp`] that tells hosts apart as an edge does: for programs that are run as people run them.

use std::{
    collections::HashMap,
    io,
    net::Ipv4Addr,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    response::{IntoResponse as _, Response},
};
use futures_util::stream;
use http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::Value;
use wax_crypto::Origin;
use wax_httpkit::Context;

use crate::{House, PlatformApp};

/// Where members are.
const PLATFORM: &str = "app.localhost";

/// The listener. It ends with its runtime.
#[derive(Debug, Clone)]
pub struct Front {
    app: Arc<PlatformApp>,
    port: u16,
    houses: Arc<Mutex<HashMap<String, House>>>,
    lost: Arc<Mutex<Option<String>>>,
}

impl Front {
    /// Starts one on a free port.
    pub async fn start(app: Arc<PlatformApp>) -> Self {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.expect("a port is free");
        let port = listener.local_addr().expect("it is bound").port();
        let front = Self { app, port, houses: Arc::default(), lost: Arc::default() };
        let router = Router::new().fallback(answer).with_state(front.clone());
        #[expect(clippy::disallowed_methods, reason = "a test's server ends with its runtime")]
        tokio::spawn(async move { axum::serve(listener, router).await });
        front
    }

    /// The platform's origin.
    pub fn platform(&self) -> String {
        format!("http://{PLATFORM}:{}", self.port)
    }

    /// Answers on a host of a house from now on: that host's origin.
    pub fn open(&self, host: &str, house: &House) -> String {
        let mut houses = self.houses.lock().unwrap_or_else(PoisonError::into_inner);
        houses.insert(host.to_owned(), house.clone());
        format!("http://{host}:{}", self.port)
    }

    /// Loses the answer to the next request whose path ends like this: what it asks for is done.
    pub fn lose_answer_to(&self, end: &str) {
        *self.lost.lock().unwrap_or_else(PoisonError::into_inner) = Some(end.to_owned());
    }

    fn is_lost(&self, path: &str) -> bool {
        let mut lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
        lost.take_if(|end| path.ends_with(end.as_str())).is_some()
    }

    /// Whose host was called.
    fn context(&self, headers: &HeaderMap) -> Option<Context> {
        let authority = headers.get(header::HOST)?.to_str().ok()?;
        let origin = Origin::parse(&format!("http://{authority}")).ok()?;
        let host = origin.host().as_str().to_owned();
        if host == PLATFORM {
            return Some(self.app.platform_context(origin));
        }
        let houses = self.houses.lock().unwrap_or_else(PoisonError::into_inner);
        houses.get(&host).map(|house| self.app.tenant_context(house, origin))
    }
}

async fn answer(State(front): State<Front>, mut request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let Some(context) = front.context(request.headers()) else {
        return StatusCode::MISDIRECTED_REQUEST.into_response();
    };
    *request.extensions_mut() = context.into_extensions();
    let response = front.app.answer(request).await;
    if front.is_lost(&path) {
        let cut = stream::once(async { Err::<String, _>(io::Error::other("cut")) });
        return Body::from_stream(cut).into_response();
    }
    if path == "/v1/device/start" { at_once(response).await } else { response }
}

/// People in tests decide at once: a command line is told to ask every second, the least that it does.
async fn at_once(response: Response) -> Response {
    let (mut head, body) = response.into_parts();
    let bytes = body.collect().await.expect("a body arrives").to_bytes();
    let Ok(mut document) = serde_json::from_slice::<Value>(&bytes) else {
        return Response::from_parts(head, Body::from(bytes));
    };
    if let Some(interval) = document.get_mut("interval") {
        *interval = 1.into();
    }
    head.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(head, Body::from(document.to_string()))
}
