//! Texts that people chose, made harmless: a mail of ours must not say what somebody else wants it to say.

use wax_kernel::is_invisible;

/// Characters of a name that a mail shows.
const MAX_CHARS: usize = 60;
/// Characters of a sentence.
const MAX_SENTENCE: usize = 300;

/// One line of printable text, at most 60 characters: no control characters, nothing that turns the reading direction
/// round, nothing invisible, and nothing that a mail program would turn into a link.
pub(crate) fn tame(text: &str) -> String {
    tame_to(text, MAX_CHARS)
}

/// The same for a sentence of ours that names things: at most 300 characters.
pub(crate) fn tame_sentence(text: &str) -> String {
    tame_to(text, MAX_SENTENCE)
}

fn tame_to(text: &str, most: usize) -> String {
    let visible = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c });
    let visible = visible.filter(|c| !c.is_control() && !is_invisible(*c));
    let words = visible.collect::<String>();
    let line = words.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    unlinked(&cut(&line, most))
}

fn cut(line: &str, most: usize) -> String {
    if line.chars().count() <= most {
        return line.to_owned();
    }
    let kept: String = line.chars().take(most - 1).collect();
    format!("{}…", kept.trim_end())
}

/// Puts an invisible break behind what makes a program see an address: `evil.example`, `a@b`, `//`. A person reads the
/// same name.
fn unlinked(line: &str) -> String {
    const BREAK: char = '\u{200b}';
    let mut out = String::with_capacity(line.len() + 8);
    let mut rest = line.chars().peekable();
    let mut before = ' ';
    while let Some(c) = rest.next() {
        out.push(c);
        let next = rest.peek().copied().unwrap_or(' ');
        let between = !before.is_whitespace() && !next.is_whitespace();
        if (matches!(c, '.' | '@' | ':') && between) || (c == '/' && next != ' ') {
            out.push(BREAK);
        }
        before = c;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_usual_name_stays_as_it_is() {
        for name in ["Acme, Inc.", "株式会社ワックス", "O’Brien & Söhne", "علی‌رضا", "A. B. Smith"]
        {
            assert_eq!(tame(name), name);
        }
    }

    #[test]
    fn what_would_break_a_line_or_turn_it_round_is_gone() {
        assert_eq!(
            tame("Acme\r\nBcc: eve@example.com"),
            "Acme Bcc: eve@\u{200b}example.\u{200b}com"
        );
        assert_eq!(tame("\u{202e}moc.live\u{202c}  x\t\u{0}y"), "moc.\u{200b}live x y");
        assert_eq!(tame("a\u{200b}b\u{2066}c\u{feff}"), "abc");
        assert_eq!(tame(" \n "), "");
    }

    #[test]
    fn a_long_name_is_cut_and_says_so() {
        let cut = tame(&"あ".repeat(5_000));
        assert_eq!(cut.chars().count(), 60);
        assert!(cut.ends_with('…'));
    }

    #[test]
    fn a_name_is_no_link() {
        let tamed = tame("https://evil.example/pay now");
        for link in ["https:/", "//", "evil.e", "example/p"] {
            assert!(!tamed.contains(link), "{tamed:?} holds {link}");
        }
        assert_eq!(tamed.replace('\u{200b}', ""), "https://evil.example/pay now");
    }

    proptest::proptest! {
        #[test]
        fn whatever_it_was_it_is_one_short_line(text in "\\PC{0,40}[\\r\\n\\u{202e}\\u{0}]?\\PC{0,200}") {
            let tamed = tame(&text);
            let (harmless, chars) = (
                tamed.chars().all(|c| !c.is_control() && c != '\u{202e}'),
                tamed.replace('\u{200b}', "").chars().count(),
            );
            proptest::prop_assert!(harmless, "{:?}", tamed);
            proptest::prop_assert!(chars <= 60, "{:?}", tamed);
        }
    }
}
