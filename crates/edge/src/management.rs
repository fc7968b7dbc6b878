//! Health, readiness and metrics, on a listener of their own.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    http::{StatusCode, header},
    routing::get,
};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{net::TcpListener, sync::Semaphore, time::Instant};
use wax_telemetry::{Metrics, Tasks};

/// Whoever asks here is a probe or a collector: a handful of short connections.
const CONNECTIONS: usize = 64;
const HEAD: Duration = Duration::from_secs(10);
/// Routes that nobody could ask about for longer are called old.
const OLD: Duration = Duration::from_secs(10);

/// Whether load balancers should send requests here. Clones are the same switch; it begins off.
#[derive(Debug, Clone, Default)]
pub struct Readiness(Arc<Switches>);

#[derive(Debug, Default)]
struct Switches {
    on: AtomicBool,
    doubted: AtomicBool,
    /// When the edge's routes were last known to be true.
    followed: Mutex<Option<Instant>>,
}

impl Readiness {
    /// Turns it on when everything is up, off when the server drains.
    pub fn set(&self, ready: bool) {
        self.0.on.store(ready, Ordering::SeqCst);
    }

    /// Turns it off as long as something is in doubt that clears up by itself: what time it is.
    pub fn doubt(&self, doubted: bool) {
        self.0.doubted.store(doubted, Ordering::SeqCst);
    }

    /// Notes that the edge's routes are true now. Whatever becomes of that, it stays ready: an edge serves what it knows.
    pub fn followed(&self) {
        *self.0.followed.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// How old the routes are, if they are old.
    fn routes_age(&self) -> Option<Duration> {
        let followed = *self.0.followed.lock().unwrap_or_else(PoisonError::into_inner);
        followed.map(|at| at.elapsed()).filter(|age| *age > OLD)
    }

    /// What a probe is told.
    fn told(&self) -> (StatusCode, String) {
        match self.routes_age() {
            _ if !self.is_ready() => (StatusCode::SERVICE_UNAVAILABLE, "not ready\n".to_owned()),
            None => (StatusCode::OK, "ready\n".to_owned()),
            Some(age) => {
                let age = age.as_secs();
                let told = format!(
                    "ready, with hosts as they were {age} s ago: the store does not answer\n"
                );
                (StatusCode::OK, told)
            }
        }
    }

    /// Whether it is on, and nothing is in doubt.
    pub fn is_ready(&self) -> bool {
        self.0.on.load(Ordering::SeqCst) && !self.0.doubted.load(Ordering::SeqCst)
    }
}

/// Serves `/healthz` (the process answers), `/readyz` (503 until ready and while draining; says when the edge's routes are
/// old) and `/metrics`, until
/// `tasks` stops. Keep `tasks` apart from the edge's: probes must be answered during a drain.
pub fn listen_management(
    listener: TcpListener,
    readiness: Readiness,
    metrics: Metrics,
    tasks: &Tasks,
) {
    let router = router(readiness, metrics);
    drop(tasks.spawn("management", accept(listener, router, tasks.clone())));
}

fn router(readiness: Readiness, metrics: Metrics) -> Router {
    let ready = move || async move { readiness.told() };
    let numbers = move || async move {
        ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], metrics.render())
    };
    Router::new()
        .route("/healthz", get(|| async { "alive\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(numbers))
}

async fn accept(listener: TcpListener, router: Router, tasks: Tasks) {
    let stopping = tasks.stopping();
    let connections = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let accepted = tokio::select! {
            () = stopping.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let (Ok((stream, _)), Ok(permit)) =
            (accepted, Arc::clone(&connections).try_acquire_owned())
        else {
            // Too many connections or no file left: a pause, where trying at once would spin.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD)
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router.clone()));
        let stopping = stopping.clone();
        drop(tasks.spawn("probe", async move {
            stopping.run_until_cancelled(connection).await;
            drop(permit);
        }));
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpStream;

    use super::*;
    use crate::testing::exchange;

    #[tokio::test]
    async fn probes_are_told_whether_the_process_lives_and_whether_it_is_ready() {
        let (tasks, readiness, metrics) = (Tasks::new(), Readiness::default(), Metrics::default());
        metrics.counter("a_total", "A.", &[]).add(&[], 1);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        listen_management(listener, readiness.clone(), metrics, &tasks);
        let get = async |path: &str| {
            let raw = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            exchange(TcpStream::connect(address).await.unwrap(), raw).await
        };
        assert_eq!(get("/healthz").await.status, 200);
        assert_eq!(get("/readyz").await.status, 503);
        readiness.set(true);
        assert_eq!(get("/readyz").await.status, 200);
        assert!(get("/metrics").await.body().contains("a_total 1"));
        assert_eq!(get("/").await.status, 404);
        assert_eq!(tasks.shut_down(Duration::from_secs(1)).await, wax_telemetry::Shutdown::Clean);
    }

    #[tokio::test(start_paused = true)]
    async fn an_edge_whose_routes_are_old_stays_ready_and_says_so() {
        let readiness = Readiness::default();
        readiness.followed();
        assert_eq!(readiness.told().0, 503, "it is not ready yet");
        readiness.set(true);
        tokio::time::advance(OLD).await;
        assert_eq!(readiness.told(), (StatusCode::OK, "ready\n".to_owned()));
        tokio::time::advance(Duration::from_secs(24)).await;
        let (status, told) = readiness.told();
        assert_eq!((status, told.contains("34 s ago")), (StatusCode::OK, true), "{told}");
        readiness.followed();
        assert_eq!(readiness.told().1, "ready\n");
    }
}
