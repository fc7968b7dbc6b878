//! Signatures made while answering, well or wrongly.

use std::{fmt, sync::Arc};

use hickory_proto::{
    dnssec::{
        DigestType, PublicKey as _, SigningKey, TBS,
        crypto::Ed25519SigningKey,
        rdata::{DNSKEY, DNSSECRData, DS, NSEC, RRSIG, SigInput},
    },
    rr::{DNSClass, Name, RData, Record, RecordType, SerialNumber},
};

use crate::zone::{MINIMUM, TTL};

/// How a signed zone signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signing {
    /// Well, from 2020-09 to 2033-05.
    Good,
    /// With another key than the one that the parent names.
    OtherKey,
    /// Keys are signed, and nothing else.
    Missing,
    /// Signatures that do not verify.
    Wrong,
    /// Signatures that ended in 2021-01.
    Expired,
    /// Signatures that begin in 2033-05.
    NotYet,
    /// Empty answers without a denial.
    NoDenial,
}

const START: u32 = 1_600_000_000;
const END: u32 = 2_000_000_000;

#[derive(Clone)]
pub(crate) struct Signer {
    key: Arc<dyn SigningKey>,
    signing: Signing,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({:?})", self.signing)
    }
}

impl Signer {
    pub(crate) fn new(signing: Signing) -> Self {
        let key = Ed25519SigningKey::generate_pkcs8().expect("a key can be made");
        let key = Ed25519SigningKey::from_pkcs8(&key).expect("a key that was just made");
        Self { key: Arc::new(key), signing }
    }

    pub(crate) const fn signing(&self) -> Signing {
        self.signing
    }

    pub(crate) fn with(&self, signing: Signing) -> Self {
        match signing {
            Signing::OtherKey => Self::new(signing),
            _ => Self { key: Arc::clone(&self.key), signing },
        }
    }

    fn dnskey(&self) -> DNSKEY {
        DNSKEY::new(
            true,
            true,
            false,
            self.key.to_public_key().expect("every key has a public one"),
        )
    }

    /// The number of the algorithm, and the key.
    pub(crate) fn anchor(&self) -> (u8, Vec<u8>) {
        let key = self.dnskey();
        (key.public_key().algorithm().into(), key.public_key().public_bytes().to_vec())
    }

    pub(crate) fn key_record(&self, apex: &Name) -> Record {
        Record::from_rdata(apex.clone(), TTL, RData::DNSSEC(DNSSECRData::DNSKEY(self.dnskey())))
    }

    /// What the parent says about the key.
    pub(crate) fn ds(&self, apex: &Name) -> RData {
        let key = self.dnskey();
        let digest = key.to_digest(apex, DigestType::SHA256).expect("SHA-256 is supported");
        let tag = key.calculate_key_tag().expect("a key that can be encoded");
        let algorithm = key.public_key().algorithm();
        let ds = DS::new(tag, algorithm, DigestType::SHA256, digest.as_ref().to_vec());
        RData::DNSSEC(DNSSECRData::DS(ds))
    }

    pub(crate) fn denies(&self) -> bool {
        self.signing != Signing::NoDenial
    }

    /// That a name has nothing but this record.
    pub(crate) fn denial(name: &Name) -> Record {
        let next = name.prepend_label("0").unwrap_or_else(|_| name.clone());
        let nsec = NSEC::new_cover_self(next, []);
        Record::from_rdata(name.clone(), MINIMUM, RData::DNSSEC(DNSSECRData::NSEC(nsec)))
    }

    pub(crate) fn signature(&self, set: &[Record], apex: &Name, labels: u8) -> Option<Record> {
        let first = set.first()?;
        let is_key = first.record_type() == RecordType::DNSKEY;
        let (from, until) = match self.signing {
            Signing::Missing if !is_key => return None,
            Signing::Expired if !is_key => (START, START + 10_000_000),
            Signing::NotYet if !is_key => (END, END + 10_000_000),
            _ => (START, END),
        };
        let input = SigInput {
            type_covered: first.record_type(),
            algorithm: self.key.algorithm(),
            num_labels: labels,
            original_ttl: first.ttl,
            sig_expiration: SerialNumber::new(until),
            sig_inception: SerialNumber::new(from),
            key_tag: self.dnskey().calculate_key_tag().ok()?,
            signer_name: apex.clone(),
        };
        let signed = TBS::from_input(&first.name, DNSClass::IN, &input, set.iter()).ok()?;
        let mut signature = self.key.sign(&signed).ok()?;
        if self.signing == Signing::Wrong && !is_key {
            signature[0] ^= 1;
        }
        let signature = RData::DNSSEC(DNSSECRData::RRSIG(RRSIG::from_sig(input, signature)));
        Some(Record::from_rdata(first.name.clone(), first.ttl, signature))
    }
}
