//! Texts, sealed.

use hkdf::Hkdf;
use sha2::Sha256;
use wax_crypto::{
    ContentKey, Draft, Ikm, Kind, Link, Origin, Passphrase, PassphraseParams, ReceiptLink, Sealed,
    SealedBy, Token, seal_text,
};
use wax_kernel::SeededRng;

use super::{Scripted, draw};
use crate::schema::{Bytes, SealCase, SealInput, SealOutput};

fn policy(kind: &str, params: Option<PassphraseParams>, sealed: &str) -> Bytes {
    let passphrase = params.map_or("null".to_owned(), |params| {
        format!(r#"{{"m_kib":{},"t":{},"p":1}}"#, params.m_kib(), params.t())
    });
    let expires = r#"{"after_s":604800}"#;
    let json = format!(
        r#"{{"kind":"{kind}","views":1,"expires":{expires},"passphrase":{passphrase},"sealed":"{sealed}"}}"#
    );
    Bytes(json.into_bytes())
}

pub(super) fn input(seed: u64, text: &str) -> SealInput {
    let rng = SeededRng::new(seed);
    SealInput {
        host: "secrets.example.com".to_owned(),
        token: draw(&rng, 32),
        receipt: draw(&rng, 32),
        cek: draw(&rng, 32),
        manifest_salt: draw(&rng, 16),
        wrap_nonce: draw(&rng, 12),
        kind: "one_time".to_owned(),
        passphrase: None,
        params: None,
        policy: policy("one_time", None, "client"),
        text: text.to_owned(),
        text_repeat: None,
    }
}

pub(super) fn with_passphrase(seed: u64, passphrase: &str, sealed: SealedBy) -> SealInput {
    let (params, word) = match sealed {
        SealedBy::Client => (PassphraseParams::CLIENT, "client"),
        SealedBy::Server => (PassphraseParams::SERVER, "server"),
    };
    SealInput {
        passphrase: Some(passphrase.to_owned()),
        params: Some(params.into()),
        policy: policy("one_time", Some(params), word),
        ..input(seed, "the answer is 42")
    }
}

pub(super) fn bound_input() -> SealInput {
    SealInput {
        kind: "device_bound".to_owned(),
        policy: policy("device_bound", None, "client"),
        ..input(4, "for one device")
    }
}

fn seal_inputs() -> Vec<(&'static str, SealInput)> {
    let repeated = |seed, text, times| SealInput { text_repeat: Some(times), ..input(seed, text) };
    vec![
        ("a text without passphrase", input(1, "The safe is behind the painting.")),
        (
            "a text in Japanese with emoji",
            input(2, "金庫は絵の裏です。🖼️\n開けたら閉めてください。"),
        ),
        (
            "another port",
            SealInput { host: "secrets.example.com:8443".to_owned(), ..input(3, "\0") },
        ),
        ("device-bound", bound_input()),
        ("the most that fits into 1,024 bytes", repeated(5, "z", 1_019)),
        ("padded to the next step", repeated(6, "z", 1_020)),
        ("two records", repeated(7, "秘", 22_000)),
        (
            "an ASCII passphrase",
            with_passphrase(8, "correct horse battery staple", SealedBy::Client),
        ),
        (
            "a full-width Japanese passphrase",
            with_passphrase(9, "　ひらけゴマ！１２３　", SealedBy::Client),
        ),
        ("an emoji passphrase", with_passphrase(10, "🔑👩🏽‍💻🇯🇵", SealedBy::Client)),
        (
            "a passphrase that NFKC changes",
            with_passphrase(11, "ﬁle № ½ Å e\u{301} ㌢ ﾊﾟ", SealedBy::Client),
        ),
        ("sealed by the server", with_passphrase(12, "ドア", SealedBy::Server)),
    ]
}

pub(super) fn cases() -> Vec<SealCase> {
    let case = |(name, input): (&str, SealInput)| {
        let output = seal(&input);
        SealCase { name: name.to_owned(), input, output }
    };
    seal_inputs().into_iter().map(case).collect()
}

/// Seals with the given random values, and lists every value on the way.
pub(crate) fn seal(input: &SealInput) -> SealOutput {
    let sealed_by =
        if input.params.is_some_and(|params| params.m_kib < PassphraseParams::CLIENT.m_kib()) {
            SealedBy::Server
        } else {
            SealedBy::Client
        };
    let passphrase = input.passphrase.as_deref().map(|typed| Passphrase::new(typed).unwrap());
    let passphrase =
        passphrase.as_ref().zip(input.params.map(|params| params.accept(sealed_by).unwrap()));
    let text = input.whole_text();
    let kind = match input.kind.as_str() {
        "one_time" => Kind::OneTime,
        "device_bound" => Kind::DeviceBound,
        other => panic!("unknown kind {other}"),
    };
    let draft = Draft { text: &text, passphrase, policy: &input.policy.0, kind };
    let drawn = [&input.token, &input.receipt, &input.cek, &input.manifest_salt, &input.wrap_nonce];
    let sealed = seal_text(&draft, &Scripted::new(&drawn)).unwrap();
    let ikm = match passphrase {
        None => Ikm::without_passphrase(&sealed.token),
        Some((passphrase, params)) => {
            Ikm::with_passphrase(&sealed.token, passphrase, params).unwrap()
        }
    };
    output(input, sealed, &ikm, passphrase.map(|(passphrase, _)| passphrase))
}

fn output(
    input: &SealInput,
    sealed: Sealed,
    ikm: &Ikm,
    passphrase: Option<&Passphrase>,
) -> SealOutput {
    let (id, cek) = (sealed.id, ContentKey::from_slice(&input.cek.0).unwrap());
    let origin = Origin::https(&input.host).unwrap();
    SealOutput {
        id: id.as_bytes().into(),
        rid: sealed.rid.as_bytes().into(),
        peek: sealed.token.peek_key().expose().into(),
        peek_sha256: sealed.peek_sha256.as_bytes().into(),
        passphrase_nfkc: passphrase.map(|passphrase| passphrase.expose().into()),
        pw_salt: passphrase.map(|_| Bytes(pw_salt(&sealed.token).to_vec())),
        pw: passphrase.map(|_| ikm.expose()[42..].into()),
        ikm: ikm.expose().into(),
        wrap: ikm.wrap_key(&id).expose().into(),
        claim: sealed.claim_key.expose().into(),
        commit: Bytes(cek.commit(&id).to_vec()),
        ack: cek.ack(&id).expose().into(),
        ack_sha256: sealed.ack_sha256.as_bytes().into(),
        receipt_sha256: sealed.receipt_sha256.as_bytes().into(),
        header: (&sealed.header).into(),
        wrapped_key: (&sealed.wrapped_key).into(),
        content: Bytes(sealed.content),
        link: Link::new(origin.clone(), sealed.token).to_url().to_string(),
        receipt_link: ReceiptLink::new(origin, sealed.receipt).to_url().to_string(),
    }
}

/// The only value that the crate keeps to itself.
fn pw_salt(token: &Token) -> [u8; 32] {
    let mut salt = [0; 32];
    let id = token.secret_id();
    Hkdf::<Sha256>::new(Some(id.as_bytes()), token.expose())
        .expand(b"waxseal/v1/pw-salt", &mut salt)
        .unwrap();
    salt
}
