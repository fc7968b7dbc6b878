//! Accepting connections.

use std::{net::IpAddr, sync::Arc, time::Duration};

use tokio::net::{TcpListener, TcpStream};

use crate::{
    Tls,
    connection::{self, Peer},
    edge::Shared,
    hygiene::Door,
};

/// After a failed accept (most often: out of file descriptors) the loop rests, instead of spinning.
const REST: Duration = Duration::from_millis(100);

/// How connections begin on a listener.
#[derive(Debug, Clone)]
pub(crate) enum Entrance {
    Plain,
    Tls(Arc<Tls>),
}

impl Entrance {
    pub(crate) const fn is_tls(&self) -> bool {
        matches!(self, Self::Tls(_))
    }

    const fn label(&self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Tls(_) => "tls",
        }
    }
}

/// Accepts until the edge drains.
pub(crate) async fn accept(
    listener: TcpListener,
    entrance: Entrance,
    door: Door,
    shared: Arc<Shared>,
) {
    let stopping = shared.tasks.stopping();
    loop {
        let accepted = tokio::select! {
            () = stopping.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => admit(stream, peer.ip(), &entrance, door, &shared),
            Err(error) => {
                tracing::warn!(kind = %error.kind(), "cannot accept a connection");
                tokio::time::sleep(REST).await;
            }
        }
    }
}

/// Starts serving a connection, or closes it without a word.
fn admit(
    stream: TcpStream,
    address: IpAddr,
    entrance: &Entrance,
    door: Door,
    shared: &Arc<Shared>,
) {
    if !may_enter(door, address) {
        return shared.counts.refused.add(&["not_loopback"], 1);
    }
    let Some(permit) = shared.caps.admit(address) else {
        return shared.counts.refused.add(&["connection_cap"], 1);
    };
    let (entrance, task_shared) = (entrance.clone(), Arc::clone(shared));
    let connection = async move {
        let label = entrance.label();
        task_shared.counts.connections.add(&[label], 1);
        begin(stream, address, entrance, door, &task_shared).await;
        task_shared.counts.connections.add(&[label], -1);
        drop(permit);
    };
    drop(shared.tasks.spawn("connection", connection));
}

/// Plain connections never leave this machine.
pub(crate) fn may_enter(door: Door, address: IpAddr) -> bool {
    door.tls || address.to_canonical().is_loopback()
}

async fn begin(
    stream: TcpStream,
    address: IpAddr,
    entrance: Entrance,
    door: Door,
    shared: &Arc<Shared>,
) {
    // Without it small answers wait for the peer's delayed acknowledgement.
    let _ = stream.set_nodelay(true);
    let mut peer = Peer { address, door, served: None };
    match entrance {
        Entrance::Plain => connection::serve_plain(stream, peer, Arc::clone(shared)).await,
        Entrance::Tls(tls) => {
            match tls.accept(stream, &shared.routes, peer.is_loopback(), &shared.limits).await {
                Err(refusal) => shared.counts.refused.add(&[refusal.label()], 1),
                Ok(handshake) => {
                    peer.served = Some(handshake.served);
                    connection::serve(handshake.stream, handshake.http2, peer, Arc::clone(shared))
                        .await;
                }
            }
        }
    }
}
