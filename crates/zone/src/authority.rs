//! What there is at a name (RFC 1034 §4.3.2), computed from the settings and the snapshot in force.

use std::net::IpAddr;

use hickory_proto::{
    op::Query,
    rr::{
        DNSClass, Name, RData, Record, RecordType,
        rdata::{HINFO, NS, SOA, TXT},
    },
};

use crate::{
    Label, Labels, Settings, SettingsError, Snapshot,
    settings::{NameServer, wire},
};

/// Of addresses. An edge that is taken out of service is still asked for so long.
const ADDRESS_TTL: u32 = 300;
/// Of the zones' servers.
const SERVERS_TTL: u32 = 3_600;
/// Of challenges: an issuer that looks again is to see what stands there now.
const CHALLENGE_TTL: u32 = 5;
/// Of "there is no such thing" (RFC 2308 §4): whoever looks before a domain is added sees it soon after.
const NEGATIVE_TTL: u32 = 30;
/// For secondary servers, of which there are none: values that RFC 1912 §2.2 recommends.
const REFRESH: [i32; 3] = [7_200, 900, 1_209_600];

/// What a question is answered with.
#[derive(Debug, PartialEq)]
pub(crate) enum Said {
    /// Not one of our zones, or nothing that we do.
    Refused,
    /// We do not know yet what lives. Another server is to be asked.
    NotReady,
    /// There is no such name, nor any below it.
    NoName { soa: Record },
    /// The name exists, without records of this type.
    NoData { soa: Record },
    /// These.
    Records { answers: Vec<Record>, additionals: Vec<Record> },
}

/// Our zones.
#[derive(Debug)]
pub(crate) struct Authority {
    /// The deepest first: one may be below the other.
    zones: Vec<Zone>,
    servers: Vec<(Name, Vec<IpAddr>)>,
    contact: Name,
    edges: Vec<IpAddr>,
    labels: Labels,
}

#[derive(Debug)]
struct Zone {
    apex: Name,
    holds: Holds,
}

#[derive(Debug, Clone, Copy)]
enum Holds {
    /// `<label>` and `<label>.acme`.
    Targets,
    /// `<slug>` and `_acme-challenge`.
    Slugs,
}

/// What a name has.
enum Node<'a> {
    /// The zone's own records.
    Apex,
    Addresses(&'a [IpAddr]),
    Texts(&'a [String]),
    /// Nothing but names below it (an empty non-terminal, RFC 8020 §1).
    Empty,
}

impl Authority {
    pub(crate) fn new(settings: &Settings, labels: Labels) -> Result<Self, SettingsError> {
        settings.check()?;
        let targets = Zone { apex: wire(&settings.zone), holds: Holds::Targets };
        let suffix = settings.platform_suffix.as_ref();
        let slugs = suffix.map(|suffix| Zone { apex: wire(suffix), holds: Holds::Slugs });
        let mut zones: Vec<Zone> = std::iter::once(targets).chain(slugs).collect();
        zones.sort_by_key(|zone| std::cmp::Reverse(depth(&zone.apex)));
        let named = |server: &NameServer| (wire(&server.name), server.addresses.clone());
        Ok(Self {
            zones,
            servers: settings.servers.iter().map(named).collect(),
            contact: settings.contact()?,
            edges: settings.edges.clone(),
            labels,
        })
    }

    pub(crate) fn answer(&self, query: &Query) -> Said {
        let Some(zone) = self.zone_of(query).filter(|_| is_for_data(query)) else {
            return Said::Refused;
        };
        let Some(live) = self.labels.load() else { return Said::NotReady };
        let soa = || self.soa(zone.apex.clone(), live.serial);
        let Some(node) = self.node(zone, &query.name, &live) else {
            return Said::NoName { soa: soa() };
        };
        let owned = |ttl, data| Record::from_rdata(query.name.clone(), ttl, data);
        let answers: Vec<Record> = match (node, query.query_type) {
            // Any record is an answer to "any" (RFC 8482 §4.2); this one is the smallest.
            (_, RecordType::ANY) => {
                let minimal = HINFO::new("RFC8482".to_owned(), String::new());
                vec![owned(SERVERS_TTL, RData::HINFO(minimal))]
            }
            (Node::Apex, RecordType::SOA) => vec![self.soa(query.name.clone(), live.serial)],
            (Node::Apex, RecordType::NS) => {
                let servers = self.servers.iter();
                servers.map(|(name, _)| owned(SERVERS_TTL, RData::NS(NS(name.clone())))).collect()
            }
            (Node::Addresses(addresses), kind) => {
                let of_kind =
                    addresses.iter().map(|address| owned(ADDRESS_TTL, RData::from(*address)));
                of_kind.filter(|record| record.record_type() == kind).collect()
            }
            (Node::Texts(texts), RecordType::TXT) => {
                texts.iter().map(|text| owned(CHALLENGE_TTL, txt(text))).collect()
            }
            _ => Vec::new(),
        };
        match (answers.is_empty(), query.query_type) {
            (true, _) => Said::NoData { soa: soa() },
            (false, RecordType::NS) => Said::Records { answers, additionals: self.glue() },
            (false, _) => Said::Records { answers, additionals: Vec::new() },
        }
    }

    /// The deepest zone that the name is in. What a parent knows about its child's keys is asked of the parent, if it is
    /// here, too (RFC 4035 §3.1.4.1).
    fn zone_of(&self, query: &Query) -> Option<&Zone> {
        let mut above = self.zones.iter().filter(|zone| zone.apex.zone_of(&query.name));
        let deepest = above.next()?;
        let is_cut = query.query_type == RecordType::DS && deepest.apex == query.name;
        Some(above.next().filter(|_| is_cut).unwrap_or(deepest))
    }

    fn node<'a>(&'a self, zone: &Zone, name: &Name, live: &'a Snapshot) -> Option<Node<'a>> {
        if *name == zone.apex {
            return Some(Node::Apex);
        }
        if let Some((_, addresses)) = self.servers.iter().find(|(server, _)| server == name) {
            return Some(Node::Addresses(addresses));
        }
        let lower = name.to_lowercase();
        let own: Vec<&[u8]> = lower.iter().take(depth(name) - depth(&zone.apex)).collect();
        let node = match (zone.holds, own.as_slice()) {
            (Holds::Targets, [b"acme"]) => Some(Node::Empty),
            (Holds::Targets, [label]) => {
                let is_live = Label::of(label).is_some_and(|label| live.targets.contains(&label));
                is_live.then_some(Node::Addresses(&self.edges))
            }
            // A suffix that others serve has an alias that points here.
            (Holds::Targets, [b"platform", b"acme"]) => {
                Some(Node::Texts(&live.platform_challenges))
            }
            (Holds::Targets, [label, b"acme"]) => {
                // A tenant's alias points here for good, and so a live target's name stays when an order is over.
                let label = Label::of(label).filter(|label| live.knows(*label));
                label.map(|label| Node::Texts(live.texts(label)))
            }
            (Holds::Slugs, [b"_acme-challenge"]) => Some(Node::Texts(&live.platform_challenges)),
            (Holds::Slugs, [slug]) => {
                let slug = std::str::from_utf8(slug).ok();
                let is_live = slug.is_some_and(|slug| live.slugs.contains(slug));
                is_live.then_some(Node::Addresses(&self.edges))
            }
            _ => None,
        };
        node.or_else(|| self.is_above_something(name).then_some(Node::Empty))
    }

    /// Whether a server's name, or our other zone, is at or below this one.
    fn is_above_something(&self, name: &Name) -> bool {
        let servers = self.servers.iter().map(|(server, _)| server);
        servers.chain(self.zones.iter().map(|zone| &zone.apex)).any(|below| name.zone_of(below))
    }

    fn soa(&self, owner: Name, serial: u32) -> Record {
        let [refresh, retry, expire] = REFRESH;
        let first = self.servers.first().map_or_else(Name::root, |(name, _)| name.clone());
        let contact = self.contact.clone();
        let soa = SOA::new(first, contact, serial, refresh, retry, expire, NEGATIVE_TTL);
        Record::from_rdata(owner, NEGATIVE_TTL, RData::SOA(soa))
    }

    /// The addresses of those servers that nobody else can give.
    fn glue(&self) -> Vec<Record> {
        let is_ours = |name: &Name| self.zones.iter().any(|zone| zone.apex.zone_of(name));
        let ours = self.servers.iter().filter(|(name, _)| is_ours(name));
        let records = ours.flat_map(|(name, addresses)| {
            let record = |address: &IpAddr| {
                Record::from_rdata(name.clone(), ADDRESS_TTL, RData::from(*address))
            };
            addresses.iter().map(record)
        });
        records.collect()
    }
}

/// Of the Internet, and for records: not for transfers and other meta-types (RFC 6895 §3.1).
fn is_for_data(query: &Query) -> bool {
    let kind = query.query_type;
    let is_meta = kind == RecordType::OPT || (128..255).contains(&u16::from(kind));
    query.query_class == DNSClass::IN && !is_meta
}

/// How many labels it has. The library does not count `*`.
fn depth(name: &Name) -> usize {
    name.iter().len()
}

fn txt(text: &str) -> RData {
    RData::TXT(TXT::from_bytes(text.as_bytes().chunks(255).collect()))
}

#[cfg(test)]
mod tests;
