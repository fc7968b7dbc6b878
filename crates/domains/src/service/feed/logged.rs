//! One line of the feed: a certificate that somebody logged.

use serde::Deserialize;
use wax_kernel::{HostPattern, Timestamp};

/// Names of one certificate that are looked at. Authorities put at most some hundred into one.
const MOST_NAMES: usize = 1_000;
/// Of a serial number: RFC 5280 §4.1.2.2 lets it have 20 bytes.
const LONGEST_SERIAL: usize = 40;
/// Of an issuer's name that is shown.
const LONGEST_ISSUER: usize = 200;

/// A certificate, or what is logged before it is issued (a precertificate, RFC 6962 §3.1): both have its names and its serial
/// number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Logged {
    pub(super) names: Vec<HostPattern>,
    /// Lower-case hex without zeros in front.
    pub(super) serial: String,
    pub(super) issuer: String,
    pub(super) logged_at: Timestamp,
}

#[derive(Deserialize)]
struct Line {
    names: Vec<String>,
    serial: String,
    #[serde(default)]
    issuer: String,
    logged_at_ms: i64,
}

impl Logged {
    /// Reads a line. `None`: it is not of the form that docs/domains.md §9 gives.
    pub(super) fn read(line: &[u8]) -> Option<Self> {
        let line: Line = serde_json::from_slice(line).ok()?;
        let names = line.names.iter().take(MOST_NAMES);
        let hidden = |c: &char| c.is_control() || ('\u{200b}'..='\u{206f}').contains(c);
        Some(Self {
            // Certificates also name mail addresses, IP addresses and what only a local network has.
            names: names.filter_map(|name| HostPattern::parse(name).ok()).collect(),
            serial: serial(&line.serial)?,
            issuer: line.issuer.chars().filter(|c| !hidden(c)).take(LONGEST_ISSUER).collect(),
            logged_at: Timestamp::from_ms(line.logged_at_ms),
        })
    }
}

/// A serial number as tools write it: any case, with or without colons, `0x` and zeros.
pub(super) fn serial(text: &str) -> Option<String> {
    let text = text.trim();
    let text = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
    let digits: String = text.chars().filter(|c| *c != ':').collect();
    let digits = digits.trim_start_matches('0').to_ascii_lowercase();
    let fits = digits.len() <= LONGEST_SERIAL && digits.bytes().all(|b| b.is_ascii_hexdigit());
    (fits && !digits.is_empty()).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_however_a_tool_writes_serials_and_names() {
        for serial in ["03aB", "3ab", "0x03AB", "03:ab"] {
            let line = format!(
                "{{\"names\": [\"*.Example.com\", \"a@b.c\", \"192.0.2.1\", \"\"], \"serial\": \"{serial}\", \
                 \"issuer\": \"CN=R\\u202e1\", \"logged_at_ms\": 7, \"index\": 3}}"
            );
            let read = Logged::read(line.as_bytes()).unwrap();
            assert_eq!(read.names, [HostPattern::parse("*.example.com").unwrap()], "{serial}");
            assert_eq!((&*read.serial, &*read.issuer), ("3ab", "CN=R1"));
        }
    }

    #[test]
    fn what_is_no_such_line_is_none() {
        let long = "f".repeat(41);
        for line in [
            "",
            "null",
            "[]",
            "{}",
            "{\"names\": [], \"serial\": \"1\"}",
            "{\"names\": [], \"serial\": \"\", \"logged_at_ms\": 1}",
            "{\"names\": [], \"serial\": \"xyz\", \"logged_at_ms\": 1}",
            "{\"names\": \"a.com\", \"serial\": \"1\", \"logged_at_ms\": 1}",
            &format!("{{\"names\": [], \"serial\": \"{long}\", \"logged_at_ms\": 1}}"),
            "{\"names\": [], \"serial\": \"1\", \"logged_at_ms\": 1} x",
        ] {
            assert_eq!(Logged::read(line.as_bytes()), None, "{line}");
        }
        let many =
            serde_json::json!({"names": vec!["a.com"; 5_000], "serial": "1", "logged_at_ms": 1});
        assert_eq!(Logged::read(many.to_string().as_bytes()).unwrap().names.len(), MOST_NAMES);
    }
}
