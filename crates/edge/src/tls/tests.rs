use std::time::Duration;

use axum::body::Body;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{
    AlertDescription, ClientConfig, ClientConnection, DigitallySignedStruct, Error, RootCertStore,
    SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject as _},
    time_provider::TimeProvider,
};
use tokio::{
    io::{AsyncReadExt as _, DuplexStream},
    net::TcpStream,
    time::Instant,
};
use tokio_rustls::{TlsConnector, client};
use wax_telemetry::Tasks;

mod proving;
mod sessions;
mod signing;

use super::*;
use crate::{
    Route, Snapshot, Transport,
    hygiene::{Door, DoorKind},
    testing::{APP, TestEdge, at, exchange, host, listener, peer, route},
};

/// Clients whose clock stands where the edge's does.
#[derive(Debug)]
struct EdgeTime;

impl TimeProvider for EdgeTime {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(Duration::from_secs(1_800_000_000)))
    }
}

fn client_config(
    edge: &TestEdge,
    versions: &[&'static rustls::SupportedProtocolVersion],
) -> ClientConfig {
    client_config_of(&[edge], versions)
}

/// A client that trusts all these edges.
fn client_config_of(
    edges: &[&TestEdge],
    versions: &[&'static rustls::SupportedProtocolVersion],
) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    for edge in edges {
        roots.add(CertificateDer::from_pem_slice(edge.ca.pem().as_bytes()).unwrap()).unwrap();
    }
    ClientConfig::builder_with_details(Arc::new(aws_lc_rs::default_provider()), Arc::new(EdgeTime))
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth()
}

/// Takes any certificate.
#[derive(Debug)]
struct Anything;

impl ServerCertVerifier for Anything {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        aws_lc_rs::default_provider().signature_verification_algorithms.supported_schemes()
    }
}

fn trusting_anything(
    provider: CryptoProvider,
    versions: &[&'static rustls::SupportedProtocolVersion],
) -> ClientConfig {
    ClientConfig::builder_with_details(Arc::new(provider), Arc::new(EdgeTime))
        .with_protocol_versions(versions)
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anything))
        .with_no_client_auth()
}

async fn dial(
    edge: &TestEdge,
    config: &Arc<ClientConfig>,
    name: &'static str,
) -> io::Result<client::TlsStream<TcpStream>> {
    let tcp = TcpStream::connect(edge.secure).await.unwrap();
    let name = ServerName::try_from(name).unwrap();
    TlsConnector::from(Arc::clone(config)).connect(name, tcp).await
}

const LOCAL: [u8; 4] = [127, 0, 0, 1];
const ELSEWHERE: [u8; 4] = [192, 0, 2, 1];

/// Takes one connection through the handshake, from this address.
async fn accept(
    edge: &TestEdge,
    server: DuplexStream,
    address: [u8; 4],
) -> Result<Option<Handshake<DuplexStream>>, TlsRefusal> {
    let door = Door { kind: DoorKind::Tls, port: 443, public_port: None };
    let peer = Peer { address: address.into(), ..peer(door) };
    edge.tls.accept(server, &peer, &edge.edge.shared).await
}

/// The first bytes of a client.
fn client_hello(config: &Arc<ClientConfig>, name: &'static str) -> Vec<u8> {
    let name = ServerName::try_from(name).unwrap();
    let mut hello = Vec::new();
    let mut client = ClientConnection::new(Arc::clone(config), name).unwrap();
    client.write_tls(&mut hello).unwrap();
    hello
}

fn alert_of(error: &io::Error) -> Option<AlertDescription> {
    match error.get_ref()?.downcast_ref::<Error>()? {
        Error::AlertReceived(alert) => Some(*alert),
        _ => None,
    }
}

fn get(name: &str) -> String {
    format!("GET /v1/echo HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n")
}

#[tokio::test]
async fn a_known_name_is_served_under_its_own_certificate_in_both_versions_of_tls() {
    let edge = TestEdge::start().await;
    for version in [&TLS12, &TLS13] {
        let config = Arc::new(client_config(&edge, &[version]));
        let stream = dial(&edge, &config, "a.localhost").await.unwrap();
        assert_eq!(exchange(stream, get("a.localhost")).await.status, 200);
        let origin = edge.service.seen()[0].context.origin().to_string();
        assert_eq!(origin, "https://a.localhost");
    }
}

#[tokio::test]
async fn an_unknown_name_and_no_name_are_told_unrecognized_name() {
    let edge = TestEdge::start().await;
    let config = Arc::new(client_config(&edge, &[&TLS12, &TLS13]));
    for name in ["c.localhost", "127.0.0.1", "localhost"] {
        let error = dial(&edge, &config, name).await.unwrap_err();
        assert_eq!(alert_of(&error), Some(AlertDescription::UnrecognisedName), "{name}: {error}");
    }
    assert!(
        edge.metrics.render().contains("waxseal_edge_refused_total{reason=\"unknown_name\"} 3")
    );
}

#[tokio::test]
async fn an_unknown_name_is_refused_even_when_no_handshake_may_begin() {
    let edge = TestEdge::start_with(
        Limits { handshakes: 0, ..Limits::default() },
        crate::Rates::default(),
    )
    .await;
    let config = Arc::new(client_config(&edge, &[&TLS13]));
    let error = dial(&edge, &config, "c.localhost").await.unwrap_err();
    assert_eq!(alert_of(&error), Some(AlertDescription::UnrecognisedName));
}

#[tokio::test]
async fn a_client_that_stops_in_its_handshake_keeps_nobody_out() {
    let limits = Limits { handshakes: 1, handshake: Duration::from_secs(600), ..Limits::default() };
    let edge = TestEdge::start_with(limits, crate::Rates::default()).await;
    let config = Arc::new(client_config(&edge, &[&TLS13]));
    let mut stalled = TcpStream::connect(edge.secure).await.unwrap();
    stalled.write_all(&client_hello(&config, "a.localhost")).await.unwrap();
    // The server has answered, so it now waits for this client.
    assert_eq!(stalled.read_u8().await.unwrap(), 22);

    let other = tokio::time::timeout(Duration::from_secs(20), dial(&edge, &config, "a.localhost"));
    assert!(other.await.expect("nobody waits for the other client").is_ok());
}

#[tokio::test]
async fn a_removed_host_cannot_resume() {
    let edge = TestEdge::start().await;
    let config = Arc::new(client_config(&edge, &[&TLS13]));
    exchange(dial(&edge, &config, "a.localhost").await.unwrap(), get("a.localhost")).await;
    edge.publish(&["b.localhost"]);
    let error = dial(&edge, &config, "a.localhost").await.unwrap_err();
    assert_eq!(alert_of(&error), Some(AlertDescription::UnrecognisedName));
}

#[tokio::test]
async fn a_host_under_another_certificate_is_misdirected() {
    let edge = TestEdge::start().await;
    let config = Arc::new(client_config(&edge, &[&TLS13]));
    for other in ["b.localhost", "c.localhost", "127.0.0.1"] {
        let stream = dial(&edge, &config, "a.localhost").await.unwrap();
        let reply = exchange(stream, get(other).replace("Connection: close\r\n", "")).await;
        assert_eq!((reply.status, reply.header("connection")), (421, Some("close")), "{other}");
        assert_eq!(reply.problem()["code"], "misdirected");
    }
    assert!(edge.service.seen().is_empty());
}

#[tokio::test]
async fn the_platforms_connection_serves_no_tenant_and_a_tenants_not_the_platform() {
    let edge = TestEdge::start().await;
    let config = Arc::new(client_config(&edge, &[&TLS13]));
    for (name, other) in [(APP, "a.localhost"), ("a.localhost", APP)] {
        let stream = dial(&edge, &config, name).await.unwrap();
        assert_eq!(exchange(stream, get(name)).await.status, 200, "{name}");
        assert_eq!(edge.service.seen().len(), 1);
        let stream = dial(&edge, &config, name).await.unwrap();
        let reply = exchange(stream, get(other).replace("Connection: close\r\n", "")).await;
        assert_eq!(reply.status, 421, "{other} over {name}");
        assert!(edge.service.seen().is_empty());
    }
}

#[tokio::test]
async fn a_renewed_certificate_moves_clients_to_a_new_connection() {
    let edge = TestEdge::start().await;
    let config = Arc::new(client_config(&edge, &[&TLS13]));
    let old = dial(&edge, &config, "a.localhost").await.unwrap();
    edge.publish(&["a.localhost"]);
    assert_eq!(exchange(old, get("a.localhost")).await.status, 421);
    let new = dial(&edge, &config, "a.localhost").await.unwrap();
    assert_eq!(exchange(new, get("a.localhost")).await.status, 200);
}

#[tokio::test]
async fn a_tls_connection_speaks_the_protocol_it_negotiated() {
    let edge = TestEdge::start().await;
    for (offered, chosen) in
        [(&[&b"http/1.1"[..], b"h2"][..], &b"h2"[..]), (&[b"http/1.1"], b"http/1.1")]
    {
        let mut config = client_config(&edge, &[&TLS13]);
        config.alpn_protocols = offered.iter().map(|name| name.to_vec()).collect();
        let stream = dial(&edge, &Arc::new(config), "a.localhost").await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(chosen));
    }
    let mut config = client_config(&edge, &[&TLS13]);
    config.alpn_protocols = vec![b"spdy/3.1".to_vec()];
    let error = dial(&edge, &Arc::new(config), "a.localhost").await.unwrap_err();
    assert_eq!(alert_of(&error), Some(AlertDescription::NoApplicationProtocol));
}

#[tokio::test]
async fn what_is_not_tls_is_not_answered_as_http() {
    let edge = TestEdge::start().await;
    let mut tcp = TcpStream::connect(edge.secure).await.unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut tcp, get("a.localhost").as_bytes()).await.unwrap();
    let bytes = crate::testing::read_to_close(&mut tcp).await;
    assert!(!bytes.starts_with(b"HTTP"), "{bytes:?}");
    assert!(edge.service.seen().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_says_nothing_is_dropped_after_three_seconds() {
    let edge = TestEdge::start().await;
    let (_silent, server) = tokio::io::duplex(16_384);
    let begun = Instant::now();
    let outcome = accept(&edge, server, LOCAL).await;
    assert_eq!(outcome.err(), Some(TlsRefusal::Timeout));
    assert_eq!(begun.elapsed(), Duration::from_secs(3));
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_stops_half_way_is_dropped_after_eight_seconds_in_all() {
    let edge = TestEdge::start().await;
    let config = Arc::new(client_config(&edge, &[&TLS13]));
    let (mut stalled, server) = tokio::io::duplex(16_384);
    stalled.write_all(&client_hello(&config, "a.localhost")).await.unwrap();
    let begun = Instant::now();
    let outcome = accept(&edge, server, LOCAL).await;
    assert_eq!(outcome.err(), Some(TlsRefusal::Timeout));
    assert_eq!(begun.elapsed(), Duration::from_secs(8));
}

#[tokio::test]
async fn a_loopback_host_does_not_exist_for_other_machines_over_tls_either() {
    let edge = TestEdge::start().await;
    let config = Arc::new(client_config(&edge, &[&TLS13]));
    let (mut stranger, server) = tokio::io::duplex(16_384);
    stranger.write_all(&client_hello(&config, "a.localhost")).await.unwrap();
    let outcome = accept(&edge, server, ELSEWHERE).await;
    assert_eq!(outcome.err(), Some(TlsRefusal::UnknownName));
}

#[test]
fn the_local_authority_is_trusted_for_localhost_alone() {
    // A thief of its key signs for a site of his choice: clients that trust the authority must refuse.
    let clock: Arc<dyn wax_kernel::Clock> =
        Arc::new(wax_kernel::ManualClock::at_ms(1_800_000_000_000));
    let ca = crate::LocalCa::in_memory(clock).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(ca.pem().as_bytes()).unwrap()).unwrap();
    let verifier = rustls::client::WebPkiServerVerifier::builder_with_provider(
        Arc::new(roots),
        Arc::new(aws_lc_rs::default_provider()),
    )
    .build()
    .unwrap();
    let now = EdgeTime.current_time().unwrap();
    let verdict = |name: &'static str| {
        let leaf = ca.sign_for_tests(name);
        let name = ServerName::try_from(name).unwrap();
        rustls::client::danger::ServerCertVerifier::verify_server_cert(
            &*verifier,
            &leaf,
            &[],
            &name,
            &[],
            now,
        )
    };
    assert!(verdict("a.localhost").is_ok());
    assert!(verdict("bank.example").is_err());
}

#[tokio::test]
async fn on_a_shared_http2_connection_each_host_is_judged_by_its_own_certificate() {
    let edge = TestEdge::start().await;
    let mut config = client_config(&edge, &[&TLS13]);
    config.alpn_protocols = vec![b"h2".to_vec()];
    let stream = dial(&edge, &Arc::new(config), "a.localhost").await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    Tasks::new().spawn("client", connection);
    for (name, status) in [("a.localhost", 200), ("b.localhost", 421), ("a.localhost", 200)] {
        let request =
            http::Request::get(format!("https://{name}/v1/echo")).body(Body::empty()).unwrap();
        assert_eq!(sender.send_request(request).await.unwrap().status().as_u16(), status, "{name}");
    }
    assert_eq!(edge.service.seen().len(), 2);
}

/// Puts one public host in force, and makes a client that trusts it.
fn publish_public(edge: &TestEdge) -> Arc<ClientConfig> {
    let certificate = signing::certificate(&rcgen::PKCS_ECDSA_P256_SHA256, "secrets.example.com");
    let mut roots = RootCertStore::empty();
    roots.add(certificate.cert[0].clone()).unwrap();
    let public = Route { certificate: Some(certificate.into()), ..route(Transport::Tls) };
    let (snapshot, left_out) = Snapshot::build([(at("secrets.example.com"), public)]);
    assert!(left_out.is_empty());
    edge.routes.publish(snapshot);
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_details(provider, Arc::new(EdgeTime))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
}

#[tokio::test]
async fn services_see_the_client_that_a_trusted_proxy_names() {
    let edge = TestEdge::start().await;
    let config = publish_public(&edge);
    let listener = listener().await;
    let at = listener.local_addr().unwrap();
    let proxies = crate::Proxies::new(["127.0.0.1/32".parse().unwrap()]);
    edge.edge.listen_tls(listener, Arc::clone(&edge.tls), Some(443), proxies).unwrap();
    let mut tcp = TcpStream::connect(at).await.unwrap();
    tcp.write_all(b"PROXY TCP4 203.0.113.9 198.51.100.1 1000 443\r\n").await.unwrap();
    let name = ServerName::try_from("secrets.example.com").unwrap();
    let stream = TlsConnector::from(config).connect(name, tcp).await.unwrap();
    assert_eq!(exchange(stream, get("secrets.example.com")).await.status, 200);
    assert_eq!(edge.service.seen()[0].of_tenant().network.as_str(), "203.0.113.0/24");
}

#[tokio::test]
async fn a_public_host_tells_browsers_to_come_back_over_tls() {
    let edge = TestEdge::start().await;
    let config = publish_public(&edge);
    let stream = dial(&edge, &config, "secrets.example.com").await.unwrap();
    let reply = exchange(stream, get("secrets.example.com")).await;
    assert_eq!(reply.header("strict-transport-security"), Some("max-age=63072000"));
    let plain = edge.send(get("secrets.example.com")).await;
    assert_eq!(
        (plain.status, plain.body()),
        (404, ""),
        "a TLS host does not exist on a plain listener"
    );
}
