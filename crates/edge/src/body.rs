//! Receiving a request's body, whole, before anyone acts on it.
//!
//! Bodies here are small (2 MiB at most), so the edge takes them in completely: a service never sees half a request,
//! a trailer, or a client that stops sending, and so can consume nothing for one.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use http_body::Body;
use http_body_util::BodyExt as _;
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::timeout,
};

use crate::{Limits, RouteClass, network::Subscriber, refusal::Refusal};

/// Memory is counted in these, so that 256 MiB fit into a semaphore.
const UNIT: usize = 1_024;

/// So much is read of a body that nobody wants, and for so long.
const DISCARD_BYTES: usize = 8 * 1024 * 1024;
const DISCARD_FOR: Duration = Duration::from_secs(5);

/// One network may hold this part of the memory: memory is taken by what a body announces, and a few clients that
/// announce much and send it slowly must not leave nothing to the others.
const SHARE: usize = 4;

/// Receives bodies within one budget of memory.
#[derive(Debug)]
pub(crate) struct Bodies {
    memory: Semaphore,
    /// What large bodies may take of it: the rest is for those who claim and acknowledge.
    large: Semaphore,
    by_network: Mutex<HashMap<Subscriber, usize>>,
    per_network: usize,
    idle: Duration,
    whole: Duration,
}

/// The memory of one body. Dropping it gives it back.
#[derive(Debug)]
pub(crate) struct BodyMemory<'b> {
    _whole: SemaphorePermit<'b>,
    _large: Option<SemaphorePermit<'b>>,
    _share: Share<'b>,
}

/// What a network holds through one body.
#[derive(Debug)]
struct Share<'b> {
    by_network: &'b Mutex<HashMap<Subscriber, usize>>,
    network: Subscriber,
    units: usize,
}

impl Bodies {
    pub(crate) fn new(limits: &Limits) -> Self {
        let units = limits.body_memory as usize / UNIT;
        Self {
            memory: Semaphore::new(units),
            large: Semaphore::new(units / 4 * 3),
            by_network: Mutex::default(),
            per_network: (units / SHARE).max(1),
            idle: limits.body_idle,
            whole: limits.body,
        }
    }

    /// Receives a body of at most `max` bytes from a network. Trailers are dropped.
    pub(crate) async fn receive<B>(
        &self,
        body: &mut B,
        max: usize,
        network: Subscriber,
    ) -> Result<(Bytes, BodyMemory<'_>), Refusal>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let declared =
            body.size_hint().exact().map(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX));
        let expected = declared.unwrap_or(max);
        if expected > max {
            return Err(Refusal::too_large(max));
        }
        let memory = self.reserve(expected, network).ok_or_else(Refusal::busy)?;
        let bytes = timeout(self.whole, self.collect(body, max))
            .await
            .unwrap_or_else(|_| Err(Refusal::body_timeout(self.whole)))?;
        Ok((bytes, memory))
    }

    fn reserve(&self, bytes: usize, network: Subscriber) -> Option<BodyMemory<'_>> {
        let units = u32::try_from(bytes.div_ceil(UNIT)).ok()?;
        let share = self.share(network, units as usize)?;
        let large = if bytes > RouteClass::SMALL {
            Some(self.large.try_acquire_many(units).ok()?)
        } else {
            None
        };
        let whole = self.memory.try_acquire_many(units).ok()?;
        Some(BodyMemory { _whole: whole, _large: large, _share: share })
    }

    fn share(&self, network: Subscriber, units: usize) -> Option<Share<'_>> {
        let mut held = self.by_network.lock().unwrap_or_else(PoisonError::into_inner);
        let now = held.get(&network).copied().unwrap_or_default() + units;
        if now > self.per_network {
            return None;
        }
        held.insert(network, now);
        Some(Share { by_network: &self.by_network, network, units })
    }

    async fn collect<B>(&self, body: &mut B, max: usize) -> Result<Bytes, Refusal>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let mut whole = BytesMut::new();
        loop {
            let frame = timeout(self.idle, body.frame())
                .await
                .map_err(|_| Refusal::body_timeout(self.idle))?;
            match frame {
                None => return Ok(whole.freeze()),
                Some(Err(_)) => return Err(Refusal::malformed()),
                Some(Ok(frame)) => {
                    let data = frame.into_data().unwrap_or_default();
                    if whole.len() + data.len() > max {
                        return Err(Refusal::too_large(max));
                    }
                    whole.extend_from_slice(&data);
                }
            }
        }
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        let mut held = self.by_network.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(units) = held.get_mut(&self.network) {
            *units -= self.units;
            if *units == 0 {
                held.remove(&self.network);
            }
        }
    }
}

/// Reads the rest of a body that nobody wants, within reason: an answer followed by a reset, because bytes were left
/// unread, may never be seen by the client.
pub(crate) async fn discard<B: Body<Data = Bytes> + Unpin>(body: &mut B) {
    let read = async {
        let mut left = DISCARD_BYTES;
        while let Some(Ok(frame)) = body.frame().await {
            let Some(rest) = left.checked_sub(frame.data_ref().map_or(0, Bytes::len)) else {
                return;
            };
            left = rest;
        }
    };
    // Nothing depends on whether the rest arrives.
    let _ = timeout(DISCARD_FOR, read).await;
}

#[cfg(test)]
mod tests {
    use http_body_util::Full;

    use super::*;

    const LARGE: usize = 2 * 1024 * 1024;

    fn bodies() -> Bodies {
        Bodies::new(&Limits { body_memory: 64 * 1024 * 1024, ..Limits::default() })
    }

    fn net(number: u8) -> Subscriber {
        Subscriber::at([192, 0, 2, number].into())
    }

    #[tokio::test]
    async fn one_network_cannot_hold_the_memory_of_all() {
        let bodies = bodies();
        let held: Vec<_> = (0..20).map_while(|_| bodies.reserve(LARGE, net(1))).collect();
        assert_eq!(held.len(), 8, "a quarter of 64 MiB");
        let receive = async |number| {
            let mut body = Full::new(Bytes::from_static(b"abc"));
            bodies.receive(&mut body, 16, net(number)).await.map(|(bytes, _)| bytes)
        };
        assert_eq!(receive(2).await.unwrap(), "abc");
        assert_eq!(receive(1).await, Err(Refusal::busy()));
        drop(held);
        assert_eq!(receive(1).await.unwrap(), "abc");
        assert!(bodies.by_network.lock().unwrap().is_empty(), "who holds nothing takes no memory");
    }

    #[tokio::test]
    async fn large_bodies_leave_room_for_small_ones() {
        let bodies = bodies();
        let held: Vec<_> =
            (0..100).map_while(|number| bodies.reserve(LARGE, net(number))).collect();
        assert_eq!(held.len(), 24, "three quarters of 64 MiB");
        assert!(bodies.reserve(RouteClass::SMALL, net(100)).is_some());
    }
}
