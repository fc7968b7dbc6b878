//! How much anyone may ask of the edge, and for how long.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::network::Subscriber;

/// The edge's limits. The defaults are those of a public server.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Connections open at once.
    pub connections: usize,
    /// Connections open at once from one network.
    pub connections_per_network: usize,
    /// TLS handshakes that sign at once. Signing is what a flood of connections makes us pay for: 2 to 4 a core.
    pub handshakes: usize,
    /// From accept to the `ClientHello`.
    pub client_hello: Duration,
    /// From accept to the end of the handshake.
    pub handshake: Duration,
    /// From a request's first byte to the end of its head (HTTP/1.1); for a new connection, from accept.
    pub head: Duration,
    /// Between two pieces of a body.
    pub body_idle: Duration,
    /// From the head to the end of the body: a drip of single bytes must end too.
    pub body: Duration,
    /// Bytes of request bodies held in memory at once.
    pub body_memory: u32,
    /// Bytes of answers held in memory at once until they are read.
    pub answer_memory: u32,
    /// For reading the next piece of an answer.
    pub answer_idle: Duration,
    /// From an answer's head to its last piece. Streams, whose length nobody knows, last as long as they like.
    pub answer: Duration,
    /// A connection without a request (HTTP/1.1).
    pub idle_http1: Duration,
    /// A connection without a stream (HTTP/2).
    pub idle_http2: Duration,
    /// A connection, before it is told to end and come back; each lasts up to a tenth more or less.
    pub age: Duration,
    /// Requests on one connection, before it is told so.
    pub requests: u64,
    /// Streams at once on one HTTP/2 connection.
    pub streams: u32,
    /// Header fields of a request.
    pub headers: usize,
    /// Bytes of a request's head.
    pub head_bytes: u16,
    /// Bytes of a request's target.
    pub uri_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            connections: 10_000,
            connections_per_network: 512,
            handshakes: 4 * cores,
            client_hello: Duration::from_secs(3),
            handshake: Duration::from_secs(8),
            head: Duration::from_secs(10),
            body_idle: Duration::from_secs(15),
            body: Duration::from_mins(2),
            body_memory: 256 * 1024 * 1024,
            answer_memory: 256 * 1024 * 1024,
            answer_idle: Duration::from_secs(30),
            answer: Duration::from_mins(5),
            idle_http1: Duration::from_mins(1),
            idle_http2: Duration::from_secs(90),
            age: Duration::from_hours(1),
            requests: 1_000,
            streams: 64,
            headers: 64,
            head_bytes: 16 * 1024,
            uri_bytes: 8 * 1024,
        }
    }
}

/// Counts open connections, all of them and by network. Memory is bounded by the former: a network without a connection
/// is forgotten.
#[derive(Debug)]
pub(crate) struct ConnectionCaps {
    total: Arc<Semaphore>,
    by_network: Arc<Mutex<HashMap<Subscriber, usize>>>,
    per_network: usize,
}

/// A network's right to have one connection open. Dropping it gives it back.
#[derive(Debug)]
pub(crate) struct NetworkPermit {
    by_network: Arc<Mutex<HashMap<Subscriber, usize>>>,
    network: Subscriber,
}

impl ConnectionCaps {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            total: Arc::new(Semaphore::new(limits.connections)),
            by_network: Arc::default(),
            per_network: limits.connections_per_network,
        }
    }

    /// Admits a connection, whoever it is from, unless there are too many.
    pub(crate) fn admit(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.total).try_acquire_owned().ok()
    }

    /// Admits a connection of this client's, unless its network has too many.
    pub(crate) fn admit_from(&self, client: IpAddr) -> Option<NetworkPermit> {
        let network = Subscriber::at(client);
        let mut counts = self.by_network.lock().unwrap_or_else(PoisonError::into_inner);
        let open = counts.entry(network).or_default();
        if *open >= self.per_network {
            return None;
        }
        *open += 1;
        Some(NetworkPermit { by_network: Arc::clone(&self.by_network), network })
    }
}

impl Drop for NetworkPermit {
    fn drop(&mut self) {
        let mut counts = self.by_network.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = counts.get_mut(&self.network) {
            *open -= 1;
            if *open == 0 {
                counts.remove(&self.network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caps(connections: usize, connections_per_network: usize) -> ConnectionCaps {
        ConnectionCaps::new(&Limits { connections, connections_per_network, ..Limits::default() })
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn one_network_cannot_take_every_connection() {
        let caps = caps(10, 2);
        let _held = ["2001:db8::1", "2001:db8::2"].map(|from| caps.admit_from(ip(from)).unwrap());
        assert!(caps.admit_from(ip("2001:db8::3")).is_none(), "the same /64");
        assert!(caps.admit_from(ip("2001:db8:0:1::1")).is_some(), "another /64");
        let _held =
            ["192.0.2.1", "::ffff:192.0.2.1"].map(|from| caps.admit_from(ip(from)).unwrap());
        assert!(caps.admit_from(ip("192.0.2.1")).is_none(), "the same address");
        assert!(caps.admit_from(ip("192.0.2.2")).is_some(), "its neighbour");
    }

    #[test]
    fn the_total_holds_over_all_networks_and_is_given_back() {
        let caps = caps(2, 2);
        let held = [caps.admit().unwrap(), caps.admit().unwrap()];
        assert!(caps.admit().is_none());
        drop(held);
        assert!(caps.admit().is_some());
    }

    #[test]
    fn a_network_that_is_refused_holds_nothing_and_one_that_left_is_forgotten() {
        let caps = caps(10, 1);
        let held = caps.admit_from(ip("192.0.2.1")).unwrap();
        for _ in 0..20 {
            assert!(caps.admit_from(ip("192.0.2.1")).is_none());
        }
        drop(held);
        assert!(caps.admit_from(ip("192.0.2.1")).is_some());
        assert!(caps.by_network.lock().unwrap().is_empty());
    }
}
