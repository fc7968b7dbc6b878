//! One server's edition of one zone, and how it answers (RFC 1034 §4.3.2).

use std::collections::BTreeMap;

use hickory_proto::rr::{Name, RData, Record, RecordType, rdata::NS, rdata::SOA};

use crate::sign::{Signer, Signing};

pub(crate) const TTL: u32 = 300;
/// Of the SOA record, and of negative answers.
pub(crate) const MINIMUM: u32 = 600;

#[derive(Debug, Clone)]
pub(crate) struct Zone {
    pub(crate) apex: Name,
    pub(crate) serial: u32,
    pub(crate) records: BTreeMap<(Name, RecordType), Vec<Record>>,
    pub(crate) signer: Option<Signer>,
}

/// The parts of an answer.
#[derive(Debug, Default)]
pub(crate) struct Sections {
    pub(crate) answers: Vec<Record>,
    pub(crate) authorities: Vec<Record>,
    pub(crate) additionals: Vec<Record>,
    pub(crate) authoritative: bool,
    pub(crate) no_name: bool,
}

impl Zone {
    pub(crate) fn new(apex: Name) -> Self {
        Self { apex, serial: 1, records: BTreeMap::new(), signer: None }
    }

    pub(crate) fn add(&mut self, name: Name, data: RData) {
        let record = Record::from_rdata(name.clone(), TTL, data);
        self.records.entry((name, record.record_type())).or_default().push(record);
    }

    pub(crate) fn answer(&self, name: &Name, kind: RecordType) -> Sections {
        if let Some(cut) = self.cut_above(name, kind) {
            return self.referral(&cut);
        }
        let (owner, expanded) = self.owner(name);
        let mut found = Sections { authoritative: true, ..Sections::default() };
        for wanted in [kind, RecordType::CNAME] {
            let set = owner.as_ref().map(|owner| self.set(owner, wanted)).unwrap_or_default();
            if !set.is_empty() {
                found.answers = self.signed(set, name, expanded.as_ref());
                return found;
            }
        }
        found.no_name = owner.is_none() && !self.is_above_something(name);
        found.authorities = self.signed(vec![self.soa()], &self.apex, None);
        if self.signer.as_ref().is_some_and(Signer::denies) {
            let denial = Signer::denial(name);
            found.authorities.extend(self.signed(vec![denial], name, None));
        }
        found
    }

    /// Records of a name, without signatures.
    fn set(&self, name: &Name, kind: RecordType) -> Vec<Record> {
        match kind {
            RecordType::SOA if *name == self.apex => vec![self.soa()],
            RecordType::DNSKEY if *name == self.apex => {
                self.signer.iter().map(|signer| signer.key_record(&self.apex)).collect()
            }
            _ => self.records.get(&(name.clone(), kind)).cloned().unwrap_or_default(),
        }
    }

    fn soa(&self) -> Record {
        let names = [b"ns".as_slice(), b"admin"].map(|label| {
            Name::from_labels([label]).and_then(|name| name.append_domain(&self.apex))
        });
        let [ns, admin] = names.map(|name| name.unwrap_or_else(|_| self.apex.clone()));
        let soa = SOA::new(ns, admin, self.serial, 7_200, 900, 1_209_600, MINIMUM);
        Record::from_rdata(self.apex.clone(), MINIMUM, RData::SOA(soa))
    }

    /// The delegation that the name is at or below. What the parent knows about its child is asked of the parent.
    fn cut_above(&self, name: &Name, kind: RecordType) -> Option<Name> {
        let mut at = name.clone();
        let mut cut = None;
        while at != self.apex && self.apex.zone_of(&at) {
            let own = at == *name && kind == RecordType::DS;
            if !own && self.records.contains_key(&(at.clone(), RecordType::NS)) {
                cut = Some(at.clone());
            }
            at = at.base_name();
        }
        cut
    }

    fn referral(&self, cut: &Name) -> Sections {
        let ns = self.set(cut, RecordType::NS);
        let servers = ns.iter().filter_map(|record| match &record.data {
            RData::NS(NS(server)) => Some(server.clone()),
            _ => None,
        });
        let glue = servers.flat_map(|server| self.set(&server, RecordType::A)).collect();
        let ds = self.set(cut, RecordType::DS);
        let mut authorities = ns;
        if !ds.is_empty() {
            authorities.extend(self.signed(ds, cut, None));
        }
        Sections { authorities, additionals: glue, ..Sections::default() }
    }

    /// Whose records answer for a name: its own, or a wildcard's, which is then given as well.
    fn owner(&self, name: &Name) -> (Option<Name>, Option<Name>) {
        if self.exists(name) {
            return (Some(name.clone()), None);
        }
        if self.is_above_something(name) {
            return (None, None);
        }
        let mut encloser = name.base_name();
        while encloser != self.apex
            && !self.exists(&encloser)
            && !self.is_above_something(&encloser)
        {
            encloser = encloser.base_name();
        }
        let wildcard = encloser.prepend_label("*").ok().filter(|wildcard| self.exists(wildcard));
        (wildcard.clone(), wildcard.map(|_| encloser))
    }

    fn exists(&self, name: &Name) -> bool {
        *name == self.apex || self.records.keys().any(|(own, _)| own == name)
    }

    fn is_above_something(&self, name: &Name) -> bool {
        self.records.keys().any(|(own, _)| own != name && name.zone_of(own))
    }

    /// The records as records of `name`, with their signature. `encloser`: where the wildcard stands that made them.
    fn signed(&self, records: Vec<Record>, name: &Name, encloser: Option<&Name>) -> Vec<Record> {
        let mut records: Vec<Record> = records
            .into_iter()
            .map(|mut record| {
                record.name = name.clone();
                record
            })
            .collect();
        if let Some(signer) = &self.signer {
            let labels = encloser.unwrap_or(name).num_labels();
            records.extend(signer.signature(&records, &self.apex, labels));
        }
        records
    }

    pub(crate) fn signing(&self) -> Option<Signing> {
        self.signer.as_ref().map(Signer::signing)
    }
}
