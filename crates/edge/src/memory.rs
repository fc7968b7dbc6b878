//! Memory that strangers can make the edge hold: bodies they have not sent to the end, answers they do not read.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Notify, OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use crate::{RouteClass, network::Subscriber};

/// Memory is counted in these, so that 256 MiB fit into a semaphore.
const UNIT: usize = 1_024;

/// One network may hold this part of it: memory is taken by what is announced, and a few clients that announce much and
/// move it slowly must not leave nothing to the others.
const SHARE: usize = 4;

/// So many bytes at once, from all networks. Clones are the same budget.
#[derive(Debug, Clone)]
pub(crate) struct Budget(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    whole: Arc<Semaphore>,
    /// What large things may take of it: the rest is for those who claim and acknowledge.
    large: Arc<Semaphore>,
    by_network: Mutex<HashMap<Subscriber, usize>>,
    per_network: usize,
    freed: Notify,
}

/// Memory that is in use. Dropping it gives it back.
#[derive(Debug)]
pub(crate) struct Held {
    whole: OwnedSemaphorePermit,
    large: Option<OwnedSemaphorePermit>,
    budget: Budget,
    network: Subscriber,
}

impl Budget {
    pub(crate) fn new(bytes: u32) -> Self {
        let units = bytes as usize / UNIT;
        Self(Arc::new(Inner {
            whole: Arc::new(Semaphore::new(units)),
            large: Arc::new(Semaphore::new(units / 4 * 3)),
            by_network: Mutex::default(),
            per_network: (units / SHARE).max(1),
            freed: Notify::new(),
        }))
    }

    /// Sets memory aside for a network; `None` if it, or everybody together, holds too much.
    pub(crate) fn reserve(&self, bytes: usize, network: Subscriber) -> Option<Held> {
        let units = u32::try_from(bytes.div_ceil(UNIT)).ok()?;
        let Inner { whole, large, .. } = &*self.0;
        let large = if bytes > RouteClass::SMALL {
            Some(Arc::clone(large).try_acquire_many_owned(units).ok()?)
        } else {
            None
        };
        let whole = Arc::clone(whole).try_acquire_many_owned(units).ok()?;
        self.charge(network, units as usize).then(|| Held {
            whole,
            large,
            budget: self.clone(),
            network,
        })
    }

    /// The same, but lets others give back first what they hold, for so long.
    pub(crate) async fn reserve_within(
        &self,
        patience: Duration,
        bytes: usize,
        network: Subscriber,
    ) -> Option<Held> {
        let reserved = async {
            loop {
                let freed = self.0.freed.notified();
                if let Some(held) = self.reserve(bytes, network) {
                    return held;
                }
                freed.await;
            }
        };
        timeout(patience, reserved).await.ok()
    }

    fn charge(&self, network: Subscriber, units: usize) -> bool {
        let mut held = self.0.by_network.lock().unwrap_or_else(PoisonError::into_inner);
        let now = held.get(&network).copied().unwrap_or_default() + units;
        if now > self.0.per_network {
            return false;
        }
        held.insert(network, now);
        true
    }

    fn discharge(&self, network: Subscriber, units: usize) {
        let mut held = self.0.by_network.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(now) = held.get_mut(&network) {
            *now -= units;
            if *now == 0 {
                held.remove(&network);
            }
        }
    }
}

impl Held {
    /// Gives back what is not needed after all.
    pub(crate) fn shrink_to(&mut self, bytes: usize) {
        let Some(spare) = self.whole.num_permits().checked_sub(bytes.div_ceil(UNIT)) else {
            return;
        };
        drop(self.whole.split(spare));
        if let Some(large) = &mut self.large {
            drop(large.split(spare));
        }
        self.budget.discharge(self.network, spare);
        self.budget.0.freed.notify_waiters();
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let units = self.whole.num_permits();
        drop(self.whole.split(units));
        self.large.take();
        self.budget.discharge(self.network, units);
        self.budget.0.freed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LARGE: usize = 2 * 1024 * 1024;

    fn budget() -> Budget {
        Budget::new(64 * 1024 * 1024)
    }

    fn net(number: u8) -> Subscriber {
        Subscriber::at([192, 0, 2, number].into())
    }

    #[test]
    fn one_network_cannot_hold_the_memory_of_all() {
        let budget = budget();
        let held: Vec<_> = (0..20).map_while(|_| budget.reserve(LARGE, net(1))).collect();
        assert_eq!(held.len(), 8, "a quarter of 64 MiB");
        assert!(budget.reserve(16, net(2)).is_some());
        assert!(budget.reserve(16, net(1)).is_none());
        drop(held);
        assert!(budget.reserve(16, net(1)).is_some());
        assert!(
            budget.0.by_network.lock().unwrap().is_empty(),
            "who holds nothing takes no memory"
        );
    }

    #[test]
    fn large_things_leave_room_for_small_ones() {
        let budget = budget();
        let held: Vec<_> =
            (0..100).map_while(|number| budget.reserve(LARGE, net(number))).collect();
        assert_eq!(held.len(), 24, "three quarters of 64 MiB");
        assert!(budget.reserve(RouteClass::SMALL, net(100)).is_some());
    }

    #[test]
    fn what_is_not_needed_goes_back_at_once() {
        let budget = budget();
        let mut held: Vec<_> = (0..8).map_while(|_| budget.reserve(LARGE, net(1))).collect();
        assert!(budget.reserve(LARGE, net(1)).is_none());
        held[0].shrink_to(1);
        assert!(budget.reserve(LARGE - UNIT, net(1)).is_some(), "all but one unit");
        held[0].shrink_to(LARGE);
        drop(held);
        assert_eq!(budget.0.whole.available_permits(), 64 * 1024);
        assert_eq!(budget.0.large.available_permits(), 48 * 1024);
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_gets_what_others_give_back_or_is_refused_in_time() {
        let budget = budget();
        let mut held: Vec<_> = (0..8).map_while(|_| budget.reserve(LARGE, net(1))).collect();
        let wait = || budget.reserve_within(Duration::from_secs(5), LARGE, net(1));
        assert!(wait().await.is_none());
        let give = async { drop(held.pop()) };
        assert!(tokio::join!(wait(), give).0.is_some());
    }

    #[test]
    fn a_refusal_holds_nothing() {
        let budget = budget();
        let held: Vec<_> = (0..8).map_while(|_| budget.reserve(LARGE, net(1))).collect();
        for _ in 0..100 {
            assert!(budget.reserve(LARGE, net(1)).is_none());
        }
        drop(held);
        assert_eq!(budget.0.whole.available_permits(), 64 * 1024);
    }
}
