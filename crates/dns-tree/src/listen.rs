//! The tree on this machine's loopback network.

use std::{io, net::IpAddr};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream, UdpSocket},
    task::JoinSet,
};

use crate::{Reply, Transport, Tree};

/// A tree that listens, until this is dropped.
#[derive(Debug)]
pub struct Listening {
    port: u16,
    /// Aborted when dropped.
    _tasks: JoinSet<()>,
}

impl Listening {
    /// The port that every server of the tree listens at.
    pub const fn port(&self) -> u16 {
        self.port
    }
}

impl Tree {
    /// Puts every server that there is now on its address, over UDP and TCP, all on one port.
    ///
    /// # Errors
    /// If no port is free on all addresses.
    pub async fn listen(&self) -> io::Result<Listening> {
        let addresses = self.addresses();
        let mut last = io::Error::from(io::ErrorKind::AddrInUse);
        for _ in 0..20 {
            match bind(&addresses).await {
                Ok((port, sockets)) => {
                    let mut tasks = JoinSet::new();
                    for (address, udp, tcp) in sockets {
                        tasks.spawn(serve_udp(self.clone(), address, udp));
                        tasks.spawn(serve_tcp(self.clone(), address, tcp));
                    }
                    return Ok(Listening { port, _tasks: tasks });
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

type Sockets = Vec<(IpAddr, UdpSocket, TcpListener)>;

/// A port that is free for the first address, and with luck for all.
async fn bind(addresses: &[IpAddr]) -> io::Result<(u16, Sockets)> {
    let mut port = 0;
    let mut sockets = Vec::with_capacity(addresses.len());
    for address in addresses {
        let tcp = TcpListener::bind((*address, port)).await?;
        port = tcp.local_addr()?.port();
        sockets.push((*address, UdpSocket::bind((*address, port)).await?, tcp));
    }
    Ok((port, sockets))
}

async fn serve_udp(tree: Tree, address: IpAddr, socket: UdpSocket) {
    let socket = std::sync::Arc::new(socket);
    let mut sending = JoinSet::new();
    let mut buffer = vec![0; 4_096];
    while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
        let reply = tree.answer(address, Transport::Udp, &buffer[..length]);
        let socket = std::sync::Arc::clone(&socket);
        sending.spawn(async move {
            tokio::time::sleep(reply.after).await;
            for message in reply.messages {
                // Who has left is told nothing.
                let _ = socket.send_to(&message, from).await;
            }
        });
        while sending.try_join_next().is_some() {}
    }
}

async fn serve_tcp(tree: Tree, address: IpAddr, listener: TcpListener) {
    let mut talking = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let tree = tree.clone();
        talking.spawn(async move {
            // A client that leaves is a client that leaves.
            let _ = talk(&tree, address, stream).await;
        });
        while talking.try_join_next().is_some() {}
    }
}

async fn talk(tree: &Tree, address: IpAddr, mut stream: TcpStream) -> io::Result<()> {
    let length = stream.read_u16().await?;
    let mut query = vec![0; length.into()];
    stream.read_exact(&mut query).await?;
    let Reply { after, messages, close } = tree.answer(address, Transport::Tcp, &query);
    tokio::time::sleep(after).await;
    if close {
        return Ok(());
    }
    if messages.is_empty() {
        // An answer is promised, and never comes.
        stream.write_u16(1_000).await?;
        std::future::pending::<()>().await;
    }
    for message in messages {
        let length = u16::try_from(message.len()).map_err(|_| io::ErrorKind::InvalidData)?;
        stream.write_all(&[&length.to_be_bytes(), &*message].concat()).await?;
    }
    stream.shutdown().await
}
