//! Accepting connections.

use std::{net::IpAddr, sync::Arc, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream},
    time::{Instant, timeout_at},
};

use crate::{
    Limits, Proxies, Tls,
    connection::{self, Peer},
    edge::Shared,
    hygiene::{Door, DoorKind},
    proxy,
    tls::TlsRefusal,
};

/// After a failed accept (most often: out of file descriptors) the loop rests, instead of spinning.
const REST: Duration = Duration::from_millis(100);

/// How connections come in.
#[derive(Debug)]
pub(crate) struct Entrance {
    pub(crate) door: Door,
    /// `None`: without TLS.
    pub(crate) tls: Option<Arc<Tls>>,
    /// Who stands in front of it.
    pub(crate) proxies: Proxies,
}

impl Entrance {
    const fn label(&self) -> &'static str {
        match self.door.kind {
            DoorKind::Plain => "plain",
            DoorKind::Tls => "tls",
            DoorKind::Redirect { .. } => "redirect",
        }
    }
}

/// Accepts until the edge drains.
pub(crate) async fn accept(listener: TcpListener, entrance: Entrance, shared: Arc<Shared>) {
    let (entrance, stopping) = (Arc::new(entrance), shared.tasks.stopping());
    loop {
        let accepted = tokio::select! {
            () = stopping.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => admit(stream, peer.ip(), &entrance, &shared),
            Err(error) => {
                tracing::warn!(kind = %error.kind(), "cannot accept a connection");
                tokio::time::sleep(REST).await;
            }
        }
    }
}

/// Starts serving a connection, or closes it without a word.
fn admit(stream: TcpStream, from: IpAddr, entrance: &Arc<Entrance>, shared: &Arc<Shared>) {
    if !may_enter(entrance.door, from) {
        return shared.counts.refused.add(&["not_loopback"], 1);
    }
    let Some(permit) = shared.caps.admit() else {
        return shared.counts.refused.add(&["connection_cap"], 1);
    };
    let (entrance, task_shared) = (Arc::clone(entrance), Arc::clone(shared));
    let connection = async move {
        let label = entrance.label();
        task_shared.counts.connections.add(&[label], 1);
        if let Err(reason) = begin(stream, from, &entrance, &task_shared).await {
            task_shared.counts.refused.add(&[reason], 1);
        }
        task_shared.counts.connections.add(&[label], -1);
        drop(permit);
    };
    drop(shared.tasks.spawn("connection", connection));
}

/// Plain connections never leave this machine.
pub(crate) fn may_enter(door: Door, address: IpAddr) -> bool {
    door.kind != DoorKind::Plain || address.to_canonical().is_loopback()
}

/// Serves a connection to its end, or tells why it got no further.
async fn begin(
    mut stream: TcpStream,
    from: IpAddr,
    entrance: &Entrance,
    shared: &Arc<Shared>,
) -> Result<(), &'static str> {
    // Without it small answers wait for the peer's delayed acknowledgement.
    let _ = stream.set_nodelay(true);
    let accepted = Instant::now();
    let address = client(&mut stream, from, accepted, &entrance.proxies, &shared.limits).await?;
    let _permit = shared.caps.admit_from(address).ok_or("network_cap")?;
    let mut peer = Peer { address, door: entrance.door, accepted, served: None };
    // Boxed, so that a connection that waits takes the room of what it waits for, and not that of everything it ever was.
    let Some(tls) = &entrance.tls else {
        Box::pin(connection::serve_plain(stream, peer, Arc::clone(shared))).await;
        return Ok(());
    };
    let handshake = Box::pin(tls.accept(stream, &peer, shared)).await;
    match handshake.map_err(TlsRefusal::label)? {
        None => shared.counts.proved.add(&["tls-alpn-01"], 1),
        Some(handshake) => {
            peer.served = Some(handshake.served);
            let (stream, http2) = (handshake.stream, handshake.http2);
            Box::pin(connection::serve(stream, http2, peer, Arc::clone(shared))).await;
        }
    }
    Ok(())
}

/// Whose connection it is: the other end's, or who a trusted proxy says it speaks for.
async fn client(
    stream: &mut TcpStream,
    from: IpAddr,
    accepted: Instant,
    proxies: &Proxies,
    limits: &Limits,
) -> Result<IpAddr, &'static str> {
    if !proxies.contains(from) {
        return Ok(from);
    }
    timeout_at(accepted + limits.client_hello, proxy::client(stream, from))
        .await
        .map_err(|_| "proxy_timeout")?
        .map_err(|proxy::NoHeader| "proxy_header")
}

#[cfg(test)]
mod tests;
