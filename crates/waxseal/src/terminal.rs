//! Text that came from elsewhere, made fit for a terminal.

use std::borrow::Cow;

use zeroize::Zeroizing;

/// Control characters as pictures (U+2400 block), except line ends and tabs: a secret or a server must not be able to
/// move the cursor, retitle the window or type for the reader. The same for the characters that reorder text.
pub(crate) fn harmless(text: &str) -> Zeroizing<String> {
    let mut shown = Zeroizing::new(String::with_capacity(text.len() * 3));
    shown.extend(text.chars().map(|character| match character {
        '\n' | '\t' => character,
        '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(character)).unwrap_or('\u{fffd}'),
        '\x7f' => '\u{2421}',
        '\u{80}'..='\u{9f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        _ => character,
    }));
    shown
}

/// Whether a terminal gets another text than a file would.
pub(crate) fn is_changed(text: &str) -> bool {
    *harmless(text) != text
}

/// One line of a server's words.
pub(crate) fn one_line(text: &str) -> Cow<'_, str> {
    let line: String = harmless(text).split_whitespace().collect::<Vec<_>>().join(" ");
    Cow::Owned(line.chars().take(500).collect())
}

/// How many columns a text takes (Unicode Standard Annex #11; what is ambiguous is narrow).
pub(crate) fn width(text: &str) -> usize {
    text.chars().map(character_width).sum()
}

const fn character_width(character: char) -> usize {
    match character {
        '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200f}' | '\u{fe00}'..='\u{fe0f}' => 0,
        '\u{1100}'..='\u{115f}'
        | '\u{2e80}'..='\u{303e}'
        | '\u{3041}'..='\u{a4cf}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}'
        | '\u{ff00}'..='\u{ff60}'
        | '\u{ffe0}'..='\u{ffe6}'
        | '\u{1f300}'..='\u{1faff}'
        | '\u{20000}'..='\u{3fffd}' => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_cannot_command_the_terminal() {
        let shown = harmless("a\x1b]0;title\x07b\u{9b}2J\r\n\tc\u{202e}d\x7f");
        assert_eq!(*shown, "a␛]0;title␇b\u{fffd}2J␍\n\tc\u{fffd}d␡");
    }

    #[test]
    fn characters_of_east_asia_take_two_columns() {
        for (text, columns) in [("abc", 3), ("監査人", 6), ("é", 1), ("e\u{301}", 1), ("🔑", 2)]
        {
            assert_eq!(width(text), columns, "{text}");
        }
    }

    #[test]
    fn ordinary_text_stays_as_it_is() {
        assert!(!is_changed("pässwörd 秘密 🔑\n\tx\n"));
    }
}
