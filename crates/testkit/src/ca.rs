//! Certificate authorities of tests: one that does as it is told, and the certificates that servers of tests show.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

mod scripted;

pub use scripted::{Fault, Issuing, ScriptedCa, Served};

/// An authority, and a certificate for `host` with its key; all as PEM.
pub(crate) fn authority(host: &str) -> (String, String, String) {
    let authority = root();
    let key = KeyPair::generate().expect("a key");
    let leaf = CertificateParams::new(vec![host.to_owned()]).expect("a name");
    let leaf = leaf.signed_by(&key, &authority).expect("an authority signs");
    (authority.pem(), leaf.pem(), key.serialize_pem())
}

pub(crate) fn root() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key"))
        .expect("an authority signs itself")
}
