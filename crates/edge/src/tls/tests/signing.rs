//! What is signed, with what, and whose turn it is.

use futures_util::{FutureExt as _, future::join_all};
use rustls::{CipherSuite, NamedGroup, crypto::aws_lc_rs::kx_group::SECP256R1MLKEM768};

use super::*;
use crate::Rates;

#[tokio::test]
async fn browsers_agree_on_keys_by_the_hybrid_and_nobody_by_what_is_not_on_the_list() {
    let edge = TestEdge::start().await;
    let group = async |offered: &[&'static dyn SupportedKxGroup]| {
        let kx_groups = offered.to_vec();
        let provider = CryptoProvider { kx_groups, ..aws_lc_rs::default_provider() };
        let config = Arc::new(trusting_anything(provider, &[&TLS13]));
        let stream = dial(&edge, &config, "a.localhost").await.ok()?;
        Some(stream.get_ref().1.negotiated_key_exchange_group()?.name())
    };
    let usual = aws_lc_rs::default_provider().kx_groups;
    assert_eq!(group(&usual).await, Some(NamedGroup::X25519MLKEM768));
    for wanted in KEY_EXCHANGES {
        assert_eq!(group(&[wanted]).await, Some(wanted.name()));
    }
    assert_eq!(group(&[SECP256R1MLKEM768]).await, None);
}

/// A self-signed certificate with a key of this kind.
pub(super) fn certificate(
    kind: &'static rcgen::SignatureAlgorithm,
    name: &str,
) -> Arc<CertifiedKey> {
    let key = rcgen::KeyPair::generate_for(kind).unwrap();
    let params = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
    let chain = vec![params.self_signed(&key).unwrap().der().clone()];
    let key = rustls::pki_types::PrivateKeyDer::Pkcs8(key.serialize_der().into());
    Arc::new(CertifiedKey::from_der(chain, key, &aws_lc_rs::default_provider()).unwrap())
}

#[tokio::test]
async fn tls12_uses_the_suites_that_go_with_the_certificates_key() {
    let edge = TestEdge::start().await;
    let ecdsa = CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384;
    let rsa = CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384;
    for (kind, suite) in [(&rcgen::PKCS_ECDSA_P256_SHA256, ecdsa), (&rcgen::PKCS_RSA_SHA256, rsa)] {
        let certificate = certificate(kind, "a.localhost");
        let (client, server) = tokio::io::duplex(16_384);
        let config = Arc::new(trusting_anything(aws_lc_rs::default_provider(), &[&TLS12]));
        let name = ServerName::try_from("a.localhost").unwrap();
        let serve = async {
            let start = LazyConfigAcceptor::new(Acceptor::default(), server).await.unwrap();
            let turn = edge.tls.turn().await;
            edge.tls.sign(start, Purpose::Serve, &certificate, turn).await.unwrap()
        };
        let connect = TlsConnector::from(config).connect(name, client);
        let (_served, connected) = tokio::join!(serve, connect);
        let chosen = connected.unwrap().get_ref().1.negotiated_cipher_suite().unwrap().suite();
        assert_eq!(chosen, suite);
    }
}

#[tokio::test]
async fn whoever_is_in_already_is_served_between_the_handshakes_of_a_flood() {
    let limits = Limits { handshakes: 2, ..Limits::default() };
    let edge = TestEdge::start_with(limits, Rates::default()).await;
    let hello = client_hello(&Arc::new(client_config(&edge, &[&TLS13])), "a.localhost");
    let mut clients = Vec::new();
    let mut handshakes = Vec::new();
    for _ in 0..50 {
        let (mut client, server) = tokio::io::duplex(16_384);
        client.write_all(&hello).await.unwrap();
        clients.push(client);
        handshakes.push(accept(&edge, server, LOCAL));
    }
    let is_answered = |client: &mut DuplexStream| client.read_u8().now_or_never().is_some();
    let answered = tokio::select! {
        biased;
        _ = join_all(handshakes) => panic!("no client goes on"),
        // Somebody whose turn comes when all handshakes have had theirs.
        answered = async { clients.iter_mut().map(is_answered).filter(|is| *is).count() } => answered,
    };
    assert_eq!(answered, 0, "even those whose turn it is have yet to sign");
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_never_gets_its_turn_is_given_up_after_eight_seconds() {
    let limits = Limits { handshakes: 0, ..Limits::default() };
    let edge = TestEdge::start_with(limits, Rates::default()).await;
    let (mut client, server) = tokio::io::duplex(16_384);
    let hello = client_hello(&Arc::new(client_config(&edge, &[&TLS13])), "a.localhost");
    client.write_all(&hello).await.unwrap();
    let begun = Instant::now();
    assert_eq!(accept(&edge, server, LOCAL).await.err(), Some(TlsRefusal::Busy));
    assert_eq!(begun.elapsed(), Duration::from_secs(8));
}
