//! Checks of domains against a tree of name servers in this process.

use std::{io, net::SocketAddr, sync::Arc};

use async_trait::async_trait;
use tokio::time::sleep;
use wax_dns::{Anchors, Dns, IsOurs, Limits, Reach, Roots, Wire};
use wax_dns_tree::{Reply, Transport, Tree};
use wax_kernel::{Clock, Rng};

/// A tree without sockets. Servers' delays are those of tokio's clock, which a test may pause.
#[derive(Debug)]
pub struct TreeWire(pub Tree);

impl TreeWire {
    /// What asks this tree and nothing else. Signs the root, if it is not.
    pub fn dns(tree: &Tree, clock: Arc<dyn Clock>, rng: Arc<dyn Rng>) -> Dns {
        let (algorithm, key) = tree.anchor();
        let anchors = Anchors::of(algorithm, key);
        Dns {
            wire: Arc::new(Self(tree.clone())),
            rng,
            clock,
            roots: Roots::of(tree.roots(), 53, Reach::Everywhere, anchors),
            limits: Limits::default(),
        }
    }
}

#[async_trait]
impl Wire for TreeWire {
    async fn datagram(
        &self,
        server: SocketAddr,
        query: &[u8],
        is_ours: &IsOurs<'_>,
    ) -> io::Result<Vec<u8>> {
        let Reply { after, messages, .. } = self.0.answer(server.ip(), Transport::Udp, query);
        sleep(after).await;
        for (at, message) in messages.into_iter().enumerate() {
            if is_ours(&message) {
                return Ok(message);
            }
            if at == 15 {
                return Err(io::ErrorKind::InvalidData.into());
            }
        }
        std::future::pending().await
    }

    async fn stream(&self, server: SocketAddr, query: &[u8]) -> io::Result<Vec<u8>> {
        let Reply { after, messages, close } = self.0.answer(server.ip(), Transport::Tcp, query);
        sleep(after).await;
        if close {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        match messages.into_iter().next() {
            Some(message) => Ok(message),
            None => std::future::pending().await,
        }
    }
}
