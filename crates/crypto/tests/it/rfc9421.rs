//! Published vectors of HTTP message signatures, as far as one shape of request and one algorithm can meet them.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use wax_crypto::{Challenge, DevicePublicKey, SignedRequest, VerifyError};
use wax_kernel::base64url_decode;

/// RFC 9421 appendix B.1.3, `test-key-ecc-p256`.
const X: &str = "qIVYZVLCrPZHGHjP17CTW0_-D9Lfw0EkjqF7xB4FivA";
const Y: &str = "Mc4nN9LTDOBhfoUeg8Ye9WedFRhnZXZJA12Qp0zZ6F0";

/// RFC 9421 appendix B.2.4: the signature base and the signature with `ecdsa-p256-sha256`. The other cases of B.2 are
/// signed with RSA, HMAC or Ed25519, which no device has.
const BASE: &str = r#""@status": 200
"content-type": application/json
"content-digest": sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ41QJgJc4GTsPp29l5oGX69wWdXymyU0rjJuahq4l5aGgfLQ==:
"content-length": 23
"@signature-params": ("@status" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-ecc-p256""#;
const SIGNATURE: &str =
    "wNmSUAhwb5LxtOtOpNa6W5xj067m5hFrj0XQ4fvpaCLx0NKocgPquLgyahnzDnDAUy5eCdlYUEkLIj+32oiasw==";

fn key() -> DevicePublicKey {
    let coordinate = |text| base64url_decode(text).unwrap();
    DevicePublicKey::from_slice(&[vec![0x04], coordinate(X), coordinate(Y)].concat()).unwrap()
}

#[test]
fn the_ecdsa_signature_of_the_appendix_verifies_over_its_base() {
    let signature: [u8; 64] = STANDARD.decode(SIGNATURE).unwrap().try_into().unwrap();
    assert_eq!(key().verify(BASE.as_bytes(), &signature), Ok(()));
    let with_line_feed = format!("{BASE}\n");
    assert_eq!(key().verify(with_line_feed.as_bytes(), &signature), Err(VerifyError));
    for line in BASE.lines() {
        let without = BASE.replacen(line, "", 1);
        assert_eq!(key().verify(without.as_bytes(), &signature), Err(VerifyError), "{line}");
    }
}

/// The lines of our own bases are built as §2.5 builds those of the appendix: name in quotes, colon, space, value; the
/// parameters last. The digest is the one RFC 9530 §2 prints for this content.
#[test]
fn our_base_has_the_lines_of_section_2_5() {
    let challenge = Challenge::from_bytes([0; 40]);
    let request = SignedRequest {
        target_uri: "https://example.com/foo",
        body: br#"{"hello": "world"}"#,
        challenge: &challenge,
    };
    let digest = "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:";
    assert_eq!(request.content_digest(), digest);
    let base = request.signature_base();
    let lines: Vec<(&str, &str)> =
        base.split('\n').map(|line| line.split_once("\": ").unwrap()).collect();
    let names: Vec<&str> = lines.iter().map(|(name, _)| name.trim_start_matches('"')).collect();
    assert_eq!(names, ["@method", "@target-uri", "content-digest", "@signature-params"]);
    assert_eq!(lines[2].1, digest);
    let covered: Vec<String> = names[..3].iter().map(|name| format!("\"{name}\"")).collect();
    assert!(lines[3].1.starts_with(&format!("({});created=0;", covered.join(" "))));
    assert_eq!(request.signature_input(), format!("sig={}", lines[3].1));
}
