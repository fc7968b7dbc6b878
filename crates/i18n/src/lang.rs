//! The languages we speak, and which of them a reader asked for.

use std::{fmt, str::FromStr};

/// A language every message exists in. The default is what readers get who asked for none of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// Japanese.
    Ja,
}

/// The text names no language we speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownLang;

impl Lang {
    /// Every language, in the order of `Lang as usize`.
    pub const ALL: [Self; 2] = [Self::En, Self::Ja];

    /// The primary language subtag: `en`, `ja`.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Ja => "ja",
        }
    }

    /// The language a reader likes best among ours, or `None` if the header names none of them.
    ///
    /// Equal weights go to the one named first, as browsers send them. `*` names none: the host's own language is the
    /// better answer. A member that cannot be read is skipped. Source: RFC 9110 §12.4.2, §12.5.4.
    pub fn from_accept_language(header: &str) -> Option<Self> {
        let mut best: Option<(u16, Self)> = None;
        for member in header.split(',').take(32) {
            let Some((weight, lang)) = weighted(member) else { continue };
            if weight > best.map_or(0, |(weight, _)| weight) {
                best = Some((weight, lang));
            }
        }
        best.map(|(_, lang)| lang)
    }
}

fn weighted(member: &str) -> Option<(u16, Lang)> {
    let (range, params) = member.split_once(';').unwrap_or((member, ""));
    let weight = match params.trim() {
        "" => 1000,
        params => thousandths(params.strip_prefix("q=").or_else(|| params.strip_prefix("Q="))?)?,
    };
    Some((weight, range.trim().parse().ok()?))
}

/// `0` to `1` with at most three decimals, as thousandths.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, decimals) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    if decimals.len() > 3 || !decimals.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let fraction: u16 = format!("{decimals:0<3}").parse().ok()?;
    match whole {
        "0" => Some(fraction),
        "1" if fraction == 0 => Some(1000),
        _ => None,
    }
}

/// Reads a language tag as far as we speak it: `ja-JP` is Japanese.
impl FromStr for Lang {
    type Err = UnknownLang;

    fn from_str(tag: &str) -> Result<Self, UnknownLang> {
        let primary = tag.split_once('-').map_or(tag, |(primary, _)| primary);
        Self::ALL
            .into_iter()
            .find(|lang| primary.eq_ignore_ascii_case(lang.tag()))
            .ok_or(UnknownLang)
    }
}

impl fmt::Display for Lang {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag())
    }
}

impl fmt::Display for UnknownLang {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("is not a language this server speaks (en, ja)")
    }
}

impl std::error::Error for UnknownLang {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_liked_language_wins() {
        for (header, lang) in [
            ("ja", Some(Lang::Ja)),
            ("ja-JP,ja;q=0.9,en;q=0.8", Some(Lang::Ja)),
            ("en;q=0.5, ja;q=0.501", Some(Lang::Ja)),
            ("ja;q=0.5,en;q=0.5", Some(Lang::Ja)),
            ("EN-gb", Some(Lang::En)),
            ("fr, de;q=0.9, en;q=0.1", Some(Lang::En)),
            ("ja;q=0, en;q=0.001", Some(Lang::En)),
            ("ja ; q=0.3 , en ;q=0.2", Some(Lang::Ja)),
        ] {
            assert_eq!(Lang::from_accept_language(header), lang, "{header}");
        }
    }

    #[test]
    fn what_names_none_of_ours_or_is_unreadable_is_skipped() {
        for header in [
            "",
            "*",
            "fr",
            "ja;q=0",
            "ja;q=2",
            "ja;q=1.001",
            "ja;q=0.1234",
            "ja;q=+1",
            "jp",
            "ja_JP",
            ",,;",
        ] {
            assert_eq!(Lang::from_accept_language(header), None, "{header}");
        }
        assert_eq!(Lang::from_accept_language("ja;level=1, en;q=0.1"), Some(Lang::En));
    }

    proptest::proptest! {
        #[test]
        fn any_header_is_answered(header in ".{0,200}") {
            let _ = Lang::from_accept_language(&header);
        }
    }
}
