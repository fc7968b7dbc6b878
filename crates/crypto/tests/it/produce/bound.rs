//! What a bound device opens with, and how it hands that over.

use wax_crypto::{ContentKey, Handover, HandoverCode, HpkeKey, HpkePublicKey, PartKey, Thumbprint};
use wax_kernel::{SecretId, SeededRng};

use super::{
    Scripted, draw,
    seal::{bound_input, seal},
};
use crate::schema::{BoundCase, Bytes, HandoverCase, PointCase};

fn bound() -> BoundCase {
    let input = bound_input();
    let output = seal(&input);
    let cek = ContentKey::from_slice(&input.cek.0).unwrap();
    BoundCase {
        name: "a device-bound text".to_owned(),
        expect: None,
        id: output.id,
        cek: input.cek.clone(),
        part_key: cek.manifest_key(&output.header.0).unwrap().expose().into(),
        header: output.header,
        content: output.content,
        text: input.whole_text(),
    }
}

pub(super) fn cases() -> Vec<BoundCase> {
    let broken = |name: &str, expect: &str, change: &dyn Fn(&mut BoundCase)| {
        let mut case = bound();
        (case.name, case.expect) = (name.to_owned(), Some(expect.to_owned()));
        change(&mut case);
        case
    };
    vec![
        bound(),
        broken("an unknown kind", "header", &|case| case.header.0[2] = 3),
        broken("another content key", "commit", &|case| case.cek.0[0] ^= 1),
        broken("another secret's id", "commit", &|case| case.id.0[0] ^= 1),
        broken("another commitment", "commit", &|case| case.header.0[54] ^= 1),
        broken("another salt", "content", &|case| case.header.0[7] ^= 1),
        broken("content with a changed bit", "content", &|case| case.content.0[500] ^= 1),
    ]
}

/// `code` and `keys` of the inputs.
pub(crate) fn handed(case: &HandoverCase) -> (String, Bytes) {
    let receive = HpkePublicKey::from_slice(&case.receive.0).unwrap();
    let (id, from, to) = parties(case);
    let nonce = case.nonce.0[..].try_into().unwrap();
    let part_key = PartKey::from_slice(&case.part_key.0).unwrap();
    let rng = Scripted::new(&[&case.ikm]);
    let keys = Handover { id: &id, from: &from, to: &to }.seal(&receive, &part_key, &rng);
    (HandoverCode::new(nonce, &id, &to, &receive).to_string(), Bytes(keys.to_vec()))
}

/// The secret, the device that gives and the one that gets.
pub(crate) fn parties(case: &HandoverCase) -> (SecretId, Thumbprint, Thumbprint) {
    let thumbprint = |bytes: &Bytes| Thumbprint::from_slice(&bytes.0).unwrap();
    let id = SecretId::from_bytes(case.id.0[..].try_into().unwrap());
    (id, thumbprint(&case.from), thumbprint(&case.to))
}

fn handover(name: &str, seed: u64) -> HandoverCase {
    let rng = SeededRng::new(seed);
    let key = HpkeKey::random(&rng);
    let mut case = HandoverCase {
        name: name.to_owned(),
        expect: None,
        id: bound().id,
        from: draw(&rng, 32),
        to: draw(&rng, 32),
        receive_private: key.to_bytes()[..].into(),
        receive: key.public().as_bytes().into(),
        nonce: draw(&rng, 16),
        ikm: draw(&rng, 32),
        part_key: bound().part_key,
        code: String::new(),
        keys: Bytes(Vec::new()),
    };
    (case.code, case.keys) = handed(&case);
    case
}

/// The first hand-over whose code starts with a zero, which must not get lost.
fn with_leading_zero() -> HandoverCase {
    let mut seeds = (91..).map(|seed| handover("a code that starts with a zero", seed));
    seeds.find(|case| case.code.starts_with('0')).unwrap()
}

pub(super) fn handovers() -> Vec<HandoverCase> {
    let good = handover("a hand-over", 90);
    let broken = |name: &str, change: &dyn Fn(&mut HandoverCase)| {
        let mut case = good.clone();
        (case.name, case.expect) = (name.to_owned(), Some("keys".to_owned()));
        change(&mut case);
        case
    };
    vec![
        good.clone(),
        with_leading_zero(),
        broken("of another secret", &|case| case.id.0[0] ^= 1),
        broken("from another device", &|case| case.from.0[0] ^= 1),
        broken("to another device", &|case| case.to.0[0] ^= 1),
        broken("to another key", &|case| {
            let other = HpkeKey::random(&SeededRng::new(99));
            case.receive_private = other.to_bytes()[..].into();
            case.receive = other.public().as_bytes().into();
        }),
        broken("a changed bit", &|case| case.keys.0[112] ^= 1),
        broken("a byte less", &|case| case.keys.0.truncate(112)),
        broken("an encapsulated key off the curve", &|case| case.keys.0[64] ^= 1),
    ]
}

/// What may stand for a public key: of a device, of the channel, of an ask.
pub(super) fn points() -> Vec<PointCase> {
    let good = *HpkeKey::random(&SeededRng::new(100)).public().as_bytes();
    let case = |name: &str, point: &[u8], valid| PointCase {
        name: name.to_owned(),
        point: point.into(),
        valid,
    };
    let mut off_curve = good;
    off_curve[64] ^= 1;
    let mut infinity = [0; 65];
    infinity[0] = 0x04;
    let compressed = [&[0x02 | (good[64] & 1)], &good[1..33]].concat();
    let hybrid = [&[0x06 | (good[64] & 1)], &good[1..]].concat();
    // 2^256 − 1 is beyond the field's prime.
    let beyond = [&[0x04], &[0xff; 32][..], &good[33..]].concat();
    vec![
        case("a point on the curve", &good, true),
        case("off the curve", &off_curve, false),
        case("zeros", &infinity, false),
        case("infinity", &[0], false),
        case("compressed", &compressed, false),
        case("hybrid", &hybrid, false),
        case("a coordinate beyond the field", &beyond, false),
        case("a byte more", &[&good[..], &[0]].concat(), false),
    ]
}
