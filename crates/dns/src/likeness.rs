//! Names that people take for another: what one looks for among certificates that others got.

use std::{
    collections::HashMap,
    hash::{BuildHasher as _, RandomState},
};

use serde::Serialize;
use unicode_security::skeleton;
use wax_kernel::Hostname;

/// Letters of a label from which on its likes are looked for: shorter ones resemble half of the dictionary.
const SHORTEST: usize = 4;
/// The same for a letter more, less or another.
const SHORTEST_EDITED: usize = 6;
/// Names that one other is like.
const MOST: usize = 32;

/// How one name is like another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Likeness {
    /// The same below another suffix: `example.net` for `example.com`.
    OtherEnding,
    /// Letters that look the same: `examp1e.com`.
    Confusable,
    /// One letter more, less or another, or two that changed places: `exmaple.com`.
    OneEdit,
}

/// A registered name, as people read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    name: Hostname,
    /// Its first label, in its own script.
    label: Vec<char>,
    /// The same in the letters that it is taken for (UTS #39 §4).
    looks: String,
}

/// Registered names by what they look like. Each takes some 16 bytes for every letter of its label.
#[derive(Debug)]
pub struct LookAlikes {
    names: Vec<Registered>,
    /// Hashes of looks, of labels, and of labels without one letter; sorted.
    keys: Vec<(u64, u32)>,
    hasher: RandomState,
}

impl Registered {
    /// What was registered of a host; none of a public suffix or a single label.
    pub fn of(host: &Hostname) -> Option<Self> {
        let name = Hostname::parse(psl::domain_str(host.as_str())?).ok()?;
        let (text, _) = idna::domain_to_unicode(name.as_str());
        let label = text.split('.').next()?;
        let looks = skeleton(label).collect();
        Some(Self { name, label: label.chars().collect(), looks })
    }

    /// The name.
    pub const fn name(&self) -> &Hostname {
        &self.name
    }
}

impl LookAlikes {
    /// Of these names, each once.
    pub fn new(names: Vec<Registered>) -> Self {
        let hasher = RandomState::new();
        let mut keys = Vec::new();
        for (at, name) in names.iter().enumerate() {
            let Ok(at) = u32::try_from(at) else { break };
            keys.extend(keys_of(&hasher, name).into_iter().map(|key| (key, at)));
        }
        keys.sort_unstable();
        keys.dedup();
        Self { names, keys, hasher }
    }

    /// Those that this one would be taken for, itself aside; at most 32.
    pub fn like(&self, other: &Registered) -> Vec<(&Hostname, Likeness)> {
        let mut found = HashMap::new();
        for key in keys_of(&self.hasher, other) {
            let from = self.keys.partition_point(|(known, _)| *known < key);
            let same = self.keys[from..].iter().take_while(|(known, _)| *known == key);
            for (_, at) in same.take(MOST) {
                let known = &self.names[*at as usize];
                if let Some(likeness) = likeness(known, other) {
                    found.insert(&known.name, likeness);
                }
            }
        }
        let mut found: Vec<_> = found.into_iter().collect();
        found.sort_unstable_by_key(|(name, _)| name.as_str());
        found.truncate(MOST);
        found
    }
}

/// Two names that are one letter apart have a key in common, whichever letter it is.
fn keys_of(hasher: &RandomState, name: &Registered) -> Vec<u64> {
    let label = &name.label;
    if label.len() < SHORTEST {
        return Vec::new();
    }
    let without = |at: usize| -> String {
        let rest = label.iter().enumerate().filter(|(other, _)| *other != at);
        rest.map(|(_, letter)| letter).collect()
    };
    let whole: String = label.iter().collect();
    let mut keys = vec![hasher.hash_one(&name.looks), hasher.hash_one(whole)];
    if label.len() + 1 >= SHORTEST_EDITED {
        keys.extend((0..label.len()).map(|at| hasher.hash_one(without(at))));
    }
    keys
}

fn likeness(known: &Registered, other: &Registered) -> Option<Likeness> {
    if known.name == other.name {
        None
    } else if known.label == other.label {
        Some(Likeness::OtherEnding)
    } else if known.looks == other.looks {
        Some(Likeness::Confusable)
    } else if known.label.len() >= SHORTEST_EDITED && one_edit(&known.label, &other.label) {
        Some(Likeness::OneEdit)
    } else {
        None
    }
}

/// Whether one letter more, less or another, or two neighbours that changed places, is all that differs.
fn one_edit(a: &[char], b: &[char]) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let start = short.iter().zip(long).take_while(|(a, b)| a == b).count();
    let (short, long) = (&short[start..], &long[start..]);
    match long.len() - short.len() {
        1 => short == &long[1..],
        0 => match (short, long) {
            ([_, short @ ..], [_, long @ ..]) if short == long => true,
            ([a, b, short @ ..], [c, d, long @ ..]) => a == d && b == c && short == long,
            _ => false,
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registered(text: &str) -> Registered {
        Registered::of(&Hostname::parse(text).unwrap()).unwrap()
    }

    fn index(names: &[&str]) -> LookAlikes {
        LookAlikes::new(names.iter().map(|name| registered(name)).collect())
    }

    #[test]
    fn a_name_is_like_another_by_its_ending_its_letters_or_one_edit() {
        let index = index(&["example.com", "秘密の箱.jp", "acme.com", "abc.com"]);
        for (other, name, likeness) in [
            ("www.example.net", "example.com", Some(Likeness::OtherEnding)),
            ("example.co.uk", "example.com", Some(Likeness::OtherEnding)),
            ("examp1e.com", "example.com", Some(Likeness::Confusable)),
            ("exаmple.com", "example.com", Some(Likeness::Confusable)), // Cyrillic а
            ("login.exampl.com", "example.com", Some(Likeness::OneEdit)),
            ("examplee.com", "example.com", Some(Likeness::OneEdit)),
            ("exampla.com", "example.com", Some(Likeness::OneEdit)),
            ("exmaple.org", "example.com", Some(Likeness::OneEdit)),
            ("ex-ample.org", "example.com", Some(Likeness::OneEdit)),
            ("acme.net", "acme.com", Some(Likeness::OtherEnding)),
            ("秘密の箱.net", "秘密の箱.jp", Some(Likeness::OtherEnding)),
            ("example.com", "example.com", None),
            ("a.b.example.com", "example.com", None),
            ("exampleab.com", "example.com", None),
            ("elpmaxe.com", "example.com", None),
            ("acne.com", "acme.com", None),
            ("abc.net", "abc.com", None),
            ("other.org", "example.com", None),
        ] {
            let found = index.like(&registered(other));
            let expected = Hostname::parse(name).unwrap();
            let expected: Vec<_> = likeness.iter().map(|one| (&expected, *one)).collect();
            assert_eq!(found, expected, "{other}");
        }
    }

    #[test]
    fn what_nobody_registers_is_like_nothing() {
        for text in ["com", "co.uk", "localhost"] {
            assert_eq!(Registered::of(&Hostname::parse(text).unwrap()), None, "{text}");
        }
    }

    #[test]
    fn a_hundred_thousand_names_take_some_bytes_a_letter_and_are_not_walked_through() {
        let names = (0..100_000).map(|n| registered(&format!("tenant-{n:06}.com")));
        let index = LookAlikes::new(names.collect());
        assert!(index.keys.len() <= 100_000 * 16, "{}", index.keys.len());
        assert_eq!(index.like(&registered("unrelated-name.com")), []);
        assert!(index.like(&registered("tenant-012345.net")).len() <= MOST);
    }
}
