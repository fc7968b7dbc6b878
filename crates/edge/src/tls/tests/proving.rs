//! Handshakes of certificate authorities that look for proof (RFC 8737).

use super::*;

/// An issuer's client, which asks for these protocols.
fn issuer(protocols: &[&[u8]]) -> Arc<ClientConfig> {
    let mut config = trusting_anything(aws_lc_rs::default_provider(), &[&TLS12, &TLS13]);
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    Arc::new(config)
}

fn proof(name: &str) -> Arc<CertifiedKey> {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.custom_extensions = vec![rcgen::CustomExtension::new_acme_identifier(&[7; 32])];
    let chain = vec![params.self_signed(&key).unwrap().der().clone()];
    let key = rustls::pki_types::PrivateKeyDer::Pkcs8(key.serialize_der().into());
    let key = aws_lc_rs::sign::any_supported_type(&key).unwrap();
    Arc::new(CertifiedKey::new(chain, key))
}

#[tokio::test]
async fn an_issuer_is_shown_the_proof_of_a_host_under_order_and_nothing_is_served() {
    let edge = TestEdge::start().await;
    // One that is not served yet, and one that is: a renewal.
    for name in ["new.example", "a.localhost"] {
        let proof = proof(name);
        edge.pending.proofs.lock().unwrap().insert(host(name), Arc::clone(&proof));
        let mut stream = dial(&edge, &issuer(&[ACME_TLS]), name).await.unwrap();
        let session = stream.get_ref().1;
        assert_eq!(session.alpn_protocol(), Some(ACME_TLS));
        assert_eq!(session.peer_certificates().unwrap(), proof.cert.as_slice());
        let _ = stream.write_all(get(name).as_bytes()).await;
        assert_eq!(crate::testing::read_to_close(&mut stream).await, b"", "{name}");
    }
    assert!(edge.service.seen().is_empty());
    let metrics = edge.metrics.render();
    assert!(metrics.contains("waxseal_edge_proofs_total{method=\"tls-alpn-01\"} 2"), "{metrics}");
}

#[tokio::test]
async fn without_an_order_or_with_another_protocol_beside_there_is_no_proof() {
    let edge = TestEdge::start().await;
    edge.pending.proofs.lock().unwrap().insert(host("new.example"), proof("new.example"));
    for (name, protocols) in [
        ("other.example", &[ACME_TLS][..]),
        ("a.localhost", &[ACME_TLS]),
        ("new.example", &[ACME_TLS, b"h2"]),
        ("new.example", &[b"h2", ACME_TLS]),
        ("new.example", &[]),
    ] {
        let error = dial(&edge, &issuer(protocols), name).await.unwrap_err();
        assert_eq!(alert_of(&error), Some(AlertDescription::UnrecognisedName), "{name}");
    }
}

#[tokio::test]
async fn a_host_that_is_not_served_is_told_of_and_one_that_is_is_not() {
    let edge = TestEdge::start().await;
    for name in ["new.example", "127.0.0.1"] {
        assert!(dial(&edge, &issuer(&[b"h2"]), name).await.is_err());
    }
    assert!(dial(&edge, &issuer(&[b"h2"]), "a.localhost").await.is_ok());
    assert_eq!(*edge.pending.named.lock().unwrap(), ["new.example"]);
}
