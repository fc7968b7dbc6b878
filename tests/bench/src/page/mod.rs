//! `bench page`: what a browser loads before it shows a secret, and the memory of the server that serves it.

mod memory;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use clap::Args;
use serde_json::Value;

use crate::cycle::Waxseal;
use crate::load::count;
use crate::machine::Machine;
use crate::report::{Budget, Report};
use crate::samples::Samples;

/// DESIGN's budgets, in bytes after gzip.
const SCRIPTS: f64 = 15_000.0;
const HPKE: f64 = 9_000.0;
const ARGON2: f64 = 12_000.0;
const LIGHTHOUSE: f64 = 98.0;
const PASSPHRASE: &str = "correct horse";
const LOCALES: [(&str, &str); 2] = [("English", "en-GB"), ("Japanese", "ja-JP")];

#[derive(Args)]
pub(crate) struct Arguments {
    /// The program `waxseald`, built with --release.
    #[arg(long)]
    waxseald: PathBuf,
    /// The folder below which npm finds Playwright.
    #[arg(long)]
    playwright: PathBuf,
    /// Lighthouse's program.
    #[arg(long)]
    lighthouse: PathBuf,
    /// Where raw numbers go.
    #[arg(long)]
    out: PathBuf,
    /// Lighthouse's visits.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<Report> {
    let folder = tempfile::tempdir()?;
    let mut report = Report::new("page", Machine::look(folder.path())?);
    let server = Waxseal::start(&arguments.waxseald, folder.path())?;
    memory::measure(&server, &mut report).await?;
    for (language, locale) in LOCALES {
        for passphrase in [None, Some(PASSPHRASE)] {
            report.measuring(&format!("opening a link, {language}"));
            let link = server.share(passphrase).await?;
            let visit = visit(&arguments.playwright, &link, locale, passphrase)?;
            weigh(&mut report, language, passphrase.is_some(), &visit)?;
        }
    }
    let link = server.share(None).await?;
    lighthouse(arguments, folder.path(), &link, &mut report)?;
    report.publish(&arguments.out)?;
    Ok(report)
}

/// What `visit.mjs` saw.
fn visit(playwright: &Path, link: &str, locale: &str, passphrase: Option<&str>) -> Result<Value> {
    let mut node = Command::new("node");
    node.args(["--input-type=module", "--eval", include_str!("visit.mjs"), "--"]);
    node.arg(std::path::absolute(playwright)?).args([link, locale]).args(passphrase);
    let output = node.output().context("node")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn weigh(report: &mut Report, language: &str, passphrase: bool, visit: &Value) -> Result<()> {
    let fetched = visit["fetched"].as_array().context("a visit fetches something")?;
    let bytes = |of: &dyn Fn(&str) -> bool| -> f64 {
        let chosen = fetched.iter().filter(|one| one["path"].as_str().is_some_and(of));
        chosen.filter_map(|one| one["gzip"].as_f64()).sum()
    };
    let script = |path: &str| Path::new(path).extension() == Some("js".as_ref());
    let (argon2, hpke) =
        (|path: &str| path.contains("/argon2."), |path: &str| path.contains("/hpke."));
    let how = if passphrase { "with a passphrase" } else { "without" };
    let mut row = |what: &str, unit, budget, number| {
        report.row(format!("{language}, {how}: {what}"), unit, budget, Samples(vec![number]));
    };
    row(
        "our JS until the text shows",
        "B",
        Budget::AtMost(SCRIPTS),
        bytes(&|path| script(path) && !argon2(path) && !hpke(path)),
    );
    if fetched.iter().any(|one| one["path"].as_str().is_some_and(hpke)) {
        row("the HPKE library", "B", Budget::AtMost(HPKE), bytes(&hpke));
    }
    if passphrase {
        row("Argon2id, on demand", "B", Budget::AtMost(ARGON2), bytes(&argon2));
    }
    row("everything", "B", Budget::None, bytes(&|_| true));
    let asked = questions_in_a_row(visit)?;
    row("questions in a row until ready", "", Budget::AtMost(1.0), count(asked));
    report.keep(&format!("{language}, {how}"), visit.clone());
    Ok(())
}

/// How many requests to the API stood one behind the other until the page was ready. (HTML and its script come before,
/// and the brand beside the script.)
fn questions_in_a_row(visit: &Value) -> Result<usize> {
    let until = visit["untilReady"].as_u64().context("a visit becomes ready")?;
    let fetched = visit["fetched"].as_array().context("a visit fetches something")?;
    let asked = fetched.iter().take(usize::try_from(until)?);
    let asked =
        asked.filter(|one| one["path"].as_str().is_some_and(|path| path.starts_with("/v1/")));
    let spans = asked.filter_map(|one| Some((one["from"].as_f64()?, one["to"].as_f64()?)));
    Ok(longest_row(spans.collect()))
}

/// The longest row of spans of which each begins after the one before has ended.
fn longest_row(mut spans: Vec<(f64, f64)>) -> usize {
    spans.sort_by(|a, b| a.1.total_cmp(&b.1));
    let mut free_from = f64::NEG_INFINITY;
    let mut row = 0;
    for (from, to) in spans {
        if from >= free_from {
            (free_from, row) = (to, row + 1);
        }
    }
    row
}

/// Lighthouse's performance score of the page that a link opens. Nothing is claimed by looking.
fn lighthouse(arguments: &Arguments, folder: &Path, link: &str, report: &mut Report) -> Result<()> {
    let mut scores = Samples::default();
    for round in 1..=arguments.rounds {
        report.measuring(&format!("Lighthouse, visit {round} of {}", arguments.rounds));
        let path = folder.join("lighthouse.json");
        let mut command = Command::new("node");
        command.arg(&arguments.lighthouse).arg(link).args(["--quiet", "--output=json"]);
        command.arg("--output-path").arg(&path).args([
            "--only-categories=performance",
            "--chrome-flags=--headless --no-sandbox --disable-background-networking",
        ]);
        let output =
            command.env("CHROME_PATH", "/usr/bin/chromium").output().context("lighthouse")?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let seen: Value = serde_json::from_slice(&std::fs::read(&path)?)?;
        let score = seen["categories"]["performance"]["score"].as_f64();
        scores.0.push(score.context("Lighthouse gave no score")? * 100.0);
    }
    report.row("Lighthouse, performance", "", Budget::AtLeast(LIGHTHOUSE), scores);
    Ok(())
}
