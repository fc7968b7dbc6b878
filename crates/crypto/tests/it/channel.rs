//! The channel: what one side seals only the other opens, and only where and for what it was sealed.

use wax_crypto::{
    HpkeKey, HpkePublicKey, Origin,
    channel::{
        AnswerOpener, AnswerSealer, ChannelConfig, ChannelError, ChannelKey, ConfigBytes,
        ConfigError, HostKey, HostSeed, MAX_SEALED_REQUEST_BYTES, SealedRequest, SignedConfig,
        padded_bytes,
    },
};
use wax_kernel::{SeededRng, SystemRng, Timestamp, base64url_decode};

const PATH: &str = "/v1/secrets/claim";
const BODY: &[u8] = br#"{"id":"AAAAAAAAAAAAAAAAAAAAAA"}"#;

fn host() -> Origin {
    Origin::https("secrets.example.com").unwrap()
}

fn config_of(key: &ChannelKey) -> ChannelConfig {
    key.config(&host(), Timestamp::from_ms(0), Timestamp::from_ms(86_400_000))
}

fn open(
    key: &ChannelKey,
    sealed: &[u8],
    host: &Origin,
    path: &str,
) -> Result<(Vec<u8>, AnswerSealer), ChannelError> {
    let request = SealedRequest::parse(sealed)?;
    let (body, answer) = key.open(&request, host, path, &SystemRng)?;
    Ok((body.to_vec(), answer))
}

/// A request that arrived, and the two ends of its answer.
fn exchange(key: &ChannelKey) -> (AnswerOpener, AnswerSealer) {
    let (sealed, opener) = config_of(key).seal(PATH, BODY, &SystemRng);
    (opener, open(key, &sealed, &host(), PATH).unwrap().1)
}

#[test]
fn a_request_and_its_answer_of_any_size_arrive() {
    let key = ChannelKey::random(&SystemRng);
    for size in [0, 1, 1_020, 1_021, 100_000, 2 * 1_024 * 1_024] {
        let body = vec![b'x'; size];
        let (sealed, opener) = config_of(&key).seal(PATH, &body, &SystemRng);
        assert_eq!(sealed.len(), 8 + 65 + padded_bytes(size) + 16);
        assert!(sealed.len() <= MAX_SEALED_REQUEST_BYTES);
        let (opened, mut answer) = open(&key, &sealed, &host(), PATH).unwrap();
        assert!(opened == body, "{size}");
        let sealed = answer.seal(&body);
        assert_eq!(sealed.len(), 16 + 4 + padded_bytes(size) + 16);
        assert!(*opener.open(&sealed).unwrap() == body, "{size}");
    }
}

#[test]
fn lengths_are_told_in_kibibytes_only() {
    let config = config_of(&ChannelKey::random(&SystemRng));
    let length = |bytes| config.seal(PATH, &vec![0; bytes], &SystemRng).0.len();
    assert_eq!(length(0), length(1_020));
    assert_eq!(length(0) + 1_024, length(1_021));
}

#[test]
fn a_request_opens_for_its_host_its_path_and_its_key_only() {
    let (key, other) = (ChannelKey::random(&SystemRng), ChannelKey::random(&SystemRng));
    let (sealed, _) = config_of(&key).seal(PATH, BODY, &SystemRng);
    assert_eq!(open(&key, &sealed, &host(), PATH).unwrap().0, BODY);

    let elsewhere = Origin::https("secrets.example.com:8443").unwrap();
    assert_eq!(open(&key, &sealed, &elsewhere, PATH).unwrap_err(), ChannelError);
    assert_eq!(open(&key, &sealed, &host(), "/v1/secrets/ack").unwrap_err(), ChannelError);
    assert_eq!(open(&other, &sealed, &host(), PATH).unwrap_err(), ChannelError);
    let mut renamed = sealed;
    renamed[..8].copy_from_slice(other.id().as_bytes());
    assert_eq!(open(&other, &renamed, &host(), PATH).unwrap_err(), ChannelError);
}

#[test]
fn any_changed_byte_or_length_closes_a_request() {
    let key = ChannelKey::random(&SystemRng);
    let (sealed, _) = config_of(&key).seal(PATH, BODY, &SystemRng);
    for at in (0..sealed.len()).step_by(7).chain([7, 8, 72, 73, sealed.len() - 1]) {
        let mut changed = sealed.clone();
        changed[at] ^= 0x20;
        assert!(open(&key, &changed, &host(), PATH).is_err(), "byte {at}");
    }
    for length in [0, 7, 8, 72, 73, 73 + 1_039, sealed.len() - 1] {
        assert!(open(&key, &sealed[..length], &host(), PATH).is_err(), "{length} bytes");
    }
    assert!(open(&key, &[&sealed[..], &[0]].concat(), &host(), PATH).is_err());
    let too_long = vec![0; MAX_SEALED_REQUEST_BYTES + 1];
    assert_eq!(SealedRequest::parse(&too_long).unwrap_err(), ChannelError);
}

#[test]
fn an_answer_is_for_one_request() {
    let key = ChannelKey::random(&SystemRng);
    let ((mine, mut my_answer), (theirs, _)) = (exchange(&key), exchange(&key));
    let answer = my_answer.seal(BODY);
    assert_eq!(theirs.open(&answer), Err(ChannelError));
    assert_eq!(mine.open(&answer).as_deref().map(Vec::as_slice), Ok(BODY));
}

#[test]
fn an_answer_is_exactly_one_record() {
    let key = ChannelKey::random(&SystemRng);
    let answer_of = |records: usize| {
        let (opener, mut answer) = exchange(&key);
        let sealed: Vec<u8> = (0..records).flat_map(|_| answer.seal(BODY)).collect();
        (opener, sealed)
    };
    for records in [0, 2] {
        let (opener, sealed) = answer_of(records);
        assert_eq!(opener.open(&sealed), Err(ChannelError), "{records} records");
    }
    for (from, to) in [(0, 1), (0, 15), (0, 16), (0, 19), (0, 1_059), (1, 1_060)] {
        let (opener, sealed) = answer_of(1);
        assert_eq!(opener.open(&sealed[from..to]), Err(ChannelError), "{from}..{to}");
    }
    let (opener, sealed) = answer_of(1);
    assert_eq!(opener.open(&[&sealed[..], &[0]].concat()), Err(ChannelError));
}

#[test]
fn a_stream_opens_record_by_record_wherever_it_is_cut() {
    let key = ChannelKey::random(&SystemRng);
    let pieces: [&[u8]; 4] = [b"{}\n", b"\n", &[b'x'; 3_000], b""];
    for step in [1, 15, 16, 17, 1_060, 10_000] {
        let (opener, mut answer) = exchange(&key);
        let sealed: Vec<u8> = pieces.iter().flat_map(|piece| answer.seal(piece)).collect();
        let (mut stream, mut opened) = (opener.stream(), Vec::new());
        for arrived in sealed.chunks(step) {
            stream.push(arrived);
            while let Some(record) = stream.next_record().unwrap() {
                opened.push(record.to_vec());
            }
        }
        assert_eq!(opened, pieces, "{step} bytes at a time");
    }
}

#[test]
fn a_missing_repeated_or_moved_record_does_not_open() {
    let key = ChannelKey::random(&SystemRng);
    for order in [&[1, 0][..], &[0, 0], &[0, 2], &[1], &[0, 2, 1]] {
        let (opener, mut answer) = exchange(&key);
        let first = answer.seal(b"0");
        let (salt, first) = first.split_at(16);
        let records = [first.to_vec(), answer.seal(b"1"), answer.seal(b"2")];
        let mut stream = opener.stream();
        stream.push(salt);
        for at in order {
            stream.push(&records[*at]);
        }
        let outcome = (0..order.len()).try_for_each(|_| stream.next_record().map(drop));
        assert_eq!(outcome, Err(ChannelError), "{order:?}");
        assert_eq!(stream.next_record(), Err(ChannelError), "and there is no going on");
    }
}

#[test]
fn a_record_of_an_impossible_length_is_not_waited_for() {
    for length in [0_u32, 16, 1_039, 1_041, 4 * 1_024 * 1_024 + 16, u32::MAX] {
        let (opener, _) = exchange(&ChannelKey::random(&SystemRng));
        let mut stream = opener.stream();
        stream.push(&[0; 16]);
        stream.push(&length.to_be_bytes());
        assert_eq!(stream.next_record(), Err(ChannelError), "{length}");
    }
}

fn signed(key: &ChannelKey) -> (HostKey, SignedConfig) {
    let host_key = HostKey::derive(&HostSeed::random(&SystemRng), &host());
    let signed = host_key.sign(&config_of(key));
    (host_key, signed)
}

#[test]
fn a_config_is_believed_if_its_host_key_signed_it_for_this_host() {
    let key = ChannelKey::random(&SystemRng);
    let (host_key, signed) = signed(&key);
    assert_eq!(signed.host_key, host_key.public());
    let config = signed.verify(&host()).unwrap();
    assert_eq!(config, config_of(&key));
    assert_eq!((config.key_id(), config.key()), (key.id(), key.public()));

    let other = Origin::https("secrets.example.org").unwrap();
    assert_eq!(signed.verify(&other), Err(ConfigError::Host));
    let stranger = HostKey::derive(&HostSeed::random(&SystemRng), &host()).public();
    let claimed = SignedConfig { host_key: stranger, ..signed };
    assert_eq!(claimed.verify(&host()), Err(ConfigError::Signature));
}

#[test]
fn any_flipped_bit_of_a_config_or_its_signature_is_noticed() {
    let (_, good) = signed(&ChannelKey::random(&SystemRng));
    let bytes = good.config.as_bytes();
    for bit in 0..8 * bytes.len() {
        let mut changed = bytes.to_vec();
        changed[bit / 8] ^= 1 << (bit % 8);
        let config = ConfigBytes::from_slice(&changed).unwrap();
        let changed = SignedConfig { config, ..good.clone() };
        assert_eq!(changed.verify(&host()), Err(ConfigError::Signature), "bit {bit}");
    }
    let text = serde_json::to_value(&good).unwrap();
    let cut = serde_json::json!({ "config": text["config"], "signature": text["host_key"], "host_key": text["host_key"] });
    assert!(serde_json::from_value::<SignedConfig>(cut).is_err());
    let signature: String = text["signature"].as_str().unwrap().to_owned();
    assert_eq!(base64url_decode(&signature).unwrap().len(), 64);
    assert_eq!(serde_json::from_value::<SignedConfig>(text).unwrap(), good);
}

#[test]
fn each_host_of_a_server_has_its_own_host_key_and_keeps_it() {
    let seed = HostSeed::from_slice(&[1; 32]).unwrap();
    let of = |host| HostKey::derive(&seed, &Origin::https(host).unwrap()).public();
    assert_eq!(of("a.example"), of("a.example"));
    assert_ne!(of("a.example"), of("b.example"));
    assert_ne!(of("a.example"), of("a.example:8443"));
}

/// RFC 9180 appendix A.3.1: the keys that `DeriveKeyPair` makes of ikmE and ikmR.
#[test]
fn keys_are_derived_as_rfc_9180_derives_them() {
    let hex = |text: &str| -> Vec<u8> {
        (0..text.len())
            .step_by(2)
            .map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap())
            .collect()
    };
    let derived = |ikm: &str| HpkeKey::random(&Script(hex(ikm)));
    let receiver = derived("668b37171f1072f3cf12ea8a236a45df23fc13b82af3609ad1e354f6ef817550");
    assert_eq!(
        receiver.to_bytes()[..],
        hex("f3ce7fdae57e1a310d87f1ebbde6f328be0a99cdbcadf4d6589cf29de4b8ffd2")
    );
    assert_eq!(
        receiver.public().as_bytes()[..],
        hex(concat!(
            "04fe8c19ce0905191ebc298a9245792531f26f0cece2460639e8bc39cb7f706a826a779b4cf969b8a0e539c7f62fb3d30ad6aa8f80e30f1d",
            "128aafd68a2ce72ea0"
        ))
    );
}

/// Gives the bytes it was given, each time.
#[derive(Debug)]
struct Script(Vec<u8>);

impl wax_kernel::Rng for Script {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.copy_from_slice(&self.0);
    }
}

#[test]
fn only_uncompressed_points_on_the_curve_are_keys() {
    let good = *HpkeKey::random(&SystemRng).public().as_bytes();
    assert!(HpkePublicKey::from_slice(&good).is_ok());
    let mut off_curve = good;
    off_curve[64] ^= 1;
    let compressed = [&[0x03], &good[1..33]].concat();
    let hybrid = [&[0x06 | (good[64] & 1)], &good[1..]].concat();
    for bytes in [off_curve.to_vec(), compressed, hybrid, vec![0x04; 65], vec![0; 65], vec![]] {
        assert!(HpkePublicKey::from_slice(&bytes).is_err());
    }
    let order = base64url_decode("_____wAAAAD__________7zm-q2nF56E87nKwvxjJVE").unwrap();
    for scalar in [&[0; 32][..], &[0xff; 32], &order, &[1; 31], &[1; 33]] {
        assert!(HpkeKey::from_slice(scalar).is_err());
    }
}

#[test]
fn nothing_of_the_channel_is_printed_by_debug() {
    let rng = SeededRng::new(1);
    let key = ChannelKey::random(&rng);
    let (opener, answer) = exchange(&key);
    let (sealed, _) = config_of(&key).seal(PATH, BODY, &rng);
    let request = SealedRequest::parse(&sealed).unwrap();
    let seed = HostSeed::random(&rng);
    let shown = format!(
        "{key:?} {opener:?} {answer:?} {request:?} {seed:?} {:?} {:?} {:?}",
        HostKey::derive(&seed, &host()),
        HpkeKey::random(&rng),
        exchange(&key).0.stream()
    );
    assert_eq!(shown.matches("[redacted]").count(), 8, "{shown}");
    assert!(!shown.contains(char::is_numeric), "{shown}");
}
