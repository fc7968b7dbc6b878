//! The bytes of an answer.

use hickory_proto::op::{Edns, Message, MessageType, Metadata, ResponseCode};

use crate::{
    authority::Said,
    query::{Asked, Options},
};

/// What goes through every network in one piece (DNS flag day 2020).
const LARGEST_DATAGRAM: u16 = 1_232;
/// Of a datagram to somebody who says nothing about it (RFC 1035 §4.2.1).
const SMALLEST_LIMIT: u16 = 512;

/// How a question came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    Udp,
    Tcp,
}

impl Transport {
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
        }
    }

    fn limit(self, options: Option<Options>) -> usize {
        let limit = match (self, options) {
            (Self::Tcp, _) => u16::MAX,
            (Self::Udp, None) => SMALLEST_LIMIT,
            (Self::Udp, Some(options)) => options.payload.clamp(SMALLEST_LIMIT, LARGEST_DATAGRAM),
        };
        limit.into()
    }
}

/// An answer, and what it is counted as.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) bytes: Vec<u8>,
    pub(crate) label: &'static str,
}

impl Reply {
    /// A header alone, for what could not be read: nobody gets more out of us than they put in.
    pub(crate) fn bare(metadata: Metadata) -> Self {
        let message = message(metadata);
        let label =
            if metadata.response_code == ResponseCode::NotImp { "notimp" } else { "formerr" };
        Self { bytes: bytes(&message), label }
    }

    /// The answer, or an empty one that sends the asker to TCP if it does not fit.
    pub(crate) fn new(asked: &Asked, said: Said, transport: Transport) -> Self {
        let (message, label) = full(asked, said);
        let bytes = bytes(&message);
        if bytes.len() > transport.limit(asked.options) {
            return Self::cut(asked);
        }
        Self { bytes, label }
    }

    /// An empty answer that sends the asker to TCP.
    pub(crate) fn cut(asked: &Asked) -> Self {
        let mut message = empty(asked);
        message.metadata.truncation = true;
        Self { bytes: bytes(&message), label: "truncated" }
    }
}

fn full(asked: &Asked, said: Said) -> (Message, &'static str) {
    let mut message = empty(asked);
    if asked.options.is_some_and(|options| options.version != 0) {
        message.metadata.response_code = ResponseCode::BADVERS;
        return (message, "badvers");
    }
    let mut authoritative = true;
    let (code, label) = match said {
        Said::Refused => {
            authoritative = false;
            (ResponseCode::Refused, "refused")
        }
        Said::NotReady => {
            authoritative = false;
            (ResponseCode::ServFail, "servfail")
        }
        Said::NoName { soa } => {
            message.authorities.push(soa);
            (ResponseCode::NXDomain, "nxdomain")
        }
        Said::NoData { soa } => {
            message.authorities.push(soa);
            (ResponseCode::NoError, "nodata")
        }
        Said::Records { answers, additionals } => {
            (message.answers, message.additionals) = (answers, additionals);
            (ResponseCode::NoError, "noerror")
        }
    };
    message.metadata.authoritative = authoritative;
    message.metadata.response_code = code;
    (message, label)
}

/// The question again, byte for byte, and options for whoever has some (RFC 6891 §6.1.1).
fn empty(asked: &Asked) -> Message {
    let mut message = message(Metadata::response_from_request(&asked.metadata));
    message.add_query(asked.query.clone());
    if let Some(options) = asked.options {
        let mut edns = Edns::new();
        // Whether signatures may come is repeated, though there are none (RFC 3225 §3).
        edns.set_max_payload(LARGEST_DATAGRAM).set_dnssec_ok(options.dnssec_ok);
        message.set_edns(edns);
    }
    message
}

fn message(metadata: Metadata) -> Message {
    let mut message = Message::new(metadata.id, MessageType::Response, metadata.op_code);
    message.metadata = metadata;
    message
}

/// What cannot be encoded is longer than any message, and sends whoever asked elsewhere.
fn bytes(message: &Message) -> Vec<u8> {
    message.to_vec().unwrap_or_else(|_| {
        let mut failed = self::message(message.metadata);
        failed.metadata.response_code = ResponseCode::ServFail;
        failed.to_vec().unwrap_or_default()
    })
}
