//! Session tickets: for TLS 1.3 alone, under keys that every edge has (docs/adr/0027).

use std::{fmt, sync::Arc, time::Duration};

use arc_swap::ArcSwapOption;
use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use hmac::{Hmac, KeyInit as _, Mac as _};
use rustls::server::ProducesTickets;
use sha2::Sha256;
use wax_kernel::Rng;
use zeroize::Zeroizing;

const NAME_LEN: usize = 16;
const TLS13: [u8; 2] = [3, 4];

/// One key for tickets. Edges that make it of the same secret open each other's tickets.
pub struct TicketKey {
    /// Stands in front of each ticket, in the clear. It follows from the secret, and tells nothing about it.
    name: [u8; NAME_LEN],
    /// Draws each ticket's nonce. 96 random bits are good for 2³² tickets under one key (NIST SP 800-38D §8.3): two for
    /// each of 99,000 handshakes a second, all edges together, for as long as it is the current one.
    aead: RandomizedNonceKey,
}

impl TicketKey {
    /// The key that belongs to a secret: 32 random bytes, which can open recorded sessions' tickets, but no traffic.
    pub fn new(secret: &[u8; 32]) -> Self {
        let name = derived(secret, b"waxseal ticket name");
        let key = derived(secret, b"waxseal ticket key");
        Self {
            name: std::array::from_fn(|i| name[i]),
            aead: RandomizedNonceKey::new(&AES_256_GCM, &*key)
                .expect("AES-256-GCM takes keys of 32 bytes"),
        }
    }

    /// A key that nobody else has.
    pub fn random(rng: &dyn Rng) -> Self {
        Self::new(&Zeroizing::new(rng.bytes()))
    }

    /// Key's name, nonce, sealed session with its tag.
    fn seal(&self, session: &[u8]) -> Option<Vec<u8>> {
        let mut sealed = session.to_vec();
        let nonce = self.aead.seal_in_place_append_tag(Aad::from(self.name), &mut sealed).ok()?;
        Some([&self.name, &nonce.as_ref()[..], &sealed].concat())
    }

    fn open(&self, nonce: [u8; NONCE_LEN], sealed: &[u8]) -> Option<Vec<u8>> {
        let mut session = sealed.to_vec();
        let nonce = Nonce::assume_unique_for_key(nonce);
        let length = self.aead.open_in_place(nonce, Aad::from(self.name), &mut session).ok()?.len();
        session.truncate(length);
        Some(session)
    }
}

impl fmt::Debug for TicketKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

fn derived(secret: &[u8; 32], label: &[u8]) -> Zeroizing<[u8; 32]> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes keys of any length");
    mac.update(label);
    Zeroizing::new(mac.finalize().into_bytes().into())
}

/// The keys that are good at a time. Every [`TicketRing::PERIOD`] each moves on by one place.
#[derive(Debug, Clone)]
pub struct TicketRing {
    /// Was current until the last change: what was sealed then is still opened.
    pub previous: Arc<TicketKey>,
    /// Seals and opens.
    pub current: Arc<TicketKey>,
    /// Will be current. An edge that hears of the change a little earlier seals under it already.
    pub next: Arc<TicketKey>,
}

impl TicketRing {
    /// How long a key is current. A ticket can be used for at least as long, and clients are told so.
    pub const PERIOD: Duration = Duration::from_hours(6);

    /// Keys that nobody else has, for an edge by itself.
    pub fn random(rng: &dyn Rng) -> Self {
        let [previous, current, next] = std::array::from_fn(|_| Arc::new(TicketKey::random(rng)));
        Self { previous, current, next }
    }

    /// The ring after a change: the previous key is forgotten.
    #[must_use]
    pub fn changed(&self, next: TicketKey) -> Self {
        Self {
            previous: Arc::clone(&self.current),
            current: Arc::clone(&self.next),
            next: Arc::new(next),
        }
    }

    fn find(&self, name: &[u8]) -> Option<&TicketKey> {
        let keys = [&self.current, &self.previous, &self.next];
        keys.into_iter().find(|key| key.name == name).map(|key| &**key)
    }
}

/// The ring in force. Clones are the same handle: one side replaces, handshakes read. Without a ring no ticket is made or
/// taken, and every handshake is a full one.
#[derive(Debug, Clone, Default)]
pub struct Tickets(Arc<ArcSwapOption<TicketRing>>);

impl Tickets {
    /// A handle with a ring in it.
    pub fn new(ring: TicketRing) -> Self {
        let tickets = Self::default();
        tickets.replace(ring);
        tickets
    }

    /// Whether tickets are made and taken.
    pub fn has_ring(&self) -> bool {
        self.0.load().is_some()
    }

    /// Makes and takes no more tickets.
    pub fn clear(&self) {
        self.0.store(None);
    }

    /// Puts other keys in force at once.
    pub fn replace(&self, ring: TicketRing) {
        self.0.store(Some(Arc::new(ring)));
    }
}

/// Makes tickets for TLS 1.3 and none below: there a ticket holds the keys of the traffic it was sent in, so whoever
/// gets a ticket key opens recordings. In TLS 1.3 a resumed session still agrees on fresh keys (RFC 8446 §2.2).
///
/// rustls has one switch for both versions and tells a client's versions to nobody, but what it asks to have sealed
/// begins with the session's name and version. Should that ever change, no ticket is made at all, and a test says so.
#[derive(Debug)]
pub(super) struct Tls13Tickets(pub(super) Tickets);

impl ProducesTickets for Tls13Tickets {
    fn enabled(&self) -> bool {
        true
    }

    fn lifetime(&self) -> u32 {
        u32::try_from(TicketRing::PERIOD.as_secs()).unwrap_or(u32::MAX)
    }

    fn encrypt(&self, session: &[u8]) -> Option<Vec<u8>> {
        if version_of(session)? != TLS13 {
            return None;
        }
        self.0.0.load().as_ref()?.current.seal(session)
    }

    fn decrypt(&self, ticket: &[u8]) -> Option<Vec<u8>> {
        let (name, rest) = ticket.split_at_checked(NAME_LEN)?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_LEN>()?;
        self.0.0.load().as_ref()?.find(name)?.open(*nonce, sealed)
    }
}

/// `0`, or `1` with the name's length and the name; then the version.
fn version_of(session: &[u8]) -> Option<[u8; 2]> {
    let name_ends = match session {
        [0, ..] => 1,
        [1, length, ..] => 2 + usize::from(*length),
        _ => return None,
    };
    session.get(name_ends..name_ends + 2)?.try_into().ok()
}

#[cfg(test)]
mod tests;
