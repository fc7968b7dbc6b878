//! What can be wrong with a server.

use std::time::Duration;

use hickory_proto::rr::{Name, RecordType};

/// How a question came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// As a datagram.
    Udp,
    /// Over a connection.
    Tcp,
}

/// What a server does instead of answering well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Says that it failed.
    ServFail,
    /// Says that it will not.
    Refused,
    /// Says that no name exists.
    NxDomain,
    /// Says nothing, on either transport.
    Silent,
    /// Answers well, late.
    Slow(Duration),
    /// Sends bytes that are no message, under the right id and question.
    Garbage,
    /// Sends a few bytes, fewer than a header.
    Stub,
    /// Cuts every datagram, and answers well over TCP.
    Cut,
    /// Cuts every datagram, and closes connections.
    CutNoTcp,
    /// Cuts every datagram, and over TCP promises an answer that it never sends.
    CutEndlessTcp,
    /// Knows nothing beyond RFC 1035, and calls a question with options malformed.
    NoOptions,
    /// Answers to an id that nobody used.
    WrongId,
    /// Answers to a question that nobody asked.
    WrongQuestion,
    /// Repeats the question in lower case, over UDP and TCP.
    LowerCase,
    /// Answers to a thousand other ids, without an end as far as one can tell.
    Flood,
    /// Answers, not as a server of the zone.
    NotAuthoritative,
    /// Refers to the root, as servers do that know nothing.
    ReferUp,
    /// Answers with as many records as fit into a message.
    Stuffed,
}

/// A question that a server got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The server's name.
    pub server: String,
    /// What about, in lower case.
    pub name: String,
    /// For which type.
    pub kind: String,
    /// How it came.
    pub transport: Transport,
    /// Whether it asked the server to find out by itself (RD).
    pub recursion: bool,
}

/// What a server sends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reply {
    /// How long it takes.
    pub after: Duration,
    /// Messages, in this order; none for silence.
    pub messages: Vec<Vec<u8>>,
    /// The connection is closed without a word.
    pub close: bool,
}

impl Reply {
    pub(crate) fn now(message: Vec<u8>) -> Self {
        Self { messages: vec![message], ..Self::default() }
    }
}

/// Where a fault holds.
#[derive(Debug, Clone)]
pub(crate) struct Scope {
    pub(crate) name: Option<Name>,
    pub(crate) kind: Option<RecordType>,
    pub(crate) fault: Fault,
}

impl Scope {
    pub(crate) fn holds(&self, name: &Name, kind: RecordType) -> bool {
        self.name.as_ref().is_none_or(|own| own == name) && self.kind.is_none_or(|own| own == kind)
    }
}
