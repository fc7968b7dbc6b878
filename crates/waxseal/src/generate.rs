//! Passwords and passphrases nobody has to think of.

use wax_kernel::Rng;
use zeroize::Zeroizing;

/// Each set is used at least once. Characters that people confuse are left out.
const SETS: [&[u8]; 4] =
    [b"abcdefghijkmnopqrstuvwxyz", b"ACDEFGHJKLMNPQRTUVWXY", b"34679", b"!#$%&*+-=?@_~"];

const CONSONANTS: &[u8; 16] = b"bdfghjklmnprstvz";
const VOWELS: &[u8; 5] = b"aeiou";

/// Pieces of words that nobody wants to send to a customer, in the languages our users speak.
const UNWANTED: &[&str] = &[
    "baka", "boga", "busu", "dik", "fag", "fek", "fika", "foda", "fode", "fodi", "fuk", "guro",
    "kaka", "kona", "kuso", "kunt", "mako", "manko", "nazi", "nega", "nige", "nigu", "pede",
    "pedo", "pene", "peni", "pipi", "piko", "popo", "pupo", "pupu", "puso", "pusi", "pusu", "puta",
    "puto", "rape", "seku", "semen", "sine", "sinu", "sukebe", "tita", "titi", "vagi",
];

/// What to generate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Recipe {
    /// Characters.
    Password(usize),
    /// Words of three syllables, joined by hyphens: about 19 bits each.
    Passphrase(usize),
}

impl Recipe {
    /// Reads `password`, `password:24` (8 to 128 characters), `passphrase` or `passphrase:6` (3 to 12 words).
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (kind, number) =
            text.split_once(':').map_or((text, None), |(kind, number)| (kind, Some(number)));
        let number = number.map(|number| number.parse().ok());
        match kind {
            "password" => {
                number.unwrap_or(Some(24)).filter(|n| (8..=128).contains(n)).map(Self::Password)
            }
            "passphrase" => {
                number.unwrap_or(Some(6)).filter(|n| (3..=12).contains(n)).map(Self::Passphrase)
            }
            _ => None,
        }
    }

    /// Draws one. All that follow the recipe are equally likely.
    pub(crate) fn draw(self, rng: &dyn Rng) -> Zeroizing<String> {
        match self {
            Self::Password(length) => password(length, rng),
            Self::Passphrase(words) => {
                let mut text = Zeroizing::new(String::with_capacity(words * 7));
                for at in 0..words {
                    if at > 0 {
                        text.push('-');
                    }
                    text.push_str(&word(rng));
                }
                text
            }
        }
    }
}

/// Whole candidates are drawn until one uses every set: forcing a character of each into place would prefer some.
fn password(length: usize, rng: &dyn Rng) -> Zeroizing<String> {
    let alphabet = SETS.concat();
    loop {
        let mut text = Zeroizing::new(String::with_capacity(length));
        text.extend((0..length).map(|_| char::from(alphabet[below(alphabet.len(), rng)])));
        if SETS.iter().all(|set| text.bytes().any(|byte| set.contains(&byte))) {
            return text;
        }
    }
}

fn word(rng: &dyn Rng) -> Zeroizing<String> {
    loop {
        let mut word = Zeroizing::new(String::with_capacity(6));
        for _ in 0..3 {
            word.push(char::from(CONSONANTS[below(CONSONANTS.len(), rng)]));
            word.push(char::from(VOWELS[below(VOWELS.len(), rng)]));
        }
        if !UNWANTED.iter().any(|unwanted| word.contains(unwanted)) {
            return word;
        }
    }
}

/// A number below `limit` (at most 256). Bytes above its largest multiple are drawn again: a plain remainder prefers
/// small numbers.
fn below(limit: usize, rng: &dyn Rng) -> usize {
    let end = 256 - 256 % limit;
    loop {
        let [byte] = rng.bytes();
        if usize::from(byte) < end {
            return usize::from(byte) % limit;
        }
    }
}

#[cfg(test)]
mod tests {
    use wax_kernel::SeededRng;

    use super::*;

    #[test]
    fn a_password_uses_every_set() {
        let rng = SeededRng::new(1);
        for _ in 0..200 {
            let text = Recipe::Password(8).draw(&rng);
            assert_eq!(text.len(), 8);
            assert!(
                SETS.iter().all(|set| text.bytes().any(|byte| set.contains(&byte))),
                "{}",
                *text
            );
        }
    }

    #[test]
    fn a_passphrase_is_words_and_hyphens() {
        let text = Recipe::Passphrase(6).draw(&SeededRng::new(1));
        let words: Vec<_> = text.split('-').collect();
        assert!(words.len() == 6 && words.iter().all(|word| word.len() == 6), "{}", *text);
    }

    #[test]
    fn numbers_are_drawn_evenly() {
        let rng = SeededRng::new(1);
        let mut counts = [0_u32; 5];
        for _ in 0..50_000 {
            counts[below(5, &rng)] += 1;
        }
        assert!(counts.iter().all(|count| (9_500..=10_500).contains(count)), "{counts:?}");
    }

    #[test]
    fn a_recipe_has_a_kind_and_a_sensible_number() {
        assert_eq!(Recipe::parse("password"), Some(Recipe::Password(24)));
        assert_eq!(Recipe::parse("password:8"), Some(Recipe::Password(8)));
        assert_eq!(Recipe::parse("passphrase:12"), Some(Recipe::Passphrase(12)));
        for text in [
            "",
            "password:",
            "password:7",
            "password:129",
            "passphrase:2",
            "passphrase:13",
            "pin:4",
            "password:x",
        ] {
            assert_eq!(Recipe::parse(text), None, "{text}");
        }
    }
}
