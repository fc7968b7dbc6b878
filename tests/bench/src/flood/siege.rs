//! Strangers who are slow on purpose: each holds a connection and gives nothing for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// A connection that is closed is opened again after this.
const AGAIN: Duration = Duration::from_millis(200);

/// Ways to be slow (slowhttptest has the same).
#[derive(Clone, Copy)]
enum Kind {
    /// Says nothing, where a `ClientHello` is expected.
    Silent,
    /// Sends a head, a byte a second.
    Head,
    /// Sends a body, a byte a second.
    Body,
    /// Asks for many pages, and reads none of them.
    Reader,
}

/// Where they are slow.
#[derive(Clone, Copy)]
pub(super) struct Ports {
    pub(super) plain: u16,
    pub(super) tls: u16,
}

/// So many slow connections at any time, until it is dropped.
pub(super) struct Siege {
    _strangers: JoinSet<()>,
    open: Arc<AtomicUsize>,
    opened: Arc<AtomicUsize>,
}

impl Siege {
    /// Begins, and waits until all are there.
    pub(super) async fn begin(ports: Ports, connections: usize) -> Result<Self> {
        raise_file_limit()?;
        let (open, opened) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let mut strangers = JoinSet::new();
        for number in 0..connections {
            let kind = [Kind::Silent, Kind::Head, Kind::Body, Kind::Reader][number % 4];
            strangers.spawn(come_again(kind, ports, Arc::clone(&open), Arc::clone(&opened)));
        }
        while opened.load(Ordering::Relaxed) < connections {
            sleep(AGAIN).await;
        }
        Ok(Self { _strangers: strangers, open, opened })
    }

    /// Connections open now.
    pub(super) fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// Connections opened so far, those that the server closed and that came again among them.
    pub(super) fn opened(&self) -> usize {
        self.opened.load(Ordering::Relaxed)
    }
}

/// Room for thousands of connections.
pub(crate) fn raise_file_limit() -> Result<()> {
    let files = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: files.maximum, ..files })
        .context("cannot raise the file limit")
}

async fn come_again(kind: Kind, ports: Ports, open: Arc<AtomicUsize>, opened: Arc<AtomicUsize>) {
    loop {
        if let Ok(stream) = connect(kind, ports).await {
            opened.fetch_add(1, Ordering::Relaxed);
            open.fetch_add(1, Ordering::Relaxed);
            // However it ended: the server will have closed it.
            let _ = kind.hold(stream).await;
            open.fetch_sub(1, Ordering::Relaxed);
        }
        sleep(AGAIN).await;
    }
}

async fn connect(kind: Kind, ports: Ports) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    if matches!(kind, Kind::Reader) {
        socket.set_recv_buffer_size(4_096)?;
    }
    let port = if matches!(kind, Kind::Silent) { ports.tls } else { ports.plain };
    socket.connect(([127, 0, 0, 1], port).into()).await
}

impl Kind {
    /// Holds a connection until it is closed.
    async fn hold(self, mut stream: TcpStream) -> std::io::Result<()> {
        let host = "Host: secrets.acme.localhost\r\n";
        match self {
            Self::Silent => drop(stream.read_u8().await?),
            Self::Head => {
                let begin = format!("GET /s/x HTTP/1.1\r\n{host}X-Slow: ");
                drip(stream, begin.as_bytes()).await?;
            }
            Self::Body => {
                let head = "POST /v1/secrets/peek HTTP/1.1\r\nContent-Type: application/json\r\n";
                let begin = format!("{head}{host}Content-Length: 10000\r\n\r\n{{");
                drip(stream, begin.as_bytes()).await?;
            }
            Self::Reader => {
                let ask = format!("GET /s/x HTTP/1.1\r\n{host}\r\n").repeat(500);
                stream.write_all(ask.as_bytes()).await?;
                while stream.write_all(b"\r\n").await.is_ok() {
                    sleep(Duration::from_secs(1)).await;
                }
            }
        }
        Ok(())
    }
}

/// A byte a second, until the server answers or closes.
async fn drip(mut stream: TcpStream, begin: &[u8]) -> std::io::Result<()> {
    stream.write_all(begin).await?;
    while timeout(Duration::from_secs(1), stream.read_u8()).await.is_err() {
        stream.write_all(b"x").await?;
    }
    Ok(())
}
