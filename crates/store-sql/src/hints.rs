//! Hints between processes, by Postgres' `LISTEN` and `NOTIFY`.
//!
//! A hint is at home at once, and with the others after at most [`GATHER`]: many hints travel as one notification, because
//! each costs every listening process a wake-up, and a commit that notifies takes a lock of the whole server. A hint may
//! be lost. When the connection was, everybody looks: anything may have changed meanwhile.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use async_trait::async_trait;
use sqlx::{PgPool, postgres::PgListener};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep, sleep_until},
};
use wax_cache::{Hints, Listener, MemoryHints};
use wax_kernel::{Rng, base64url_encode};
use wax_telemetry::Tasks;

/// Where all processes of one database meet.
const CHANNEL: &str = "waxseal_hints";
const NOTIFY: &str = "SELECT pg_notify('waxseal_hints', $1)";
/// How long hints are gathered before they are sent together.
const GATHER: Duration = Duration::from_millis(50);
/// Postgres takes fewer than 8,000 bytes (its documentation of NOTIFY).
const MAX_PAYLOAD: usize = 7_900;
/// Hints that wait to be sent. What does not fit is lost.
const BACKLOG: usize = 4_096;
/// After a failure.
const PAUSE: Duration = Duration::from_secs(1);

/// Hints to and from every process on one Postgres database.
#[derive(Debug)]
pub(crate) struct PostgresHints {
    here: MemoryHints,
    outgoing: mpsc::Sender<Box<str>>,
}

impl PostgresHints {
    /// Starts to listen and to send, until `tasks` stops.
    pub(crate) fn start(pool: PgPool, rng: &dyn Rng, tasks: &Tasks) -> Arc<Self> {
        let here = MemoryHints::default();
        let me: Arc<str> = base64url_encode(rng.bytes::<12>()).into();
        let (outgoing, to_send) = mpsc::channel(BACKLOG);
        let stop = tasks.stopping();
        let sending = send(pool.clone(), Arc::clone(&me), to_send);
        drop(tasks.spawn("hints out", stop.clone().run_until_cancelled_owned(sending)));
        let listening = listen(pool, me, here.clone());
        drop(tasks.spawn("hints in", stop.run_until_cancelled_owned(listening)));
        Arc::new(Self { here, outgoing })
    }
}

#[async_trait]
impl Hints for PostgresHints {
    async fn publish(&self, topic: &str) {
        self.here.wake(topic);
        // A full queue says that the database is slow or away. What is lost here is found at the next look.
        let _ = self.outgoing.try_send(topic.into());
    }

    fn subscribe(&self, topic: &str) -> Box<dyn Listener> {
        self.here.subscribe(topic)
    }
}

/// Gathers hints and sends them on, until nobody can publish any more.
async fn send(pool: PgPool, me: Arc<str>, mut topics: mpsc::Receiver<Box<str>>) {
    while let Some(first) = topics.recv().await {
        let until = Instant::now() + GATHER;
        let mut gathered = BTreeSet::from([first]);
        while let Some(more) = next_before(until, &mut topics).await {
            gathered.insert(more);
        }
        for payload in payloads(&me, &gathered) {
            if let Err(error) = sqlx::query(NOTIFY).bind(payload).execute(&pool).await {
                tracing::info!(error = error_kind(&error), "hints could not be sent");
                sleep(PAUSE).await;
            }
        }
    }
}

async fn next_before(until: Instant, topics: &mut mpsc::Receiver<Box<str>>) -> Option<Box<str>> {
    tokio::select! {
        biased;
        topic = topics.recv() => topic,
        () = sleep_until(until) => None,
    }
}

/// `<sender> <topic> <topic> …`, cut so that each fits into one notification.
fn payloads(me: &str, topics: &BTreeSet<Box<str>>) -> Vec<String> {
    let mut payloads = Vec::new();
    let mut payload = me.to_owned();
    for topic in topics {
        if payload.len() + 1 + topic.len() > MAX_PAYLOAD {
            payloads.push(std::mem::replace(&mut payload, me.to_owned()));
        }
        payload.push(' ');
        payload.push_str(topic);
    }
    payloads.push(payload);
    payloads
}

/// Listens for ever. The driver makes a new connection when one is lost.
async fn listen(pool: PgPool, me: Arc<str>, here: MemoryHints) {
    loop {
        if let Err(error) = hear(&pool, &me, &here).await {
            tracing::info!(error = error_kind(&error), "hints of other processes are not heard");
        }
        sleep(PAUSE).await;
    }
}

async fn hear(pool: &PgPool, me: &str, here: &MemoryHints) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(CHANNEL).await?;
    loop {
        // Whatever was said while nobody listened is lost.
        here.wake_all();
        while let Some(notification) = listener.try_recv().await? {
            receive(notification.payload(), me, here);
        }
    }
}

fn receive(payload: &str, me: &str, here: &MemoryHints) {
    let mut words = payload.split(' ');
    if words.next() == Some(me) {
        return;
    }
    for topic in words {
        here.wake(topic);
    }
}

/// What may be said of a driver's error: some print the connection's URL, which may hold a password.
fn error_kind(error: &sqlx::Error) -> &'static str {
    match error {
        sqlx::Error::Io(_) => "the connection broke",
        sqlx::Error::PoolTimedOut => "no connection was free",
        sqlx::Error::Database(_) => "the database refused",
        _ => "the driver failed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_hints_travel_in_few_notifications_that_fit() {
        let topics: BTreeSet<Box<str>> =
            (0..1_000).map(|n| format!("{n:022}").into_boxed_str()).collect();
        let sent = payloads("me", &topics);
        assert_eq!(sent.len(), 3);
        assert!(sent.iter().all(|payload| payload.len() < 8_000 && payload.starts_with("me ")));
        let back: usize = sent.iter().map(|payload| payload.split(' ').count() - 1).sum();
        assert_eq!(back, topics.len());
    }
}
