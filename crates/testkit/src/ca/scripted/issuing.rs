//! The certificates of the scripted authority, right and wrong.

use std::{fmt, time::Duration};

use rcgen::{
    CertificateParams, CertifiedIssuer, DistinguishedName, ExtendedKeyUsagePurpose, KeyPair,
    PKCS_ECDSA_P256_SHA256, PublicKeyData, SignatureAlgorithm,
};
use x509_parser::{
    certification_request::X509CertificationRequest,
    extensions::{GeneralName, ParsedExtension},
    prelude::FromDer as _,
};

use super::Fault;
use crate::ca::root;

/// An authority that signs what it is asked for: certificates for P-256 keys, from one hour ago on.
pub struct Issuing {
    root: CertifiedIssuer<'static, KeyPair>,
    now: i64,
    days: i64,
}

/// A P-256 key of somebody else.
struct TheirKey(Vec<u8>);

impl PublicKeyData for TheirKey {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_ECDSA_P256_SHA256
    }
}

impl Issuing {
    /// Whose clock says `now`, in seconds since 1970, and whose certificates live for so many days.
    pub fn new(now: i64, days: i64) -> Self {
        Self { root: root(), now, days }
    }

    /// Its clock, in seconds since 1970.
    pub const fn set_now(&mut self, now: i64) {
        self.now = now;
    }

    /// A chain for what is requested, as PEM; or with a fault, another one. `None`: that is no request for `name`.
    pub fn issue(&self, name: &str, request: &[u8], fault: Option<&Fault>) -> Option<String> {
        let key = requested(request, name)?;
        let other = matches!(fault, Some(Fault::OtherHost));
        let name = if other { "somebody-else.example" } else { name };
        let mut params = CertificateParams::new(vec![name.to_owned()]).ok()?;
        params.distinguished_name = DistinguishedName::new();
        params.use_authority_key_identifier_extension = true;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let over = if matches!(fault, Some(Fault::Over)) { 10 * self.days } else { 0 };
        let early = if matches!(fault, Some(Fault::Early)) { 3_600 + 300 } else { 0 };
        let start = self.now - over * 86_400 - 3_600 + early;
        let moment = |secs: i64| {
            rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(u64::try_from(secs).unwrap_or(0))
        };
        params.not_before = moment(start);
        params.not_after = moment(start + self.days * 86_400);
        let own = KeyPair::generate().ok()?;
        let leaf = if matches!(fault, Some(Fault::OtherKey)) {
            params.signed_by(&own, &self.root)
        } else {
            params.signed_by(&TheirKey(key), &self.root)
        };
        let (leaf, root) = (leaf.ok()?.pem(), self.root.pem());
        let shuffled = matches!(fault, Some(Fault::Shuffled));
        Some(if shuffled { format!("{root}{leaf}") } else { format!("{leaf}{root}") })
    }
}

/// The key of a request, if it is signed by it and names exactly `name`.
fn requested(request: &[u8], name: &str) -> Option<Vec<u8>> {
    let (_, request) = X509CertificationRequest::from_der(request).ok()?;
    request.verify_signature().ok()?;
    let mut names = Vec::new();
    for extension in request.requested_extensions()? {
        if let ParsedExtension::SubjectAlternativeName(names_of) = extension {
            names.extend(names_of.general_names.iter().map(|name| match name {
                GeneralName::DNSName(name) => (*name).to_owned(),
                other => other.to_string(),
            }));
        }
    }
    let key = &request.certification_request_info.subject_pki.subject_public_key;
    (names == [name]).then(|| key.data.to_vec())
}

pub(super) fn rfc3339(secs: i64) -> String {
    jiff::Timestamp::from_second(secs).expect("a moment of a test").to_string()
}

impl fmt::Debug for Issuing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issuing").finish_non_exhaustive()
    }
}
