//! Receiving a request's body, whole, before anyone acts on it.
//!
//! Bodies here are small (2 MiB at most), so the edge takes them in completely: a service never sees half a request,
//! a trailer, or a client that stops sending, and so can consume nothing for one.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body::Body;
use http_body_util::BodyExt as _;
use tokio::time::timeout;

use crate::{
    Limits,
    memory::{Budget, Held},
    network::Subscriber,
    refusal::Refusal,
};

/// So much is read of a body that nobody wants, and for so long.
const DISCARD_BYTES: usize = 8 * 1024 * 1024;
const DISCARD_FOR: Duration = Duration::from_secs(5);

/// Receives bodies within one budget of memory.
#[derive(Debug)]
pub(crate) struct Bodies {
    memory: Budget,
    idle: Duration,
    whole: Duration,
}

impl Bodies {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self { memory: Budget::new(limits.body_memory), idle: limits.body_idle, whole: limits.body }
    }

    /// Receives a body of at most `max` bytes from a network. Trailers are dropped.
    pub(crate) async fn receive<B>(
        &self,
        body: &mut B,
        max: usize,
        network: Subscriber,
    ) -> Result<(Bytes, Held), Refusal>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let declared =
            body.size_hint().exact().map(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX));
        let expected = declared.unwrap_or(max);
        if expected > max {
            return Err(Refusal::too_large(max));
        }
        let held = self.memory.reserve(expected, network).ok_or_else(Refusal::busy)?;
        let bytes = timeout(self.whole, self.collect(body, max))
            .await
            .unwrap_or_else(|_| Err(Refusal::body_timeout(self.whole)))?;
        Ok((bytes, held))
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

    #[tokio::test]
    async fn a_network_that_holds_too_much_is_told_to_come_back() {
        let bodies = Bodies::new(&Limits { body_memory: 8 * 1024 * 1024, ..Limits::default() });
        let net = |number: u8| Subscriber::at([192, 0, 2, number].into());
        let receive = async |number| {
            let mut body = Full::new(Bytes::from_static(b"abc"));
            bodies.receive(&mut body, 16, net(number)).await
        };
        let held = bodies.memory.reserve(2 * 1024 * 1024, net(1)).unwrap();
        assert_eq!(receive(1).await.map(|(bytes, _)| bytes), Err(Refusal::busy()));
        assert_eq!(receive(2).await.unwrap().0, "abc");
        drop(held);
        assert_eq!(receive(1).await.unwrap().0, "abc");
    }
}
