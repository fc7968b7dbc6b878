//! Proofs of control that an issuer asks for (RFC 8555 §8, RFC 8737), and our answers.

use rcgen::{CertificateParams, CustomExtension, DistinguishedName, KeyPair};
use rustls::sign::CertifiedKey;
use rustls_pki_types::PrivatePkcs8KeyDer;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use wax_kernel::{HostPattern, base64url_encode};

/// How control is proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Method {
    /// A file on port 80. Every edge computes it: see [`http_answer`].
    #[serde(rename = "http-01")]
    Http01,
    /// A certificate on port 443, for a handshake that asks for `acme-tls/1`.
    #[serde(rename = "tls-alpn-01")]
    TlsAlpn01,
    /// A TXT record at `_acme-challenge.<host>`, or where that name's CNAME leads.
    #[serde(rename = "dns-01")]
    Dns01,
}

/// What a handshake for [`Method::TlsAlpn01`] asks for, and nothing else (RFC 8737 §3).
pub const ACME_TLS_ALPN: &[u8] = b"acme-tls/1";

/// Where files for [`Method::Http01`] are (RFC 8555 §8.3).
pub const HTTP_PATH: &str = "/.well-known/acme-challenge/";

/// An issuer's token: 1 to 128 characters of base64url. RFC 8555 §8 sets no upper limit; issuers use 43.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Token(String);

/// The text is no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a challenge's token")]
pub struct NotAToken;

/// SHA-256 of an account's public key, in base64url (RFC 7638): all that an edge needs to know of an account.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccountThumbprint(String);

/// What has to be where the issuer looks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// How.
    pub method: Method,
    /// For which name.
    pub name: HostPattern,
    /// The issuer's token.
    pub token: Token,
    /// Whose account.
    pub account: AccountThumbprint,
}

/// There is no certificate for this name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no certificate can be made for this name")]
pub struct NoCertificate;

impl Method {
    /// As issuers spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http01 => "http-01",
            Self::TlsAlpn01 => "tls-alpn-01",
            Self::Dns01 => "dns-01",
        }
    }

    /// Whether it proves names of this kind: a wildcard only by DNS (RFC 8555 §7.1.3).
    pub const fn proves(self, name: &HostPattern) -> bool {
        matches!(self, Self::Dns01) || !name.is_wildcard()
    }
}

impl Token {
    /// Reads one. It comes from outside, and goes into paths and records.
    pub fn parse(text: &str) -> Result<Self, NotAToken> {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        let fits = (1..=128).contains(&text.len()) && text.bytes().all(known);
        if fits { Ok(Self(text.to_owned())) } else { Err(NotAToken) }
    }

    /// The token.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AccountThumbprint {
    pub(crate) fn of_jwk(jwk: &[u8]) -> Self {
        Self(base64url_encode(Sha256::digest(jwk)))
    }

    /// Reads one that was stored.
    pub fn from_text(text: String) -> Self {
        Self(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The body for a path of a plain request, if it is one for a challenge. The caller has made sure that the host is being
/// ordered, and that the method is GET: with any thumbprint, this answers any token.
///
/// Without state, so that every edge answers whatever it has heard, databases down or not.
pub fn http_answer(path: &str, account: &AccountThumbprint) -> Option<String> {
    let token = Token::parse(path.strip_prefix(HTTP_PATH)?).ok()?;
    Some(key_authorization(&token, account))
}

/// RFC 8555 §8.1.
fn key_authorization(token: &Token, account: &AccountThumbprint) -> String {
    format!("{}.{}", token.0, account.0)
}

impl Answer {
    /// The file's content, for [`Method::Http01`].
    pub fn http_body(&self) -> String {
        key_authorization(&self.token, &self.account)
    }

    /// The TXT record's name for [`Method::Dns01`], before any CNAME.
    pub fn dns_name(&self) -> String {
        format!("_acme-challenge.{}", self.name.host())
    }

    /// The TXT record's value.
    pub fn dns_value(&self) -> String {
        base64url_encode(self.digest())
    }

    /// What to show in the handshake for [`Method::TlsAlpn01`]: self-signed, for the one host, with a key of its own.
    ///
    /// It goes to a `ResolvesServerCert`: rustls refuses it elsewhere, for its critical extension (RFC 8737 §3). The key
    /// comes from the cryptographic library's own generator, which takes no other.
    pub fn proving_certificate(&self) -> Result<CertifiedKey, NoCertificate> {
        let key = KeyPair::generate().map_err(|_| NoCertificate)?;
        let names = [self.name.host().to_string()];
        let mut params = CertificateParams::new(names).map_err(|_| NoCertificate)?;
        params.distinguished_name = DistinguishedName::new();
        params.custom_extensions = vec![CustomExtension::new_acme_identifier(&self.digest())];
        let certificate = params.self_signed(&key).map_err(|_| NoCertificate)?.der().clone();
        let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
        let key = rustls::crypto::aws_lc_rs::sign::any_supported_type(&key);
        Ok(CertifiedKey::new(vec![certificate], key.map_err(|_| NoCertificate)?))
    }

    fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.http_body()).into()
    }
}

impl TryFrom<String> for Token {
    type Error = NotAToken;

    fn try_from(text: String) -> Result<Self, NotAToken> {
        Self::parse(&text)
    }
}

impl From<Token> for String {
    fn from(token: Token) -> Self {
        token.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account() -> AccountThumbprint {
        AccountThumbprint::from_text("9jg46WB3rR_AHD-EBXdN7cBkH1WOu0tA3M9fm21mqTI".to_owned())
    }

    /// The token and thumbprint of RFC 8555 §8.1 and §8.3.
    #[test]
    fn a_file_is_computed_from_its_path_alone() {
        let body = http_answer(
            "/.well-known/acme-challenge/LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0",
            &account(),
        );
        assert_eq!(
            body.as_deref(),
            Some(
                "LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0.9jg46WB3rR_AHD-EBXdN7cBkH1WOu0tA3M9fm21mqTI"
            )
        );
    }

    #[test]
    fn what_is_not_a_token_gets_no_answer() {
        let long = "a".repeat(129);
        for rest in ["", "a/b", "a.b", "../x", "a%2e", "a b", "é", &long] {
            assert_eq!(http_answer(&format!("{HTTP_PATH}{rest}"), &account()), None, "{rest}");
        }
        assert_eq!(http_answer("/well-known/acme-challenge/abc", &account()), None);
        assert!(http_answer(&format!("{HTTP_PATH}{}", &long[1..]), &account()).is_some());
    }

    #[test]
    fn a_wildcard_is_proved_at_its_host_and_by_dns_only() {
        let name = HostPattern::parse("*.example.com").unwrap();
        let token = Token::parse("abc").unwrap();
        let answer = Answer { method: Method::Dns01, name, token, account: account() };
        assert_eq!(answer.dns_name(), "_acme-challenge.example.com");
        assert_eq!(answer.dns_value().len(), 43);
        let proving =
            [Method::Http01, Method::TlsAlpn01, Method::Dns01].map(|m| m.proves(&answer.name));
        assert_eq!(proving, [false, false, true]);
    }
}
