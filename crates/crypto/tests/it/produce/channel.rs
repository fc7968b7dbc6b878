//! The channel: configs, requests and their answers.

use wax_crypto::{
    HpkeKey, Origin,
    channel::{ChannelConfig, ChannelKey, HostKey, HostSeed, KeyId, SealedRequest},
};
use wax_kernel::{SeededRng, Timestamp};

use super::{Scripted, draw};
use crate::schema::{Bytes, ChannelCase, ConfigCase};

const DAY_MS: i64 = 1_767_225_600_000;

fn private_key(seed: u64) -> Bytes {
    HpkeKey::random(&SeededRng::new(seed)).to_bytes()[..].into()
}

pub(crate) fn channel_key(private: &Bytes) -> ChannelKey {
    HpkeKey::from_slice(&private.0).unwrap().into()
}

pub(crate) fn origin(host: &str) -> Origin {
    Origin::https(host).unwrap()
}

fn config(host: &str, key: &ChannelKey) -> ChannelConfig {
    let end = Timestamp::from_ms(DAY_MS + 86_400_000);
    key.config(&origin(host), Timestamp::from_ms(DAY_MS), end)
}

/// Makes `request` and `answer` of the inputs.
pub(crate) fn exchange(case: &ChannelCase) -> (Bytes, Bytes) {
    let key = channel_key(&case.private_key);
    let rng = Scripted::new(&[&case.ikm]);
    let (request, _) = config(&case.host, &key).seal(&case.path, case.body.as_bytes(), &rng);
    let sealed = SealedRequest::parse(&request).unwrap();
    let rng = Scripted::new(&[&case.salt]);
    let (_, mut answer) = key.open(&sealed, &origin(&case.host), &case.path, &rng).unwrap();
    let answer = case.records.iter().flat_map(|record| answer.seal(record.as_bytes())).collect();
    (Bytes(request), Bytes(answer))
}

fn case(name: &str, seed: u64, body: &str, records: &[&str]) -> ChannelCase {
    let rng = SeededRng::new(seed);
    let private_key = private_key(60);
    let key = channel_key(&private_key);
    let mut case = ChannelCase {
        name: name.to_owned(),
        expect: None,
        host: "secrets.example.com".to_owned(),
        path: "/v1/secrets/peek".to_owned(),
        public_key: key.public().as_bytes().into(),
        key_id: key.id().as_bytes().into(),
        private_key,
        ikm: draw(&rng, 32),
        salt: draw(&rng, 16),
        body: body.to_owned(),
        records: records.iter().map(|record| (*record).to_owned()).collect(),
        request: Bytes(Vec::new()),
        answer: Bytes(Vec::new()),
    };
    (case.request, case.answer) = exchange(&case);
    case
}

pub(super) fn cases() -> Vec<ChannelCase> {
    let peek = r#"{"id":"AAAAAAAAAAAAAAAAAAAAAA","鍵":"秘密"}"#;
    let answer = r#"{"state":"ready"}"#;
    let lines = ["{\"state\":\"ready\"}\n", "\n", "{\"state\":\"burned\"}\n"];
    let mut elsewhere = case("a host with a port, another path", 62, "{}", &["{}"]);
    "secrets.example.com:8443".clone_into(&mut elsewhere.host);
    "/v1/secrets/burn".clone_into(&mut elsewhere.path);
    (elsewhere.request, elsewhere.answer) = exchange(&elsewhere);
    let mut cases = vec![
        case("a request and its answer", 61, peek, &[answer]),
        elsewhere,
        case("the most that fits into 1,024 bytes", 63, &"x".repeat(1_020), &[&"y".repeat(1_020)]),
        case("one byte more", 64, &"x".repeat(1_021), &[&"y".repeat(1_021)]),
        case("nothing in both", 65, "", &[""]),
        case("a stream of three records", 66, "{}", &lines),
    ];
    cases.extend(refused_requests(&cases[0]));
    cases.extend(refused_answers(&cases[0], &cases[5]));
    cases
}

fn broken(
    good: &ChannelCase,
    expect: &str,
    name: &str,
    change: impl FnOnce(&mut ChannelCase),
) -> ChannelCase {
    let mut case = good.clone();
    (case.name, case.expect) = (name.to_owned(), Some(expect.to_owned()));
    change(&mut case);
    case
}

fn refused_requests(good: &ChannelCase) -> Vec<ChannelCase> {
    let broken = |name, change: &dyn Fn(&mut ChannelCase)| broken(good, "request", name, change);
    vec![
        broken("moved to another host", &|case| "secrets.example.org".clone_into(&mut case.host)),
        broken("moved to another path", &|case| "/v1/secrets/burn".clone_into(&mut case.path)),
        broken("an unknown key", &|case| case.request.0[0] ^= 1),
        broken("another encapsulated key", &|case| {
            let other = HpkeKey::random(&SeededRng::new(70));
            case.request.0[8..73].copy_from_slice(other.public().as_bytes());
        }),
        broken("an encapsulated key off the curve", &|case| case.request.0[72] ^= 1),
        broken("a changed bit", &|case| case.request.0[500] ^= 0x80),
        broken("cut by a byte", &|case| case.request.0.truncate(case.request.0.len() - 1)),
        broken("a byte more", &|case| case.request.0.push(0)),
        broken("too short for a record", &|case| case.request.0.truncate(200)),
    ]
}

fn refused_answers(good: &ChannelCase, stream: &ChannelCase) -> Vec<ChannelCase> {
    let one = |name, change: &dyn Fn(&mut ChannelCase)| broken(good, "answer", name, change);
    let many = |name, order: &[usize]| {
        broken(stream, "answer", name, |case| {
            let (salt, records) = case.answer.0.split_at(16);
            let records: Vec<&[u8]> = records.chunks(4 + 1_024 + 16).collect();
            let moved: Vec<u8> = order.iter().flat_map(|at| records[*at].to_vec()).collect();
            case.answer = Bytes([salt, &moved].concat());
        })
    };
    vec![
        one("the answer to another request", &|case| case.answer = stream.answer.clone()),
        one("an answer with another salt", &|case| case.answer.0[0] ^= 1),
        one("an answer with a changed bit", &|case| case.answer.0[600] ^= 1),
        one("an answer cut by a byte", &|case| case.answer.0.truncate(1_059)),
        one("an answer with a byte more", &|case| case.answer.0.push(0)),
        one("a record of an impossible length", &|case| case.answer.0[19] ^= 1),
        many("records in another order", &[1, 0, 2]),
        many("a repeated record", &[0, 0]),
        many("a missing record", &[0, 2]),
    ]
}

/// `config`, `signature` and `host_key` of the inputs.
pub(crate) fn signed(case: &ConfigCase) -> (Bytes, Bytes, Bytes) {
    let key = wax_crypto::HpkePublicKey::from_slice(&case.public_key.0).unwrap();
    let (from, until) = (Timestamp::from_ms(case.from_ms), Timestamp::from_ms(case.until_ms));
    let config = ChannelConfig::new(&origin(&case.host), key, from, until);
    let seed = HostSeed::from_slice(&case.seed.0).unwrap();
    let signed = HostKey::derive(&seed, &origin(&case.host)).sign(&config);
    (
        signed.config.as_bytes().into(),
        signed.signature.as_bytes().into(),
        signed.host_key.as_bytes().into(),
    )
}

fn config_case(name: &str, host: &str) -> ConfigCase {
    let key = channel_key(&private_key(60));
    let mut case = ConfigCase {
        name: name.to_owned(),
        expect: None,
        host: host.to_owned(),
        seed: draw(&SeededRng::new(80), 32),
        public_key: key.public().as_bytes().into(),
        key_id: KeyId::of(key.public()).as_bytes().into(),
        from_ms: DAY_MS,
        until_ms: DAY_MS + 86_400_000,
        config: Bytes(Vec::new()),
        signature: Bytes(Vec::new()),
        host_key: Bytes(Vec::new()),
    };
    (case.config, case.signature, case.host_key) = signed(&case);
    case
}

pub(super) fn configs() -> Vec<ConfigCase> {
    let good = config_case("a config", "secrets.example.com");
    let broken = |name: &str, expect: &str, change: &dyn Fn(&mut ConfigCase)| {
        let mut case = good.clone();
        (case.name, case.expect) = (name.to_owned(), Some(expect.to_owned()));
        change(&mut case);
        case
    };
    let backwards = {
        let mut case = config_case("an end before the beginning", "secrets.example.com");
        case.until_ms = case.from_ms;
        (case.config, case.signature, case.host_key) = signed(&case);
        ConfigCase { expect: Some("malformed".to_owned()), ..case }
    };
    vec![
        good.clone(),
        config_case("a host with a port", "secrets.example.com:8443"),
        broken("a changed time", "signature", &|case| *case.config.0.last_mut().unwrap() ^= 1),
        broken("a changed signature", "signature", &|case| case.signature.0[0] ^= 1),
        broken("another host key", "signature", &|case| {
            case.host_key = config_case("", "secrets.example.org").host_key;
        }),
        broken("a config of another host", "host", &|case| {
            "secrets.example.org".clone_into(&mut case.host);
        }),
        backwards,
    ]
}
