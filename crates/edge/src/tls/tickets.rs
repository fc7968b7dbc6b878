//! Session tickets, for TLS 1.3 alone.

use std::sync::Arc;

use rustls::{Error, crypto::aws_lc_rs, server::ProducesTickets};

/// Makes tickets for TLS 1.3 and none below: there a ticket holds the keys of the traffic it was sent in, so whoever
/// gets a ticket key opens recordings. In TLS 1.3 a resumed session still agrees on fresh keys (RFC 8446 §2.2).
///
/// rustls has one switch for both versions and tells a client's versions to nobody, but what it asks to have sealed
/// begins with the session's name and version. Should that ever change, no ticket is made at all, and a test says so.
#[derive(Debug)]
pub(super) struct Tls13Tickets(Arc<dyn ProducesTickets>);

const TLS13: [u8; 2] = [3, 4];

impl Tls13Tickets {
    /// Keys live in memory, are replaced every six hours and forgotten after twelve.
    pub(super) fn new() -> Result<Self, Error> {
        aws_lc_rs::Ticketer::new().map(Self)
    }
}

impl ProducesTickets for Tls13Tickets {
    fn enabled(&self) -> bool {
        true
    }

    fn lifetime(&self) -> u32 {
        self.0.lifetime()
    }

    fn encrypt(&self, session: &[u8]) -> Option<Vec<u8>> {
        if version_of(session)? == TLS13 { self.0.encrypt(session) } else { None }
    }

    fn decrypt(&self, ticket: &[u8]) -> Option<Vec<u8>> {
        self.0.decrypt(ticket)
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
