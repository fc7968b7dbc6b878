use proptest::prelude::*;
use wax_kernel::SeededRng;

use super::*;

/// A session of TLS 1.3 without a name, as rustls writes it.
const SESSION: &[u8] = b"\x00\x03\x04 and its keys";

fn key(secret: u8) -> TicketKey {
    TicketKey::new(&[secret; 32])
}

fn ring(previous: u8, current: u8, next: u8) -> TicketRing {
    let [previous, current, next] = [previous, current, next].map(|secret| Arc::new(key(secret)));
    TicketRing { previous, current, next }
}

fn edge(ring: TicketRing) -> Tls13Tickets {
    Tls13Tickets(Tickets::new(ring))
}

#[test]
fn an_edge_opens_what_another_sealed_before_at_and_after_a_change() {
    let here = edge(ring(1, 2, 3));
    for (when, other) in
        [("before", ring(0, 1, 2)), ("at once", ring(1, 2, 3)), ("after", ring(2, 3, 4))]
    {
        let ticket = edge(other).encrypt(SESSION).unwrap();
        assert_eq!(here.decrypt(&ticket).as_deref(), Some(SESSION), "{when}");
    }
}

#[test]
fn a_ticket_lives_through_one_change_and_not_through_two() {
    let edge = edge(ring(1, 2, 3));
    let ticket = edge.encrypt(SESSION).unwrap();
    let once = ring(1, 2, 3).changed(key(4));
    edge.0.replace(once.clone());
    assert_eq!(edge.decrypt(&ticket).as_deref(), Some(SESSION));
    edge.0.replace(once.changed(key(5)));
    assert_eq!(edge.decrypt(&ticket), None);
}

#[test]
fn the_same_session_is_never_sealed_the_same_and_the_keys_name_stands_in_front() {
    let edge = edge(ring(1, 2, 3));
    let [one, other] = [edge.encrypt(SESSION).unwrap(), edge.encrypt(SESSION).unwrap()];
    assert_ne!(one, other);
    assert_eq!(one[..NAME_LEN], key(2).name);
    assert_eq!(one.len(), NAME_LEN + NONCE_LEN + SESSION.len() + 16);
    assert_ne!(key(2).name, key(3).name);
}

#[test]
fn without_a_ring_and_below_tls13_no_ticket_is_made() {
    let none = Tls13Tickets(Tickets::default());
    assert_eq!(none.encrypt(SESSION), None);
    assert_eq!(none.decrypt(&edge(ring(1, 2, 3)).encrypt(SESSION).unwrap()), None);
    for session in [&b"\x00\x03\x03"[..], b"\x01\x01a\x03\x03", b"", b"\x01\x09a", b"\x02\x03\x04"]
    {
        assert_eq!(edge(ring(1, 2, 3)).encrypt(session), None, "{session:?}");
    }
}

#[test]
fn keys_are_never_printed_and_two_random_rings_share_none() {
    let rng = SeededRng::new(1);
    let [one, other] = [TicketRing::random(&rng), TicketRing::random(&rng)];
    assert_eq!(format!("{:?}", one.current), "[redacted]");
    assert_eq!(edge(other).decrypt(&edge(one).encrypt(SESSION).unwrap()), None);
}

proptest! {
    #[test]
    fn a_ticket_that_was_changed_anywhere_is_none(at in 0usize..64, by in 1u8..) {
        let edge = edge(ring(1, 2, 3));
        let mut ticket = edge.encrypt(SESSION).unwrap();
        let at = at % ticket.len();
        ticket[at] ^= by;
        prop_assert_eq!(edge.decrypt(&ticket), None);
    }

    #[test]
    fn whatever_a_client_sends_for_a_ticket_is_none(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        let edge = edge(ring(1, 2, 3));
        prop_assert_eq!(edge.decrypt(&bytes), None);
        let named = [&key(2).name[..], &bytes].concat();
        prop_assert_eq!(edge.decrypt(&named), None);
    }
}
