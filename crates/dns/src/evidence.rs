//! What the servers said. Facts only: what they mean is judged elsewhere, by pure functions.

use std::net::IpAddr;

use hickory_proto::{
    op::{Message, ResponseCode},
    rr::{Name, RData, RecordType},
};
use serde::{Deserialize, Serialize};
use wax_kernel::Timestamp;

use crate::{CaaRecord, DnsName, Dnssec};

/// Why a question was not answered.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    thiserror::Error,
)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// Nothing came in time.
    #[error("no answer in time")]
    Timeout,
    /// The network said that the server cannot be reached.
    #[error("not reachable")]
    Unreachable,
    /// `SERVFAIL` (RFC 1035 §4.1.1).
    #[error("the server failed")]
    ServerFailed,
    /// `REFUSED`, or any other code that is no answer.
    #[error("the server refused")]
    Refused,
    /// It answers, and not as a server of this zone (a lame delegation, RFC 8499 §7).
    #[error("not a server of this zone")]
    Lame,
    /// Bytes that are no DNS message.
    #[error("not a DNS message")]
    Garbage,
    /// Only answers to something else: another id, another question.
    #[error("answers to other questions only")]
    Mismatch,
    /// The answer fits no datagram, and over TCP there was none.
    #[error("no answer over TCP")]
    NoTcp,
    /// The server's address is not on the public Internet, so it was not asked.
    #[error("an address that is not on the public Internet")]
    ForbiddenAddress,
    /// A server with a name, and no address for it.
    #[error("the server's name has no address")]
    NoAddress,
    /// The zone that should know the name says that there is none.
    #[error("no such name")]
    NoSuchName,
    /// So many questions, or so much time, is all that one check gets.
    #[error("the budget of one check was spent")]
    Budget,
    /// Names that lead to each other, or on and on.
    #[error("names that lead on without an end")]
    Endless,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Timeout,
        Self::Unreachable,
        Self::ServerFailed,
        Self::Refused,
        Self::Lame,
        Self::Garbage,
        Self::Mismatch,
        Self::NoTcp,
        Self::ForbiddenAddress,
        Self::NoAddress,
        Self::NoSuchName,
        Self::Budget,
        Self::Endless,
    ];

    /// As JSON has it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Unreachable => "unreachable",
            Self::ServerFailed => "server-failed",
            Self::Refused => "refused",
            Self::Lame => "lame",
            Self::Garbage => "garbage",
            Self::Mismatch => "mismatch",
            Self::NoTcp => "no-tcp",
            Self::ForbiddenAddress => "forbidden-address",
            Self::NoAddress => "no-address",
            Self::NoSuchName => "no-such-name",
            Self::Budget => "budget",
            Self::Endless => "endless",
        }
    }
}

/// An answer to one question, from one server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Answer<T> {
    /// There are records of this type.
    Records {
        /// At least one.
        records: Vec<T>,
        /// For how long a resolver may keep them.
        ttl_s: u32,
    },
    /// The name is another name for this one (CNAME).
    Alias {
        /// The other name.
        target: DnsName,
        /// For how long a resolver may keep it.
        ttl_s: u32,
    },
    /// The name exists, without records of this type.
    NoData {
        /// For how long a resolver may keep that (RFC 2308 §5), if the server said so.
        ttl_s: Option<u32>,
    },
    /// There is no such name, nor any below it (NXDOMAIN, RFC 8020).
    NoName {
        /// For how long a resolver may keep that (RFC 2308 §5), if the server said so.
        ttl_s: Option<u32>,
    },
    /// No answer.
    Failed {
        /// Why.
        fault: Fault,
    },
    /// Another answer made the question needless.
    NotAsked,
}

impl<T> Answer<T> {
    /// The records, if there are any.
    pub fn records(&self) -> &[T] {
        match self {
            Self::Records { records, .. } => records,
            _ => &[],
        }
    }

    /// What it is another name for.
    pub const fn alias(&self) -> Option<&DnsName> {
        match self {
            Self::Alias { target, .. } => Some(target),
            _ => None,
        }
    }

    /// Why there is no answer.
    pub const fn fault(&self) -> Option<Fault> {
        match self {
            Self::Failed { fault } => Some(*fault),
            _ => None,
        }
    }

    /// Whether the server answered, with something or with nothing.
    pub const fn is_answer(&self) -> bool {
        !matches!(self, Self::Failed { .. } | Self::NotAsked)
    }

    /// For how many seconds resolvers may keep this answer. They cap it, and so does this: a day for what there is
    /// (Unbound's default), three hours for what there is not (BIND's; RFC 2308 §5 advises as much).
    pub fn kept_s(&self) -> Option<u32> {
        match self {
            Self::Records { ttl_s, .. } | Self::Alias { ttl_s, .. } => Some((*ttl_s).min(86_400)),
            Self::NoData { ttl_s } | Self::NoName { ttl_s } => ttl_s.map(|ttl| ttl.min(10_800)),
            Self::Failed { .. } | Self::NotAsked => None,
        }
    }

    /// Reads the answer to this question out of a message that is one.
    pub(crate) fn read(
        message: &Message,
        name: &Name,
        kind: RecordType,
        pick: impl Fn(&RData) -> Option<T>,
    ) -> Self {
        let own = || message.answers.iter().filter(|record| record.name == *name);
        let found: Vec<_> = own().filter(|record| record.record_type() == kind).collect();
        let records: Vec<T> =
            found.iter().filter_map(|record| pick(&record.data)).take(MOST_RECORDS).collect();
        if !records.is_empty() {
            let ttl_s = found.iter().map(|record| record.ttl).min().unwrap_or_default();
            return Self::Records { records, ttl_s };
        }
        let alias = own().find_map(|record| match &record.data {
            RData::CNAME(target) => Some((DnsName::of(&target.0), record.ttl)),
            _ => None,
        });
        match alias {
            Some((target, ttl_s)) => Self::Alias { target, ttl_s },
            None if message.metadata.response_code == ResponseCode::NXDomain => {
                Self::NoName { ttl_s: negative_ttl(message) }
            }
            None => Self::NoData { ttl_s: negative_ttl(message) },
        }
    }
}

/// Evidence is stored and shown: a server cannot fill pages with it.
const MOST_RECORDS: usize = 20;

fn negative_ttl(message: &Message) -> Option<u32> {
    message.authorities.iter().find_map(|record| match &record.data {
        RData::SOA(soa) => Some(record.ttl.min(soa.minimum)),
        _ => None,
    })
}

/// What one server of the zone said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerSeen {
    /// Its name in the delegation.
    pub name: DnsName,
    /// The address that was asked; none if none was found.
    pub address: Option<IpAddr>,
    /// Why it is no help at all, if it is none: then nothing else was asked of it.
    pub fault: Option<Fault>,
    /// The zone's serial number. Servers of one zone that differ have not all heard of a change yet.
    pub serial: Option<u32>,
    /// What the host is another name for.
    pub alias: Answer<DnsName>,
    /// The host's IPv4 addresses.
    pub v4: Answer<IpAddr>,
    /// The host's IPv6 addresses.
    pub v6: Answer<IpAddr>,
    /// The texts at the challenge's name.
    pub challenge: Answer<String>,
    /// The texts at a name beside it that nobody set: what a wildcard says.
    pub sibling: Answer<String>,
}

impl ServerSeen {
    pub(crate) fn failed(name: DnsName, address: Option<IpAddr>, fault: Fault) -> Self {
        Self {
            name,
            address,
            fault: Some(fault),
            serial: None,
            alias: Answer::NotAsked,
            v4: Answer::NotAsked,
            v6: Answer::NotAsked,
            challenge: Answer::NotAsked,
            sibling: Answer::NotAsked,
        }
    }

    /// Both families' addresses.
    pub fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        self.v4.records().iter().chain(self.v6.records()).copied()
    }
}

/// Where a host leads that is another name for something, followed to its end as a visitor's resolver does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chain {
    /// Every name on the way, the first target first.
    pub hops: Vec<DnsName>,
    /// The addresses at its end; none if it led into our own zone, which we need not ask about.
    pub addresses: Vec<IpAddr>,
    /// Why there is no end.
    pub fault: Option<Fault>,
    /// A name on the way does not exist.
    pub dangling: bool,
}

/// The records that decide which authority may issue for a name (RFC 8659 §3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaaSeen {
    /// Where the relevant ones stand; none if there are none anywhere.
    pub at: Option<DnsName>,
    /// The relevant ones.
    pub records: Vec<CaaRecord>,
    /// The first name on the way up that gave no answer: an authority would stop there, and so did we.
    pub failed: Option<(DnsName, Fault)>,
}

/// The zone that a host is in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZoneSeen {
    /// Its topmost name.
    pub apex: DnsName,
    /// Names of servers that the zone itself lists and its parent does not, or the other way round.
    pub differing_servers: Vec<DnsName>,
    /// Names of servers beyond the number that is asked.
    pub unasked_servers: u32,
}

/// Everything that one check heard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The name that was asked about: the host, or a name that nobody has below a wildcard's base.
    pub host: DnsName,
    /// When the check began.
    #[serde(rename = "asked_at_ms")]
    pub asked_at: Timestamp,
    /// The zone; if it was not found, nothing below was asked.
    pub zone: Option<ZoneSeen>,
    /// Why the zone was not found, and the last zone on the way to it that answered.
    pub lost: Option<(DnsName, Fault)>,
    /// Every server of the zone.
    pub servers: Vec<ServerSeen>,
    /// The texts at the owner lock's name, as each of its servers has them.
    pub hold: Vec<Answer<String>>,
    /// Where an alias leads.
    pub chain: Option<Chain>,
    /// Who may issue.
    pub caa: CaaSeen,
    /// Whether the chain of signatures holds.
    pub dnssec: Dnssec,
    /// How many questions it took.
    pub queries: u32,
}

impl Evidence {
    /// The servers that answered for the host.
    pub fn heard(&self) -> impl Iterator<Item = &ServerSeen> {
        self.servers.iter().filter(|server| server.fault.is_none() && server.alias.is_answer())
    }

    /// Whether enough of the zone's servers answered to believe them: more than half.
    pub fn has_quorum(&self) -> bool {
        self.heard().count() * 2 > self.servers.len()
    }

    /// Whether every server of the zone answered.
    pub fn is_complete(&self) -> bool {
        !self.servers.is_empty() && self.heard().count() == self.servers.len()
    }
}
