//! `waxseal verify-page`: whether a host serves the pages of a release.

use std::{borrow::Cow, fs};

use serde::Serialize;
use wax_client_sdk::{Claim, Release, ReleaseError, Report, Verifier};

use super::Context;
use crate::{args::VerifyPage, failure::Failure, report_view};

/// What `--json` prints. `equal` is null if nothing was compared.
#[derive(Serialize)]
struct Printed<'a> {
    equal: Option<bool>,
    #[serde(flatten)]
    report: &'a Report,
}

pub(crate) async fn run(args: &VerifyPage, context: &Context<'_>) -> Result<(), Failure> {
    verify(args, context).await.map_err(Failure::uncompared)
}

async fn verify(args: &VerifyPage, context: &Context<'_>) -> Result<(), Failure> {
    let release = trusted(args, context)?;
    let (host, path) = split(&args.host);
    let origin = context.settings.host(Some(host))?;
    let options = context.settings.options()?;
    let report =
        async { Verifier::new(&origin, path, &release, &options, context.rng)?.compare().await };
    let report = report.await.map_err(|error| context.failed(&error))?;
    print(&report, args, context)?;
    judge(&report, context)
}

/// The manifest to compare with: never the host's own.
fn trusted(args: &VerifyPage, context: &Context<'_>) -> Result<Release, Failure> {
    let words = context.words;
    let (bytes, file) = match &args.manifest {
        Some(path) => {
            let read = fs::read(path).map_err(|error| Failure::file(words, path, &error))?;
            (Cow::from(read), path.display().to_string())
        }
        None => match wax_pages::release_manifest() {
            Some(own) => (own, "release.json".to_owned()),
            None => {
                return Err(Failure::local(words.plain("verify.none"))
                    .advise(words.plain("verify.none.advice")));
            }
        },
    };
    Release::parse(&bytes).map_err(|error| {
        let key = match error {
            ReleaseError::Unreadable => "verify.manifest.unreadable",
            ReleaseError::Format => "verify.manifest.format",
        };
        Failure::local(words.say(key, &[("file", &file)]))
    })
}

/// The host and the path of an address. What stands behind a `#` opens a secret: it goes nowhere.
fn split(address: &str) -> (&str, Option<&str>) {
    let address = address.split(['#', '?']).next().unwrap_or_default();
    let host = address.find("://").map_or(0, |at| at + 3);
    match address[host..].find('/') {
        Some(at) => (&address[..host + at], Some(&address[host + at..])),
        None => (address, None),
    }
}

fn print(report: &Report, args: &VerifyPage, context: &Context<'_>) -> Result<(), Failure> {
    if args.json {
        let printed = Printed { equal: report.is_equal(), report };
        let json = serde_json::to_string(&printed).expect("texts and numbers have a JSON form");
        return context.output.line(&json);
    }
    let source = args.manifest.as_deref();
    for line in report_view::lines(report, source, context.words, context.output) {
        context.output.line(&line)?;
    }
    Ok(())
}

fn judge(report: &Report, context: &Context<'_>) -> Result<(), Failure> {
    let words = context.words;
    let release = report.release.as_str();
    if let Claim::Other { claimed_release } = &report.claim {
        let claimed = crate::terminal::one_line(claimed_release);
        let values: [(&str, &dyn wax_i18n::Value); 2] =
            [("claimed", &claimed.as_ref()), ("release", &release)];
        return Err(Failure::local(words.say("verify.other", &values))
            .advise(words.say("verify.other.advice", &values)));
    }
    if report.is_equal() == Some(true) && report.held {
        return Err(
            Failure::local(words.plain("verify.held")).advise(words.plain("verify.held.advice"))
        );
    }
    if report.is_equal() == Some(true) {
        context.output.hint(&words.plain("verify.equal.hint"));
        return Ok(());
    }
    let count = report.files.iter().filter(|file| !file.is_equal()).count() as u64;
    let failure = Failure::different(
        words.say("verify.different", &[("count", &count), ("release", &release)]),
    );
    let apart = report.tells_visitors_apart().then(|| words.plain("verify.apart"));
    let failure = apart.into_iter().fold(failure, Failure::advise);
    Err(failure.advise(words.plain("verify.different.advice")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_a_link_is_left_out() {
        for (address, host, path) in [
            ("secrets.example.com", "secrets.example.com", None),
            ("https://secrets.example.com", "https://secrets.example.com", None),
            ("https://a.example/s/x#1key", "https://a.example", Some("/s/x")),
            ("a.example:8443/r/x?y#key", "a.example:8443", Some("/r/x")),
            ("a.example/#/s/x", "a.example", Some("/")),
        ] {
            assert_eq!(split(address), (host, path), "{address}");
        }
    }
}
