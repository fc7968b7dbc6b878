//! What a message asks, read with as little trust as possible.

use hickory_proto::{
    op::{Header, HeaderCounts, MessageType, Metadata, OpCode, Query, ResponseCode},
    rr::{Name, RecordType},
    serialize::binary::{BinDecodable as _, BinDecoder, DecodeError},
};

/// One question.
#[derive(Debug)]
pub(crate) struct Asked {
    /// The header.
    pub(crate) metadata: Metadata,
    /// Name, type and class; the name with the capitals it came with.
    pub(crate) query: Query,
    /// What the asker can do beyond RFC 1035, if it says so.
    pub(crate) options: Option<Options>,
}

/// The fixed part of an OPT record (RFC 6891 §6.1.3). Options themselves are not looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) payload: u16,
    pub(crate) version: u8,
    pub(crate) dnssec_ok: bool,
}

/// Why a message is not answered with what it asks for.
#[derive(Debug)]
pub(crate) enum NoQuestion {
    /// It is an answer, or less than a header: whatever is said to it might be said to and fro for ever.
    Nothing,
    /// It is a question, and a wrong one. The header to answer with.
    Wrong(Metadata),
}

const HEADER: usize = 12;
/// OPT, and a signature that we do not know the key of.
const MOST_ADDITIONALS: u16 = 2;

/// Reads a question.
pub(crate) fn read(message: &[u8]) -> Result<Asked, NoQuestion> {
    if message.len() < HEADER {
        return Err(NoQuestion::Nothing);
    }
    let mut decoder = BinDecoder::new(message);
    let Header { metadata, counts } =
        Header::read(&mut decoder).map_err(|_| NoQuestion::Nothing)?;
    if metadata.message_type == MessageType::Response {
        return Err(NoQuestion::Nothing);
    }
    if metadata.op_code != OpCode::Query {
        return Err(wrong(&metadata, ResponseCode::NotImp));
    }
    // Before anything is read: a count is not to be believed, and nothing but a question belongs into one.
    let HeaderCounts { queries, answers, authorities, additionals } = counts;
    let is_one = (queries, answers, authorities) == (1, 0, 0) && additionals <= MOST_ADDITIONALS;
    let body = if is_one { read_body(&mut decoder, additionals).ok() } else { None };
    let (query, options) = body.ok_or_else(|| wrong(&metadata, ResponseCode::FormErr))?;
    Ok(Asked { metadata, query, options })
}

fn wrong(asked: &Metadata, code: ResponseCode) -> NoQuestion {
    let mut metadata = Metadata::response_from_request(asked);
    metadata.response_code = code;
    NoQuestion::Wrong(metadata)
}

/// A body that is cut, or goes on behind its end, or has two sets of options.
#[derive(Debug)]
struct Malformed;

impl From<DecodeError> for Malformed {
    fn from(_: DecodeError) -> Self {
        Self
    }
}

fn read_body(
    decoder: &mut BinDecoder<'_>,
    additionals: u16,
) -> Result<(Query, Option<Options>), Malformed> {
    let query = Query::read(decoder)?;
    // A first name has nothing to point back to but the header; and what repeats it would be longer than it.
    let encoded = if query.name.is_root() { 1 } else { query.name.len() + 1 };
    if decoder.index() != HEADER + encoded + 4 {
        return Err(Malformed);
    }
    let mut options = None;
    for _ in 0..additionals {
        let found = read_additional(decoder)?;
        if found.is_some() && options.is_some() {
            return Err(Malformed);
        }
        options = options.or(found);
    }
    if decoder.is_empty() { Ok((query, options)) } else { Err(Malformed) }
}

/// Not with the library's reader of records: it writes into the log what it does not like.
fn read_additional(decoder: &mut BinDecoder<'_>) -> Result<Option<Options>, Malformed> {
    let name = Name::read(decoder)?;
    let kind = RecordType::read(decoder)?;
    let class = decoder.read_u16()?.unverified(/* every size is valid */);
    let ttl = decoder.read_u32()?.unverified(/* so is every flag */);
    let length = decoder.read_u16()?.unverified(/* the next line tells */);
    decoder.read_slice(usize::from(length))?;
    if kind != RecordType::OPT {
        return Ok(None);
    }
    let [_, version, flags, _] = ttl.to_be_bytes();
    let options = Options { payload: class, version, dnssec_ok: flags & 0x80 != 0 };
    if name.is_root() { Ok(Some(options)) } else { Err(Malformed) }
}

#[cfg(test)]
mod tests {
    use hickory_proto::op::{Edns, Message};
    use proptest::prelude::*;

    use super::*;

    fn message() -> Message {
        let mut message = Message::new(7, MessageType::Query, OpCode::Query);
        let name = Name::from_ascii("Www.Example.net.").unwrap();
        message.add_query(Query::query(name, RecordType::A));
        let mut edns = Edns::new();
        edns.set_max_payload(1_400).set_dnssec_ok(true);
        message.set_edns(edns);
        message
    }

    fn code(bytes: &[u8]) -> Option<ResponseCode> {
        match read(bytes) {
            Ok(_) => Some(ResponseCode::NoError),
            Err(NoQuestion::Wrong(metadata)) => Some(metadata.response_code),
            Err(NoQuestion::Nothing) => None,
        }
    }

    /// With the bytes of the message changed in this way.
    fn bent(bend: impl FnOnce(&mut Vec<u8>)) -> Option<ResponseCode> {
        let mut bytes = message().to_vec().unwrap();
        bend(&mut bytes);
        code(&bytes)
    }

    #[test]
    fn a_question_is_read_with_its_capitals_and_options() {
        let asked = read(&message().to_vec().unwrap()).unwrap();
        assert_eq!(asked.query.name.to_ascii(), "Www.Example.net.");
        let options = Options { payload: 1_400, version: 0, dnssec_ok: true };
        assert_eq!(asked.options, Some(options));
        let mut plain = message();
        plain.edns = None;
        assert_eq!(read(&plain.to_vec().unwrap()).unwrap().options, None);
    }

    #[test]
    fn what_might_be_an_answer_is_not_answered() {
        assert_eq!(bent(|bytes| bytes[2] |= 0x80), None);
        assert_eq!(bent(|bytes| bytes.truncate(11)), None);
        assert_eq!(code(&[]), None);
    }

    #[test]
    fn what_is_no_plain_question_is_told_so() {
        let malformed = Some(ResponseCode::FormErr);
        assert_eq!(bent(|bytes| bytes[5] = 0), malformed, "no question");
        assert_eq!(bent(|bytes| bytes[5] = 2), malformed, "two questions");
        assert_eq!(bent(|bytes| bytes[4..6].fill(0xff)), malformed, "65,535 questions");
        assert_eq!(bent(|bytes| bytes[7] = 1), malformed, "an answer beside it");
        assert_eq!(bent(|bytes| bytes[9] = 1), malformed, "an authority beside it");
        assert_eq!(bent(|bytes| bytes[11] = 3), malformed, "too much beside it");
        assert_eq!(bent(|bytes| bytes.push(0)), malformed, "something behind it");
        assert_eq!(bent(|bytes| bytes.truncate(20)), malformed, "half a name");
        let pointer = |bytes: &mut Vec<u8>| {
            bytes.truncate(12);
            bytes[11] = 0;
            // At the header's last two bytes there is a root.
            bytes.extend([0xc0, 0x0a, 0, 1, 0, 1]);
        };
        assert_eq!(bent(pointer), malformed, "a name that points into the header");
        let again = |bytes: &mut Vec<u8>| {
            bytes[11] = 2;
            bytes.extend_from_within(bytes.len() - 11..);
        };
        assert_eq!(bent(again), malformed, "two sets of options");
        for op_code in [1, 2, 4, 5, 15] {
            let told = bent(|bytes| bytes[2] = op_code << 3);
            assert_eq!(told, Some(ResponseCode::NotImp), "operation {op_code}");
        }
    }

    proptest! {
        #[test]
        fn garbage_is_never_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            let _ = read(&bytes);
        }

        #[test]
        fn a_question_bent_anywhere_is_no_panic(at in 0_usize..52, value in any::<u8>()) {
            let _ = bent(|bytes| {
                let at = at % bytes.len();
                bytes[at] = value;
            });
        }
    }
}
