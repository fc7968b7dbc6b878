//! Makes this implementation's vectors. Every random value comes from a seed, so the files come out the same again.

pub(crate) mod device;
mod refuse;
pub(crate) mod seal;
mod stream;

use wax_kernel::{Rng, SeededRng};

use crate::schema::Bytes;

/// The text of every file, by name.
pub(crate) fn files() -> Vec<(&'static str, String)> {
    fn json<T: serde::Serialize>(cases: &[T]) -> String {
        serde_json::to_string_pretty(cases).unwrap() + "\n"
    }
    vec![
        ("seal.json", json(&seal::cases())),
        ("stream.json", json(&stream::cases())),
        ("refuse.json", json(&refuse::cases())),
        ("padme.json", json(&stream::padme_cases())),
        ("device.json", json(&device::cases())),
    ]
}

fn draw(rng: &SeededRng, bytes: usize) -> Bytes {
    let mut drawn = vec![0; bytes];
    rng.fill(&mut drawn);
    Bytes(drawn)
}
