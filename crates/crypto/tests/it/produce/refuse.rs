//! Deliveries that must not open, each for one reason.

use wax_crypto::{ContentKey, Header, MANIFEST_INDEX, PassphraseParams, SealedBy};
use wax_kernel::SecretId;

use super::seal::{input, seal, with_passphrase};
use crate::schema::{Bytes, Params, RefuseCase, SealInput, SealOutput};

pub(super) fn cases() -> Vec<RefuseCase> {
    let other = seal(&other_input());
    [links(&other), passphrases(), headers(), wrappings(&other), contents(&other), manifests()]
        .concat()
}

fn plain_input() -> SealInput {
    input(30, "not for you")
}

fn other_input() -> SealInput {
    input(32, "not for you")
}

/// What a claim of `input` delivers, before anything is broken.
fn delivered(name: &str, expect: &str, input: &SealInput) -> RefuseCase {
    let output = seal(input);
    RefuseCase {
        name: name.to_owned(),
        expect: expect.to_owned(),
        link: output.link,
        passphrase: input.passphrase.clone(),
        params: input.params,
        sealed: if input.params.is_some() { "server" } else { "client" }.to_owned(),
        policy: input.policy.clone(),
        header: output.header,
        wrapped_key: output.wrapped_key,
        content: output.content,
    }
}

fn broken(name: &str, expect: &str, change: impl FnOnce(&mut RefuseCase)) -> RefuseCase {
    let mut case = delivered(name, expect, &plain_input());
    change(&mut case);
    case
}

fn links(other: &SealOutput) -> Vec<RefuseCase> {
    let malformed = |name: &str, change: fn(&str) -> String| {
        broken(name, "link-malformed", |case| case.link = change(&case.link))
    };
    vec![
        malformed("a link cut short", |link| link[..link.len() - 1].to_owned()),
        malformed("a link with a query", |link| link.replace('#', "?a=b#")),
        malformed("a link of version 2", |link| link.replace("#1", "#2")),
        malformed("a link without TLS", |link| link.replace("https", "http")),
        broken("a link with a changed token", "link-damaged", |case| {
            let at = case.link.find("#1").unwrap() + 2;
            let swapped = if case.link[at..].starts_with('A') { "B" } else { "A" };
            case.link.replace_range(at..=at, swapped);
        }),
        broken("a link with another id", "link-damaged", |case| {
            let id = SecretId::from_bytes(other.id.0[..].try_into().unwrap());
            let (start, end) = (case.link.find("/s/").unwrap() + 3, case.link.find('#').unwrap());
            case.link.replace_range(start..end, &id.to_string());
        }),
    ]
}

fn passphrases() -> Vec<RefuseCase> {
    let locked = with_passphrase(31, "ひらけゴマ", SealedBy::Server);
    let guessed = |name: &str, expect: &str, passphrase: &str, params: Params| {
        let case = delivered(name, expect, &locked);
        RefuseCase { passphrase: Some(passphrase.to_owned()), params: Some(params), ..case }
    };
    let (right, params) = ("ひらけゴマ", Params::from(PassphraseParams::SERVER));
    vec![
        guessed("an empty passphrase", "passphrase", "", params),
        guessed("a passphrase of 1,025 bytes", "passphrase", &"a".repeat(1_025), params),
        guessed("too little memory", "params", right, Params { m_kib: 19_455, ..params }),
        guessed("too many passes", "params", right, Params { t: 11, ..params }),
        guessed("a KiB more than the most", "params", right, Params { m_kib: 262_145, ..params }),
        guessed("too few passes", "params", right, Params { t: 1, ..params }),
        RefuseCase {
            sealed: "client".to_owned(),
            ..guessed(
                "a KiB less than a client's least",
                "params",
                right,
                Params { m_kib: 65_535, t: 3, ..params },
            )
        },
        guessed("another number of lanes", "params", right, Params { p: 4, ..params }),
        RefuseCase {
            sealed: "client".to_owned(),
            ..guessed("the server's memory for a client's seal", "params", right, params)
        },
        guessed("a wrong passphrase", "unwrap", "ひらけごま", params),
        guessed("one more pass than the sender's", "unwrap", right, Params { t: 3, ..params }),
    ]
}

fn headers() -> Vec<RefuseCase> {
    vec![
        broken("an unknown version", "header", |case| case.header.0[0] = 2),
        broken("an unknown suite", "header", |case| case.header.0[1] = 2),
        broken("an unknown kind", "header", |case| case.header.0[2] = 0),
        broken("a header cut short", "header", |case| case.header.0.truncate(54)),
        broken("another kind", "unwrap", |case| case.header.0[2] = 2),
        broken("another commitment", "commit", |case| case.header.0[54] ^= 1),
        broken("another salt", "content", |case| case.header.0[7] ^= 1),
    ]
}

fn wrappings(other: &SealOutput) -> Vec<RefuseCase> {
    vec![
        broken("the same policy with a space", "unwrap", |case| case.policy.0.push(b' ')),
        broken("a policy with more views", "unwrap", |case| {
            let policy = String::from_utf8(case.policy.0.clone()).unwrap();
            case.policy = Bytes(policy.replace(r#""views":1"#, r#""views":9"#).into_bytes());
        }),
        broken("another secret's wrapped key", "unwrap", |case| {
            case.wrapped_key = other.wrapped_key.clone();
        }),
        broken("another secret's link", "unwrap", |case| case.link.clone_from(&other.link)),
        broken("a changed tag on the wrapped key", "unwrap", |case| case.wrapped_key.0[59] ^= 1),
        broken("a wrapped key with a byte more", "unwrap", |case| case.wrapped_key.0.push(0)),
    ]
}

fn contents(other: &SealOutput) -> Vec<RefuseCase> {
    vec![
        broken("another secret's content", "content", |case| case.content = other.content.clone()),
        broken("content cut short", "content", |case| case.content.0.truncate(1_039)),
        broken("content with a changed bit", "content", |case| case.content.0[500] ^= 0x80),
    ]
}

/// Everything opens, but the sender did not write a text as the protocol wants it.
fn manifests() -> Vec<RefuseCase> {
    let misshapen = |name: &str, change: fn(&mut Vec<u8>)| {
        let mut plaintext = vec![0; 1_024];
        plaintext[..6].copy_from_slice(&[0, 0, 0, 2, 1, b'x']);
        change(&mut plaintext);
        broken(name, "manifest", |case| {
            let salt = Header::parse(&case.header.0).unwrap().manifest_salt;
            let cek = ContentKey::from_slice(&plain_input().cek.0).unwrap();
            case.content = Bytes(cek.seal_part(MANIFEST_INDEX, &salt, &plaintext));
        })
    };
    vec![
        misshapen("an unknown type", |plaintext| plaintext[4] = 2),
        misshapen("padding that is not zeros", |plaintext| plaintext[1_023] = 1),
        misshapen("padding to another size", |plaintext| plaintext.resize(1_088, 0)),
        misshapen("a length beyond the end", |plaintext| plaintext[0] = 1),
        misshapen("no text", |plaintext| plaintext[3..6].copy_from_slice(&[1, 1, 0])),
        misshapen("text that is not UTF-8", |plaintext| plaintext[5] = 0xff),
    ]
}
