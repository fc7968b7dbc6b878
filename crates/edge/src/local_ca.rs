//! A certificate authority of this machine's own, for `*.localhost`.

use std::{
    fs, io,
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, NameConstraints, PKCS_ECDSA_P256_SHA256, date_time_ymd,
};
use rustls::{
    crypto::aws_lc_rs,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    sign::CertifiedKey,
};
use wax_kernel::{Clock, Hostname, Timestamp};

const CA_LIFETIME: Duration = Duration::from_hours(10 * 365 * 24);
/// Mozilla recommends 366 days at most; Apple's platforms refuse more than 825, also from private authorities.
const LEAF_LIFETIME: Duration = Duration::from_hours(365 * 24);
/// Clocks that disagree a little must not make a new certificate "not yet valid".
const BACKDATE: Duration = Duration::from_hours(1);

/// Issues certificates that this machine trusts once told to.
///
/// Its own certificate is constrained to names below `localhost` (RFC 5280 §4.2.1.10): whoever steals its key cannot
/// pretend to be any other site to a browser that trusts it.
#[derive(Debug)]
pub struct LocalCa {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
    pem_path: Option<PathBuf>,
    clock: Arc<dyn Clock>,
}

/// The local authority cannot be made, read or used.
#[derive(Debug, thiserror::Error)]
pub enum LocalCaError {
    /// A file of it cannot be read or written.
    #[error("the local certificate authority cannot use {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A key or certificate cannot be made or read.
    #[error("the local certificate authority failed: {0}")]
    Certificate(#[from] rcgen::Error),
    /// The TLS library does not take what was made.
    #[error("the local certificate authority failed: {0}")]
    Tls(#[from] rustls::Error),
    /// Asked for a name that is not below `localhost`.
    #[error(
        "{0} is not below localhost, and the local certificate authority issues for nothing else"
    )]
    NotLocal(Hostname),
}

impl LocalCa {
    /// An authority that lives as long as the process.
    pub fn in_memory(clock: Arc<dyn Clock>) -> Result<Self, LocalCaError> {
        let key = new_key()?;
        let pem = ca_params(clock.now()).self_signed(&key)?.pem();
        Ok(Self::with(key, pem, None, clock))
    }

    /// Opens the authority kept in `dir`, or makes one there: `ca.pem` to trust, `ca.key` (mode 0600) to keep.
    pub fn open(dir: &Path, clock: Arc<dyn Clock>) -> Result<Self, LocalCaError> {
        let (key_path, pem_path) = (dir.join("ca.key"), dir.join("ca.pem"));
        fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(file_error(dir))?;
        let key = if let Some(text) = read(&key_path)? {
            KeyPair::from_pem(&text)?
        } else {
            let key = new_key()?;
            write_new(&key_path, &key.serialize_pem(), 0o600)?;
            key
        };
        // The key is written first: a crash between the two leaves a key, and the certificate is made from it again.
        let pem = if let Some(pem) = read(&pem_path)? {
            pem
        } else {
            let pem = ca_params(clock.now()).self_signed(&key)?.pem();
            write_new(&pem_path, &pem, 0o644)?;
            pem
        };
        Ok(Self::with(key, pem, Some(pem_path), clock))
    }

    fn with(key: KeyPair, pem: String, pem_path: Option<PathBuf>, clock: Arc<dyn Clock>) -> Self {
        Self { issuer: Issuer::new(ca_params(clock.now()), key), pem, pem_path, clock }
    }

    /// The certificate to trust, as PEM.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// The file a person can add to a trust store; `None` when the authority lives in memory.
    pub fn pem_path(&self) -> Option<&Path> {
        self.pem_path.as_deref()
    }

    /// What a thief of the key could do: a certificate for any name.
    #[cfg(test)]
    pub(crate) fn sign_for_tests(&self, name: &str) -> rustls::pki_types::CertificateDer<'static> {
        let params = leaf_params(&Hostname::parse(name).unwrap(), self.clock.now()).unwrap();
        params.signed_by(&new_key().unwrap(), &self.issuer).unwrap().der().clone()
    }

    /// Issues a certificate for one name below `localhost`. Its key stays in memory.
    pub fn issue(&self, host: &Hostname) -> Result<Arc<CertifiedKey>, LocalCaError> {
        if !host.is_localhost() {
            return Err(LocalCaError::NotLocal(host.clone()));
        }
        let key = new_key()?;
        let leaf = leaf_params(host, self.clock.now())?.signed_by(&key, &self.issuer)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let certified =
            CertifiedKey::from_der(vec![leaf.der().clone()], key, &aws_lc_rs::default_provider())?;
        Ok(Arc::new(certified))
    }
}

fn new_key() -> Result<KeyPair, rcgen::Error> {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)
}

/// What a certificate of the authority says. Apart from the dates it is always the same, so that the issuer built
/// from it matches the certificate on disk.
fn ca_params(now: Timestamp) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "Waxseal local authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let only_localhost = vec![GeneralSubtree::DnsName("localhost".to_owned())];
    params.name_constraints =
        Some(NameConstraints { permitted_subtrees: only_localhost, excluded_subtrees: Vec::new() });
    set_validity(&mut params, now, CA_LIFETIME);
    params
}

fn leaf_params(host: &Hostname, now: Timestamp) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(vec![host.as_str().to_owned()])?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    set_validity(&mut params, now, LEAF_LIFETIME);
    Ok(params)
}

fn set_validity(params: &mut CertificateParams, now: Timestamp, lifetime: Duration) {
    let since_epoch = Duration::from_secs(u64::try_from(now.as_secs()).unwrap_or(0));
    params.not_before = date_time_ymd(1970, 1, 1) + since_epoch.saturating_sub(BACKDATE);
    params.not_after = date_time_ymd(1970, 1, 1) + since_epoch + lifetime;
}

fn file_error(path: &Path) -> impl FnOnce(io::Error) -> LocalCaError {
    let path = path.to_owned();
    move |source| LocalCaError::File { path, source }
}

fn read(path: &Path) -> Result<Option<String>, LocalCaError> {
    match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        read => read.map(Some).map_err(file_error(path)),
    }
}

/// Writes a file that must not exist yet, whole or not at all.
fn write_new(path: &Path, text: &str, mode: u32) -> Result<(), LocalCaError> {
    let part = path.with_extension("part");
    let write = || {
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(mode)
            .open(&part)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&part, path)
    };
    write().map_err(file_error(path))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use wax_kernel::ManualClock;

    use super::*;
    use crate::testing::host;

    fn clock() -> Arc<dyn Clock> {
        Arc::new(ManualClock::at_ms(1_800_000_000_000))
    }

    #[test]
    fn it_issues_for_names_below_localhost_and_for_nothing_else() {
        let ca = LocalCa::in_memory(clock()).unwrap();
        assert!(ca.issue(&host("secrets.acme.localhost")).is_ok());
        assert!(matches!(ca.issue(&host("secrets.acme.example")), Err(LocalCaError::NotLocal(_))));
    }

    #[test]
    fn it_is_the_same_authority_after_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let first = LocalCa::open(&dir.path().join("ca"), clock()).unwrap();
        let again = LocalCa::open(&dir.path().join("ca"), clock()).unwrap();
        assert_eq!(first.pem(), again.pem());
        assert_eq!(first.issuer.key().serialize_der(), again.issuer.key().serialize_der());
        assert_eq!(fs::read_to_string(again.pem_path().unwrap()).unwrap(), again.pem());
    }

    #[test]
    fn its_key_is_readable_by_its_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let ca_dir = dir.path().join("ca");
        LocalCa::open(&ca_dir, clock()).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&ca_dir), mode(&ca_dir.join("ca.key"))), (0o700, 0o600));
        let names: Vec<_> =
            fs::read_dir(&ca_dir).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names.len(), 2, "no half-written file is left: {names:?}");
    }

    #[test]
    fn a_lost_certificate_is_made_again_from_the_same_key() {
        let dir = tempfile::tempdir().unwrap();
        let first = LocalCa::open(dir.path(), clock()).unwrap();
        fs::remove_file(dir.path().join("ca.pem")).unwrap();
        let again = LocalCa::open(dir.path(), clock()).unwrap();
        assert_eq!(first.issuer.key().serialize_der(), again.issuer.key().serialize_der());
    }
}
