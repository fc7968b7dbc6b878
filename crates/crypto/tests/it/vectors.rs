//! Both implementations' vectors, opened; this one's, produced again.

use wax_crypto::{
    Challenge, ContentKey, Delivered, DevicePublicKey, Ikm, Link, LinkError, OpenError, PartSalt,
    PasskeyCopy, PasskeyError, Passphrase, PassphraseError, Prf, ReceiptLink, SealedBy,
    SignatureHeaders, SignedRequest, Thumbprint, open_text, padded_bytes,
};
use wax_kernel::SecretId;

use crate::{
    produce,
    schema::{
        DeviceCase, PadmeCase, PasskeyCase, RefuseCase, SealCase, StreamCase, path, pattern, read,
    },
};

const IMPLEMENTATIONS: [&str; 2] = ["rust", "ts"];

/// What Rust alone writes: browsers neither sign the channel's configs nor choose how a point is checked.
const RUST_ALONE: [&str; 2] = ["config.json", "point.json"];

/// Every case of one file, of every implementation. One that is missing fails.
pub(crate) fn each<T: serde::de::DeserializeOwned>(file: &str, check: impl Fn(&str, T)) {
    for implementation in IMPLEMENTATIONS {
        if implementation != "rust" && RUST_ALONE.contains(&file) {
            continue;
        }
        let cases: Vec<T> = read(implementation, file);
        assert!(!cases.is_empty(), "{implementation}/{file} has no case");
        for case in cases {
            check(implementation, case);
        }
    }
}

#[test]
fn the_checked_in_vectors_are_what_this_code_produces() {
    for (file, text) in produce::files() {
        let checked_in = std::fs::read_to_string(path("rust", file)).unwrap();
        assert!(checked_in == text, "{file} differs: cargo run -p wax-crypto --example vectors");
    }
}

#[test]
fn every_sealed_text_is_produced_again_from_its_inputs() {
    each("seal.json", |implementation, case: SealCase| {
        assert_eq!(
            produce::seal::seal(&case.input),
            case.output,
            "{implementation}: {}",
            case.name
        );
    });
}

#[test]
fn every_sealed_text_opens() {
    each("seal.json", |implementation, case: SealCase| {
        let (input, output) = (&case.input, &case.output);
        let refuse = RefuseCase {
            name: case.name.clone(),
            expect: String::new(),
            link: output.link.clone(),
            passphrase: input.passphrase.clone(),
            params: input.params,
            sealed: if input.params.is_some() { "server" } else { "client" }.to_owned(),
            policy: input.policy.clone(),
            header: output.header.clone(),
            wrapped_key: output.wrapped_key.clone(),
            content: output.content.clone(),
        };
        assert_eq!(open(&refuse), Ok(input.whole_text()), "{implementation}: {}", case.name);
        let receipt = ReceiptLink::parse(&output.receipt_link).unwrap();
        assert_eq!(receipt.rid().as_bytes()[..], output.rid.0);
    });
}

#[test]
fn nothing_opens_that_must_not() {
    each("refuse.json", |implementation, case: RefuseCase| {
        assert_eq!(open(&case), Err(case.expect.as_str()), "{implementation}: {}", case.name);
    });
}

/// Opens as a client does; on error, says where it stopped.
fn open(case: &RefuseCase) -> Result<String, &'static str> {
    let link = Link::parse(&case.link).map_err(|error| match error {
        LinkError::Damaged => "link-damaged",
        LinkError::Malformed | LinkError::UnknownVersion => "link-malformed",
    })?;
    let sealed = if case.sealed == "server" { SealedBy::Server } else { SealedBy::Client };
    let ikm = match &case.passphrase {
        None => Ikm::without_passphrase(link.token()),
        Some(typed) => {
            let passphrase = Passphrase::new(typed).map_err(|_| "passphrase")?;
            let params =
                case.params.expect("with a passphrase").accept(sealed).map_err(|error| {
                    assert_eq!(error, PassphraseError::Params);
                    "params"
                })?;
            Ikm::with_passphrase(link.token(), &passphrase, params).unwrap()
        }
    };
    let delivered = Delivered {
        header: &case.header.0,
        policy: &case.policy.0,
        wrapped_key: &case.wrapped_key.0,
        content: &case.content.0,
    };
    match open_text(&ikm, &link.id(), &delivered) {
        Ok(opened) => Ok(opened.text.expose().clone()),
        Err(OpenError::Header(_)) => Err("header"),
        Err(OpenError::Unwrap(_)) => Err("unwrap"),
        Err(OpenError::Commit) => Err("commit"),
        Err(OpenError::Content(_)) => Err("content"),
        Err(OpenError::Manifest(_)) => Err("manifest"),
    }
}

#[test]
fn every_stream_is_produced_again_and_opens() {
    each("stream.json", |implementation, case: StreamCase| {
        let key = ContentKey::from_slice(&case.cek.0).unwrap();
        let salt = PartSalt::from_slice(&case.salt.0).unwrap();
        let plaintext = pattern(case.plaintext_bytes);
        let label = format!("{implementation}: {}", case.name);
        assert_eq!(key.part_key(&salt, case.index).expose()[..], case.part_key.0, "{label}");
        assert!(key.seal_part(case.index, &salt, &plaintext) == case.sealed.0, "{label}");
        assert!(*key.open_part(case.index, &salt, &case.sealed.0).unwrap() == plaintext, "{label}");
    });
}

#[test]
fn equal_plaintexts_never_give_equal_streams() {
    for implementation in IMPLEMENTATIONS {
        let mut cases: Vec<StreamCase> = read(implementation, "stream.json");
        cases.retain(|case| case.name.starts_with("equal"));
        assert!(cases.len() > 1);
        for (n, case) in cases.iter().enumerate() {
            assert!(cases[..n].iter().all(|other| other.sealed != case.sealed), "{}", case.name);
        }
    }
}

#[test]
fn padding_has_the_same_sizes_everywhere() {
    each("padme.json", |implementation, case: PadmeCase| {
        let padded = padded_bytes(case.body_bytes);
        assert_eq!(padded, case.plaintext_bytes, "{implementation}: {}", case.name);
    });
}

#[test]
fn devices_and_signatures_mean_the_same_everywhere() {
    each("device.json", |implementation, case: DeviceCase| {
        let label = format!("{implementation}: {}", case.name);
        let public = DevicePublicKey::from_slice(&case.public_key.0).unwrap();
        assert_eq!(*produce::device::device_key(&case.private_key.0).public(), public, "{label}");
        assert_eq!(public.thumbprint().as_bytes()[..], case.thumbprint.0, "{label}");

        let (content_digest, signature_input, base) = produce::device::signed_texts(&case);
        assert_eq!(base, case.base, "{label}");
        if case.valid {
            assert_eq!(
                (&content_digest, &signature_input),
                (&case.content_digest, &case.signature_input)
            );
        }
        assert_eq!(verifies(&case, &public), case.valid, "{label}");
    });
}

fn verifies(case: &DeviceCase, public: &DevicePublicKey) -> bool {
    let challenge = Challenge::from_slice(&case.challenge.0).unwrap();
    let target_uri = format!("{}{}", case.origin, case.path);
    let request = SignedRequest {
        target_uri: &target_uri,
        body: case.body.as_bytes(),
        challenge: &challenge,
    };
    let headers = SignatureHeaders {
        content_digest: case.content_digest.clone(),
        signature_input: case.signature_input.clone(),
        signature: case.signature.clone(),
    };
    request.verify(public, &headers).is_ok()
}

#[test]
fn a_passkey_copy_is_produced_again_and_opens_with_its_passkey_alone() {
    each("passkey.json", |implementation, case: PasskeyCase| {
        let label = format!("{implementation}: {}", case.name);
        let id = SecretId::from_bytes(case.id.0[..].try_into().unwrap());
        let device = Thumbprint::from_slice(&case.thumbprint.0).unwrap();
        let prf = Prf::from_slice(&case.prf.0).unwrap();
        let opened = PasskeyCopy::open(&case.copy.0, &prf, &id, &device);
        if case.expect.is_some() {
            assert_eq!(opened, Err(PasskeyError), "{label}");
            return;
        }
        assert_eq!(produce::passkey::sealed(&case), (case.salt, case.copy), "{label}");
        let opened = opened.unwrap();
        assert_eq!(opened.private_key[..], case.private_key.0, "{label}");
        assert_eq!(opened.public_key.as_bytes()[..], case.public_key.0, "{label}");
        assert_eq!(opened.content_key.expose()[..], case.cek.0, "{label}");
        assert_eq!(opened.header[..], case.header.0, "{label}");
    });
}
