//! What holds for every input.

use proptest::{collection::vec, prelude::*};
use wax_crypto::{
    ContentKey, Delivered, Draft, Ikm, Kind, Link, Opened, Origin, PartSalt, Passphrase,
    PassphraseParams, ReceiptKey, ReceiptLink, Sealed, SealedBy, Token, open_text, padded_bytes,
    seal_text, sealed_bytes,
};
use wax_kernel::{SecretId, SeededRng};

const POLICY: &[u8] = br#"{"kind":"one_time"}"#;

fn seal(text: &str, seed: u64) -> Sealed {
    let draft = Draft { text, passphrase: None, policy: POLICY, kind: Kind::OneTime };
    seal_text(&draft, &SeededRng::new(seed)).unwrap()
}

fn delivered(sealed: &Sealed) -> Delivered<'_> {
    Delivered {
        header: &sealed.header,
        policy: POLICY,
        wrapped_key: &sealed.wrapped_key,
        content: &sealed.content,
    }
}

fn open(token: &Token, id: &SecretId, delivered: &Delivered<'_>) -> Option<Opened> {
    open_text(&Ikm::without_passphrase(token), id, delivered).ok()
}

fn opens(sealed: &Sealed, delivered: &Delivered<'_>) -> bool {
    open(&sealed.token, &sealed.id, delivered).is_some()
}

fn flipped(bytes: &[u8], bit: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let bit = bit % (8 * bytes.len());
    bytes[bit / 8] ^= 1 << (bit % 8);
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn a_sealed_text_opens_to_itself(text in "\\PC{1,400}", seed: u64) {
        let sealed = seal(&text, seed);
        assert_eq!(sealed.content.len(), sealed_bytes(padded_bytes(1 + text.len())));
        let opened = open(&sealed.token, &sealed.id, &delivered(&sealed)).unwrap();
        assert_eq!(opened.text.expose(), &text);
        assert_eq!(opened.ack.hash(), sealed.ack_sha256);
    }

    #[test]
    fn any_flipped_bit_closes_it(seed: u64, bit: usize) {
        let sealed = seal("text", seed);
        let good = delivered(&sealed);
        assert!(opens(&sealed, &good));
        assert!(!opens(&sealed, &Delivered { header: &flipped(good.header, bit), ..good }));
        assert!(!opens(&sealed, &Delivered { policy: &flipped(good.policy, bit), ..good }));
        assert!(!opens(&sealed, &Delivered { wrapped_key: &flipped(good.wrapped_key, bit), ..good }));
        assert!(!opens(&sealed, &Delivered { content: &flipped(good.content, bit), ..good }));
        let id = SecretId::from_bytes(flipped(sealed.id.as_bytes(), bit)[..].try_into().unwrap());
        assert!(open(&sealed.token, &id, &good).is_none());
        let token = Token::from_slice(&flipped(sealed.token.expose(), bit)).unwrap();
        assert!(open(&token, &sealed.id, &good).is_none());
    }

    #[test]
    fn any_cut_or_added_byte_closes_it(seed: u64, keep: proptest::sample::Index, more: u8) {
        let sealed = seal("text", seed);
        let good = delivered(&sealed);
        for place in [good.header, good.policy, good.wrapped_key, good.content] {
            for bytes in [&place[..keep.index(place.len())], &[place, &[more]].concat()] {
                let change = |part: &[u8]| if part == place { bytes.to_vec() } else { part.to_vec() };
                let (header, policy) = (change(good.header), change(good.policy));
                let (wrapped_key, content) = (change(good.wrapped_key), change(good.content));
                let broken = Delivered {
                    header: &header, policy: &policy, wrapped_key: &wrapped_key, content: &content,
                };
                assert!(!opens(&sealed, &broken));
            }
        }
    }

    #[test]
    fn the_parts_of_two_secrets_never_mix(one: u64, two: u64) {
        prop_assume!(one != two);
        let (mine, other) = (seal("text", one), seal("text", two));
        let (good, foreign) = (delivered(&mine), delivered(&other));
        assert!(!opens(&mine, &foreign));
        assert!(!opens(&mine, &Delivered { header: foreign.header, ..good }));
        assert!(!opens(&mine, &Delivered { wrapped_key: foreign.wrapped_key, ..good }));
        assert!(!opens(&mine, &Delivered { content: foreign.content, ..good }));
    }

    #[test]
    fn padding_costs_at_most_12_percent(body in 1_020_usize..1_048_573) {
        let (needed, padded) = (4 + body, padded_bytes(body));
        assert!(padded >= needed && padded <= 1 << 20);
        assert!((padded - needed) * 100 <= needed * 12, "{needed} became {padded}");
        assert_eq!(padded_bytes(padded - 4), padded, "padding a padded length changes nothing");
    }

    #[test]
    fn links_read_back(seed: u64, port in proptest::option::of(1_u16..), host in "[a-z]{1,10}\\.example") {
        let authority = port.map_or(host.clone(), |port| format!("{host}:{port}"));
        let origin = Origin::https(&authority).unwrap();
        let rng = SeededRng::new(seed);
        let link = Link::new(origin.clone(), Token::random(&rng));
        assert_eq!(Link::parse(&link.to_url()), Ok(link));
        let receipt = ReceiptLink::new(origin, ReceiptKey::random(&rng));
        assert_eq!(ReceiptLink::parse(&receipt.to_url()), Ok(receipt));
    }

    #[test]
    fn any_changed_character_of_a_link_is_noticed(seed: u64, at: proptest::sample::Index, to in "[ -~]") {
        let link = Link::new(Origin::https("a.example").unwrap(), Token::random(&SeededRng::new(seed)));
        let url = link.to_url();
        let start = "https://a.example".len();
        let at = start + at.index(url.len() - start);
        let mut changed = url.to_string();
        changed.replace_range(at..=at, &to);
        prop_assume!(changed != *url);
        assert!(Link::parse(&changed).is_err(), "{}", changed);
    }

    #[test]
    fn parts_open_only_under_their_index_and_salt(
        plaintext in vec(any::<u8>(), 0..300), seed: u64, index: u32,
    ) {
        let rng = SeededRng::new(seed);
        let (key, salt) = (ContentKey::random(&rng), PartSalt::random(&rng));
        let sealed = key.seal_part(index, &salt, &plaintext);
        assert_eq!(&*key.open_part(index, &salt, &sealed).unwrap(), &plaintext);
        assert!(key.open_part(index ^ 1, &salt, &sealed).is_err());
        assert!(key.open_part(index, &PartSalt::random(&rng), &sealed).is_err());
        assert!(ContentKey::random(&rng).open_part(index, &salt, &sealed).is_err());
    }
}

#[test]
fn records_of_a_long_text_cannot_change_places() {
    let sealed = seal(&"x".repeat(200_000), 1);
    let records: Vec<&[u8]> = sealed.content.chunks(65_552).collect();
    assert!(records.len() > 3);
    for first in 0..records.len() {
        for second in 0..first {
            let mut swapped = records.clone();
            swapped.swap(first, second);
            assert!(!opens(
                &sealed,
                &Delivered { content: &swapped.concat(), ..delivered(&sealed) }
            ));
        }
        let without = [&records[..first], &records[first + 1..]].concat().concat();
        assert!(!opens(&sealed, &Delivered { content: &without, ..delivered(&sealed) }));
    }
}

#[test]
fn a_wrong_passphrase_or_parameter_opens_nothing() {
    let right = Passphrase::new("ひらけゴマ").unwrap();
    let draft = Draft {
        text: "text",
        passphrase: Some((&right, PassphraseParams::SERVER)),
        policy: POLICY,
        kind: Kind::OneTime,
    };
    let sealed = seal_text(&draft, &SeededRng::new(1)).unwrap();
    let opens = |passphrase: &str, m_kib, t| {
        let params = PassphraseParams::accept(m_kib, t, 1, SealedBy::Server).unwrap();
        let passphrase = Passphrase::new(passphrase).unwrap();
        let ikm = Ikm::with_passphrase(&sealed.token, &passphrase, params).unwrap();
        open_text(&ikm, &sealed.id, &delivered(&sealed)).is_ok()
    };
    assert!(opens("ひらけゴマ", 19_456, 2));
    assert!(opens("ひらけｺﾞﾏ", 19_456, 2), "NFKC makes it the same");
    assert!(!opens("ひらけごま", 19_456, 2));
    assert!(!opens("ひらけゴマ", 19_457, 2));
    assert!(!opens("ひらけゴマ", 19_456, 3));
    assert!(
        open(&sealed.token, &sealed.id, &delivered(&sealed)).is_none(),
        "the passphrase is no gate but a key"
    );
}
