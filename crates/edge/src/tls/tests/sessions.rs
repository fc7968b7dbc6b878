//! Sessions that are taken up again.

use rustls::{HandshakeKind, client::Resumption};
use wax_kernel::SeededRng;

use super::*;

fn ring(seed: u64) -> TicketRing {
    TicketRing::random(&SeededRng::new(seed))
}

/// Visits once, and tells whether that took a full handshake.
async fn visit(edge: &TestEdge, config: &Arc<ClientConfig>) -> HandshakeKind {
    let stream = dial(edge, config, "a.localhost").await.unwrap();
    let kind = stream.get_ref().1.handshake_kind().unwrap();
    // Tickets come behind the handshake.
    assert_eq!(exchange(stream, get("a.localhost")).await.status, 200);
    kind
}

#[tokio::test]
async fn tls13_resumes_by_ticket_without_early_data_and_tls12_never_resumes() {
    let edge = TestEdge::start().await;
    for (version, second) in [(&TLS13, HandshakeKind::Resumed), (&TLS12, HandshakeKind::Full)] {
        let mut config = client_config(&edge, &[version]);
        config.resumption = Resumption::in_memory_sessions(8);
        config.enable_early_data = true;
        let config = Arc::new(config);
        let first = dial(&edge, &config, "a.localhost").await.unwrap();
        assert_ne!(first.get_ref().1.handshake_kind(), Some(HandshakeKind::Resumed));
        exchange(first, get("a.localhost")).await;
        let again = dial(&edge, &config, "a.localhost").await.unwrap();
        assert_eq!(again.get_ref().1.handshake_kind(), Some(second));
        assert!(!again.get_ref().1.is_early_data_accepted());
    }
}

#[tokio::test]
async fn two_edges_with_the_same_ring_resume_each_others_sessions() {
    let [one, other] = [TestEdge::start().await, TestEdge::start().await];
    let config = || Arc::new(client_config_of(&[&one, &other], &[&TLS13]));
    for (here, there, kind) in [
        (ring(7), ring(7), HandshakeKind::Resumed),
        (ring(7), ring(7).changed(TicketKey::new(&[1; 32])), HandshakeKind::Resumed),
        (ring(7).changed(TicketKey::new(&[1; 32])), ring(7), HandshakeKind::Resumed),
        (ring(7), ring(8), HandshakeKind::Full),
    ] {
        one.tickets.replace(here);
        other.tickets.replace(there);
        let config = config();
        assert_eq!(visit(&one, &config).await, HandshakeKind::Full);
        assert_eq!(visit(&other, &config).await, kind);
    }
}

#[tokio::test]
async fn a_retired_key_no_longer_resumes() {
    let edge = TestEdge::start().await;
    for (changes, kind) in [(1, HandshakeKind::Resumed), (2, HandshakeKind::Full)] {
        edge.tickets.replace(ring(7));
        let config = Arc::new(client_config(&edge, &[&TLS13]));
        assert_eq!(visit(&edge, &config).await, HandshakeKind::Full);
        let changed = (0..changes).fold(ring(7), |ring, n| ring.changed(TicketKey::new(&[n; 32])));
        edge.tickets.replace(changed);
        assert_eq!(visit(&edge, &config).await, kind, "after {changes} changes");
    }
}

#[tokio::test]
async fn a_session_is_for_one_host_alone() {
    let edge = TestEdge::start().await;
    let config = Arc::new(client_config(&edge, &[&TLS13]));
    assert_eq!(visit(&edge, &config).await, HandshakeKind::Full);
    let other = dial(&edge, &config, "b.localhost").await.unwrap();
    assert_eq!(other.get_ref().1.handshake_kind(), Some(HandshakeKind::Full));
}
