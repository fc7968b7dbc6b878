//! A domain as people read it, and its records as a zone file has them. States and findings have the console's words.

use wax_client_sdk::{Change, DnsRecord, Domain, DomainEvent, DomainReport, Finding, Verdict};
use wax_i18n::Value;
use wax_kernel::Timestamp;

use crate::{output::Style, terminal::one_line, when, words::Words};

/// For how long resolvers may keep a record that is just being set up, in seconds.
const TTL_S: u32 = 300;

/// The message `area.key`; what a younger server says and nobody here knows is said as it is.
fn named(words: Words, area: &str, key: &str, word: &str) -> String {
    let message = format!("{area}.{key}.{word}");
    if wax_i18n::is_known(&message) {
        wax_i18n::text(words.lang, &message, &[])
    } else {
        one_line(word).into_owned()
    }
}

fn label(words: Words, key: &str) -> String {
    wax_i18n::text(words.lang, &format!("domains.{key}"), &[])
}

/// Both forms, where they differ.
pub(crate) fn name(domain: &Domain) -> String {
    let (host, unicode) = (one_line(&domain.host), one_line(&domain.unicode));
    if host == unicode { host.into_owned() } else { format!("{unicode} ({host})") }
}

pub(crate) fn style(domain: &Domain) -> Style {
    match domain.verdict() {
        Verdict::Ready => Style::Good,
        Verdict::Wait => Style::Bold,
        Verdict::Act => Style::Bad,
    }
}

/// What it comes down to, and who must act.
pub(crate) fn headline(domain: &Domain, words: Words) -> String {
    let verdict = match domain.verdict() {
        Verdict::Ready => "ready",
        Verdict::Wait => "wait",
        Verdict::Act => "act",
    };
    let said = named(words, "dns", "verdict", verdict);
    match &domain.report {
        Some(DomainReport { verdict: Verdict::Act, actor, .. }) => {
            let actor = named(words, "domains", "actor", actor);
            words.say("domains.actor", &[("verdict", &said), ("actor", &actor)])
        }
        _ => said,
    }
}

pub(crate) fn heads(words: Words) -> [String; 5] {
    ["add.host", "axes.ownership", "axes.pointing", "axes.certificate", "axes.links"]
        .map(|key| label(words, key))
}

pub(crate) fn row(domain: &Domain, words: Words) -> [String; 5] {
    let state = |axis: &str, word: &str| named(words, "domains", &format!("domain.{axis}"), word);
    [
        name(domain),
        state("ownership", &domain.ownership),
        state("pointing", &domain.pointing),
        state("certificate", &domain.certificate),
        state("service", domain.service.as_deref().unwrap_or("none")),
    ]
}

/// Everything below the headline.
pub(crate) fn lines(domain: &Domain, words: Words, now: Timestamp) -> Vec<String> {
    let [_, states @ ..] = row(domain, words);
    let [_, heads @ ..] = heads(words);
    let fact = |(head, state): (String, String)| -> String {
        words.say("domains.fact", &[("label", &head), ("value", &state)])
    };
    let mut lines: Vec<_> = heads.into_iter().zip(states).map(fact).collect();
    if let Some(until) = domain.certificate_until {
        let time = when::future(words, until, now);
        lines.push(words.say("domains.certificate.until", &[("time", &time)]));
    }
    if let Some(report) = &domain.report {
        lines.extend(report_lines(report, words, now));
    }
    lines
}

fn report_lines(report: &DomainReport, words: Words, now: Timestamp) -> Vec<String> {
    let time = when::past(words, report.checked_at, now);
    let mut lines = vec![words.say("domains.checked", &[("time", &time)])];
    for finding in &report.findings {
        lines.extend(finding_lines(finding, words));
    }
    lines.extend(report.records.iter().flat_map(|change| edit(change, words)));
    for server in &report.servers {
        let said = match (&*server.answer, &*server.value) {
            ("failed", fault) => named(words, "dns", "fault", fault),
            (answer, "") => named(words, "domains", "server", answer),
            (_, value) => one_line(value).into_owned(),
        };
        lines.push(format!("{}  {said}", one_line(&server.name)));
    }
    if let Some(at) = report.clears_at {
        let time = when::moment(words, at);
        lines.push(wax_i18n::text(words.lang, "dns.until", &[("time", &time)]));
    }
    lines
}

/// What was found, and what to do about it.
fn finding_lines(finding: &Finding, words: Words) -> Vec<String> {
    let said = |(name, value): (&String, &String)| match &**name {
        "fault" => (name.clone(), named(words, "dns", "fault", value)),
        _ => (name.clone(), one_line(value).into_owned()),
    };
    let values: Vec<(String, String)> = finding.params.iter().map(said).collect();
    let values: Vec<(&str, &dyn Value)> =
        values.iter().map(|(name, value)| (&**name, value as &dyn Value)).collect();
    let text = |part: &str| {
        let message = format!("dns.{part}.{}", finding.code);
        wax_i18n::is_known(&message).then(|| wax_i18n::text(words.lang, &message, &values))
    };
    let found = text("found").unwrap_or_else(|| one_line(&finding.code).into_owned());
    let severity = named(words, "dns", "severity", &finding.severity);
    let first = words.say("domains.fact", &[("label", &severity), ("value", &found)]);
    let advice = text("advice").filter(|_| finding.severity != "good");
    std::iter::once(first).chain(advice.map(|advice| format!("  {advice}"))).collect()
}

/// One edit of a record: what to do, and the record as a zone file has it.
fn edit(change: &Change, words: Words) -> Vec<String> {
    let message = format!("dns.change.{}", change.action);
    let from = change.from.as_deref().map(one_line).unwrap_or_default();
    let said = wax_i18n::text(words.lang, &message, &[("from", &from.as_ref())]);
    let value = change.to.as_deref().or(change.from.as_deref()).unwrap_or_default();
    vec![said, format!("  {}", zone_line_of(&change.name, &change.kind, value))]
}

/// What a record is for.
pub(crate) fn purpose(record: &DnsRecord, words: Words) -> String {
    named(words, "domains", "records", &record.purpose)
}

/// A record as RFC 1035 §5.1 writes it.
pub(crate) fn zone_line(record: &DnsRecord) -> String {
    zone_line_of(&record.name, &record.kind, &record.value)
}

fn zone_line_of(name: &str, kind: &str, value: &str) -> String {
    let data = match kind {
        "CNAME" | "ALIAS" => format!("{}.", one_line(value)),
        "TXT" => format!("\"{}\"", one_line(value).replace('\\', "\\\\").replace('"', "\\\"")),
        _ => one_line(value).into_owned(),
    };
    format!("{}. {TTL_S} IN {} {data}", one_line(name), one_line(kind))
}

/// A change of one axis, in a line.
pub(crate) fn event(event: &DomainEvent, words: Words) -> String {
    let axis = named(words, "domains", "axes", &event.axis);
    let state = |word: &str| named(words, "domains", &format!("domain.{}", event.axis), word);
    let change = format!("{} → {}", state(&event.from), state(&event.to));
    let fact = words.say("domains.fact", &[("label", &axis), ("value", &change)]);
    let code = event.code.as_deref().map(|code| format!("  ({})", one_line(code)));
    format!("{}  {fact}{}", when::moment(words, event.at), code.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_written_as_a_zone_file_has_them() {
        for (kind, value, line) in [
            ("CNAME", "k.edge.example", "s.example. 300 IN CNAME k.edge.example."),
            ("TXT", "a \"b\" \\", r#"s.example. 300 IN TXT "a \"b\" \\""#),
            ("A", "192.0.2.1", "s.example. 300 IN A 192.0.2.1"),
        ] {
            assert_eq!(zone_line_of("s.example", kind, value), line);
        }
    }

    #[test]
    fn a_server_cannot_write_a_second_line_into_a_zone() {
        let line = zone_line_of("s.example", "TXT", "a\nevil.example. IN A 192.0.2.1");
        assert!(!line.contains('\n'), "{line}");
    }
}
