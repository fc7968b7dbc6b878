//! Streams of records, and padded sizes.

use wax_crypto::{ContentKey, MANIFEST_INDEX, PartSalt, padded_bytes};
use wax_kernel::SeededRng;

use super::draw;
use crate::schema::{Bytes, PadmeCase, StreamCase, pattern};

fn stream_case(name: &str, seeds: (u64, u64), index: u32, plaintext_bytes: usize) -> StreamCase {
    let cek = draw(&SeededRng::new(seeds.0), 32);
    let salt = draw(&SeededRng::new(seeds.1), 16);
    let key = ContentKey::from_slice(&cek.0).unwrap();
    let part_salt = PartSalt::from_slice(&salt.0).unwrap();
    StreamCase {
        name: name.to_owned(),
        part_key: key.part_key(&part_salt, index).expose().into(),
        sealed: Bytes(key.seal_part(index, &part_salt, &pattern(plaintext_bytes))),
        cek,
        salt,
        index,
        plaintext_bytes,
    }
}

pub(super) fn cases() -> Vec<StreamCase> {
    vec![
        stream_case("nothing", (20, 21), 0, 0),
        stream_case("one byte less than a record", (20, 22), 1, 65_535),
        stream_case("exactly one record", (20, 23), 2, 65_536),
        stream_case("one byte more than a record", (20, 24), MANIFEST_INDEX, 65_537),
        stream_case("equal plaintext, first part", (25, 26), 0, 100),
        stream_case("equal plaintext, second part", (25, 27), 1, 100),
        stream_case("equal plaintext and salt, second part", (25, 26), 1, 100),
        stream_case("equal plaintext, first part tried again", (25, 28), 0, 100),
    ]
}

pub(super) fn padme_cases() -> Vec<PadmeCase> {
    let bodies = [2, 1_020, 1_021, 2_000, 5_000, 65_532, 65_533, 1_000_000, 1_048_572];
    bodies
        .map(|body_bytes| PadmeCase {
            name: format!("{body_bytes} bytes"),
            body_bytes,
            plaintext_bytes: padded_bytes(body_bytes),
        })
        .into()
}
