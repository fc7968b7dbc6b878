//! What a caller shows (docs/accounts.md §3).

use reqwest::header::HeaderValue;
use wax_crypto::ApiKeyText;
use wax_kernel::{Redacted, base64url_decode};

/// The token of a command line's session: `wxs_` and 32 bytes. Never printed.
#[derive(Debug, Clone)]
pub struct SessionToken(Redacted<String>);

impl SessionToken {
    const PREFIX: &str = "wxs_";

    /// Reads one. `None`: it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = base64url_decode(text.strip_prefix(Self::PREFIX)?).ok()?;
        (bytes.len() == 32).then(|| Self(Redacted::new(text.to_owned())))
    }

    /// The text. Every call is a place where it could leak.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

/// A person's session, or an organization's key.
#[derive(Debug, Clone)]
pub enum Credential {
    /// Somebody has signed in on this machine.
    Session(SessionToken),
    /// An API key.
    Key(ApiKeyText),
}

impl Credential {
    /// The text. Every call is a place where it could leak.
    pub fn expose(&self) -> &str {
        match self {
            Self::Session(token) => token.expose(),
            Self::Key(text) => text.expose(),
        }
    }

    pub(crate) fn authorization(&self) -> HeaderValue {
        authorization(self.expose())
    }
}

/// A header that no log of the HTTP client prints.
pub(crate) fn authorization(text: &str) -> HeaderValue {
    let value = format!("Bearer {text}");
    let mut value = HeaderValue::try_from(value).expect("tokens and keys are visible ASCII");
    value.set_sensitive(true);
    value
}

#[cfg(test)]
mod tests {
    use wax_kernel::SystemRng;

    use super::*;

    #[test]
    fn a_token_is_told_from_everything_else_and_never_printed() {
        let text = format!("wxs_{}", "A".repeat(43));
        let token = SessionToken::parse(&text).unwrap();
        assert_eq!(token.expose(), text);
        for other in ["", "wxs_", "wxs_AAAA", &text[4..], &format!("{text}A"), "wxs_\n"] {
            assert!(SessionToken::parse(other).is_none(), "{other}");
        }
        let key = ApiKeyText::random(&SystemRng);
        let printed = format!(
            "{:?} {:?} {:?}",
            Credential::Session(token),
            Credential::Key(key.clone()),
            authorization(key.expose())
        );
        assert!(!printed.contains("AAAA") && !printed.contains(&key.expose()[4..]), "{printed}");
    }
}
