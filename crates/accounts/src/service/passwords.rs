//! What a password may be.

use std::fmt;

use unicode_normalization::UnicodeNormalization as _;
use wax_kernel::Redacted;
use wax_model::{Invalid, Rule};
use zeroize::Zeroizing;
use zxcvbn::{Score, zxcvbn};

use super::{Accounts, Refusal};

const MIN_CHARS: usize = 10;
const MAX_CHARS: usize = 256;

/// A password as it is hashed: NFKC, so that one keyboard's text is another's (RFC 8265 §4.2 asks for NFC at least).
pub(super) struct Password(Zeroizing<String>);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl Password {
    /// What somebody tries. Longer ones than there can be are cut: they are wrong, but not sooner than others.
    pub(super) fn tried(text: &Redacted<String>) -> Self {
        Self(Zeroizing::new(text.expose().nfkc().take(MAX_CHARS + 1).collect()))
    }

    /// What somebody wants from now on.
    ///
    /// # Errors
    /// If it has fewer than 10 or more than 256 characters.
    pub(super) fn wanted(text: &Redacted<String>) -> Result<Self, Invalid> {
        let password = Self::tried(text);
        let chars = password.0.chars().count();
        let rule = Rule::Characters { min: MIN_CHARS as u64, max: MAX_CHARS as u64 };
        let fits = (MIN_CHARS..=MAX_CHARS).contains(&chars);
        fits.then_some(password).ok_or_else(|| Invalid::new("password", rule))
    }

    pub(super) fn into_text(self) -> Zeroizing<String> {
        self.0
    }

    /// At least 3 of 4 by zxcvbn (Wheeler 2016): 10⁸ guesses. What everybody knows of the person counts as one guess.
    fn is_strong(&self, known: &[String]) -> bool {
        let words: Vec<String> = known.iter().flat_map(|text| words(text)).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        zxcvbn(&self.0, &words).score() >= Score::Three
    }
}

/// What a name or an address is known by: its words, and itself and what stands before the `@` in one.
fn words(text: &str) -> Vec<String> {
    let joined = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    let local = text.split('@').next().unwrap_or_default();
    let parts = text.split(|c: char| !c.is_alphanumeric()).map(ToOwned::to_owned);
    let words = parts.chain([joined(text), joined(local)]);
    words.filter(|word| word.len() > 2).collect()
}

impl Accounts {
    /// The hash of a new password that is hard enough to guess. `known`: what everybody knows of the person.
    pub(super) async fn hash_new(
        &self,
        password: &Redacted<String>,
        known: Vec<String>,
    ) -> Result<String, Refusal> {
        let password = Password::wanted(password)?;
        let place = self.0.hasher.place()?;
        let judge = move || (password.is_strong(&known), password);
        let (true, password) = place.run(judge).await? else { return Err(Refusal::WeakPassword) };
        place.hash(password.into_text(), self.rng()).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(text: &str) -> Result<Password, &'static str> {
        Password::wanted(&Redacted::new(text.to_owned())).map_err(|invalid| invalid.rule.code())
    }

    #[test]
    fn a_password_has_10_to_256_characters_of_any_script() {
        assert!(wanted(&"秘".repeat(10)).is_ok());
        assert!(wanted(&"a".repeat(256)).is_ok());
        for text in ["", "123456789", &"a".repeat(257)] {
            assert_eq!(wanted(text).unwrap_err(), "characters", "{text:?}");
        }
    }

    #[test]
    fn two_writings_of_one_password_are_one() {
        let text = |text: &str| wanted(text).unwrap().into_text();
        assert_eq!(text("パスワードはひみつです"), text("ﾊﾟｽﾜｰﾄﾞはひみつです"));
        assert_eq!(text("cafe\u{301} au lait"), text("café au lait"));
    }

    #[test]
    fn what_everybody_knows_or_tries_is_too_weak() {
        let known = ["ann.lee@acme.example".to_owned(), "Ann Lee".to_owned()];
        let strong = |text: &str| wanted(text).unwrap().is_strong(&known);
        for weak in ["password123", "annlee2024", "acme.example", "aaaaaaaaaaaa", "qwertyuiop"] {
            assert!(!strong(weak), "{weak}");
        }
        assert!(strong("plaid kettle orbit nine"));
    }

    #[test]
    fn a_password_is_never_printed() {
        assert_eq!(format!("{:?}", wanted("plaid kettle orbit nine")), "Ok([redacted])");
    }
}
