//! How many answers one network gets: a table that never grows.

use std::{
    fmt,
    num::NonZeroU32,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use wax_kernel::Rng;

use crate::network::Network;

/// How many answers one network gets over UDP.
#[derive(Debug, Clone, Copy)]
pub struct Rate {
    /// Sustained.
    pub per_second: NonZeroU32,
    /// At once, before the sustained rate binds.
    pub burst: NonZeroU32,
}

/// Half a megabyte. Whoever forges more networks than this shares their places with everybody else's, which then come
/// over TCP.
const PLACES: usize = 1 << 16;

/// One place for each network, by a hash that nobody can aim: two networks in one place share their rate.
///
/// A place holds the moment up to which its rate is used up, in microseconds (GCRA, the leaky bucket as a meter).
pub(crate) struct RateTable {
    places: Box<[AtomicU64]>,
    key: [u8; 32],
    interval_us: u64,
    tolerance_us: u64,
}

impl RateTable {
    pub(crate) fn new(rate: Rate, rng: &dyn Rng) -> Self {
        let interval_us = (1_000_000 / u64::from(rate.per_second.get())).max(1);
        Self {
            places: (0..PLACES).map(|_| AtomicU64::new(0)).collect(),
            key: rng.bytes(),
            interval_us,
            tolerance_us: interval_us * u64::from(rate.burst.get() - 1),
        }
    }

    /// Counts one answer, or tells that there is none left for the network. `now`: since any fixed moment.
    pub(crate) fn admits(&self, network: Network, now: Duration) -> bool {
        let now = u64::try_from(now.as_micros()).unwrap_or(u64::MAX);
        let place = &self.places[self.place_of(network)];
        let counted = place.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used_until| {
            let begins = used_until.max(now);
            (begins - now <= self.tolerance_us).then(|| begins + self.interval_us)
        });
        counted.is_ok()
    }

    fn place_of(&self, network: Network) -> usize {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes keys of any length");
        mac.update(network.as_bytes());
        let digest = mac.finalize().into_bytes();
        usize::from(u16::from_be_bytes([digest[0], digest[1]])) % PLACES
    }
}

impl fmt::Debug for RateTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RateTable")
    }
}

#[cfg(test)]
mod tests {
    use wax_kernel::SeededRng;

    use super::*;

    fn table(per_second: u32, burst: u32) -> RateTable {
        let rate = |number| NonZeroU32::new(number).unwrap();
        let rate = Rate { per_second: rate(per_second), burst: rate(burst) };
        RateTable::new(rate, &SeededRng::new(1))
    }

    fn network(text: &str) -> Network {
        Network::of(text.parse().unwrap())
    }

    /// How many of a thousand questions at this moment are answered.
    fn admitted(table: &RateTable, network: Network, at_ms: u64) -> usize {
        (0..1_000).filter(|_| table.admits(network, Duration::from_millis(at_ms))).count()
    }

    #[test]
    fn a_network_gets_its_burst_and_then_its_rate() {
        let table = table(100, 20);
        let one = network("192.0.2.1");
        assert_eq!(admitted(&table, one, 0), 20);
        assert_eq!(admitted(&table, one, 100), 10);
        assert_eq!(admitted(&table, one, 60_000), 20, "what is not used is not saved up");
    }

    #[test]
    fn one_networks_flood_leaves_others_alone() {
        let table = table(10, 5);
        assert_eq!(admitted(&table, network("192.0.2.1"), 0), 5);
        assert_eq!(admitted(&table, network("192.0.2.99"), 0), 0, "the same /24");
        assert_eq!(admitted(&table, network("198.51.100.1"), 0), 5);
        assert_eq!(admitted(&table, network("2001:db8::1"), 0), 5);
    }

    #[test]
    fn a_hundred_thousand_networks_take_no_more_memory_than_one() {
        let table = table(10, 5);
        for n in 0..100_000_u32 {
            table.admits(Network::of(std::net::Ipv4Addr::from(n << 8).into()), Duration::ZERO);
        }
        assert_eq!(table.places.len(), PLACES);
    }

    #[test]
    fn nobody_knows_which_networks_share_a_place() {
        let places: std::collections::HashSet<usize> = (0..50)
            .map(|seed| {
                let one = NonZeroU32::MIN;
                let rate = Rate { per_second: one, burst: one };
                RateTable::new(rate, &SeededRng::new(seed)).place_of(network("192.0.2.1"))
            })
            .collect();
        assert!(places.len() > 45, "{}", places.len());
    }
}
