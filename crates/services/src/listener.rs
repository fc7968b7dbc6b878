//! Accepting edges.

use std::{sync::Arc, time::Duration};

use rustls::ServerConfig;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::timeout,
};
use tokio_rustls::TlsAcceptor;
use wax_httpkit::Services;
use wax_kernel::Clock;
use wax_telemetry::{Metrics, Shutdown};

use crate::{EdgeKeys, answer::Door, connection};

/// Each edge holds one connection, or two while it moves to a new one.
const CONNECTIONS: usize = 1_024;
/// From accept to the end of the handshake.
const HANDSHAKE: Duration = Duration::from_secs(8);
/// After a failed accept (most often: out of file descriptors) the loop rests, instead of spinning.
const REST: Duration = Duration::from_millis(100);

/// What a listener is made of.
#[derive(Debug)]
pub struct ListenerParts {
    /// Who answers.
    pub services: Services,
    /// Whom to believe.
    pub keys: Arc<dyn EdgeKeys>,
    /// Asks for client certificates. `None` on loopback alone.
    pub tls: Option<Arc<ServerConfig>>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where it counts.
    pub metrics: Metrics,
}

/// The door of this process's services.
#[derive(Debug)]
pub struct Listener {
    door: Arc<Door>,
    tls: Option<Arc<ServerConfig>>,
}

impl Listener {
    /// Puts it together. It accepts nothing yet.
    pub fn new(parts: ListenerParts) -> Self {
        let door = Door::new(parts.services, parts.keys, parts.clock, &parts.metrics);
        Self { door: Arc::new(door), tls: parts.tls }
    }

    /// Accepts edges until [`drain`](Self::drain).
    pub fn listen(&self, listener: TcpListener) {
        let accepting = accept(listener, self.tls.clone(), Arc::clone(&self.door));
        drop(self.door.tasks.spawn("listener", accepting));
    }

    /// Stops accepting, sends every edge elsewhere (GOAWAY), ends streams, waits up to `grace` for what is in flight,
    /// and drops what is left.
    pub async fn drain(&self, grace: Duration) -> Shutdown {
        self.door.tasks.shut_down(grace).await
    }
}

async fn accept(listener: TcpListener, tls: Option<Arc<ServerConfig>>, door: Arc<Door>) {
    let (stopping, places) = (door.tasks.stopping(), Arc::new(Semaphore::new(CONNECTIONS)));
    let acceptor = tls.map(TlsAcceptor::from);
    loop {
        let accepted = tokio::select! {
            () = stopping.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let (Ok((stream, _)), Ok(place)) = (accepted, Arc::clone(&places).try_acquire_owned())
        else {
            tokio::time::sleep(REST).await;
            continue;
        };
        let (acceptor, serving) = (acceptor.clone(), Arc::clone(&door));
        drop(door.tasks.spawn("connection", async move {
            begin(stream, acceptor, serving).await;
            drop(place);
        }));
    }
}

async fn begin(stream: TcpStream, acceptor: Option<TlsAcceptor>, door: Arc<Door>) {
    // Without it small answers wait for the peer's delayed acknowledgement.
    let _ = stream.set_nodelay(true);
    let Some(acceptor) = acceptor else { return connection::serve(stream, door).await };
    match timeout(HANDSHAKE, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => connection::serve(stream, door).await,
        Ok(Err(error)) => tracing::warn!(%error, "a TLS handshake failed at the services' door"),
        Err(_) => tracing::warn!("a TLS handshake took too long at the services' door"),
    }
}
