//! The tree: servers, their zones, and what was asked.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

use hickory_proto::{
    op::{Edns, Message, MessageType, OpCode, ResponseCode},
    rr::{
        Name, RData, Record, RecordType,
        rdata::{A, CNAME, NS, TXT},
    },
};

use crate::{
    fault::{Asked, Fault, Reply, Scope, Transport},
    sign::{Signer, Signing},
    zone::{Sections, TTL, Zone},
};

/// A tree of name servers. Clones are the same tree.
#[derive(Debug, Clone)]
pub struct Tree(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    servers: BTreeMap<Name, Server>,
    asked: Vec<Asked>,
}

#[derive(Debug)]
struct Server {
    address: IpAddr,
    zones: BTreeMap<Name, Zone>,
    faults: Vec<Scope>,
}

/// What fits into a datagram that asks for no more (RFC 6891 §6.2.5).
const SMALLEST_LIMIT: u16 = 512;
const ROOT_SERVER: &str = "a.root-servers";

impl Default for Tree {
    fn default() -> Self {
        Self::new()
    }
}

fn name(text: &str) -> Name {
    let mut name = Name::from_ascii(text).expect("a name").to_lowercase();
    name.set_fqdn(true);
    name
}

/// A loopback address that no other tree of this process has, nor, most likely, of another.
fn fresh_address() -> IpAddr {
    static NEXT: AtomicU8 = AtomicU8::new(1);
    let [.., high, low] = std::process::id().to_be_bytes();
    let host = NEXT.fetch_add(1, Ordering::Relaxed).max(1);
    IpAddr::V4(Ipv4Addr::new(127, high, low, host))
}

impl Tree {
    /// A root with one server, and nothing below it.
    pub fn new() -> Self {
        let tree = Self(Arc::default());
        tree.zone(".", &[ROOT_SERVER]);
        tree
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a zone with these servers, which are made if there are none of that name, and delegates it from the
    /// nearest zone above. Servers' addresses go into the zone that their names are in, and beside the delegation.
    pub fn zone(&self, apex: &str, servers: &[&str]) {
        let apex = name(apex);
        let servers: Vec<Name> = servers.iter().map(|server| name(server)).collect();
        let mut state = self.state();
        let parent = (!apex.is_root()).then(|| state.zone_above(&apex.base_name()));
        let mut zone = Zone::new(apex.clone());
        for server in &servers {
            zone.add(apex.clone(), RData::NS(NS(server.clone())));
            let made = state.servers.entry(server.clone());
            let address = made.or_insert_with(Server::new).address;
            let home = if apex.zone_of(server) { None } else { Some(state.zone_above(server)) };
            match home {
                None => zone.add(server.clone(), address_of(address)),
                Some(home) => state.each_edition(&home, |zone| zone.add_once(server, address)),
            }
            if let Some(parent) = &parent {
                state.each_edition(parent, |zone| {
                    zone.add(apex.clone(), RData::NS(NS(server.clone())));
                    if zone.apex.zone_of(server) {
                        zone.add_once(server, address);
                    }
                });
            }
        }
        for server in &servers {
            let server = state.servers.get_mut(server).expect("made above");
            server.zones.insert(apex.clone(), zone.clone());
        }
    }

    /// Delegates a zone to a server that is not of this tree, and answers the address at which it has to listen: on the
    /// tree's port.
    pub fn delegate(&self, apex: &str, server: &str) -> IpAddr {
        let address = fresh_address();
        self.add(&format!("{apex} NS {server}"));
        self.add(&format!("{server} A {address}"));
        address
    }

    /// Adds a record to its zone, on every server: `secrets.example.com TXT some words`.
    ///
    /// # Panics
    /// On a line that is no record, or of no zone: a test is wrong.
    pub fn add(&self, line: &str) {
        let (name, data) = parse(line);
        let mut state = self.state();
        let apex = state.zone_above(&name);
        state.each_edition(&apex, |zone| {
            zone.serial += 1;
            zone.add(name.clone(), data.clone());
        });
    }

    /// Adds a record to what one server has.
    ///
    /// # Panics
    /// As [`Tree::add`].
    pub fn add_at(&self, server: &str, line: &str) {
        let (name, data) = parse(line);
        self.edition(server, &name, |zone| {
            zone.serial += 1;
            zone.add(name.clone(), data);
        });
    }

    /// Removes the records of a name and type, on every server.
    pub fn remove(&self, owner: &str, kind: &str) {
        let key = (name(owner), kind.parse().expect("a type"));
        let mut state = self.state();
        let apex = state.zone_above(&key.0);
        state.each_edition(&apex, |zone| {
            zone.serial += 1;
            zone.records.remove(&key);
        });
    }

    /// Removes the records of a name and type from what one server has.
    pub fn remove_at(&self, server: &str, owner: &str, kind: &str) {
        let key = (name(owner), kind.parse().expect("a type"));
        self.edition(server, &key.0.clone(), |zone| {
            zone.serial += 1;
            zone.records.remove(&key);
        });
    }

    /// Signs a zone, in this way from now on; its parent names its key, unless the zone is the root.
    pub fn sign(&self, apex: &str, signing: Signing) {
        let apex = name(apex);
        let mut state = self.state();
        let before = state.edition_of(&apex).and_then(|zone| zone.signer.clone());
        let known = before.is_some();
        let signer = before.unwrap_or_else(|| Signer::new(Signing::Good));
        if !known && !apex.is_root() {
            let parent = state.zone_above(&apex.base_name());
            let ds = signer.ds(&apex);
            state.each_edition(&parent, |zone| zone.add(apex.clone(), ds.clone()));
        }
        let signer = signer.with(signing);
        state.each_edition(&apex, |zone| zone.signer = Some(signer.clone()));
    }

    /// Signs in this way on one server only.
    pub fn sign_at(&self, server: &str, apex: &str, signing: Signing) {
        let apex = name(apex);
        self.edition(server, &apex, |zone| {
            let signer = zone.signer.as_ref().expect("a signed zone");
            zone.signer = Some(signer.with(signing));
        });
    }

    /// How a zone signs.
    pub fn signing(&self, apex: &str) -> Option<Signing> {
        self.state().edition_of(&name(apex)).and_then(Zone::signing)
    }

    /// The root's key, as its algorithm's number and its bytes; the root is signed if it was not.
    pub fn anchor(&self) -> (u8, Vec<u8>) {
        if self.signing(".").is_none() {
            self.sign(".", Signing::Good);
        }
        let state = self.state();
        let root = state.edition_of(&Name::root()).and_then(|zone| zone.signer.as_ref());
        root.expect("signed above").anchor()
    }

    /// From now on, whatever a server is asked.
    pub fn fault(&self, server: &str, fault: Fault) {
        self.fault_in(server, Scope { name: None, kind: None, fault });
    }

    /// From now on, when a server is asked for this name and type.
    pub fn fault_at(&self, server: &str, owner: &str, kind: &str, fault: Fault) {
        let kind = Some(kind.parse().expect("a type"));
        self.fault_in(server, Scope { name: Some(name(owner)), kind, fault });
    }

    fn fault_in(&self, server: &str, scope: Scope) {
        let mut state = self.state();
        state.servers.get_mut(&name(server)).expect("a server").faults.push(scope);
    }

    /// Ends all faults of a server.
    pub fn mend(&self, server: &str) {
        self.state().servers.get_mut(&name(server)).expect("a server").faults.clear();
    }

    /// The addresses of the root's servers.
    pub fn roots(&self) -> Vec<IpAddr> {
        let state = self.state();
        let serve = |server: &&Server| server.zones.contains_key(&Name::root());
        state.servers.values().filter(serve).map(|server| server.address).collect()
    }

    /// The address of a server.
    pub fn address(&self, server: &str) -> IpAddr {
        self.state().servers[&name(server)].address
    }

    /// The addresses of all servers.
    pub fn addresses(&self) -> Vec<IpAddr> {
        self.state().servers.values().map(|server| server.address).collect()
    }

    /// Everything that was asked since this was last called.
    pub fn take_asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.state().asked)
    }

    /// What the server at this address sends to whoever asks this.
    pub fn answer(&self, server: IpAddr, transport: Transport, query: &[u8]) -> Reply {
        let Ok(query) = Message::from_vec(query) else { return Reply::default() };
        let Some(question) = query.queries.first() else { return Reply::default() };
        let (asked, kind) = (question.name.to_lowercase(), question.query_type);
        let mut state = self.state();
        let Some((own, server)) = state.servers.iter().find(|(_, one)| one.address == server)
        else {
            return Reply::default();
        };
        let seen = Asked {
            server: own.to_string().trim_end_matches('.').to_owned(),
            name: asked.to_string().trim_end_matches('.').to_owned(),
            kind: kind.to_string(),
            transport,
            recursion: query.metadata.recursion_desired,
        };
        let fault = server.faults.iter().rev().find(|scope| scope.holds(&asked, kind));
        let fault = fault.map(|scope| scope.fault);
        let good = server.answer(&query, &asked, kind);
        state.asked.push(seen);
        drop(state);
        spoil(fault, &good, &query, transport)
    }

    fn edition(&self, server: &str, owner: &Name, edit: impl FnOnce(&mut Zone)) {
        let mut state = self.state();
        let apex = state.zone_above(owner);
        let server = state.servers.get_mut(&name(server)).expect("a server");
        edit(server.zones.get_mut(&apex).expect("a zone of that server"));
    }
}

impl State {
    /// The zone that a name is in.
    fn zone_above(&self, name: &Name) -> Name {
        let apexes = self.servers.values().flat_map(|server| server.zones.keys());
        let above = apexes.filter(|apex| apex.zone_of(name));
        above.max_by_key(|apex| apex.num_labels()).cloned().unwrap_or_else(Name::root)
    }

    fn each_edition(&mut self, apex: &Name, mut edit: impl FnMut(&mut Zone)) {
        let zones = self.servers.values_mut().filter_map(|server| server.zones.get_mut(apex));
        zones.for_each(&mut edit);
    }

    fn edition_of(&self, apex: &Name) -> Option<&Zone> {
        self.servers.values().find_map(|server| server.zones.get(apex))
    }
}

impl Zone {
    /// One address for a server, however many zones it serves.
    fn add_once(&mut self, server: &Name, address: IpAddr) {
        if !self.records.contains_key(&(server.clone(), RecordType::A)) {
            self.add(server.clone(), address_of(address));
        }
    }
}

impl Server {
    fn new() -> Self {
        Self { address: fresh_address(), zones: BTreeMap::new(), faults: Vec::new() }
    }

    fn answer(&self, query: &Message, name: &Name, kind: RecordType) -> Message {
        // What a parent knows about its child is the parent's, also if both are here.
        let from =
            if kind == RecordType::DS && !name.is_root() { name.base_name() } else { name.clone() };
        let zones = self.zones.values().filter(|zone| zone.apex.zone_of(&from));
        let mut reply = Message::response(query.metadata.id, OpCode::Query);
        reply.add_queries(query.queries.clone());
        let Some(zone) = zones.max_by_key(|zone| zone.apex.num_labels()) else {
            reply.metadata.response_code = ResponseCode::Refused;
            return reply;
        };
        let Sections { answers, authorities, additionals, authoritative, no_name } =
            zone.answer(name, kind);
        reply.metadata.authoritative = authoritative;
        if no_name {
            reply.metadata.response_code = ResponseCode::NXDomain;
        }
        (reply.answers, reply.authorities, reply.additionals) = (answers, authorities, additionals);
        let signatures = query.edns.as_ref().is_some_and(|edns| edns.flags().dnssec_ok);
        reply.maybe_strip_dnssec_records(signatures)
    }
}

fn address_of(address: IpAddr) -> RData {
    match address {
        IpAddr::V4(address) => RData::A(A(address)),
        IpAddr::V6(address) => RData::AAAA(address.into()),
    }
}

/// `name TYPE data`.
fn parse(line: &str) -> (Name, RData) {
    let mut parts = line.splitn(3, ' ');
    let mut next = || parts.next().expect("name, type and data");
    let (owner, kind, data) = (name(next()), next(), next());
    let data = match kind {
        "CNAME" => RData::CNAME(CNAME(name(data))),
        "NS" => RData::NS(NS(name(data))),
        "TXT" => RData::TXT(TXT::from_bytes(data.as_bytes().chunks(255).collect())),
        _ => RData::try_from_str(kind.parse().expect("a type"), data).expect("data of that type"),
    };
    (owner, data)
}

/// The reply as the fault has it.
fn spoil(fault: Option<Fault>, good: &Message, query: &Message, transport: Transport) -> Reply {
    let is_udp = transport == Transport::Udp;
    let limit = query.edns.as_ref().map_or(SMALLEST_LIMIT, Edns::max_payload);
    let fitting = |message: &Message| {
        let bytes = message.to_vec().expect("a message that can be encoded");
        if is_udp && bytes.len() > limit.into() { cut(message) } else { bytes }
    };
    let with = |change: &dyn Fn(&mut Message)| {
        let mut message = good.clone();
        change(&mut message);
        Reply::now(fitting(&message))
    };
    match fault {
        Some(Fault::Cut | Fault::CutNoTcp | Fault::CutEndlessTcp) if is_udp => {
            Reply::now(cut(good))
        }
        Some(Fault::NoOptions) if query.edns.is_some() => {
            let mut malformed = good.clone();
            malformed.queries.clear();
            Reply::now(empty(&malformed, ResponseCode::FormErr))
        }
        None | Some(Fault::Cut | Fault::NoOptions) => Reply::now(fitting(good)),
        Some(Fault::ServFail) => Reply::now(empty(good, ResponseCode::ServFail)),
        Some(Fault::Refused) => Reply::now(empty(good, ResponseCode::Refused)),
        Some(Fault::NxDomain) => with(&|message| {
            message.answers.clear();
            message.metadata.authoritative = true;
            message.metadata.response_code = ResponseCode::NXDomain;
        }),
        Some(Fault::Slow(after)) => Reply { after, ..Reply::now(fitting(good)) },
        Some(Fault::Garbage) => {
            let mut bytes = empty(good, ResponseCode::NoError);
            // As many answers as can be counted, and none of them there.
            bytes[6..8].fill(0xff);
            bytes.extend([0xc0, 0x0c, 0xff, 0xff]);
            Reply::now(bytes)
        }
        Some(Fault::Stub) => Reply::now(vec![0xde, 0xad, 0xbe]),
        Some(Fault::CutNoTcp) => Reply { close: true, ..Reply::default() },
        Some(Fault::Silent | Fault::CutEndlessTcp) => Reply::default(),
        Some(Fault::WrongId) => with(&|message| message.metadata.id ^= 0x5555),
        Some(Fault::WrongQuestion) => with(&|message| {
            for query in &mut message.queries {
                query.name = Name::from_ascii("another.example.").expect("a name");
            }
        }),
        Some(Fault::LowerCase) => with(&|message| {
            for query in &mut message.queries {
                query.name = query.name.to_lowercase();
            }
        }),
        Some(Fault::Flood) => flood(good),
        Some(Fault::NotAuthoritative) => with(&|message| message.metadata.authoritative = false),
        Some(Fault::ReferUp) => with(&|message| {
            message.metadata.authoritative = false;
            message.answers.clear();
            let up = RData::NS(NS(name(ROOT_SERVER)));
            message.authorities = vec![Record::from_rdata(Name::root(), TTL, up)];
        }),
        Some(Fault::Stuffed) => with(&|message| {
            let Some(first) = message.answers.first().cloned() else { return };
            message.answers.extend(std::iter::repeat_n(first, 1_000));
        }),
    }
}

fn empty(good: &Message, code: ResponseCode) -> Vec<u8> {
    let mut message = Message::new(good.metadata.id, MessageType::Response, OpCode::Query);
    message.metadata.response_code = code;
    message.add_queries(good.queries.clone());
    message.to_vec().expect("a question that came can be encoded")
}

fn cut(good: &Message) -> Vec<u8> {
    let mut bytes = empty(good, ResponseCode::NoError);
    bytes[2] |= 0x02;
    bytes
}

fn flood(good: &Message) -> Reply {
    let bytes = good.to_vec().expect("a message that can be encoded");
    let messages = (1..=1_000_u16).map(|guess| {
        let mut bytes = bytes.clone();
        let id = good.metadata.id.wrapping_add(guess).to_be_bytes();
        bytes[..2].copy_from_slice(&id);
        bytes
    });
    Reply { messages: messages.collect(), after: Duration::ZERO, close: false }
}
