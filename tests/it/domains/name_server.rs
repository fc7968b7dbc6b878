//! Our own zone, as the world's resolvers ask for it.

use std::{
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use hickory_proto::{
    op::{Message, MessageType, OpCode, Query, ResponseCode},
    rr::{Name, RecordType},
};
use tokio::{net::UdpSocket, time::timeout};

/// Where it answers.
pub(crate) struct NameServer(pub(crate) (IpAddr, u16));

impl NameServer {
    /// The addresses of a name, or the answer's code.
    pub(crate) async fn addresses(&self, name: &str) -> Result<Vec<String>, String> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        socket.connect(self.0).await.unwrap();
        let mut query = Message::new(4_711, MessageType::Query, OpCode::Query);
        let name = Name::from_ascii(name).unwrap();
        query.add_query(Query::query(name, RecordType::A));
        socket.send(&query.to_vec().unwrap()).await.map_err(|error| error.to_string())?;
        let mut buffer = [0; 1_232];
        let received = timeout(Duration::from_secs(1), socket.recv(&mut buffer)).await;
        let length = received.map_err(|_| "silence")?.map_err(|error| error.to_string())?;
        let answer = Message::from_vec(&buffer[..length]).unwrap();
        match answer.metadata.response_code {
            ResponseCode::NoError => {
                Ok(answer.answers.iter().map(|record| record.data.to_string()).collect())
            }
            code => Err(format!("{code:?}")),
        }
    }
}
