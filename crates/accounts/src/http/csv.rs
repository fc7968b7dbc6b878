//! Comma-separated values (RFC 4180) that a spreadsheet reads as text.

/// One line, with its end.
pub(super) fn line(fields: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let fields: Vec<_> = fields.into_iter().map(|field| quoted(field.as_ref())).collect();
    fields.join(",") + "\r\n"
}

/// A field in quotes. What a spreadsheet would take for a formula gets an apostrophe before it (OWASP, "CSV Injection"): the
/// first characters are those that spreadsheets begin one with, also where they are full-width.
fn quoted(field: &str) -> String {
    let formula = field.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    let guard = if formula { "'" } else { "" };
    format!("\"{guard}{}\"", field.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_field_is_a_formula_and_none_ends_early() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1"] {
            let line = line([formula]);
            assert!(line.starts_with("\"'"), "{formula:?} became {line:?}");
        }
        assert_eq!(line(["a", "b,c", "say \"x\"", ""]), "\"a\",\"b,c\",\"say \"\"x\"\"\",\"\"\r\n");
        assert_eq!(line(["=\",=x"]), "\"'=\"\",=x\"\r\n");
    }
}
