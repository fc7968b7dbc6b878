//! Sockets, behind a trait: a simulation brings its own network.

use std::{
    fmt, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use async_trait::async_trait;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpStream, UdpSocket},
};

/// How many datagrams that answer something else are looked at: a flood of guesses costs no more than these.
const MOST_STRAYS: usize = 16;

/// Tells an answer from whatever else comes by.
pub type IsOurs<'a> = dyn for<'b> Fn(&'b [u8]) -> bool + Sync + 'a;

/// Carries messages to servers. Whoever calls sets the deadline, by dropping the future.
#[async_trait]
pub trait Wire: Send + Sync + fmt::Debug {
    /// Sends one datagram, from a port of its own, and gives the first datagram from that server that `is_ours` accepts.
    async fn datagram(
        &self,
        server: SocketAddr,
        query: &[u8],
        is_ours: &IsOurs<'_>,
    ) -> io::Result<Vec<u8>>;

    /// The same over TCP: one connection, one question, one answer.
    async fn stream(&self, server: SocketAddr, query: &[u8]) -> io::Result<Vec<u8>>;
}

/// The machine's network.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sockets;

#[async_trait]
impl Wire for Sockets {
    async fn datagram(
        &self,
        server: SocketAddr,
        query: &[u8],
        is_ours: &IsOurs<'_>,
    ) -> io::Result<Vec<u8>> {
        let any: IpAddr = match server {
            SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        let socket = UdpSocket::bind((any, 0)).await?;
        // Connected, so that the system drops what comes from elsewhere.
        socket.connect(server).await?;
        socket.send(query).await?;
        let mut buffer = vec![0; usize::from(u16::MAX)];
        for _ in 0..MOST_STRAYS {
            let length = socket.recv(&mut buffer).await?;
            if is_ours(&buffer[..length]) {
                buffer.truncate(length);
                return Ok(buffer);
            }
        }
        Err(io::ErrorKind::InvalidData.into())
    }

    async fn stream(&self, server: SocketAddr, query: &[u8]) -> io::Result<Vec<u8>> {
        let length = u16::try_from(query.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
        let mut stream = TcpStream::connect(server).await?;
        stream.set_nodelay(true)?;
        stream.write_all(&[&length.to_be_bytes(), query].concat()).await?;
        let length = stream.read_u16().await?;
        let mut answer = vec![0; length.into()];
        stream.read_exact(&mut answer).await?;
        Ok(answer)
    }
}
