//! One question on the wire, and whether a datagram answers it.

use hickory_proto::{
    op::{Edns, Message, MessageType, OpCode, Query},
    rr::{Name, RecordType},
};
use wax_kernel::Rng;

use crate::Fault;

/// What a datagram may carry without being cut into fragments, which many networks drop (DNS flag day 2020).
const LARGEST_DATAGRAM: u16 = 1_232;
const HEADER: usize = 12;

/// A question with a random id and random capitals ("0x20"): whoever cannot see it has to guess both.
#[derive(Debug)]
pub(crate) struct Question {
    bytes: Vec<u8>,
    /// Where the question ends in the bytes, and the options begin.
    end: usize,
}

/// What a message is to a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Echo {
    /// Its answer.
    Exact,
    /// Its answer but for the capitals: a server that does not keep them, or a guess.
    OtherCapitals,
    /// Somebody else's.
    Foreign,
}

impl Question {
    /// Asks for no recursion, and for the signatures with the answer.
    pub(crate) fn new(name: &Name, kind: RecordType, rng: &dyn Rng) -> Result<Self, Fault> {
        let mut options = Edns::new();
        options.set_max_payload(LARGEST_DATAGRAM).set_dnssec_ok(true);
        Self::with(Some(options), name, kind, rng)
    }

    /// The same for a server that knows nothing beyond RFC 1035. It has no signatures.
    pub(crate) fn plain(name: &Name, kind: RecordType, rng: &dyn Rng) -> Result<Self, Fault> {
        Self::with(None, name, kind, rng)
    }

    fn with(
        options: Option<Edns>,
        name: &Name,
        kind: RecordType,
        rng: &dyn Rng,
    ) -> Result<Self, Fault> {
        let id = u16::from_be_bytes(rng.bytes());
        let mut message = Message::new(id, MessageType::Query, OpCode::Query);
        message.add_query(Query::query(name.clone(), kind));
        message.edns = options;
        let mut bytes = message.to_vec().map_err(|_| Fault::Garbage)?;
        let encoded = if name.is_root() { 1 } else { name.len() + 1 };
        let end = HEADER + encoded + 4;
        capitalize(&mut bytes[HEADER..end - 4], rng);
        Ok(Self { bytes, end })
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn echo(&self, message: &[u8]) -> Echo {
        let is_response = message.get(2).is_some_and(|flags| flags & 0x80 != 0);
        if message.len() < HEADER || message[..2] != self.bytes[..2] || !is_response {
            return Echo::Foreign;
        }
        if message[4..6] == [0, 0] && message[3] & 0x0f != 0 {
            // Servers that fail need not repeat the question, and a failure proves nothing.
            return Echo::Exact;
        }
        let asked = &self.bytes[HEADER..self.end];
        match message.get(HEADER..self.end) {
            Some(echoed) if message[4..6] == [0, 1] && echoed == asked => Echo::Exact,
            Some(echoed) if message[4..6] == [0, 1] && echoed.eq_ignore_ascii_case(asked) => {
                Echo::OtherCapitals
            }
            _ => Echo::Foreign,
        }
    }
}

/// Gives each letter of an encoded name a random case.
fn capitalize(name: &mut [u8], rng: &dyn Rng) {
    let mut coins = [0; 32];
    rng.fill(&mut coins);
    for (at, byte) in name.iter_mut().enumerate().filter(|(_, byte)| byte.is_ascii_alphabetic()) {
        // A length byte is at most 63, and letters begin at 65.
        if coins[at / 8 % 32] >> (at % 8) & 1 == 1 {
            *byte ^= 0x20;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use wax_kernel::SeededRng;

    use super::*;

    fn question(seed: u64) -> Question {
        let name = Name::from_ascii("secrets.example.com.").unwrap();
        Question::new(&name, RecordType::A, &SeededRng::new(seed)).unwrap()
    }

    /// The question itself, as a server would repeat it.
    fn answer(question: &Question) -> Vec<u8> {
        let mut bytes = question.bytes()[..question.end].to_vec();
        bytes[2] |= 0x80;
        bytes[10..12].fill(0);
        bytes
    }

    #[test]
    fn an_answer_repeats_id_question_and_capitals() {
        let question = question(1);
        assert_eq!(question.echo(&answer(&question)), Echo::Exact);
        let mut lower = answer(&question);
        lower[HEADER..].make_ascii_lowercase();
        assert_eq!(question.echo(&lower), Echo::OtherCapitals);
        for (at, value) in [(0, 0x55), (2, 0), (5, 2), (question.end - 3, 28), (15, b'x')] {
            let mut other = answer(&question);
            other[at] = value;
            assert_eq!(question.echo(&other), Echo::Foreign, "byte {at}");
        }
    }

    #[test]
    fn ids_and_capitals_are_drawn_anew() {
        let drawn: std::collections::HashSet<Vec<u8>> =
            (0..50).map(|seed| question(seed).bytes()[HEADER..33].to_vec()).collect();
        assert!(drawn.len() > 40, "{}", drawn.len());
    }

    #[test]
    fn the_root_can_be_asked_about() {
        let question =
            Question::new(&Name::root(), RecordType::DNSKEY, &SeededRng::new(1)).unwrap();
        assert_eq!(question.echo(&answer(&question)), Echo::Exact);
    }

    proptest! {
        #[test]
        fn garbage_is_never_an_answer_nor_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            let question = question(7);
            prop_assume!(bytes.get(..2) != Some(&question.bytes()[..2]));
            prop_assert_eq!(question.echo(&bytes), Echo::Foreign);
        }

        #[test]
        fn an_answer_cut_or_bent_anywhere_is_no_panic(cut in 0_usize..40, bits in any::<u8>()) {
            let question = question(7);
            let mut bytes = answer(&question);
            let at = cut.min(bytes.len() - 1);
            bytes[at] ^= bits;
            question.echo(&bytes[..cut.min(bytes.len())]);
            question.echo(&bytes);
        }
    }
}
