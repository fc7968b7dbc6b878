//! Devices and their signatures.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use wax_crypto::{Challenge, DeviceKey, SignedRequest};
use wax_kernel::SeededRng;

use super::draw;
use crate::schema::DeviceCase;

/// ECDSA signatures are random, so these two were made once, by [`device_key`] for the first two cases.
const SIGNATURES: [&str; 2] = [
    "sig=:XjTF26cpmUVvg9KKvb2kf5TPaWvJ+ScL1Ryq3OJjLcuggP3q3wTbapf5CKzwr3rGLSkL8Sg0v0fwtC8fh/il5w==:",
    "sig=:4CRflElSUwyIyWywhKXdXwW3VjCuivRbz5F4qZoONnwxQd78m9ZbUlI8Ofb7J/3sKx0bXoT9GXP2m4u78qMMtg==:",
];

/// PKCS #8 around a P-256 scalar (RFC 5208, RFC 5915 without the optional public key).
pub(crate) fn device_key(scalar: &[u8]) -> DeviceKey {
    let der = [
        &b"\x30\x41\x02\x01\x00\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"[..],
        b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x04\x27\x30\x25\x02\x01\x01\x04\x20",
        scalar,
    ];
    DeviceKey::from_pkcs8(&der.concat()).unwrap()
}

fn device_case(name: &str, origin: &str, path: &str, body: &str) -> DeviceCase {
    let private_key = draw(&SeededRng::new(40), 32);
    let mut challenge = draw(&SeededRng::new(41), 40);
    challenge.0[..8].copy_from_slice(&1_767_225_599_999_u64.to_be_bytes());
    let public = *device_key(&private_key.0).public();
    let mut case = DeviceCase {
        name: name.to_owned(),
        private_key,
        public_key: public.as_bytes().into(),
        thumbprint: public.thumbprint().as_bytes().into(),
        origin: origin.to_owned(),
        path: path.to_owned(),
        body: body.to_owned(),
        challenge,
        content_digest: String::new(),
        signature_input: String::new(),
        signature: String::new(),
        base: String::new(),
        valid: true,
    };
    (case.content_digest, case.signature_input, case.base) = signed_texts(&case);
    case
}

/// `Content-Digest`, `Signature-Input` and the signature base that a verifier expects.
pub(crate) fn signed_texts(case: &DeviceCase) -> (String, String, String) {
    let challenge = Challenge::from_slice(&case.challenge.0).unwrap();
    let target_uri = format!("{}{}", case.origin, case.path);
    let request = SignedRequest {
        target_uri: &target_uri,
        body: case.body.as_bytes(),
        challenge: &challenge,
    };
    (request.content_digest(), request.signature_input(), request.signature_base())
}

/// SEC 2 §2.4.2: the order of P-256's group.
const ORDER: [u8; 32] = *b"\xff\xff\xff\xff\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\
    \xbc\xe6\xfa\xad\xa7\x17\x9e\x84\xf3\xb9\xca\xc2\xfc\x63\x25\x51";

/// The header of the signature with `n − s` instead of `s`.
fn mirrored(header: &str) -> String {
    let text = header.strip_prefix("sig=:").unwrap().strip_suffix(':').unwrap();
    let mut bytes = STANDARD.decode(text).unwrap();
    let mut borrow = 0;
    for (byte, order) in bytes[32..].iter_mut().zip(ORDER).rev() {
        let difference = i16::from(order) - i16::from(*byte) - borrow;
        borrow = i16::from(difference < 0);
        *byte = u8::try_from(difference.rem_euclid(256)).unwrap();
    }
    format!("sig=:{}:", STANDARD.encode(bytes))
}

pub(super) fn cases() -> Vec<DeviceCase> {
    let claim = r#"{"id":"AAAAAAAAAAAAAAAAAAAAAA","device":"鍵"}"#;
    let mut first =
        device_case("a claim", "https://secrets.example.com", "/v1/secrets/claim", claim);
    let mut second =
        device_case("below localhost", "http://acme.localhost:8080", "/v1/secrets/heartbeat", "{}");
    SIGNATURES[0].clone_into(&mut first.signature);
    SIGNATURES[1].clone_into(&mut second.signature);

    let broken = |name: &str, change: &dyn Fn(&mut DeviceCase)| {
        let mut case = DeviceCase { name: name.to_owned(), valid: false, ..first.clone() };
        change(&mut case);
        case.base = signed_texts(&case).2;
        case
    };
    let mut cases = vec![
        broken("a changed body", &|case| case.body.push(' ')),
        broken("a changed body with its digest", &|case| {
            case.body.push(' ');
            case.content_digest = signed_texts(case).0;
        }),
        broken("another path", &|case| "/v1/secrets/recover".clone_into(&mut case.path)),
        broken("another host", &|case| "https://secrets.example.org".clone_into(&mut case.origin)),
        broken("another challenge", &|case| {
            case.challenge.0[39] ^= 1;
            case.signature_input = signed_texts(case).1;
        }),
        broken("another time", &|case| {
            case.signature_input = case.signature_input.replace("created=1", "created=2");
        }),
        broken("a component less", &|case| {
            case.signature_input = case.signature_input.replace(r#""@method" "#, "");
        }),
        broken("another request's signature", &|case| case.signature.clone_from(&second.signature)),
        broken("a signature without padding", &|case| {
            case.signature = case.signature.replace("==", "");
        }),
        broken("a signature of another name", &|case| {
            case.signature = case.signature.replace("sig", "sig1");
        }),
        broken("another device", &|case| {
            let other = device_key(&draw(&SeededRng::new(42), 32).0);
            case.private_key = draw(&SeededRng::new(42), 32);
            case.public_key = other.public().as_bytes().into();
            case.thumbprint = other.public().thumbprint().as_bytes().into();
        }),
    ];
    // ECDSA has two signatures for each: s and n − s (SEC 1 §4.1.4). Both verify, here and in every other library.
    let mut other_half = DeviceCase { name: "the other half".to_owned(), ..first.clone() };
    other_half.signature = mirrored(&first.signature);
    cases.splice(0..0, [first, second, other_half]);
    cases
}
