//! A server that listens, and somebody who asks it.

use std::{
    collections::{HashMap, HashSet},
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    num::NonZeroU32,
    sync::Arc,
    time::Duration,
};

use hickory_proto::{
    op::{Edns, Message, MessageType, OpCode, Query},
    rr::Name,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream, UdpSocket},
    time::timeout,
};
use wax_kernel::{EmailAddress, Hostname, SeededRng};
use wax_telemetry::Metrics;
use wax_zone::{Label, Labels, NameServer, Rate, Settings, Snapshot, ZoneParts, ZoneServer};

pub(crate) const LIVE: &str = "k3vfy2mbgpq7x5ehn4wtd6ozla";
pub(crate) const ORDERED: &str = "zzvfy2mbgpq7x5ehn4wtd6ozla";

/// Far longer than anything here takes; what does not come at all is waited for in this way only where it must not come.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) struct Served {
    pub(crate) server: ZoneServer,
    pub(crate) labels: Labels,
    pub(crate) metrics: Metrics,
    pub(crate) at: SocketAddr,
}

pub(crate) fn label(text: &str) -> Label {
    Label::parse(text).unwrap()
}

pub(crate) fn snapshot(serial: u32) -> Snapshot {
    Snapshot {
        serial,
        targets: HashSet::from([label(LIVE)]),
        challenges: HashMap::from([(label(ORDERED), vec!["digest".to_owned()])]),
        slugs: HashSet::from(["acme-corp".into()]),
        platform_challenges: Vec::new(),
    }
}

pub(crate) fn settings(server: IpAddr) -> Settings {
    let host = |text: &str| Hostname::parse(text).unwrap();
    Settings {
        zone: host("edge.example.net"),
        platform_suffix: Some(host("on.example.org")),
        servers: vec![NameServer { name: host("ns1.edge.example.net"), addresses: vec![server] }],
        contact: EmailAddress::parse("hostmaster@example.net").unwrap(),
        edges: ["192.0.2.1", "2001:db8::1"].map(|edge| edge.parse().unwrap()).into(),
    }
}

impl Served {
    pub(crate) async fn start() -> Self {
        Self::at((Ipv4Addr::LOCALHOST, 0).into(), Rate::default()).await
    }

    pub(crate) async fn with_rate(per_second: u32, burst: u32) -> Self {
        let number = |number| NonZeroU32::new(number).unwrap();
        let rate = Rate { per_second: number(per_second), burst: number(burst) };
        Self::at((Ipv4Addr::LOCALHOST, 0).into(), rate).await
    }

    pub(crate) async fn at(address: SocketAddr, rate: Rate) -> Self {
        let (udp, tcp) = bind(address).await;
        let at = tcp.local_addr().unwrap();
        let (labels, metrics) = (Labels::default(), Metrics::default());
        labels.publish(snapshot(7));
        let parts = ZoneParts {
            settings: settings(at.ip()),
            labels: labels.clone(),
            rate,
            rng: Arc::new(SeededRng::new(3)),
            metrics: metrics.clone(),
        };
        let server = ZoneServer::new(parts).unwrap();
        server.listen(udp, tcp);
        Self { server, labels, metrics, at }
    }

    /// A socket that only hears this server.
    pub(crate) async fn socket(&self) -> UdpSocket {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        socket.connect(self.at).await.unwrap();
        socket
    }

    pub(crate) async fn udp(&self, query: &Message) -> Message {
        let socket = self.socket().await;
        Message::from_vec(&exchange(&socket, &query.to_vec().unwrap()).await).unwrap()
    }

    pub(crate) async fn tcp(&self, query: &Message) -> Message {
        let mut stream = TcpStream::connect(self.at).await.unwrap();
        send(&mut stream, &query.to_vec().unwrap()).await.unwrap();
        Message::from_vec(&receive(&mut stream).await.unwrap()).unwrap()
    }

    /// The value of a number of the server's, as it is scraped.
    pub(crate) fn count(&self, series: &str) -> u64 {
        let text = self.metrics.render();
        let line = text.lines().find_map(|line| line.strip_prefix(series));
        line.map_or(0, |value| value.trim().parse().unwrap())
    }
}

/// UDP and TCP on one port.
async fn bind(address: SocketAddr) -> (UdpSocket, TcpListener) {
    for _ in 0..20 {
        let tcp = TcpListener::bind(address).await.unwrap();
        if let Ok(udp) = UdpSocket::bind(tcp.local_addr().unwrap()).await {
            return (udp, tcp);
        }
    }
    panic!("no port is free for both");
}

pub(crate) async fn exchange(socket: &UdpSocket, bytes: &[u8]) -> Vec<u8> {
    socket.send(bytes).await.unwrap();
    hear(socket).await
}

/// The next datagram.
pub(crate) async fn hear(socket: &UdpSocket) -> Vec<u8> {
    let mut buffer = vec![0; 65_535];
    let length = timeout(PATIENCE, socket.recv(&mut buffer)).await.unwrap().unwrap();
    buffer.truncate(length);
    buffer
}

pub(crate) async fn send(stream: &mut TcpStream, bytes: &[u8]) -> io::Result<()> {
    let length = u16::try_from(bytes.len()).unwrap();
    stream.write_all(&[&length.to_be_bytes(), bytes].concat()).await
}

pub(crate) async fn receive(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let receiving = async {
        let length = stream.read_u16().await?;
        let mut bytes = vec![0; length.into()];
        stream.read_exact(&mut bytes).await?;
        Ok(bytes)
    };
    timeout(PATIENCE, receiving).await.unwrap()
}

/// `name TYPE`, without recursion, from somebody who takes as much as fits anywhere.
pub(crate) fn question(text: &str) -> Message {
    let mut message = plain(text);
    let mut edns = Edns::new();
    edns.set_max_payload(4_096).set_dnssec_ok(true);
    message.set_edns(edns);
    message
}

/// The same from somebody who knows nothing beyond RFC 1035.
pub(crate) fn plain(text: &str) -> Message {
    let (name, kind) = text.split_once(' ').unwrap();
    let mut name = Name::from_ascii(name).unwrap();
    name.set_fqdn(true);
    let mut message = Message::new(4_711, MessageType::Query, OpCode::Query);
    message.add_query(Query::query(name, kind.parse().unwrap()));
    message
}
