//! Whether a zone's signatures hold, from the root's keys down (RFC 4035 §5).
//!
//! Made to explain, not to protect: a certificate authority validates and refuses what is bogus, and the person who
//! reads its refusal has to learn which zone is broken and how. So signatures and the chain of keys are verified, and
//! an empty answer must come with a signed denial; which names that denial covers is not worked out.

use std::{fmt, sync::Arc};

use futures_util::future::join_all;
use hickory_proto::{
    dnssec::{
        Algorithm, PublicKey as _, PublicKeyBuf, TrustAnchors, Verifier as _,
        rdata::{DNSKEY, DNSSECRData, DS, RRSIG},
    },
    op::Message,
    rr::{DNSClass, Name, RData, Record, RecordType, SerialNumber},
};
use serde::{Deserialize, Serialize};

use crate::{
    DnsName, Fault,
    walk::{Walk, Zone},
};

/// The root's keys that are believed without proof.
#[derive(Clone)]
pub struct Anchors(TrustAnchors);

impl Anchors {
    /// IANA's for the Internet: those of 2017 and 2024.
    pub fn iana() -> Self {
        Self(TrustAnchors::default())
    }

    /// One key: its algorithm's number and its bytes, as in a DNSKEY record (RFC 4034 §2.1).
    pub fn of(algorithm: u8, key: Vec<u8>) -> Self {
        let mut anchors = TrustAnchors::empty();
        anchors.insert(&PublicKeyBuf::new(key, Algorithm::from_u8(algorithm)));
        Self(anchors)
    }
}

impl fmt::Debug for Anchors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Anchors({})", self.0.len())
    }
}

/// What is wrong with a signature, a key or a denial.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Flaw {
    /// The parent's DS record names a key that the zone does not have.
    NoMatchingKey,
    /// A signed zone left something unsigned.
    MissingSignature,
    /// A signature that does not verify.
    WrongSignature,
    /// A signature whose time is over.
    Expired,
    /// A signature whose time has not come: a clock is wrong.
    NotYetValid,
    /// "There is no such thing", without a signed proof.
    MissingDenial,
}

/// Whether a validating resolver, and so every certificate authority, believes the zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Dnssec {
    /// Everything that was heard is signed, from the root down.
    Secure,
    /// Not signed, which is allowed.
    Unsigned {
        /// The first zone from the root down that is not, or not in a way that can be verified here.
        zone: DnsName,
    },
    /// Signed, and wrongly so: validating resolvers answer SERVFAIL.
    Bogus {
        /// Where.
        zone: DnsName,
        /// How.
        flaw: Flaw,
        /// Which of its servers said so, if not all do.
        server: Option<DnsName>,
    },
    /// Something on the way did not answer.
    Unknown {
        /// What was not heard.
        fault: Fault,
    },
}

/// What one server said about the host, in messages as they came.
pub(crate) type Heard = (Name, Vec<Message>);

/// Follows the chain of keys to the zone, and holds what its servers said against it.
pub(crate) async fn examine(walk: &Walk<'_>, zone: &Arc<Zone>, heard: &[Heard]) -> Dnssec {
    let path = zone.path();
    if let Some(unsigned) = path[1..].iter().find(|zone| !is_signed(zone)) {
        return Dnssec::Unsigned { zone: DnsName::of(&unsigned.apex) };
    }
    let asked = path.iter().map(|zone| walk.ask_of(zone, &zone.apex, RecordType::DNSKEY));
    let replies: Result<Vec<Message>, Fault> = join_all(asked).await.into_iter().collect();
    let now = moment(walk);
    let anchors = &walk.asker.dns.roots.anchors;
    match replies {
        Err(fault) => Dnssec::Unknown { fault },
        Ok(replies) => chain(&path, &replies, anchors, now)
            .and_then(|keys| all_signed(heard, &keys, &zone.apex, now))
            .map_or_else(|broken| *broken, |()| Dnssec::Secure),
    }
}

fn moment(walk: &Walk<'_>) -> SerialNumber {
    // Serial arithmetic (RFC 4034 §3.1.5): the low 32 bits are the time.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "wraps by design")]
    SerialNumber::new(walk.asker.dns.clock.now().as_secs() as u32)
}

/// Signed with an algorithm that can be verified here. Others count as unsigned (RFC 4035 §5.2).
fn is_signed(zone: &Zone) -> bool {
    zone.ds.iter().filter_map(ds_of).any(|ds| ds.algorithm().is_supported())
}

/// The keys of the last zone of the path, each zone's vouched for by its parent.
fn chain(
    path: &[Arc<Zone>],
    replies: &[Message],
    anchors: &Anchors,
    now: SerialNumber,
) -> Result<Vec<DNSKEY>, Box<Dnssec>> {
    let mut above: Vec<DNSKEY> = Vec::new();
    for (zone, reply) in path.iter().zip(replies) {
        let bogus = |apex: &Name, flaw| bogus(apex, flaw, None);
        if let Some(parent) = &zone.parent {
            verify(&zone.ds, &zone.apex, RecordType::DS, &above, &parent.apex, now)
                .map_err(|flaw| bogus(&parent.apex, flaw))?;
        }
        let keys: Vec<DNSKEY> = reply.answers.iter().filter_map(key_of).cloned().collect();
        let vouched: Vec<DNSKEY> =
            keys.iter().filter(|key| is_vouched(key, zone, anchors)).cloned().collect();
        if vouched.is_empty() {
            return Err(bogus(&zone.apex, Flaw::NoMatchingKey));
        }
        verify(&reply.answers, &zone.apex, RecordType::DNSKEY, &vouched, &zone.apex, now)
            .map_err(|flaw| bogus(&zone.apex, flaw))?;
        above = keys;
    }
    Ok(above)
}

fn bogus(zone: &Name, flaw: Flaw, server: Option<&Name>) -> Box<Dnssec> {
    Box::new(Dnssec::Bogus { zone: DnsName::of(zone), flaw, server: server.map(DnsName::of) })
}

fn is_vouched(key: &DNSKEY, zone: &Zone, anchors: &Anchors) -> bool {
    if zone.parent.is_none() {
        return anchors.0.contains(key.public_key());
    }
    let mut records = zone.ds.iter().filter_map(ds_of);
    records.any(|ds| ds.covers(&zone.apex, key).unwrap_or(false))
}

/// A flaw of every server is the zone's; a flaw of some is theirs.
fn all_signed(
    heard: &[Heard],
    keys: &[DNSKEY],
    apex: &Name,
    now: SerialNumber,
) -> Result<(), Box<Dnssec>> {
    let heard: Vec<&Heard> = heard.iter().filter(|(_, messages)| !messages.is_empty()).collect();
    let flawed: Vec<(&Name, Flaw)> = heard
        .iter()
        .filter_map(|(server, messages)| {
            let mut flaws = messages.iter().filter_map(|m| answer_signed(m, keys, apex, now).err());
            flaws.next().map(|flaw| (server, flaw))
        })
        .collect();
    match flawed.first() {
        None => Ok(()),
        Some((_, flaw)) if flawed.len() == heard.len() => Err(bogus(apex, *flaw, None)),
        Some((server, flaw)) => Err(bogus(apex, *flaw, Some(server))),
    }
}

/// The records at the name that was asked about; if there are none, the denial.
fn answer_signed(
    message: &Message,
    keys: &[DNSKEY],
    apex: &Name,
    now: SerialNumber,
) -> Result<(), Flaw> {
    let Some(name) = message.queries.first().map(|query| &query.name) else { return Ok(()) };
    let kinds = kinds_at(&message.answers, name);
    for kind in &kinds {
        verify(&message.answers, name, *kind, keys, apex, now)?;
    }
    if !kinds.is_empty() {
        return Ok(());
    }
    let mut denials = message
        .authorities
        .iter()
        .filter(|record| matches!(record.record_type(), RecordType::NSEC | RecordType::NSEC3));
    let first = denials.next().ok_or(Flaw::MissingDenial)?;
    for denial in std::iter::once(first).chain(denials) {
        verify(&message.authorities, &denial.name, denial.record_type(), keys, apex, now)?;
    }
    verify(&message.authorities, apex, RecordType::SOA, keys, apex, now)
}

fn kinds_at(records: &[Record], name: &Name) -> Vec<RecordType> {
    let own = records.iter().filter(|record| record.name == *name);
    let mut kinds: Vec<RecordType> =
        own.map(Record::record_type).filter(|kind| *kind != RecordType::RRSIG).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

/// Whether one of the keys signed all records of a name and type, at a time that includes `now`.
fn verify(
    records: &[Record],
    name: &Name,
    kind: RecordType,
    keys: &[DNSKEY],
    signer: &Name,
    now: SerialNumber,
) -> Result<(), Flaw> {
    let set = || records.iter().filter(|r| r.name == *name && r.record_type() == kind);
    let signatures = records
        .iter()
        .filter(|record| record.name == *name)
        .filter_map(signature_of)
        .filter(|signature| signature.input().type_covered == kind)
        .filter(|signature| signature.input().signer_name == *signer);
    let mut flaw = Flaw::MissingSignature;
    for signature in signatures {
        match in_time(signature, now) {
            Err(wrong_time) => flaw = wrong_time,
            Ok(())
                if made_by_any(keys, signature, |key| {
                    key.verify_rrsig(name, DNSClass::IN, signature, set()).is_ok()
                }) =>
            {
                return Ok(());
            }
            Ok(()) => flaw = Flaw::WrongSignature,
        }
    }
    Err(flaw)
}

fn in_time(signature: &RRSIG, now: SerialNumber) -> Result<(), Flaw> {
    let input = signature.input();
    if now < input.sig_inception {
        Err(Flaw::NotYetValid)
    } else if now > input.sig_expiration {
        Err(Flaw::Expired)
    } else {
        Ok(())
    }
}

fn made_by_any(keys: &[DNSKEY], signature: &RRSIG, verifies: impl Fn(&DNSKEY) -> bool) -> bool {
    let input = signature.input();
    keys.iter()
        .filter(|key| key.zone_key() && !key.revoke())
        .filter(|key| key.public_key().algorithm() == input.algorithm)
        .filter(|key| key.calculate_key_tag().is_ok_and(|tag| tag == input.key_tag))
        // Colliding tags are rare, and a zone full of them is an attack (CVE-2023-50387).
        .take(4)
        .any(verifies)
}

fn ds_of(record: &Record) -> Option<&DS> {
    match &record.data {
        RData::DNSSEC(DNSSECRData::DS(ds)) => Some(ds),
        _ => None,
    }
}

fn key_of(record: &Record) -> Option<&DNSKEY> {
    match &record.data {
        RData::DNSSEC(DNSSECRData::DNSKEY(key)) => Some(key),
        _ => None,
    }
}

fn signature_of(record: &Record) -> Option<&RRSIG> {
    match &record.data {
        RData::DNSSEC(DNSSECRData::RRSIG(signature)) => Some(signature),
        _ => None,
    }
}
