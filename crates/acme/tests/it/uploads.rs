//! Certificates that tenants bring along.

use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    PKCS_ECDSA_P384_SHA384, PKCS_ED25519, date_time_ymd,
};
use wax_acme::{Fault, Upload};
use wax_kernel::{HostPattern, Timestamp};

/// 2026-01-01 and days after it.
fn day(days: u32) -> Timestamp {
    Timestamp::from_ms(1_767_225_600_000).plus(Duration::from_secs(86_400) * days)
}

struct Authority {
    root: CertifiedIssuer<'static, KeyPair>,
    between: CertifiedIssuer<'static, KeyPair>,
}

fn authority_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

impl Authority {
    fn new() -> Self {
        let root =
            CertifiedIssuer::self_signed(authority_params("root"), KeyPair::generate().unwrap());
        let root = root.unwrap();
        let key = KeyPair::generate().unwrap();
        let between = CertifiedIssuer::signed_by(authority_params("between"), key, &root).unwrap();
        Self { root, between }
    }

    /// The host's certificate, good for the year 2026, and its key.
    fn leaf(&self, change: impl FnOnce(&mut CertificateParams), key: &KeyPair) -> (String, String) {
        let mut params = CertificateParams::new(vec!["a.example.com".to_owned()]).unwrap();
        params.not_before = date_time_ymd(2026, 1, 1);
        params.not_after = date_time_ymd(2027, 1, 1);
        change(&mut params);
        (params.signed_by(key, &self.between).unwrap().pem(), key.serialize_pem())
    }
}

fn check(chain: &str, key: &str, name: &str, now: Timestamp) -> Result<Upload, Vec<Fault>> {
    Upload::check(chain, key, &HostPattern::parse(name).unwrap(), now)
}

#[test]
fn a_good_one_is_taken_with_or_without_its_root() {
    let authority = Authority::new();
    let (leaf, key) = authority.leaf(|_| {}, &KeyPair::generate().unwrap());
    let between = authority.between.pem();
    for chain in [
        leaf.clone(),
        format!("{leaf}{between}"),
        format!("{leaf}{between}{}", authority.root.pem()),
    ] {
        let upload = check(&chain, &key, "a.example.com", day(100)).unwrap();
        assert_eq!(upload.facts.names, ["a.example.com"]);
        assert_eq!(upload.facts.validity.not_before, day(0));
        assert!(!upload.facts.rsa);
    }
    let strong = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap();
    let (leaf, key) = authority.leaf(|_| {}, &strong);
    assert!(check(&leaf, &key, "a.example.com", day(100)).is_ok());
}

#[test]
fn each_fault_is_named() {
    let authority = Authority::new();
    let new = || KeyPair::generate().unwrap();
    let (leaf, key) = authority.leaf(|_| {}, &new());
    let (root, between) = (authority.root.pem(), authority.between.pem());
    let other_key = new().serialize_pem();
    let for_clients = authority.leaf(
        |params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth],
        &new(),
    );
    let an_authoritys =
        authority.leaf(|params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained), &new());
    let edwards = authority.leaf(|_| {}, &KeyPair::generate_for(&PKCS_ED25519).unwrap());
    let good = |chain: &str| (chain.to_owned(), key.clone());
    let names = || vec!["a.example.com".to_owned()];
    let host = "a.example.com";
    for ((chain, key), name, now, fault) in [
        (good(""), host, day(9), Fault::NoCertificate),
        (
            good("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
            host,
            day(9),
            Fault::Unreadable { at: 1 },
        ),
        (good(&leaf.repeat(9)), host, day(9), Fault::TooLong),
        (good(&format!("{leaf}{root}{between}")), host, day(9), Fault::OutOfOrder { at: 1 }),
        (good(&format!("{leaf}{between}{between}")), host, day(9), Fault::OutOfOrder { at: 2 }),
        ((leaf.clone(), String::new()), host, day(9), Fault::NoKey),
        ((leaf.clone(), leaf.clone()), host, day(9), Fault::NoKey),
        ((leaf.clone(), other_key), host, day(9), Fault::KeyMismatch),
        (good(&leaf), "b.example.com", day(9), Fault::OtherHost { names: names() }),
        (good(&leaf), "*.example.com", day(9), Fault::OtherHost { names: names() }),
        (good(&leaf), host, day(365), Fault::Over { since: day(365) }),
        (good(&leaf), host, Timestamp::from_ms(0), Fault::NotYet { from: day(0) }),
        (for_clients, host, day(9), Fault::NotAServers),
        (an_authoritys, host, day(9), Fault::NotAServers),
        (edwards, host, day(9), Fault::KeyKind),
    ] {
        assert_eq!(check(&chain, &key, name, now).unwrap_err(), [fault]);
    }
}

#[test]
fn all_faults_are_told_at_once() {
    let authority = Authority::new();
    let (leaf, _) = authority.leaf(|_| {}, &KeyPair::generate().unwrap());
    let other = KeyPair::generate().unwrap().serialize_pem();
    let chain = format!("{leaf}{}", authority.root.pem());
    let faults = check(&chain, &other, "b.example.com", day(400)).unwrap_err();
    assert_eq!(faults.len(), 4, "{faults:?}");
    let none = check("", "", "a.example.com", day(9)).unwrap_err();
    assert_eq!(none, [Fault::NoCertificate, Fault::NoKey]);
}

/// Made by `openssl req -x509 -newkey rsa:1024`: our own tools make none so short. Its key is gone; any will do.
#[test]
fn a_short_rsa_key_is_too_weak() {
    let key = KeyPair::generate().unwrap().serialize_pem();
    let faults = check(include_str!("weak.pem"), &key, "a.example.com", day(365)).unwrap_err();
    assert_eq!(faults, [Fault::WeakKey { bits: 1_024 }]);
}
