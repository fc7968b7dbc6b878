//! One check: every question that is asked about a host.

use std::sync::Arc;

use futures_util::future::{join, join_all, join3};
use hickory_proto::{
    op::{Message, ResponseCode},
    rr::{Name, RData, Record, RecordType},
};
use wax_kernel::Hostname;

use crate::{
    Answer, CaaRecord, CaaSeen, Chain, Dns, DnsName, Dnssec, Evidence, Fault, ServerSeen,
    TenantHost, ZoneSeen,
    ask::{Asker, authoritative},
    dnssec::{self, Heard},
    name::random_label,
    walk::{Lost, MOST_STEPS, Server, Step, Walk, Zone, servers_of},
};

/// One check of one host, with everything it needs at hand.
pub(crate) struct Check<'a> {
    pub(crate) walk: Walk<'a>,
    host: &'a TenantHost,
    /// The host, or a name that nobody has below the wildcard's base.
    name: Name,
    /// The zone of our own labels: what leads there has arrived.
    edge_zone: DnsName,
    registrable: Name,
}

/// The host's zone and the servers that are asked one by one.
struct Found {
    zone: Arc<Zone>,
    /// With their addresses, as far as they have any.
    servers: Vec<Server>,
    seen: ZoneSeen,
}

impl Dns {
    /// Asks every server of the host's zone, and whatever else tells about it, within the limits. `edge_zone` is where
    /// our own labels are.
    pub async fn evidence(&self, host: &TenantHost, edge_zone: &Hostname) -> Evidence {
        let asked_at = self.clock.now();
        let asker = Asker::new(self);
        let (check, name) = Check::new(&asker, host, edge_zone);
        let mut evidence = check.run(name).await;
        evidence.asked_at = asked_at;
        evidence.queries = asker.spent();
        evidence
    }
}

impl<'a> Check<'a> {
    /// With the name that is asked about.
    pub(crate) fn new(
        asker: &'a Asker<'a>,
        host: &'a TenantHost,
        edge_zone: &Hostname,
    ) -> (Self, DnsName) {
        let base = DnsName::from(host.base());
        let label = || random_label(&*asker.dns.rng);
        let name = if host.is_wildcard() { base.child(&label()) } else { None };
        let name = name.unwrap_or(base);
        let check = Self {
            walk: Walk::new(asker),
            host,
            name: name.wire().clone(),
            edge_zone: edge_zone.into(),
            registrable: DnsName::from(host.registrable()).wire().clone(),
        };
        (check, name)
    }

    /// The top of the host's zone.
    pub(crate) async fn zone(&self) -> Result<DnsName, Fault> {
        let found = self.find_zone().await.map_err(|lost| lost.fault)?;
        Ok(found.seen.apex)
    }
}

impl Check<'_> {
    async fn run(&self, host: DnsName) -> Evidence {
        let mut evidence = Evidence {
            host,
            asked_at: wax_kernel::Timestamp::from_ms(0),
            zone: None,
            lost: None,
            servers: Vec::new(),
            hold: Vec::new(),
            chain: None,
            caa: CaaSeen { at: None, records: Vec::new(), failed: None },
            dnssec: Dnssec::Unknown { fault: Fault::Budget },
            queries: 0,
        };
        let found = match self.find_zone().await {
            Ok(found) => found,
            Err(lost) => {
                evidence.lost = Some((DnsName::of(&lost.zone), lost.fault));
                return evidence;
            }
        };
        // What decides about ownership first: the rest may find the budget spent.
        let servers = found.servers.iter().map(|server| self.ask_server(&found.zone, server));
        let (asked, hold) = join(join_all(servers), self.hold(&found)).await;
        let (servers, heard): (Vec<ServerSeen>, Vec<Heard>) = asked.into_iter().unzip();
        let alias = servers.iter().find_map(|server| server.alias.alias().cloned());
        let (caa, chain, dnssec) =
            join3(self.caa(), self.chain(alias), dnssec::examine(&self.walk, &found.zone, &heard))
                .await;
        evidence.zone = Some(found.seen);
        (evidence.servers, evidence.hold) = (servers, hold);
        (evidence.caa, evidence.chain, evidence.dnssec) = (caa, chain, dnssec);
        evidence
    }

    async fn find_zone(&self) -> Result<Found, Lost> {
        let (mut zone, message) = self.walk.resolve(&self.name, RecordType::SOA).await?;
        let mut apex = soa_owner(&message, &self.name);
        if apex.is_none() && self.name.num_labels() > 1 {
            // An alias hides its zone; the name above it is in the same one, or is its top.
            let above = self.walk.resolve(&self.name.base_name(), RecordType::SOA).await;
            apex = above.ok().and_then(|(_, message)| soa_owner(&message, &self.name));
        }
        let apex = apex.unwrap_or_else(|| zone.apex.clone());
        let is_above = apex != self.registrable && apex.zone_of(&self.registrable);
        if is_above && message.metadata.response_code == ResponseCode::NXDomain {
            let fault = self.registry_says(&zone).await.err().unwrap_or(Fault::NoSuchName);
            return Err(Lost { zone: apex, fault });
        }
        if apex != zone.apex && zone.apex.zone_of(&apex) {
            zone = self.hidden_zone(&zone, apex).await?;
        }
        Ok(self.with_own_servers(zone).await)
    }

    /// Whether every server of the registry says that the name is not registered: one alone is not believed.
    async fn registry_says(&self, registry: &Zone) -> Result<(), Fault> {
        let most = self.walk.asker.dns.limits.servers;
        let asked = registry.servers.iter().take(most).map(async |server| {
            let address = self.walk.addresses(server, 0).await;
            let address = *address.first().ok_or(Fault::NoAddress)?;
            let asked = self.walk.asker.ask(address, &self.registrable, RecordType::SOA, true);
            let message = asked.await.and_then(authoritative)?;
            let is_gone = message.metadata.response_code == ResponseCode::NXDomain;
            if is_gone { Ok(()) } else { Err(Fault::Mismatch) }
        });
        join_all(asked).await.into_iter().collect()
    }

    /// A zone that some of its parent's servers have too: those never refer from one to the other, the others do.
    async fn hidden_zone(&self, parent: &Arc<Zone>, apex: Name) -> Result<Arc<Zone>, Lost> {
        let mut parent = Arc::clone(parent);
        for _ in 0..MOST_STEPS {
            let lost = |fault| Lost { zone: apex.clone(), fault };
            match self.walk.ask_below(&parent, &apex).await.map_err(lost)? {
                Step::On(zone) if zone.apex == apex => return Ok(self.walk.remember(zone)),
                Step::On(between) => parent = self.walk.remember(between),
                Step::Arrived(ns) => return Ok(self.beside_parent(parent, apex, &ns).await),
            }
        }
        Err(Lost { zone: apex, fault: Fault::Endless })
    }

    /// A zone of which a server of its parent's gave its own word.
    async fn beside_parent(&self, parent: Arc<Zone>, apex: Name, ns: &Message) -> Arc<Zone> {
        let ds = self.walk.ask_of(&parent, &apex, RecordType::DS).await;
        let ds = ds.map(|message| message.answers).unwrap_or_default();
        let servers = servers_of(&ns.answers, &ns.additionals, &apex, &apex);
        self.walk.remember(Zone { apex, servers, ds, parent: Some(parent) })
    }

    /// Resolvers also ask the servers that the zone itself lists.
    async fn with_own_servers(&self, zone: Arc<Zone>) -> Found {
        let mut servers = zone.servers.clone();
        let mut differing = Vec::new();
        if let Ok(message) = self.walk.ask_of(&zone, &zone.apex, RecordType::NS).await {
            let own = servers_of(&message.answers, &message.additionals, &zone.apex, &zone.apex);
            let lacks = |list: &[Server], one: &Server| list.iter().all(|s| s.name != one.name);
            if !own.is_empty() {
                let gone = zone.servers.iter().filter(|server| lacks(&own, server));
                differing.extend(gone.map(|server| DnsName::of(&server.name)));
                let added: Vec<Server> =
                    own.iter().filter(|server| lacks(&servers, server)).cloned().collect();
                differing.extend(added.iter().map(|server| DnsName::of(&server.name)));
                servers.extend(added);
            }
        }
        let most = self.walk.asker.dns.limits.servers;
        let unasked = servers.len().saturating_sub(most);
        servers.truncate(most);
        let addresses = servers.iter().map(|server| self.walk.addresses(server, 0));
        let addresses = join_all(addresses).await;
        for (server, addresses) in servers.iter_mut().zip(addresses) {
            server.glue = addresses;
        }
        let seen = ZoneSeen {
            apex: DnsName::of(&zone.apex),
            differing_servers: differing,
            unasked_servers: u32::try_from(unasked).unwrap_or(u32::MAX),
        };
        Found { zone, servers, seen }
    }

    async fn ask_server(&self, zone: &Zone, server: &Server) -> (ServerSeen, Heard) {
        let nothing = |address, fault| {
            let seen = ServerSeen::failed(DnsName::of(&server.name), address, fault);
            (seen, (server.name.clone(), Vec::new()))
        };
        let (mut last, mut fault) = (None, Fault::NoAddress);
        for address in server.glue.iter().copied() {
            let asked = self.walk.asker.ask(address, &zone.apex, RecordType::SOA, true).await;
            match asked.and_then(authoritative) {
                Ok(message) => return self.ask_all(server, address, serial(&message)).await,
                Err(why) => (last, fault) = (Some(address), why),
            }
            if fault != Fault::Unreachable {
                break;
            }
        }
        nothing(last, fault)
    }

    async fn ask_all(
        &self,
        server: &Server,
        address: std::net::IpAddr,
        serial: Option<u32>,
    ) -> (ServerSeen, Heard) {
        let mut heard = Vec::new();
        let ask = async |name: &Name, kind| {
            self.walk.asker.ask(address, name, kind, true).await.and_then(authoritative)
        };
        let challenge = self.host.challenge_name();
        let (alias, texts) = join(ask(&self.name, RecordType::CNAME), async {
            match &challenge {
                Some(name) => Some(ask(name.wire(), RecordType::TXT).await),
                None => None,
            }
        })
        .await;
        let alias = keep(&mut heard, alias, &self.name, RecordType::CNAME, |_| None);
        let challenge_texts = match (texts, &challenge) {
            (Some(texts), Some(name)) => {
                keep(&mut heard, texts, name.wire(), RecordType::TXT, text_of)
            }
            _ => Answer::NotAsked,
        };
        let (mut v4, mut v6) = (Answer::NotAsked, Answer::NotAsked);
        if alias.alias().is_none() && alias.is_answer() {
            let asked =
                join(ask(&self.name, RecordType::A), ask(&self.name, RecordType::AAAA)).await;
            v4 = keep(&mut heard, asked.0, &self.name, RecordType::A, RData::ip_addr);
            v6 = keep(&mut heard, asked.1, &self.name, RecordType::AAAA, RData::ip_addr);
        }
        let sibling = match self.sibling_of(&challenge_texts) {
            Some(name) => {
                let asked = ask(name.wire(), RecordType::TXT).await;
                keep(&mut Vec::new(), asked, name.wire(), RecordType::TXT, text_of)
            }
            None => Answer::NotAsked,
        };
        let seen = ServerSeen {
            name: DnsName::of(&server.name),
            address: Some(address),
            fault: None,
            serial,
            alias,
            v4,
            v6,
            challenge: challenge_texts,
            sibling,
        };
        (seen, (server.name.clone(), heard))
    }

    /// If there is something at the challenge's name: a name beside it, which says the same if a wildcard spoke.
    fn sibling_of(&self, challenge: &Answer<String>) -> Option<DnsName> {
        let speaks = matches!(challenge, Answer::Records { .. } | Answer::Alias { .. });
        let label = format!("_{}", random_label(&*self.walk.asker.dns.rng));
        DnsName::from(self.host.base()).child(&label).filter(|_| speaks)
    }

    /// The owner lock, from every server that has it.
    async fn hold(&self, found: &Found) -> Vec<Answer<String>> {
        let Some(name) = self.host.hold_name() else { return Vec::new() };
        let zone = found.zone.path().into_iter().rev().find(|zone| zone.apex.zone_of(name.wire()));
        let Some(zone) = zone else { return Vec::new() };
        let servers = if zone.apex == found.zone.apex { &found.servers } else { &zone.servers };
        let ask = async |server: &Server| {
            let asked = match self.walk.addresses(server, 0).await.first() {
                Some(address) => {
                    self.walk.asker.ask(*address, name.wire(), RecordType::TXT, false).await
                }
                None => Err(Fault::NoAddress),
            };
            let asked = asked.and_then(authoritative);
            keep(&mut Vec::new(), asked, name.wire(), RecordType::TXT, text_of)
        };
        join_all(servers.iter().map(ask)).await
    }

    /// Up from the host to the first name that has records (RFC 8659 §3). All are asked at once; most have none.
    async fn caa(&self) -> CaaSeen {
        let names: Vec<DnsName> = DnsName::from(self.host.base()).and_ancestors().collect();
        let answers = join_all(names.iter().map(|name| self.caa_at(name))).await;
        let nothing = CaaSeen { at: None, records: Vec::new(), failed: None };
        for (name, answer) in names.into_iter().zip(answers) {
            match answer {
                Err(fault) => return CaaSeen { failed: Some((name, fault)), ..nothing },
                Ok(records) if !records.is_empty() => {
                    return CaaSeen { at: Some(name), records, ..nothing };
                }
                Ok(_) => {}
            }
        }
        nothing
    }

    /// The records at one name, by way of its aliases.
    async fn caa_at(&self, name: &DnsName) -> Result<Vec<CaaRecord>, Fault> {
        let mut at = name.clone();
        for _ in 0..MOST_STEPS {
            if at.is_within(&self.edge_zone) {
                return Ok(Vec::new());
            }
            let (_, message) =
                self.walk.resolve(at.wire(), RecordType::CAA).await.map_err(|lost| lost.fault)?;
            match Answer::read(&message, at.wire(), RecordType::CAA, caa_of) {
                Answer::Alias { target, .. } => at = target,
                Answer::Records { records, .. } => return Ok(records),
                _ => return Ok(Vec::new()),
            }
        }
        Err(Fault::Endless)
    }

    async fn chain(&self, alias: Option<DnsName>) -> Option<Chain> {
        let mut at = alias?;
        let mut chain =
            Chain { hops: Vec::new(), addresses: Vec::new(), fault: None, dangling: false };
        loop {
            let seen_before = chain.hops.contains(&at) || *at.wire() == self.name;
            if seen_before || chain.hops.len() == MOST_STEPS {
                chain.fault = Some(Fault::Endless);
                return Some(chain);
            }
            chain.hops.push(at.clone());
            if at.is_within(&self.edge_zone) {
                return Some(chain);
            }
            let (v4, v6) = join(
                self.walk.resolve(at.wire(), RecordType::A),
                self.walk.resolve(at.wire(), RecordType::AAAA),
            )
            .await;
            let (v4, v6) = match (v4, v6) {
                (Ok(v4), Ok(v6)) => (v4.1, v6.1),
                (Err(lost), _) | (_, Err(lost)) => {
                    chain.fault = Some(lost.fault);
                    return Some(chain);
                }
            };
            let v4 = Answer::read(&v4, at.wire(), RecordType::A, RData::ip_addr);
            let v6 = Answer::read(&v6, at.wire(), RecordType::AAAA, RData::ip_addr);
            if let Some(next) = v4.alias().or(v6.alias()) {
                at = next.clone();
                continue;
            }
            chain.dangling = matches!(v4, Answer::NoName { .. });
            chain.addresses = [v4.records(), v6.records()].concat();
            return Some(chain);
        }
    }
}

/// Reads an answer, and keeps the message for its signatures.
fn keep<T>(
    heard: &mut Vec<Message>,
    asked: Result<Message, Fault>,
    name: &Name,
    kind: RecordType,
    pick: impl Fn(&RData) -> Option<T>,
) -> Answer<T> {
    match asked {
        Ok(message) => {
            let answer = Answer::read(&message, name, kind, pick);
            heard.push(message);
            answer
        }
        Err(fault) => Answer::Failed { fault },
    }
}

/// The top of the zone that answered, if it is one of the name's.
fn soa_owner(message: &Message, name: &Name) -> Option<Name> {
    let records = message.answers.iter().chain(&message.authorities);
    let mut soa = records.filter(|record| record.record_type() == RecordType::SOA);
    soa.find(|record| record.name.zone_of(name)).map(|record| record.name.to_lowercase())
}

fn serial(message: &Message) -> Option<u32> {
    message.answers.iter().find_map(|record: &Record| match &record.data {
        RData::SOA(soa) => Some(soa.serial),
        _ => None,
    })
}

/// The most of one TXT record that is kept. Ours are a tenth of that.
const LONGEST_TEXT: usize = 512;

pub(crate) fn text_of(data: &RData) -> Option<String> {
    let RData::TXT(text) = data else { return None };
    let bytes: Vec<u8> =
        text.txt_data.iter().flat_map(|part| part.iter().copied()).take(LONGEST_TEXT).collect();
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn caa_of(data: &RData) -> Option<CaaRecord> {
    let RData::CAA(caa) = data else { return None };
    let value = &caa.value[..caa.value.len().min(LONGEST_TEXT)];
    Some(CaaRecord {
        critical: caa.issuer_critical,
        tag: caa.tag.to_ascii_lowercase(),
        value: String::from_utf8_lossy(value).into_owned(),
    })
}
