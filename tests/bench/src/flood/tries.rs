//! Strangers at the sign-in.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result, bail};
use http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::cycle::Waxseal;
use crate::cycle::http::{Connection, Target};

/// Connections over which they come.
const CONNECTIONS: usize = 64;

/// Everything for a try; clones are the same strangers.
#[derive(Clone)]
pub(super) struct Tries(Arc<Inner>);

struct Inner {
    target: Target,
    /// A page's cookie and token: without them nothing is compared.
    headers: HeaderMap,
    connections: Vec<Mutex<Connection>>,
    next: AtomicUsize,
}

/// How a try ended.
#[derive(Clone, Copy)]
pub(super) enum Outcome {
    Wrong,
    Busy,
}

/// How many ended how.
#[derive(Default)]
pub(super) struct Outcomes {
    pub(super) wrong: usize,
    pub(super) busy: usize,
    pub(super) seconds: f64,
}

impl Outcomes {
    pub(super) const fn all(&self) -> usize {
        self.wrong + self.busy
    }

    pub(super) const fn count(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Wrong => self.wrong += 1,
            Outcome::Busy => self.busy += 1,
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.wrong += other.wrong;
        self.busy += other.busy;
        self.seconds += other.seconds;
    }
}

impl Tries {
    pub(super) async fn begin(waxseal: &Waxseal) -> Result<Self> {
        let target = waxseal.platform();
        let session = target.connect().await?.get(&target, "/v1/session").await?;
        let said: Value = serde_json::from_slice(&session.body)?;
        let token = said["csrf"].as_str().context("a session without a CSRF token")?;
        let cookie = session.headers.get(header::SET_COOKIE).context("no device cookie")?;
        let cookie = cookie.to_str()?.split(';').next().unwrap_or_default();
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, "application/json".parse()?);
        headers.insert(header::ORIGIN, target.url("").parse()?);
        headers.insert(header::COOKIE, cookie.parse()?);
        headers.insert("x-waxseal-csrf", token.parse()?);
        let mut connections = Vec::new();
        for _ in 0..CONNECTIONS {
            connections.push(Mutex::new(target.connect().await?));
        }
        Ok(Self(Arc::new(Inner { target, headers, connections, next: AtomicUsize::new(0) })))
    }

    /// One try, at an address that nobody has tried before: those tried often would be held back for nothing.
    pub(super) async fn one(&self) -> Result<Outcome> {
        let Inner { target, headers, connections, next } = &*self.0;
        let number = next.fetch_add(1, Ordering::Relaxed);
        let body =
            json!({ "email": format!("{number}@example.com"), "password": "is-it-this-one" });
        let mut connection = connections[number % CONNECTIONS].lock().await;
        let path = "/v1/sign-in/password";
        let answer =
            connection.post(target, path, headers.clone(), serde_json::to_vec(&body)?).await?;
        match answer.status {
            StatusCode::UNAUTHORIZED => Ok(Outcome::Wrong),
            StatusCode::SERVICE_UNAVAILABLE if answer.headers.contains_key(header::RETRY_AFTER) => {
                Ok(Outcome::Busy)
            }
            status => bail!("a try was answered {status}: {}", answer.body.escape_ascii()),
        }
    }
}
