//! From the root down to the zone of a name (RFC 1034 §5.3.3, without a cache that outlives the check).

use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use futures_util::future::BoxFuture;
use hickory_proto::{
    op::{Message, ResponseCode},
    rr::{Name, RData, Record, RecordType},
};

use crate::{
    Fault,
    ask::{Asker, authoritative},
};

/// A server as a delegation names it.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    pub(crate) name: Name,
    /// From the delegation; empty if its name has to be looked up.
    pub(crate) glue: Vec<IpAddr>,
}

/// A zone and who serves it, as its parent says.
#[derive(Debug)]
pub(crate) struct Zone {
    pub(crate) apex: Name,
    pub(crate) servers: Vec<Server>,
    /// The parent's word on the zone's keys, with its signatures; empty for an unsigned zone and for the root.
    pub(crate) ds: Vec<Record>,
    pub(crate) parent: Option<Arc<Self>>,
}

/// Where the way ended, and why.
#[derive(Debug, Clone)]
pub(crate) struct Lost {
    pub(crate) zone: Name,
    pub(crate) fault: Fault,
}

/// Delegations followed for one name, aliases for one host.
pub(crate) const MOST_STEPS: usize = 8;
/// A server's name that needs a server whose name needs a server …
const DEEPEST: u8 = 3;
/// Servers of one zone that are asked for the way on, before it is given up.
const MOST_TRIES: usize = 4;

/// The zones that one check has come by.
#[derive(Debug)]
pub(crate) struct Walk<'a> {
    pub(crate) asker: &'a Asker<'a>,
    zones: Mutex<BTreeMap<Name, Arc<Zone>>>,
}

/// What a server of a zone says to whoever is on the way to a name.
pub(crate) enum Step {
    Arrived(Message),
    On(Zone),
}

impl<'a> Walk<'a> {
    pub(crate) fn new(asker: &'a Asker<'a>) -> Self {
        let servers = asker.dns.roots.servers.iter();
        let root = Zone {
            apex: Name::root(),
            servers: servers
                .map(|address| Server { name: Name::root(), glue: vec![*address] })
                .collect(),
            ds: Vec::new(),
            parent: None,
        };
        Self { asker, zones: Mutex::new([(Name::root(), Arc::new(root))].into()) }
    }

    /// What a server of the name's zone answers, and that zone as far as delegations show it.
    pub(crate) fn resolve<'b>(
        &'b self,
        name: &'b Name,
        kind: RecordType,
    ) -> BoxFuture<'b, Result<(Arc<Zone>, Message), Lost>> {
        self.resolve_at(name, kind, 0)
    }

    fn resolve_at<'b>(
        &'b self,
        name: &'b Name,
        kind: RecordType,
        depth: u8,
    ) -> BoxFuture<'b, Result<(Arc<Zone>, Message), Lost>> {
        Box::pin(async move {
            let mut zone = self.nearest(name);
            for _ in 0..MOST_STEPS {
                match self.ask_zone(&zone, name, kind, depth).await {
                    Ok(Step::Arrived(message)) => return Ok((zone, message)),
                    Ok(Step::On(child)) => zone = self.remember(child),
                    Err(fault) => return Err(Lost { zone: zone.apex.clone(), fault }),
                }
            }
            Err(Lost { zone: zone.apex.clone(), fault: Fault::Endless })
        })
    }

    /// An answer of a zone about itself.
    pub(crate) async fn ask_of(
        &self,
        zone: &Arc<Zone>,
        name: &Name,
        kind: RecordType,
    ) -> Result<Message, Fault> {
        match self.ask_zone(zone, name, kind, 0).await? {
            Step::Arrived(message) => Ok(message),
            Step::On(_) => Err(Fault::Lame),
        }
    }

    /// The servers of a zone below this one: in a referral to it or to one in between, or in the word of a server that has both.
    pub(crate) async fn ask_below(&self, zone: &Arc<Zone>, apex: &Name) -> Result<Step, Fault> {
        self.ask_zone(zone, apex, RecordType::NS, 0).await
    }

    async fn ask_zone(
        &self,
        zone: &Arc<Zone>,
        name: &Name,
        kind: RecordType,
        depth: u8,
    ) -> Result<Step, Fault> {
        let (mut tries, mut last) = (0, Fault::NoAddress);
        for server in self.shuffled(&zone.servers) {
            let asked = match self.addresses(&server, depth).await.first() {
                Some(address) => self.asker.ask(*address, name, kind, false).await,
                None => Err(Fault::NoAddress),
            };
            match asked.and_then(|message| step(zone, name, message)) {
                Ok(step) => return Ok(step),
                Err(Fault::Budget) => return Err(Fault::Budget),
                Err(fault) => last = fault,
            }
            // A family of addresses that this machine has no network for costs no time.
            tries += usize::from(last != Fault::Unreachable);
            if tries == MOST_TRIES {
                break;
            }
        }
        Err(last)
    }

    /// The addresses of a server, IPv4 first; none if there are none or they cannot be found out.
    pub(crate) async fn addresses(&self, server: &Server, depth: u8) -> Vec<IpAddr> {
        if !server.glue.is_empty() || depth >= DEEPEST {
            return server.glue.clone();
        }
        for kind in [RecordType::A, RecordType::AAAA] {
            let Ok((_, message)) = self.resolve_at(&server.name, kind, depth + 1).await else {
                return Vec::new();
            };
            let found = addresses_of(&message.answers, &server.name);
            if !found.is_empty() {
                return found;
            }
        }
        Vec::new()
    }

    /// In an order that differs from check to check, those with an IPv4 address first.
    fn shuffled(&self, servers: &[Server]) -> Vec<Server> {
        let mut keyed: Vec<(bool, [u8; 4], &Server)> = servers
            .iter()
            .map(|server| {
                let only_v6 = server.glue.first().is_some_and(IpAddr::is_ipv6);
                (only_v6, self.asker.dns.rng.bytes(), server)
            })
            .collect();
        keyed.sort_by_key(|(only_v6, draw, _)| (*only_v6, *draw));
        keyed.into_iter().map(|(_, _, server)| server.clone()).collect()
    }

    fn nearest(&self, name: &Name) -> Arc<Zone> {
        let zones = self.zones.lock().unwrap_or_else(PoisonError::into_inner);
        let mut at = name.to_lowercase();
        loop {
            if let Some(zone) = zones.get(&at) {
                return Arc::clone(zone);
            }
            // The root is always there, and every name ends in it.
            at = at.base_name();
        }
    }

    pub(crate) fn remember(&self, zone: Zone) -> Arc<Zone> {
        let zone = Arc::new(zone);
        let mut zones = self.zones.lock().unwrap_or_else(PoisonError::into_inner);
        zones.insert(zone.apex.clone(), Arc::clone(&zone));
        zone
    }
}

impl Zone {
    /// From the root to this zone.
    pub(crate) fn path(self: &Arc<Self>) -> Vec<Arc<Self>> {
        let mut path: Vec<Arc<Self>> =
            std::iter::successors(Some(Arc::clone(self)), |zone| zone.parent.clone()).collect();
        path.reverse();
        path
    }
}

/// What a reply means to somebody on the way to `name`.
fn step(zone: &Arc<Zone>, name: &Name, message: Message) -> Result<Step, Fault> {
    if message.metadata.authoritative || message.metadata.response_code != ResponseCode::NoError {
        return authoritative(message).map(Step::Arrived);
    }
    // Only downwards, and only towards the name: anything else could go round in circles.
    let cut = message.authorities.iter().find(|record| {
        record.record_type() == RecordType::NS
            && record.name != zone.apex
            && zone.apex.zone_of(&record.name)
            && record.name.zone_of(name)
    });
    let apex = cut.ok_or(Fault::Lame)?.name.to_lowercase();
    let ds = message.authorities.iter().filter(|record| record.name == apex && is_ds(record));
    Ok(Step::On(Zone {
        servers: servers_of(&message.authorities, &message.additionals, &apex, &zone.apex),
        ds: ds.cloned().collect(),
        parent: Some(Arc::clone(zone)),
        apex,
    }))
}

/// The servers of a zone out of its NS records, with those addresses beside them that are the speaker's to give.
pub(crate) fn servers_of(
    records: &[Record],
    beside: &[Record],
    apex: &Name,
    speaker: &Name,
) -> Vec<Server> {
    let names = records.iter().filter(|record| record.name == *apex).filter_map(|record| {
        match &record.data {
            RData::NS(name) => Some(name.0.to_lowercase()),
            _ => None,
        }
    });
    let mut servers: Vec<Server> = names
        .map(|name| {
            let glue =
                if speaker.zone_of(&name) { addresses_of(beside, &name) } else { Vec::new() };
            Server { name, glue }
        })
        .collect();
    servers.sort_by(|a, b| a.name.cmp(&b.name));
    servers.dedup_by(|a, b| a.name == b.name);
    servers
}

fn addresses_of(records: &[Record], name: &Name) -> Vec<IpAddr> {
    let own = records.iter().filter(|record| record.name == *name);
    let mut found: Vec<IpAddr> = own.filter_map(|record| record.data.ip_addr()).collect();
    found.sort_by_key(IpAddr::is_ipv6);
    found
}

/// A DS record, or a signature over them.
pub(crate) fn is_ds(record: &Record) -> bool {
    use hickory_proto::dnssec::rdata::DNSSECRData;
    match &record.data {
        RData::DNSSEC(DNSSECRData::DS(_)) => true,
        RData::DNSSEC(DNSSECRData::RRSIG(signature)) => {
            signature.input().type_covered == RecordType::DS
        }
        _ => false,
    }
}
