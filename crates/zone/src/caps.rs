//! How many connections are open.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::network::Network;

/// Open at once, and open at once from one network: what resolvers need for the few answers that fit no datagram.
const CONNECTIONS: usize = 1_024;
const OF_ONE_NETWORK: usize = 32;

/// Counts open connections, all of them and by network.
#[derive(Debug)]
pub(crate) struct Caps {
    total: Arc<Semaphore>,
    by_network: Arc<Mutex<HashMap<Network, usize>>>,
}

/// The right to have one connection open. Dropping it gives it back.
#[derive(Debug)]
pub(crate) struct Permit {
    _total: OwnedSemaphorePermit,
    by_network: Arc<Mutex<HashMap<Network, usize>>>,
    network: Network,
}

impl Default for Caps {
    fn default() -> Self {
        Self { total: Arc::new(Semaphore::new(CONNECTIONS)), by_network: Arc::default() }
    }
}

impl Caps {
    /// Admits a connection, or tells that a cap is reached.
    pub(crate) fn admit(&self, peer: IpAddr) -> Option<Permit> {
        let total = Arc::clone(&self.total).try_acquire_owned().ok()?;
        let network = Network::of(peer);
        let mut counts = self.by_network.lock().unwrap_or_else(PoisonError::into_inner);
        let open = counts.entry(network).or_default();
        if *open >= OF_ONE_NETWORK {
            return None;
        }
        *open += 1;
        Some(Permit { _total: total, by_network: Arc::clone(&self.by_network), network })
    }
}

impl Drop for Permit {
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

    #[test]
    fn one_network_cannot_take_every_connection() {
        let caps = Caps::default();
        let ip = |text: &str| text.parse().unwrap();
        let held: Vec<Permit> =
            (0..OF_ONE_NETWORK).map(|_| caps.admit(ip("192.0.2.1")).unwrap()).collect();
        assert!(caps.admit(ip("192.0.2.2")).is_none(), "the same /24");
        assert!(caps.admit(ip("198.51.100.1")).is_some());
        drop(held);
        assert!(caps.admit(ip("192.0.2.2")).is_some());
        let counts = caps.by_network.lock().unwrap();
        assert!(counts.is_empty(), "networks without connections take no memory");
    }

    #[test]
    fn the_total_holds_over_all_networks_and_a_refused_connection_holds_nothing() {
        let caps = Caps::default();
        let from = |n: u32| caps.admit(std::net::Ipv4Addr::from(n << 8).into());
        let held: Vec<Permit> = (0..1_024).map(|n| from(n).unwrap()).collect();
        assert!((0..20).all(|n| from(5_000 + n).is_none()));
        drop(held);
        assert_eq!(caps.total.available_permits(), CONNECTIONS);
    }
}
