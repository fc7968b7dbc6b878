//! A QR code in a terminal.

use fast_qr::{ECL, QRBuilder, QRCode};

/// Light modules around the code (ISO/IEC 18004 §6.3.8: at least 4).
const QUIET: usize = 4;

/// Two modules of one column are one character: upper half in the foreground, lower half in the background colour.
///
/// With colours both are set, to the palette entries that themes leave alone (black 16, white 231): dark on light on
/// any terminal. Without, light modules are drawn, which is right on a dark terminal and what cameras can read on
/// most others.
pub(crate) fn draw(text: &str, colour: bool) -> Option<String> {
    let code = QRBuilder::new(text).ecl(ECL::M).build().ok()?;
    let side = code.size + 2 * QUIET;
    let mut drawn = String::new();
    for y in (0..side).step_by(2) {
        for x in 0..side {
            drawn.push_str(&cell(is_dark(&code, x, y), is_dark(&code, x, y + 1), colour));
        }
        drawn.push_str(if colour { "\x1b[0m\n" } else { "\n" });
    }
    Some(drawn)
}

fn cell(upper_dark: bool, lower_dark: bool, colour: bool) -> String {
    if colour {
        let palette = |dark| if dark { 16 } else { 231 };
        return format!("\x1b[38;5;{};48;5;{}m▀", palette(upper_dark), palette(lower_dark));
    }
    match (upper_dark, lower_dark) {
        (false, false) => "█",
        (false, true) => "▀",
        (true, false) => "▄",
        (true, true) => " ",
    }
    .to_owned()
}

fn is_dark(code: &QRCode, x: usize, y: usize) -> bool {
    let inside = |n: usize| n.checked_sub(QUIET).filter(|n| *n < code.size);
    inside(x).zip(inside(y)).is_some_and(|(x, y)| code[y][x].value())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_stands_in_a_light_frame() {
        let drawn = draw("https://secrets.example.com/s/x#1y", false).unwrap();
        let lines: Vec<Vec<char>> = drawn.lines().map(|line| line.chars().collect()).collect();
        assert!(lines.iter().all(|line| line.len() == lines[0].len() && line[..4] == ['█'; 4]));
        assert!(
            lines[0].iter().all(|cell| *cell == '█') && lines[1].iter().all(|cell| *cell == '█')
        );
        // The corner of a finder pattern: seven dark modules in a row, a dark column below.
        assert_eq!(lines[2][4..11].iter().collect::<String>(), " ▄▄▄▄▄ ");
    }

    #[test]
    fn with_colours_both_halves_are_set() {
        assert_eq!(cell(true, false, true), "\x1b[38;5;16;48;5;231m▀");
    }
}
