//! Fuzz targets: every parser of bytes from outside, as a plain function over bytes.
//!
//! A target panics when a promise is broken, and otherwise says nothing. The tests run each on 10,000 seeded cases, or 1,000 where each costs a key exchange; a
//! fuzzer calls them through the feature `fuzz`.

use wax_kernel::{SystemRng, Timestamp};

use crate::{
    Challenge, ContentKey, Delivered, DeviceKey, DevicePublicKey, Handover, Header, HpkeKey,
    HpkePublicKey, Ikm, Link, Origin, PartSalt, Passphrase, ReceiptLink, SignatureHeaders,
    SignedRequest, Token,
    channel::{
        ChannelKey, ConfigBytes, ConfigSignature, HostKey, HostPublicKey, HostSeed, SealedRequest,
        SignedConfig,
    },
    manifest, open_text,
};

/// A link that is read prints a text that reads as the same link.
pub fn fuzz_link(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(link) = Link::parse(&text) {
        assert_eq!(Link::parse(&link.to_url()), Ok(link));
    }
    if let Ok(link) = ReceiptLink::parse(&text) {
        assert_eq!(ReceiptLink::parse(&link.to_url()), Ok(link));
    }
}

/// A header that is read is the only text of what it says.
pub fn fuzz_header(data: &[u8]) {
    if let Ok(header) = Header::parse(data) {
        assert_eq!(header.to_bytes(), data);
    }
}

/// A stream that opens is the only one that this plaintext can be sealed to.
pub fn fuzz_stream(data: &[u8]) {
    let (key, salt) = content_key();
    if let Ok(plaintext) = key.open_part(0, &salt, data) {
        assert_eq!(key.seal_part(0, &salt, &plaintext), data);
    }
}

/// A manifest that is read is the only one of its text.
pub fn fuzz_manifest(data: &[u8]) {
    if let Ok(text) = manifest::decode(data) {
        assert_eq!(manifest::encode(text.expose()).as_deref().map(Vec::as_slice), Ok(data));
    }
}

/// Nothing that a claim may deliver makes the opener panic.
pub fn fuzz_delivered(data: &[u8]) {
    let (header, rest) = data.split_at(data.len().min(55));
    let (wrapped_key, content) = rest.split_at(rest.len().min(60));
    let token = token();
    let delivered = Delivered { header, policy: b"{}", wrapped_key, content };
    let opened = open_text(&Ikm::without_passphrase(&token), &token.secret_id(), &delivered);
    assert!(opened.is_err(), "nobody sealed this");
}

/// No three headers, one a line, make the verifier panic.
pub fn fuzz_signature(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut lines = text.split('\n').map(str::to_owned);
    let mut line = || lines.next().unwrap_or_default();
    let headers =
        SignatureHeaders { content_digest: line(), signature_input: line(), signature: line() };
    let challenge = Challenge::from_bytes([0; 40]);
    let request =
        SignedRequest { target_uri: "https://a.example/", body: b"", challenge: &challenge };
    let device =
        DevicePublicKey::from_slice(&P256_GENERATOR).expect("the generator is on the curve");
    assert!(request.verify(&device, &headers).is_err(), "nobody signed this");
}

/// A device key that is read is a key: it has a thumbprint, and as a pair it signs.
pub fn fuzz_device_key(data: &[u8]) {
    if let Ok(public) = DevicePublicKey::from_slice(data) {
        assert_eq!(public.as_bytes(), data);
        assert_eq!(public.thumbprint(), public.thumbprint());
    }
    if let Ok(device) = DeviceKey::from_pkcs8(data) {
        assert_eq!(device.public().verify(b"", &device.sign(b"")), Ok(()));
    }
}

/// A normalised passphrase is its own normal form, and within its limit.
pub fn fuzz_passphrase(data: &[u8]) {
    if let Ok(passphrase) = Passphrase::new(&String::from_utf8_lossy(data)) {
        assert!((1..=crate::MAX_PASSPHRASE_BYTES).contains(&passphrase.expose().len()));
        let normal = std::str::from_utf8(passphrase.expose()).expect("a passphrase is UTF-8");
        let again = Passphrase::new(normal).expect("its own length was allowed");
        assert_eq!(again.expose(), passphrase.expose());
    }
}

/// No bytes that nobody sealed open as a request of the channel, and what is sealed opens again.
pub fn fuzz_channel_request(data: &[u8]) {
    let (key, host) = (channel_key(), channel_host());
    if let Ok(request) = SealedRequest::parse(data) {
        let opened = key.open(&request, &host, "/v1/secrets/peek", &SystemRng);
        assert!(opened.is_err(), "nobody sealed this");
    }
    let (from, until) = (Timestamp::from_ms(0), Timestamp::from_ms(1));
    let (sealed, _) = key.config(&host, from, until).seal("/v1/secrets/peek", data, &SystemRng);
    let request = SealedRequest::parse(&sealed).expect("sealed requests have their parts");
    let (body, _) =
        key.open(&request, &host, "/v1/secrets/peek", &SystemRng).expect("it was sealed for this");
    assert_eq!(*body, data);
}

/// No bytes that nobody sealed open as a record of an answer.
pub fn fuzz_channel_answer(data: &[u8]) {
    let (from, until) = (Timestamp::from_ms(0), Timestamp::from_ms(1));
    let config = channel_key().config(&channel_host(), from, until);
    let (_, opener) = config.seal("/v1/secrets/status", b"", &SystemRng);
    let mut stream = opener.stream();
    for piece in data.chunks(97) {
        stream.push(piece);
        assert!(!matches!(stream.next_record(), Ok(Some(_))), "nobody sealed this");
    }
}

/// No config is believed that the host's key did not sign.
pub fn fuzz_channel_config(data: &[u8]) {
    let (config, rest) = data.split_at(data.len().saturating_sub(96));
    let Ok(config) = ConfigBytes::from_slice(config) else { return };
    let (signature, host_key) = rest.split_at(rest.len().min(64));
    let (Ok(signature), Ok(host_key)) =
        (ConfigSignature::from_slice(signature), HostPublicKey::from_slice(host_key))
    else {
        return;
    };
    let signed = SignedConfig { config, signature, host_key };
    let config = signed.verify(&channel_host());
    assert!(config.is_err() || signed == good_config(), "nobody signed this");
}

/// No keys that nobody gave open as a hand-over.
pub fn fuzz_handover(data: &[u8]) {
    let receive = HpkeKey::from_slice(&[5; 32]).expect("a scalar");
    let thumbprint = crate::Thumbprint::from_bytes([6; 32]);
    let handover = Handover { id: &token().secret_id(), from: &thumbprint, to: &thumbprint };
    assert!(handover.open(&receive, data).is_err(), "nobody gave this");
    if let Ok(key) = HpkePublicKey::from_slice(data) {
        assert_eq!(key.as_bytes(), data);
    }
}

fn channel_key() -> ChannelKey {
    HpkeKey::from_slice(&[4; 32]).expect("a scalar").into()
}

fn channel_host() -> Origin {
    Origin::https("secrets.example.com").expect("a host")
}

fn good_config() -> SignedConfig {
    let seed = HostSeed::from_slice(&[8; 32]).expect("32 bytes");
    let (from, until) = (Timestamp::from_ms(0), Timestamp::from_ms(1));
    let host = channel_host();
    HostKey::derive(&seed, &host).sign(&channel_key().config(&host, from, until))
}

/// SEC 2 §2.4.2: the base point of P-256.
const P256_GENERATOR: [u8; 65] = *b"\x04\
    \x6b\x17\xd1\xf2\xe1\x2c\x42\x47\xf8\xbc\xe6\xe5\x63\xa4\x40\xf2\
    \x77\x03\x7d\x81\x2d\xeb\x33\xa0\xf4\xa1\x39\x45\xd8\x98\xc2\x96\
    \x4f\xe3\x42\xe2\xfe\x1a\x7f\x9b\x8e\xe7\xeb\x4a\x7c\x0f\x9e\x16\
    \x2b\xce\x33\x57\x6b\x31\x5e\xce\xcb\xb6\x40\x68\x37\xbf\x51\xf5";

fn token() -> Token {
    Token::from_slice(&[1; 32]).expect("32 bytes")
}

fn content_key() -> (ContentKey, PartSalt) {
    (ContentKey::from_slice(&[2; 32]).expect("32 bytes"), PartSalt::from_bytes([3; 16]))
}

#[cfg(test)]
mod tests {
    use wax_kernel::{Rng, SeededRng};

    use super::*;
    use crate::{Kind, ReceiptKey};

    const CASES: usize = 10_000;

    /// Below `limit`, near enough to even.
    fn below(rng: &SeededRng, limit: usize) -> usize {
        let mut bytes = [0; 4];
        rng.fill(&mut bytes);
        u32::from_be_bytes(bytes) as usize % limit
    }

    /// Noise, and good examples with a few bytes changed, cut, doubled or added.
    fn case(rng: &SeededRng, examples: &[Vec<u8>]) -> Vec<u8> {
        let pick = below(rng, examples.len() + 1);
        let Some(example) = examples.get(pick) else {
            let mut noise = vec![0; below(rng, 200)];
            rng.fill(&mut noise);
            return noise;
        };
        let mut bytes = example.clone();
        for _ in 0..below(rng, 4) {
            let at = below(rng, bytes.len() + 1);
            match below(rng, 4) {
                0 => bytes.truncate(at),
                1 => bytes.insert(at, u8::try_from(below(rng, 256)).unwrap()),
                2 => bytes.extend_from_within(at..),
                _ => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << below(rng, 8)),
            }
        }
        bytes
    }

    fn run(target: fn(&[u8]), examples: &[&[u8]]) {
        run_some(CASES, target, examples);
    }

    /// Fewer where every case costs a key exchange.
    fn run_some(cases: usize, target: fn(&[u8]), examples: &[&[u8]]) {
        let rng = SeededRng::new(1);
        let examples: Vec<Vec<u8>> = examples.iter().map(|example| example.to_vec()).collect();
        for example in &examples {
            target(example);
        }
        for _ in 0..cases {
            target(&case(&rng, &examples));
        }
    }

    #[test]
    fn links() {
        let origin = Origin::https("secrets.example.com:8443").unwrap();
        let link = Link::new(origin.clone(), token()).to_url();
        let receipt = ReceiptLink::new(origin, ReceiptKey::from_slice(&[9; 32]).unwrap()).to_url();
        run(fuzz_link, &[link.as_bytes(), receipt.as_bytes(), b"http://a.localhost/s/"]);
    }

    #[test]
    fn headers() {
        let header = Header {
            kind: Kind::OneTime,
            parts: 0,
            manifest_salt: content_key().1,
            commit: [7; 32],
        };
        run(fuzz_header, &[&header.to_bytes()]);
    }

    #[test]
    fn streams() {
        let (key, salt) = content_key();
        let seal = |plaintext: &[u8]| key.seal_part(0, &salt, plaintext);
        run(fuzz_stream, &[&seal(b""), &seal(b"a"), &seal(&[b'a'; 100])]);
    }

    #[test]
    fn manifests() {
        let encode = |text| manifest::encode(text).unwrap();
        run(fuzz_manifest, &[&encode("a"), &encode("秘密"), &encode(&"b".repeat(1_100))]);
    }

    #[test]
    fn deliveries() {
        let header = Header {
            kind: Kind::OneTime,
            parts: 0,
            manifest_salt: content_key().1,
            commit: [7; 32],
        };
        run(fuzz_delivered, &[&[&header.to_bytes()[..], &[0; 60], &[0; 100]].concat()]);
    }

    #[test]
    fn signatures() {
        let challenge = Challenge::from_bytes([0; 40]);
        let request =
            SignedRequest { target_uri: "https://a.example/", body: b"", challenge: &challenge };
        let headers = request.sign(&DeviceKey::generate());
        let good = [headers.content_digest, headers.signature_input, headers.signature].join("\n");
        run(fuzz_signature, &[good.as_bytes()]);
    }

    #[test]
    fn device_keys() {
        run(fuzz_device_key, &[&P256_GENERATOR, &DeviceKey::generate().to_pkcs8()]);
    }

    /// A request sealed for another path: every byte of it is as it should be, and it must not open here.
    #[test]
    fn channel_requests() {
        let (from, until) = (Timestamp::from_ms(0), Timestamp::from_ms(1));
        let config = channel_key().config(&channel_host(), from, until);
        let (sealed, _) = config.seal("/v1/secrets/burn", b"{}", &SystemRng);
        run_some(1_000, fuzz_channel_request, &[&sealed, &sealed[..73]]);
    }

    #[test]
    fn channel_answers() {
        let record = [&[0; 16][..], &1_040_u32.to_be_bytes(), &[0; 1_040]].concat();
        run_some(1_000, fuzz_channel_answer, &[&record, &[&record[..], &record[16..]].concat()]);
    }

    #[test]
    fn channel_configs() {
        let good = good_config();
        let (signature, host_key) = (good.signature.as_bytes(), good.host_key.as_bytes());
        run(fuzz_channel_config, &[&[good.config.as_bytes(), signature, host_key].concat()]);
    }

    #[test]
    fn handovers() {
        let point = HpkeKey::from_slice(&[5; 32]).unwrap();
        let keys = [&point.public().as_bytes()[..], &[0; 48]].concat();
        run_some(1_000, fuzz_handover, &[&keys, point.public().as_bytes()]);
    }

    #[test]
    fn passphrases() {
        run(fuzz_passphrase, &["ｐａｓｓ　ﾊﾟ".as_bytes(), "\u{fdfa}".repeat(31).as_bytes(), b"a"]);
    }
}
