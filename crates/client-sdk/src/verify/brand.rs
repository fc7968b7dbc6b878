//! The organization's own files: they differ on every host, so it is their form that is checked.

/// Whether a brand file can do no more than colour and speak.
pub(super) fn is_harmless(path: &str, body: &[u8]) -> bool {
    match std::str::from_utf8(body) {
        Ok(text) if path == "/brand.css" => is_palette(text),
        Ok(text) => serde_json::from_str::<serde_json::Map<_, serde_json::Value>>(text).is_ok(),
        Err(_) => false,
    }
}

/// A stylesheet of `:root` rules that set variables named `--brand-…` to colours and sizes, once more for the dark.
fn is_palette(text: &str) -> bool {
    const DARK: &str = "@media (prefers-color-scheme:dark){";
    let text: String = text.trim().replace('\n', "");
    let (light, dark) = text.split_once(DARK).unwrap_or((&text, "}"));
    dark.strip_suffix('}').is_some_and(|dark| is_root(light) && (dark.is_empty() || is_root(dark)))
}

fn is_root(rule: &str) -> bool {
    let inner = rule.strip_prefix(":root{").and_then(|rest| rest.strip_suffix('}'));
    inner.is_some_and(|inner| {
        inner.split(';').filter(|declaration| !declaration.is_empty()).all(is_variable)
    })
}

fn is_variable(declaration: &str) -> bool {
    let Some((name, value)) = declaration.split_once(':') else { return false };
    let is_name = name
        .strip_prefix("--brand-")
        .is_some_and(|name| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'));
    let is_color = value.strip_prefix('#').is_some_and(|digits| {
        digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    });
    let is_size = value.strip_suffix("px").is_some_and(|number| {
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    });
    is_name && (is_color || is_size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_palette_sets_colours_and_sizes_and_nothing_else() {
        let ours = ":root{--brand-accent:#8f1d2c;--brand-radius:10px}\n\
                    @media (prefers-color-scheme:dark){:root{--brand-ink:#e69191;}}\n";
        assert!(is_palette(ours));
        for other in [
            ":root{--brand-accent:url(//x)}",
            ":root{--brand-accent:#8f1d2c}body{display:none}",
            ":root{color:#8f1d2c}",
            "@import '/x';:root{}",
            ":root{--brand-accent:#8f1d2c} @media print{:root{--brand-ink:#000000}}",
            "*{--brand-accent:#8f1d2c}",
            "",
        ] {
            assert!(!is_palette(other), "{other}");
        }
    }

    #[test]
    fn the_words_are_an_object() {
        assert!(is_harmless("/brand.json", br#"{"organization":"Acme"}"#));
        assert!(!is_harmless("/brand.json", b"<script>"));
        assert!(!is_harmless("/brand.json", b"\xff"));
    }
}
