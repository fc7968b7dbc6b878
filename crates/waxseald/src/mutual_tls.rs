//! TLS between our own processes, with certificates on both sides.

use std::{path::Path, sync::Arc};

use anyhow::{Context as _, Result};
use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::WebPkiClientVerifier,
    version::TLS13,
};
use wax_config::Upstream;

const HTTP2: &[u8] = b"h2";

/// What this process shows, and whom it trusts.
pub(crate) struct MutualTls {
    roots: RootCertStore,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl MutualTls {
    /// Reads the files; `None` if the configuration names none.
    pub(crate) fn read(upstream: &Upstream) -> Result<Option<Self>> {
        let (Some(ca), Some(certificate), Some(key)) =
            (&upstream.ca, &upstream.certificate, &upstream.key)
        else {
            return Ok(None);
        };
        let mut roots = RootCertStore::empty();
        for root in certificates(ca, "upstream.ca")? {
            roots.add(root).with_context(|| told(ca, "upstream.ca"))?;
        }
        let chain = certificates(certificate, "upstream.certificate")?;
        let key = PrivateKeyDer::from_pem_file(key).with_context(|| told(key, "upstream.key"))?;
        Ok(Some(Self { roots, chain, key }))
    }

    /// For an edge.
    pub(crate) fn client(&self) -> Result<Arc<ClientConfig>> {
        let mut config = ClientConfig::builder_with_protocol_versions(&[&TLS13])
            .with_root_certificates(self.roots.clone())
            .with_client_auth_cert(self.chain.clone(), self.key.clone_key())
            .context("upstream.certificate and upstream.key do not fit together")?;
        config.alpn_protocols = vec![HTTP2.to_vec()];
        Ok(Arc::new(config))
    }

    /// For services.
    pub(crate) fn server(&self) -> Result<Arc<ServerConfig>> {
        let verifier = WebPkiClientVerifier::builder(Arc::new(self.roots.clone()))
            .build()
            .context("upstream.ca cannot vouch for anybody")?;
        let mut config = ServerConfig::builder_with_protocol_versions(&[&TLS13])
            .with_client_cert_verifier(verifier)
            .with_single_cert(self.chain.clone(), self.key.clone_key())
            .context("upstream.certificate and upstream.key do not fit together")?;
        config.alpn_protocols = vec![HTTP2.to_vec()];
        Ok(Arc::new(config))
    }
}

fn certificates(path: &Path, key: &str) -> Result<Vec<CertificateDer<'static>>> {
    let read = || CertificateDer::pem_file_iter(path)?.collect::<Result<Vec<_>, _>>();
    let found = read().with_context(|| told(path, key))?;
    anyhow::ensure!(!found.is_empty(), "{} ({key}) holds no certificate", path.display());
    Ok(found)
}

fn told(path: &Path, key: &str) -> String {
    format!("cannot use {} ({key})", path.display())
}
