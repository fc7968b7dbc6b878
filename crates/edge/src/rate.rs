//! The local rate gate: how often one network may ask.

use std::{
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use governor::{
    Quota, RateLimiter, clock, middleware::NoOpMiddleware, nanos::Nanos,
    state::keyed::DashMapStateStore,
};
use wax_kernel::{Clock, Rng};

use crate::{day_key::DayKeys, network::Subscriber};

/// How often one network may do something.
#[derive(Debug, Clone, Copy)]
pub struct Rate {
    /// Sustained.
    pub per_minute: NonZeroU32,
    /// At once, before the sustained rate binds.
    pub burst: NonZeroU32,
}

/// The rates of each kind of request.
#[derive(Debug, Clone, Copy)]
pub struct Rates {
    /// Creating something that is kept.
    pub create: Rate,
    /// Everything else, pages and assets included.
    pub request: Rate,
    /// Trying a credential, opening an account, having mail sent.
    pub sign_in: Rate,
}

/// Which rate a request counts against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateClass {
    /// [`Rates::create`]
    Create,
    /// [`Rates::request`]
    Request,
    /// [`Rates::sign_in`]
    SignIn,
}

/// A network's name in the limiters.
type Key = [u8; 16];

type Limiter = RateLimiter<Key, DashMapStateStore<Key>, GateClock, NoOpMiddleware<Nanos>>;

/// After this many checks the networks that have recovered are forgotten, so memory follows the traffic.
const SWEEP_EVERY: u32 = 4_096;

/// Counts requests by network. Keeps no address: the key it counts under is random, and replaced every day.
#[derive(Debug)]
pub(crate) struct RateGate {
    clock: Arc<dyn Clock>,
    keys: DayKeys,
    create: Limiter,
    request: Limiter,
    sign_in: Limiter,
    checks: AtomicU32,
}

impl RateGate {
    pub(crate) fn new(rates: Rates, clock: Arc<dyn Clock>, rng: Arc<dyn Rng>) -> Self {
        let limiter = |rate: Rate| {
            let quota = Quota::per_minute(rate.per_minute).allow_burst(rate.burst);
            RateLimiter::dashmap_with_clock(quota, GateClock(Arc::clone(&clock)))
        };
        Self {
            create: limiter(rates.create),
            request: limiter(rates.request),
            sign_in: limiter(rates.sign_in),
            keys: DayKeys::new(Arc::clone(&clock), rng),
            clock,
            checks: AtomicU32::new(0),
        }
    }

    /// Counts one request, or tells how long to wait before the next may pass.
    pub(crate) fn check(&self, class: RateClass, network: Subscriber) -> Result<(), Duration> {
        let limiter = match class {
            RateClass::Create => &self.create,
            RateClass::Request => &self.request,
            RateClass::SignIn => &self.sign_in,
        };
        if self.checks.fetch_add(1, Ordering::Relaxed) % SWEEP_EVERY == SWEEP_EVERY - 1 {
            for limiter in [&self.create, &self.request, &self.sign_in] {
                limiter.retain_recent();
            }
        }
        let now = clock::Clock::now(&GateClock(Arc::clone(&self.clock)));
        limiter
            .check_key(&self.keys.name(network.as_bytes()))
            .map_err(|not_until| not_until.wait_time_from(now))
    }
}

/// Our clock, as the limiters read it.
#[derive(Debug, Clone)]
struct GateClock(Arc<dyn Clock>);

impl clock::Clock for GateClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        let ms = u64::try_from(self.0.now().as_ms()).unwrap_or(0);
        Nanos::from(ms.saturating_mul(1_000_000))
    }
}

#[cfg(test)]
mod tests {
    use wax_kernel::{ManualClock, SeededRng, Timestamp};

    use super::*;

    fn gate(clock: &Arc<ManualClock>) -> RateGate {
        let rate = |per_minute, burst| Rate {
            per_minute: NonZeroU32::new(per_minute).unwrap(),
            burst: NonZeroU32::new(burst).unwrap(),
        };
        let rates = Rates { create: rate(6, 2), request: rate(60, 5), sign_in: rate(6, 1) };
        RateGate::new(rates, Arc::clone(clock) as Arc<dyn Clock>, Arc::new(SeededRng::new(1)))
    }

    fn net(text: &str) -> Subscriber {
        Subscriber::at(text.parse().unwrap())
    }

    #[test]
    fn a_network_that_used_its_burst_is_told_when_to_come_back() {
        let clock = Arc::new(ManualClock::at_ms(1_700_000_000_000));
        let gate = gate(&clock);
        let ask = || gate.check(RateClass::Create, net("192.0.2.1"));
        assert_eq!((ask(), ask()), (Ok(()), Ok(())));
        let wait = ask().unwrap_err();
        assert_eq!(wait, Duration::from_secs(10));
        clock.advance(Duration::from_millis(9_999));
        assert!(ask().is_err());
        clock.advance(Duration::from_millis(1));
        assert_eq!(ask(), Ok(()));
    }

    #[test]
    fn networks_and_classes_do_not_use_up_each_other() {
        let gate = gate(&Arc::new(ManualClock::at_ms(0)));
        while gate.check(RateClass::Create, net("192.0.2.1")).is_ok() {}
        for class in [RateClass::Request, RateClass::SignIn] {
            assert_eq!(gate.check(class, net("192.0.2.1")), Ok(()), "{class:?}");
        }
        assert_eq!(gate.check(RateClass::Create, net("192.0.2.2")), Ok(()));
    }

    #[test]
    fn a_clock_that_is_set_back_locks_nobody_out() {
        let clock = Arc::new(ManualClock::at_ms(1_700_000_000_000));
        let gate = gate(&clock);
        let ask = || gate.check(RateClass::Create, net("192.0.2.1"));
        while ask().is_ok() {}
        clock.set(Timestamp::from_ms(1_700_000_000_000 - 9_000));
        assert!(ask().is_err(), "a clock that is corrected a little frees nobody");
        clock.set(Timestamp::from_ms(1_700_000_000_000 - 3_600_000));
        assert_eq!(ask(), Ok(()));
    }

    #[test]
    fn networks_that_recovered_are_forgotten() {
        let clock = Arc::new(ManualClock::at_ms(0));
        let gate = gate(&clock);
        for i in 0..SWEEP_EVERY - 1 {
            let _ =
                gate.check(RateClass::Request, Subscriber::at(std::net::Ipv4Addr::from(i).into()));
        }
        clock.advance(Duration::from_mins(1));
        let _ = gate.check(RateClass::Request, net("192.0.2.1"));
        assert_eq!(gate.request.len(), 1);
    }
}
