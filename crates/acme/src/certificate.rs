//! Certificates as they come: from an issuer, or brought along by a tenant. Nothing is believed that can be checked.

use rustls::sign::CertifiedKey;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use serde::{Deserialize, Serialize};
use wax_kernel::{HostPattern, Timestamp, base64url_encode};
use x509_parser::{
    certificate::X509Certificate,
    extensions::{GeneralName, ParsedExtension},
    prelude::FromDer as _,
    public_key::PublicKey,
};

use crate::Validity;

/// More is no chain of any issuer, and every handshake would carry it.
const LONGEST_CHAIN: usize = 8;

/// A certificate and those that lead to its authority, the certificate first. At least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain(Vec<CertificateDer<'static>>);

/// What is wrong with a certificate, a chain or a key. All faults are found at once, so that one upload mends them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum Fault {
    /// There is no certificate in it.
    #[error("holds no certificate")]
    NoCertificate,
    /// A block is not what it says.
    #[error("certificate {at} cannot be read")]
    Unreadable {
        /// Which, from 1.
        at: usize,
    },
    /// More certificates than any chain has.
    #[error("holds more than 8 certificates")]
    TooLong,
    /// A certificate was not signed by the next one.
    #[error("certificate {at} was not signed by the next one")]
    OutOfOrder {
        /// Which, from 1.
        at: usize,
    },
    /// There is no private key, or it is encrypted.
    #[error("holds no private key that can be read")]
    NoKey,
    /// The key is neither P-256, P-384 nor RSA.
    #[error("the key is of a kind that is not served")]
    KeyKind,
    /// An RSA key below 2,048 bits.
    #[error("an RSA key of {bits} bits is too short")]
    WeakKey {
        /// How long.
        bits: usize,
    },
    /// The key is another certificate's.
    #[error("key and certificate do not belong together")]
    KeyMismatch,
    /// The host is not among its names.
    #[error("is not for this host")]
    OtherHost {
        /// For which it is.
        names: Vec<String>,
    },
    /// It is over.
    #[error("is over")]
    Over {
        /// Since when.
        since: Timestamp,
    },
    /// It is not good yet.
    #[error("is not good yet")]
    NotYet {
        /// From when.
        from: Timestamp,
    },
    /// It is not for servers (RFC 5280 §4.2.1.12), or it is an authority's own.
    #[error("is not a server's certificate")]
    NotAServers,
}

/// What a good certificate says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// From when to when.
    pub validity: Validity,
    /// Its names.
    pub names: Vec<String>,
    /// Who signed it, for people.
    pub issuer: String,
    /// Its name in ARI and in `replaces` (RFC 9773 §4.1), if it says who signed it.
    pub ari: Option<AriId>,
    /// RSA costs a server ten times what P-256 does.
    pub rsa: bool,
}

/// A certificate's name in ARI: `base64url(key identifier of who signed it).base64url(serial number)`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AriId(String);

impl AriId {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The two parts, as the request's writer wants them.
    pub(crate) fn parts(&self) -> (&str, &str) {
        self.0.split_once('.').unwrap_or((&self.0, ""))
    }
}

impl Chain {
    /// Reads PEM: certificates one after the other, whatever else is in between.
    pub fn from_pem(pem: &str) -> Result<Self, Fault> {
        let mut certificates = Vec::new();
        for (index, certificate) in CertificateDer::pem_slice_iter(pem.as_bytes()).enumerate() {
            if index == LONGEST_CHAIN {
                return Err(Fault::TooLong);
            }
            certificates.push(certificate.map_err(|_| Fault::Unreadable { at: index + 1 })?);
        }
        Self::from_der(certificates)
    }

    /// Of certificates, the host's own first.
    pub fn from_der(certificates: Vec<CertificateDer<'static>>) -> Result<Self, Fault> {
        if certificates.is_empty() {
            return Err(Fault::NoCertificate);
        }
        for (index, certificate) in certificates.iter().enumerate() {
            parse(certificate).ok_or(Fault::Unreadable { at: index + 1 })?;
        }
        Ok(Self(certificates))
    }

    /// Reads what [`Self::to_der`] wrote.
    pub fn from_concatenated(mut bytes: &[u8]) -> Result<Self, Fault> {
        let mut certificates = Vec::new();
        while !bytes.is_empty() {
            let at = certificates.len() + 1;
            let parsed = X509Certificate::from_der(bytes);
            let (rest, _) = parsed.map_err(|_| Fault::Unreadable { at })?;
            let (own, _) = bytes.split_at(bytes.len() - rest.len());
            certificates.push(CertificateDer::from(own.to_vec()));
            bytes = rest;
        }
        Self::from_der(certificates)
    }

    /// One after the other: DER says itself where it ends.
    pub fn to_der(&self) -> Vec<u8> {
        self.0.iter().flat_map(|certificate| certificate.iter().copied()).collect()
    }

    /// The host's own.
    pub fn leaf(&self) -> &CertificateDer<'static> {
        &self.0[0]
    }

    /// All of it.
    pub fn certificates(&self) -> &[CertificateDer<'static>] {
        &self.0
    }

    /// Looks at everything, and says everything that is wrong.
    pub fn inspect(
        &self,
        key: &PrivateKeyDer<'static>,
        name: &HostPattern,
        now: Timestamp,
    ) -> Result<Facts, Vec<Fault>> {
        let parsed: Vec<_> = self.0.iter().filter_map(parse).collect();
        let Some(leaf) = parsed.first() else { return Err(vec![Fault::NoCertificate]) };
        let facts = facts(leaf);
        let mut faults = Vec::new();
        faults.extend(order_faults(&parsed));
        faults.extend(key_faults(leaf, &self.0, key));
        if !facts.names.iter().any(|presented| name.is_covered_by(presented)) {
            faults.push(Fault::OtherHost { names: facts.names.clone() });
        }
        let Validity { not_before, not_after } = facts.validity;
        if now >= not_after {
            faults.push(Fault::Over { since: not_after });
        }
        if now < not_before {
            faults.push(Fault::NotYet { from: not_before });
        }
        if !is_a_servers(leaf) {
            faults.push(Fault::NotAServers);
        }
        if faults.is_empty() { Ok(facts) } else { Err(faults) }
    }
}

/// A certificate and its key, as a tenant brings them.
#[derive(Debug)]
pub struct Upload {
    /// The certificate and those that lead to its authority.
    pub chain: Chain,
    /// Its key.
    pub key: PrivateKeyDer<'static>,
    /// What it says.
    pub facts: Facts,
}

impl Upload {
    /// Reads and checks both PEM texts.
    pub fn check(
        chain: &str,
        key: &str,
        name: &HostPattern,
        now: Timestamp,
    ) -> Result<Self, Vec<Fault>> {
        let chain = Chain::from_pem(chain);
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(|_| Fault::NoKey);
        match (chain, key) {
            (Ok(chain), Ok(key)) => {
                let facts = chain.inspect(&key, name, now)?;
                Ok(Self { chain, key, facts })
            }
            (chain, key) => Err(chain.err().into_iter().chain(key.err()).collect()),
        }
    }
}

fn parse<'a>(certificate: &'a CertificateDer<'_>) -> Option<X509Certificate<'a>> {
    let (rest, parsed) = X509Certificate::from_der(certificate).ok()?;
    rest.is_empty().then_some(parsed)
}

fn facts(leaf: &X509Certificate<'_>) -> Facts {
    let moment = |time: x509_parser::time::ASN1Time| {
        Timestamp::from_ms(time.timestamp().saturating_mul(1_000))
    };
    let validity = leaf.validity();
    Facts {
        validity: Validity {
            not_before: moment(validity.not_before),
            not_after: moment(validity.not_after),
        },
        names: names(leaf),
        issuer: leaf.issuer().to_string(),
        ari: ari(leaf),
        rsa: matches!(leaf.public_key().parsed(), Ok(PublicKey::RSA(_))),
    }
}

/// The common name is not one (RFC 9525 §2).
fn names(leaf: &X509Certificate<'_>) -> Vec<String> {
    let extension = leaf.subject_alternative_name().ok().flatten();
    let names = extension.iter().flat_map(|extension| &extension.value.general_names);
    names
        .filter_map(|name| match name {
            GeneralName::DNSName(name) => Some((*name).to_owned()),
            _ => None,
        })
        .collect()
}

fn ari(leaf: &X509Certificate<'_>) -> Option<AriId> {
    let authority =
        leaf.iter_extensions().find_map(|extension| match extension.parsed_extension() {
            ParsedExtension::AuthorityKeyIdentifier(id) => {
                id.key_identifier.as_ref().map(|id| id.0)
            }
            _ => None,
        })?;
    let serial = leaf.tbs_certificate.raw_serial();
    Some(AriId(format!("{}.{}", base64url_encode(authority), base64url_encode(serial))))
}

fn order_faults(chain: &[X509Certificate<'_>]) -> Option<Fault> {
    let links = chain.windows(2).enumerate();
    links
        .filter(|(_, pair)| {
            pair[0].issuer().as_raw() != pair[1].subject().as_raw()
                || pair[0].verify_signature(Some(pair[1].public_key())).is_err()
        })
        .map(|(index, _)| Fault::OutOfOrder { at: index + 1 })
        .next()
}

fn key_faults(
    leaf: &X509Certificate<'_>,
    chain: &[CertificateDer<'static>],
    key: &PrivateKeyDer<'static>,
) -> Option<Fault> {
    match leaf.public_key().parsed() {
        Ok(PublicKey::RSA(rsa)) if rsa.key_size() < 2_048 => {
            return Some(Fault::WeakKey { bits: rsa.key_size() });
        }
        Ok(PublicKey::RSA(_)) => {}
        // An uncompressed point: one byte and two coordinates. P-256 and P-384.
        Ok(PublicKey::EC(point)) if [65, 97].contains(&point.data().len()) => {}
        _ => return Some(Fault::KeyKind),
    }
    let Ok(key) = rustls::crypto::aws_lc_rs::sign::any_supported_type(key) else {
        return Some(Fault::KeyKind);
    };
    // The leaf alone: whether it belongs to the key does not hang on the others.
    let pair = CertifiedKey::new(chain[..1].to_vec(), key);
    pair.keys_match().is_err().then_some(Fault::KeyMismatch)
}

fn is_a_servers(leaf: &X509Certificate<'_>) -> bool {
    let usage = leaf.extended_key_usage().ok().flatten();
    let serves = usage.is_none_or(|usage| usage.value.server_auth || usage.value.any);
    serves && !leaf.is_ca()
}
