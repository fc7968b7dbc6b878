//! Mails on their way into the outbox and out of it.

use std::{sync::Arc, time::Duration};

use wax_crypto::at_rest::{AddressKey, AddressMac, KeyStore, Slot};
use wax_kernel::{
    Clock, EmailAddress, EventId, Rng, Timestamp, base64url_decode, base64url_encode,
};
use wax_model::{Link, Mail, OutboxMessage, Topic};
use zeroize::Zeroizing;

/// A mail that nobody took by then is given up, even if nothing in it ends earlier.
const LONGEST: Duration = Duration::from_secs(3 * 86_400);

/// What the code of an address is for.
const SUPPRESSION: &str = "suppression";
const UNSUBSCRIBE: &str = "unsubscribe";

/// Seals mails for the outbox, and opens them again.
#[derive(Debug, Clone)]
pub struct Postbox {
    keys: Arc<dyn KeyStore>,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    addresses: Arc<AddressKey>,
}

/// What stands in the outbox is no mail of ours: other keys, or a newer version's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the message holds no mail that this version reads with these keys")]
pub struct Unreadable;

impl Postbox {
    /// A postbox with these keys.
    pub fn new(keys: Arc<dyn KeyStore>, clock: Arc<dyn Clock>, rng: Arc<dyn Rng>) -> Self {
        let addresses = Arc::new(AddressKey::derive(keys.host_seed()));
        Self { keys, clock, rng, addresses }
    }

    /// Makes a message of a mail, to be sent in the unit of work that the mail tells of. Draw it before the unit, which
    /// may run twice. `until`: when the link in it ends; it is not delivered later than that, nor after three days.
    pub fn seal(&self, mail: &Mail, until: Option<Timestamp>) -> OutboxMessage {
        let (id, now) = (EventId::random(&*self.rng), self.clock.now());
        let json = Zeroizing::new(serde_json::to_vec(mail).expect("a mail has a JSON form"));
        let longest = now.plus(LONGEST);
        OutboxMessage {
            id,
            topic: Topic::Mail,
            payload: self.keys.ring().seal(slot(&id), &json, &*self.rng),
            due_at: now,
            not_after: until.map_or(longest, |until| until.min(longest)),
        }
    }

    /// Opens a message.
    ///
    /// # Errors
    /// [`Unreadable`], also of a row that was moved into another's place.
    pub fn open(&self, message: &OutboxMessage) -> Result<Mail, Unreadable> {
        let json = self.keys.ring().open(slot(&message.id), &message.payload);
        serde_json::from_slice(&json.map_err(|_| Unreadable)?).map_err(|_| Unreadable)
    }

    /// What a suppression is kept under.
    pub fn code(&self, address: &EmailAddress) -> AddressMac {
        self.addresses.mac(SUPPRESSION, address.key())
    }

    /// Where the recipient of a notice stops them: `<site>/unsubscribe/<token>`, which a GET answers with a page that asks,
    /// and a POST without credentials does (RFC 8058 §3.1). The token names no address.
    pub fn unsubscribe_link(&self, mail: &Mail) -> Option<Link> {
        let code = self.code(&mail.to);
        let proof = self.proof(&code);
        let token = base64url_encode([&code.as_bytes()[..], &proof.as_bytes()[..16]].concat());
        let site = mail.site.expose().trim_end_matches('/');
        Link::parse(&format!("{site}/unsubscribe/{token}")).ok()
    }

    /// The suppression that a token of [`Self::unsubscribe_link`] names, if it is one.
    pub fn unsubscribed(&self, token: &str) -> Option<AddressMac> {
        let bytes = base64url_decode(token).ok()?;
        let (code, proof) = bytes.split_at_checked(AddressMac::LEN)?;
        let code = AddressMac::from_slice(code).ok()?;
        // Compared in constant time: both halves as one value of the type that does so.
        let mut given = *self.proof(&code).as_bytes();
        given[..16].copy_from_slice(proof.first_chunk::<16>().filter(|_| proof.len() == 16)?);
        (AddressMac::from_bytes(given) == self.proof(&code)).then_some(code)
    }

    fn proof(&self, code: &AddressMac) -> AddressMac {
        self.addresses.mac(UNSUBSCRIBE, &base64url_encode(code.as_bytes()))
    }
}

fn slot(id: &EventId) -> Slot<'_> {
    Slot { table: "outbox", column: "payload", row: id.as_bytes() }
}

#[cfg(test)]
mod tests {
    use wax_crypto::at_rest::MemoryKeyStore;
    use wax_kernel::{ManualClock, SeededRng};

    use super::*;
    use crate::samples::samples;

    fn postbox(seed: u64) -> Postbox {
        let rng: Arc<dyn Rng> = Arc::new(SeededRng::new(seed));
        let keys = Arc::new(MemoryKeyStore::new(Arc::clone(&rng)));
        Postbox::new(keys, Arc::new(ManualClock::at_ms(1_800_000_000_000)), rng)
    }

    #[test]
    fn a_mail_comes_out_as_it_went_in_and_only_in_its_own_row() {
        let postbox = postbox(1);
        for mail in samples("ja") {
            let message = postbox.seal(&mail, None);
            assert_eq!(postbox.open(&message), Ok(mail.clone()));
            let address = mail.to.as_str().as_bytes();
            assert!(!message.payload.windows(address.len()).any(|part| part == address));
            let moved = OutboxMessage { id: EventId::from_bytes([7; 16]), ..message };
            assert_eq!(postbox.open(&moved), Err(Unreadable));
        }
        let message = postbox.seal(&samples("en")[0], None);
        assert_eq!(self::postbox(2).open(&message), Err(Unreadable));
    }

    #[test]
    fn a_message_ends_with_its_link_and_after_three_days_in_any_case() {
        let (postbox, mail) = (postbox(1), &samples("en")[0]);
        let now = Timestamp::from_ms(1_800_000_000_000);
        let hour = now.plus(Duration::from_secs(3_600));
        assert_eq!(postbox.seal(mail, Some(hour)).not_after, hour);
        let week = now.plus(Duration::from_secs(7 * 86_400));
        assert_eq!(postbox.seal(mail, Some(week)).not_after, now.plus(LONGEST));
        assert_eq!(postbox.seal(mail, None).not_after, now.plus(LONGEST));
    }

    #[test]
    fn a_token_stops_mails_to_its_address_and_no_other_token_does() {
        let (postbox, mail) = (postbox(1), &samples("en")[0]);
        let link = postbox.unsubscribe_link(mail).unwrap();
        let token = link.expose().rsplit_once('/').unwrap().1;
        assert_eq!(postbox.unsubscribed(token), Some(postbox.code(&mail.to)));
        assert!(!link.expose().contains(mail.to.as_str()));
        let bytes = base64url_decode(token).unwrap();
        for bit in 0..8 * bytes.len() {
            let mut other = bytes.clone();
            other[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(postbox.unsubscribed(&base64url_encode(&other)), None, "bit {bit}");
        }
        for other in ["", "AAAA", &token[..60], &format!("{token}AAAA")] {
            assert_eq!(postbox.unsubscribed(other), None, "{other:?}");
        }
        assert_eq!(self::postbox(2).unsubscribed(token), None);
    }
}
