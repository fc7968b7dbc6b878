//! What single steps of a cycle cost the server, measured alone: a cross-check of the differences.

use std::hint::black_box;

use anyhow::Result;
use wax_crypto::channel::{ChannelKey, SealedRequest};
use wax_crypto::{Challenge, DeviceKey, Origin, SignedRequest};
use wax_kernel::{SystemRng, Timestamp};

use crate::cpu;
use crate::load::count;
use crate::samples::Samples;

/// How often a step runs in one sample.
const RUNS: usize = 1_000;
const SAMPLES: usize = 9;
/// A claim's body is about this long.
const BODY: [u8; 400] = [b'x'; 400];
/// A claim's answer is, with 1 KiB of content in base64url.
const ANSWER: [u8; 1_900] = [b'x'; 1_900];

/// Checking one signed request (RFC 9421, ECDSA P-256): digest, base, signature.
pub(super) fn verify() -> Result<Samples> {
    let device = DeviceKey::generate();
    let challenge = Challenge::from_bytes([7; Challenge::LEN]);
    let target_uri = "https://secrets.example.com/v1/secrets/claim";
    let request = SignedRequest { target_uri, body: &BODY, challenge: &challenge };
    let headers = request.sign(&device);
    sample(|| Ok(request.verify(device.public(), &headers)?))
}

/// Opening one sealed request and sealing its answer (HPKE, DHKEM P-256).
pub(super) fn channel() -> Result<Samples> {
    let host = Origin::parse("https://secrets.example.com")?;
    let key = ChannelKey::random(&SystemRng);
    let (from, until) = (Timestamp::from_ms(0), Timestamp::from_ms(86_400_000));
    let path = "/v1/secrets/claim";
    let (sealed, _) = key.config(&host, from, until).seal(path, &BODY, &SystemRng);
    sample(|| {
        let request = SealedRequest::parse(&sealed)?;
        let (body, mut answer) = key.open(&request, &host, path, &SystemRng)?;
        black_box((body, answer.seal(&ANSWER)));
        Ok(())
    })
}

/// Microseconds of CPU that one run takes.
fn sample(step: impl Fn() -> Result<()>) -> Result<Samples> {
    let mut samples = Samples::default();
    for _ in 0..SAMPLES {
        let before = cpu::of_this_thread();
        for _ in 0..RUNS {
            black_box(step())?;
        }
        samples.0.push((cpu::of_this_thread() - before) / count(RUNS));
    }
    Ok(samples)
}
