//! Characters that nobody sees in a name.

/// What nobody sees, breaks a line or turns round what stands beside a name: the default ignorable and bidirectional format
/// characters of Unicode 16 (UAX #9), fillers, and the blank of Braille. Not the joiners U+200C and U+200D: Persian names and
/// emoji are written with them. Not controls either: `char::is_control` knows those.
pub const fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_visible_and_what_hides_in_them_is_not() {
        assert!(!"Ann O’Brien 山田 علی‌رضا 👩‍💻".chars().any(is_invisible));
        assert!(
            "\u{200b}\u{202e}\u{2066}\u{2800}\u{3164}\u{feff}\u{e0041}".chars().all(is_invisible)
        );
    }
}
