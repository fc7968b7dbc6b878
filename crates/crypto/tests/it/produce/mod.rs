//! Makes this implementation's vectors. Every random value comes from a seed, so the files come out the same again.

pub(crate) mod bound;
pub(crate) mod channel;
pub(crate) mod device;
pub(crate) mod passkey;
mod refuse;
pub(crate) mod seal;
mod stream;

use std::{collections::VecDeque, sync::Mutex};

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
        ("channel.json", json(&channel::cases())),
        ("config.json", json(&channel::configs())),
        ("bound.json", json(&bound::cases())),
        ("handover.json", json(&bound::handovers())),
        ("point.json", json(&bound::points())),
        ("passkey.json", json(&passkey::cases())),
    ]
}

fn draw(rng: &SeededRng, bytes: usize) -> Bytes {
    let mut drawn = vec![0; bytes];
    rng.fill(&mut drawn);
    Bytes(drawn)
}

/// Gives the bytes it was given, in order.
#[derive(Debug)]
pub(crate) struct Scripted(Mutex<VecDeque<u8>>);

impl Scripted {
    pub(crate) fn new(script: &[&Bytes]) -> Self {
        Self(Mutex::new(script.iter().flat_map(|bytes| bytes.0.clone()).collect()))
    }
}

impl Rng for Scripted {
    fn fill(&self, bytes: &mut [u8]) {
        let mut script = self.0.lock().unwrap();
        bytes.fill_with(|| script.pop_front().expect("the script is as long as what is drawn"));
    }
}
