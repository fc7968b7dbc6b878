//! A comparison of pages as a person reads it.

use std::path::Path;

use wax_client_sdk::{Checked, Claim, Difference, Fault, Fingerprint, Report, Visitor};

use crate::{
    output::{Output, Stream, Style},
    terminal::one_line,
    words::Words,
};

/// Of a hash that is as expected, so many digits are shown: one compares it with the eye, if at all.
const SHOWN: usize = 16;

/// Longest text of the host that is shown.
const QUOTED: usize = 120;

/// What was compared with what, then every file.
pub(crate) fn lines(
    report: &Report,
    manifest: Option<&Path>,
    words: Words,
    output: &Output,
) -> Vec<String> {
    let view = View { words, output };
    let mut lines = view.head(report, manifest);
    if report.files.is_empty() {
        return lines;
    }
    lines.push(String::new());
    let width = report.files.iter().map(|file| columns(&view.name(file))).max().unwrap_or(0);
    for file in &report.files {
        lines.extend(view.file(file, width));
    }
    if report.is_equal() == Some(true) && !report.held {
        let values: [(&str, &dyn wax_i18n::Value); 2] =
            [("count", &(report.files.len() as u64)), ("release", &report.release)];
        lines.push(String::new());
        lines.push(output.styled(Stream::Out, Style::Good, &words.say("verify.equal", &values)));
    }
    lines
}

struct View<'a> {
    words: Words,
    output: &'a Output,
}

impl View<'_> {
    fn head(&self, report: &Report, manifest: Option<&Path>) -> Vec<String> {
        let words = self.words;
        let host = words.say("verify.title", &[("host", &report.host)]);
        let file = manifest.map(|path| path.display().to_string());
        let against = match &file {
            Some(file) => {
                words.say("verify.against.file", &[("release", &report.release), ("file", file)])
            }
            None => words.say("verify.against.own", &[("release", &report.release)]),
        };
        let claim = match &report.claim {
            Claim::Same => words.say("verify.claim", &[("release", &report.release)]),
            Claim::Silent => words.plain("verify.claim.silent"),
            Claim::Other { claimed_release } => {
                words.say("verify.claim", &[("release", &one_line(claimed_release).as_ref())])
            }
            Claim::Altered => words.say("verify.claim.altered", &[("release", &report.release)]),
        };
        let visitors =
            words.say("verify.visitors", &[("visitors", &self.visitors(&report.visitors))]);
        vec![
            self.output.styled(Stream::Out, Style::Bold, &host),
            format!("  {against}"),
            format!("  {claim}"),
            format!("  {visitors}"),
        ]
    }

    /// A line for a file as it should be; for another one, what was expected and what each visitor found.
    fn file(&self, file: &Checked, width: usize) -> Vec<String> {
        let name = self.name(file);
        if file.is_equal() {
            let pad = " ".repeat(width.saturating_sub(columns(&name)));
            let mark = self.output.styled(Stream::Out, Style::Good, "✓");
            let what = file.expected.as_ref().map_or_else(
                || self.words.plain("verify.own"),
                |expected| format!("{:>8} B  {}…", expected.bytes, &short(&expected.sha256)),
            );
            return vec![format!("  {mark} {name}{pad}  {what}")];
        }
        let mark = self.output.styled(Stream::Out, Style::Bad, "✗");
        let name = self.output.styled(Stream::Out, Style::Bad, &name);
        let mut lines = vec![format!("  {mark} {name}")];
        if let Some(expected) = &file.expected {
            let content = self.content(expected);
            lines.push(self.words.say("verify.expected", &[("content", &content)]));
        }
        for (path, difference, visitors) in together(&file.faults) {
            let found = self.difference(difference);
            let visitors = self.visitors(&visitors);
            let values: [(&str, &dyn wax_i18n::Value); 3] =
                [("found", &found), ("visitors", &visitors), ("path", &path)];
            lines.push(self.words.say("verify.found", &values));
        }
        let head = lines.remove(0);
        std::iter::once(head).chain(lines.into_iter().map(|line| format!("      {line}"))).collect()
    }

    /// A page by what it is for, everything else by its path.
    fn name(&self, file: &Checked) -> String {
        let page = || file.file.strip_prefix("/shells/")?.strip_suffix(".html")?.split_once('.');
        let key = match page().map(|(page, _)| page) {
            Some("home") => "verify.page.home",
            Some("open") => "verify.page.open",
            Some("receipt") => "verify.page.receipt",
            Some("missing") => "verify.page.missing",
            Some("held") => "verify.page.held",
            _ => return quoted(&file.file),
        };
        let lang = page().map_or("", |(_, lang)| lang);
        self.words.say(key, &[("lang", &lang)])
    }

    fn visitors(&self, visitors: &[Visitor]) -> String {
        let names = visitors.iter().map(|visitor| {
            self.words.plain(match visitor {
                Visitor::Waxseal => "verify.visitor.waxseal",
                Visitor::Chrome => "verify.visitor.chrome",
                Visitor::Safari => "verify.visitor.safari",
            })
        });
        names.collect::<Vec<_>>().join(&self.words.plain("verify.and"))
    }

    fn content(&self, content: &Fingerprint) -> String {
        let values: [(&str, &dyn wax_i18n::Value); 2] =
            [("bytes", &content.bytes), ("hash", &content.sha256)];
        self.words.say("verify.content", &values)
    }

    fn difference(&self, difference: &Difference) -> String {
        let words = self.words;
        let say = |key: &str, found: &str| words.say(key, &[("found", &quoted(found))]);
        match difference {
            Difference::Content { found } => self.content(found),
            Difference::Status { found, location: Some(location), .. } => {
                let values: [(&str, &dyn wax_i18n::Value); 2] =
                    [("status", &u32::from(*found)), ("location", &quoted(location))];
                words.say("verify.found.redirect", &values)
            }
            Difference::Status { expected, found, location: None } => {
                let values: [(&str, &dyn wax_i18n::Value); 2] =
                    [("found", &u32::from(*found)), ("expected", &u32::from(*expected))];
                words.say("verify.found.status", &values)
            }
            Difference::Policy { found: None } => words.plain("verify.found.no-policy"),
            Difference::Policy { found: Some(found) } => say("verify.found.policy", found),
            Difference::Type { found } => {
                say("verify.found.type", found.as_deref().unwrap_or_default())
            }
            Difference::Refresh { found } => say("verify.found.refresh", found),
            Difference::Unlisted { found } => {
                words.say("verify.found.unlisted", &[("content", &self.content(found))])
            }
            Difference::Inline { tag } => say("verify.found.inline", tag),
            Difference::Foreign { url } => say("verify.found.foreign", url),
            Difference::Integrity { url, .. } => say("verify.found.integrity", url),
            Difference::Brand => words.plain("verify.found.brand"),
        }
    }
}

/// The same difference at the same place is told once, with everybody who met it.
fn together(faults: &[Fault]) -> Vec<(&str, &Difference, Vec<Visitor>)> {
    let mut told: Vec<(&str, &Difference, Vec<Visitor>)> = Vec::new();
    for Fault { visitor, path, difference } in faults {
        let same = |known: &&mut (&str, &Difference, Vec<Visitor>)| {
            known.0 == path && known.1 == difference
        };
        match told.iter_mut().find(same) {
            Some((_, _, visitors)) if visitors.contains(visitor) => {}
            Some((_, _, visitors)) => visitors.push(*visitor),
            None => told.push((path, difference, vec![*visitor])),
        }
    }
    told
}

/// A text of the host: one line, not endless.
fn quoted(text: &str) -> String {
    let line = one_line(text);
    if line.chars().count() <= QUOTED {
        return line.into_owned();
    }
    line.chars().take(QUOTED).chain(['…']).collect()
}

/// A manifest that somebody gave may have anything in a hash's place.
fn short(sha256: &str) -> String {
    sha256.chars().take(SHOWN).collect()
}

/// How wide a terminal draws it: characters from the CJK blocks on take two columns (UAX #11).
fn columns(text: &str) -> usize {
    text.chars().map(|c| if c >= '\u{2e80}' { 2 } else { 1 }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_met_the_same_is_told_together() {
        let fault = |visitor, path: &str, difference: &Difference| Fault {
            visitor,
            path: path.to_owned(),
            difference: difference.clone(),
        };
        let (none, brand) = (Difference::Policy { found: None }, Difference::Brand);
        let faults = [
            fault(Visitor::Chrome, "/", &none),
            fault(Visitor::Chrome, "/", &brand),
            fault(Visitor::Safari, "/", &none),
            fault(Visitor::Safari, "/s/x", &none),
        ];
        let told: Vec<_> =
            together(&faults).into_iter().map(|(path, _, visitors)| (path, visitors)).collect();
        assert_eq!(
            told,
            [
                ("/", vec![Visitor::Chrome, Visitor::Safari]),
                ("/", vec![Visitor::Chrome]),
                ("/s/x", vec![Visitor::Safari])
            ]
        );
    }

    #[test]
    fn a_long_text_of_a_host_is_cut() {
        assert_eq!(quoted(&"x".repeat(500)).chars().count(), QUOTED + 1);
        assert_eq!(quoted("a\nb"), "a b");
    }
}
