//! The sockets.

use std::{io, net::IpAddr, num::NonZeroU32, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream, UdpSocket},
    time::{Instant, timeout},
};
use wax_kernel::Rng;
use wax_telemetry::{Counter, Gauge, Metrics, Shutdown, Tasks};

use crate::{
    Labels, Rate, Settings, SettingsError,
    authority::{Authority, Said},
    caps::Caps,
    network::Network,
    query::{self, NoQuestion},
    rate::RateTable,
    reply::{Reply, Transport},
};

/// No question is longer; what is cut here reads as malformed.
const LONGEST_DATAGRAM: usize = 1_232;
/// From one question on a connection to the answer to the next (RFC 7766 §6.2.3 wants seconds, not minutes).
const EXCHANGE: Duration = Duration::from_secs(5);
/// On one connection. Whoever has more to ask comes again, and stands behind everybody else.
const EXCHANGES: usize = 100;
/// After a failure of a socket (most often: out of file descriptors) its loop rests, instead of spinning.
const REST: Duration = Duration::from_millis(100);

impl Default for Rate {
    /// A busy resolver's many times over.
    fn default() -> Self {
        let rate = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        Self { per_second: rate(200), burst: rate(400) }
    }
}

/// What a server is made of.
#[derive(Debug)]
pub struct ZoneParts {
    /// What the zones have, whoever is a tenant.
    pub settings: Settings,
    /// What lives in them. Before the first snapshot the answer is SERVFAIL, and others are asked.
    pub labels: Labels,
    /// How many answers one network gets over UDP.
    pub rate: Rate,
    /// Keys the table that counts them.
    pub rng: Arc<dyn Rng>,
    /// Where it counts.
    pub metrics: Metrics,
}

/// The name server of our own zones.
#[derive(Debug)]
pub struct ZoneServer(Arc<Desk>);

#[derive(Debug)]
struct Desk {
    authority: Authority,
    rate: RateTable,
    begun: Instant,
    caps: Caps,
    tasks: Tasks,
    answers: Counter,
    dropped: Counter,
    connections: Gauge,
}

impl ZoneServer {
    /// Puts it together. It answers nothing yet.
    ///
    /// # Errors
    /// If the settings make no zone.
    pub fn new(parts: ZoneParts) -> Result<Self, SettingsError> {
        let ZoneParts { settings, labels, rate, rng, metrics } = parts;
        Ok(Self(Arc::new(Desk {
            authority: Authority::new(&settings, labels)?,
            rate: RateTable::new(rate, &*rng),
            begun: Instant::now(),
            caps: Caps::default(),
            tasks: Tasks::new(),
            answers: metrics.counter(
                "waxseal_zone_answers_total",
                "Questions to our own name server that were answered.",
                &["transport", "answer"],
            ),
            dropped: metrics.counter(
                "waxseal_zone_dropped_total",
                "Messages and connections to our own name server that got nothing.",
                &["reason"],
            ),
            connections: metrics.gauge(
                "waxseal_zone_connections",
                "Connections to our own name server that are open.",
                &[],
            ),
        })))
    }

    /// Answers on both sockets, which should be of one address, until [`drain`](Self::drain). May be called for any
    /// number of addresses. An answer leaves from the address that the system chooses: on a machine with several,
    /// listen on each.
    pub fn listen(&self, udp: UdpSocket, tcp: TcpListener) {
        let desk = &self.0;
        drop(desk.tasks.spawn("zone_udp", answer_datagrams(udp, Arc::clone(desk))));
        drop(desk.tasks.spawn("zone_tcp", accept(tcp, Arc::clone(desk))));
    }

    /// Answers no more: whoever asks goes to the zones' other servers. Waits up to `grace` for answers on their way.
    pub async fn drain(&self, grace: Duration) -> Shutdown {
        self.0.tasks.shut_down(grace).await
    }
}

impl Desk {
    fn answer(&self, message: &[u8], peer: IpAddr, transport: Transport) -> Option<Vec<u8>> {
        let reply = self.reply(message, peer, transport);
        match &reply {
            Ok(reply) => self.answers.add(&[transport.label(), reply.label], 1),
            Err(reason) => self.dropped.add(&[reason], 1),
        }
        reply.ok().map(|reply| reply.bytes)
    }

    /// The answer, or why there is none.
    fn reply(
        &self,
        message: &[u8],
        peer: IpAddr,
        transport: Transport,
    ) -> Result<Reply, &'static str> {
        let read = query::read(message);
        if matches!(read, Err(NoQuestion::Nothing)) {
            return Err("no_question");
        }
        // Over TCP the address is the asker's own.
        let admitted = transport == Transport::Tcp
            || self.rate.admits(Network::of(peer), self.begun.elapsed());
        match read.map(|asked| (self.authority.answer(&asked.query), asked)) {
            Err(NoQuestion::Wrong(metadata)) if admitted => Ok(Reply::bare(metadata)),
            Ok((said, asked)) if admitted => Ok(Reply::new(&asked, said, transport)),
            // Who is real comes over TCP; whose address is forged gets no more than was sent in its name.
            Ok((said, asked)) if said != Said::Refused => Ok(Reply::cut(&asked)),
            _ => Err("rate"),
        }
    }
}

async fn answer_datagrams(socket: UdpSocket, desk: Arc<Desk>) {
    let stopping = desk.tasks.stopping();
    let mut buffer = [0; LONGEST_DATAGRAM];
    loop {
        let received = tokio::select! {
            () = stopping.cancelled() => return,
            received = socket.recv_from(&mut buffer) => received,
        };
        match received {
            Ok((length, peer)) => {
                let answer = desk.answer(&buffer[..length], peer.ip(), Transport::Udp);
                if let Some(answer) = answer {
                    // Who cannot be reached is told nothing.
                    let _ = socket.send_to(&answer, peer).await;
                }
            }
            Err(error) => {
                tracing::warn!(kind = %error.kind(), "cannot receive questions to our own zone");
                tokio::time::sleep(REST).await;
            }
        }
    }
}

async fn accept(listener: TcpListener, desk: Arc<Desk>) {
    let stopping = desk.tasks.stopping();
    loop {
        let accepted = tokio::select! {
            () = stopping.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => admit(stream, peer.ip(), &desk),
            Err(error) => {
                tracing::warn!(kind = %error.kind(), "cannot accept a connection to our own zone");
                tokio::time::sleep(REST).await;
            }
        }
    }
}

fn admit(stream: TcpStream, peer: IpAddr, desk: &Arc<Desk>) {
    let Some(permit) = desk.caps.admit(peer) else {
        return desk.dropped.add(&["connection_cap"], 1);
    };
    let serving = Arc::clone(desk);
    let connection = async move {
        serving.connections.add(&[], 1);
        converse(stream, peer, &serving).await;
        serving.connections.add(&[], -1);
        drop(permit);
    };
    drop(desk.tasks.spawn("zone_connection", connection));
}

/// One question after the other, answered in order.
async fn converse(mut stream: TcpStream, peer: IpAddr, desk: &Desk) {
    // Without it small answers wait for the peer's delayed acknowledgement.
    let _ = stream.set_nodelay(true);
    let stopping = desk.tasks.stopping();
    for _ in 0..EXCHANGES {
        let exchange = timeout(EXCHANGE, exchange(&mut stream, peer, desk));
        // A client that leaves, waits or talks nonsense is a client that leaves.
        let Some(Ok(Ok(()))) = stopping.run_until_cancelled(exchange).await else { return };
    }
}

async fn exchange(stream: &mut TcpStream, peer: IpAddr, desk: &Desk) -> io::Result<()> {
    let length = usize::from(stream.read_u16().await?);
    if length > LONGEST_DATAGRAM {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut message = [0; LONGEST_DATAGRAM];
    stream.read_exact(&mut message[..length]).await?;
    let answer = desk.answer(&message[..length], peer, Transport::Tcp);
    let answer = answer.ok_or(io::ErrorKind::InvalidData)?;
    let length = u16::try_from(answer.len()).map_err(|_| io::ErrorKind::InvalidData)?;
    stream.write_all(&[&length.to_be_bytes(), answer.as_slice()].concat()).await
}
