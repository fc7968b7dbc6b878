//! `bench page`: what a browser loads before it shows a secret, and the memory of the server that serves it.

mod server;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use serde_json::Value;

use crate::cycle::Waxseal;
use crate::load::count;
use crate::machine::{Machine, version};
use crate::report::{Budget, Output, Report};
use crate::samples::Samples;

/// DESIGN's budgets, in bytes after gzip.
const SCRIPTS: f64 = 15_000.0;
const HPKE: f64 = 9_000.0;
/// Everything that a passphrase loads beside.
const PASSPHRASE_SCRIPTS: f64 = 12_000.0;
const LIGHTHOUSE: f64 = 98.0;
/// What the score is made of.
const AUDITS: [(&str, &str, &str); 5] = [
    ("first-contentful-paint", "first contentful paint", "ms"),
    ("largest-contentful-paint", "largest contentful paint", "ms"),
    ("speed-index", "speed index", "ms"),
    ("total-blocking-time", "total blocking time", "ms"),
    ("cumulative-layout-shift", "cumulative layout shift", ""),
];
const TRIES: usize = 3;
const CHROMIUM: &str = "/usr/bin/chromium";
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
    #[command(flatten)]
    output: Output,
    /// Lighthouse's visits.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<Report> {
    let folder = tempfile::tempdir()?;
    let mut report = Report::new("page", &arguments.output, Machine::look(folder.path())?);
    let server = Waxseal::start(&arguments.waxseald, folder.path())?;
    report.beside(version("Chromium", Command::new(CHROMIUM).arg("--version"))?);
    report.beside(version("Lighthouse", node(&arguments.lighthouse).arg("--version"))?);
    report.beside(version("Node.js", Command::new("node").arg("--version"))?);
    report.section("Memory of the server");
    server::measure(&server, &mut report).await?;
    report.section("Opening a link");
    for (language, locale) in LOCALES {
        for passphrase in [None, Some(PASSPHRASE)] {
            report.measuring(&format!("opening a link, {language}"));
            let link = server.share(passphrase).await?;
            let visit = visit(&arguments.playwright, &link, locale, passphrase)?;
            weigh(&mut report, language, passphrase.is_some(), &visit)?;
        }
    }
    report.section("Lighthouse");
    let link = server.share(None).await?;
    lighthouse(arguments, folder.path(), &link, &mut report)?;
    report.publish(&arguments.output)?;
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
    let [open, hpke] = ["/open.", "/hpke."].map(|name| move |path: &str| path.contains(name));
    let how = if passphrase { "with a passphrase" } else { "without" };
    let mut row = |what: &str, unit, budget, number| {
        report.row(format!("{language}, {how}: {what}"), unit, budget, Samples(vec![number]));
    };
    let on_demand = |path: &str| passphrase && script(path) && !open(path) && !hpke(path);
    let ours = |path: &str| script(path) && !hpke(path) && !on_demand(path);
    row("our JS until the text shows", "B", Budget::AtMost(SCRIPTS), bytes(&ours));
    let library = bytes(&hpke);
    ensure!(library > 0.0, "a page that opens a secret without the channel");
    row("the HPKE library", "B", Budget::AtMost(HPKE), library);
    if passphrase {
        let on_demand = bytes(&on_demand);
        row("on demand for the passphrase", "B", Budget::AtMost(PASSPHRASE_SCRIPTS), on_demand);
    }
    row("everything", "B", Budget::None, bytes(&|_| true));
    let asked = questions_in_a_row(visit)?;
    row("questions in a row until ready", "", Budget::AtMost(1.0), count(asked));
    report.keep(&format!("{language}, {how}"), visit.clone());
    Ok(())
}

/// How many requests to the API stood one behind the other until the page was ready, beginning with the first that its
/// script makes. (The HTML comes before; brand and channel key beside the script.)
fn questions_in_a_row(visit: &Value) -> Result<usize> {
    let until = visit["untilReady"].as_u64().context("a visit becomes ready")?;
    let fetched = visit["fetched"].as_array().context("a visit fetches something")?;
    let fetched = || fetched.iter().take(usize::try_from(until).unwrap_or(usize::MAX));
    let is = |one: &Value, start| one["path"].as_str().is_some_and(|path| path.starts_with(start));
    let script = fetched().find(|one| is(one, "/assets/open.")).context("no script opens it")?;
    let runs_from = script["to"].as_f64().context("a script arrives")?;
    let asked = fetched().filter(|one| is(one, "/v1/"));
    let spans = asked.filter_map(|one| Some((one["from"].as_f64()?, one["to"].as_f64()?)));
    Ok(longest_row(spans.filter(|(from, _)| *from >= runs_from).collect()))
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

/// Lighthouse's performance score of the page that a link opens, and what it is made of. Nothing is claimed by looking.
fn lighthouse(arguments: &Arguments, folder: &Path, link: &str, report: &mut Report) -> Result<()> {
    let mut scores = Samples::default();
    let mut measured: [Samples; AUDITS.len()] = Default::default();
    for round in 1..=arguments.rounds {
        report.measuring(&format!("Lighthouse, visit {round} of {}", arguments.rounds));
        let seen = look(&arguments.lighthouse, &folder.join("lighthouse.json"), link)?;
        let score = seen["categories"]["performance"]["score"].as_f64();
        scores.0.push(score.context("Lighthouse gave no score")? * 100.0);
        for ((audit, ..), samples) in AUDITS.iter().zip(&mut measured) {
            let value = seen["audits"][audit]["numericValue"].as_f64();
            samples.0.push(value.with_context(|| format!("Lighthouse tells no {audit}"))?);
        }
    }
    report.row("performance", "", Budget::AtLeast(LIGHTHOUSE), scores);
    for ((_, what, unit), samples) in AUDITS.into_iter().zip(measured) {
        report.row(format!("  {what}"), unit, Budget::None, samples);
    }
    Ok(())
}

/// One visit, on the phone and the connection that Lighthouse simulates. It is repeated where Lighthouse says that it
/// could not record it, as happens with a browser's first start.
fn look(lighthouse: &Path, answer: &Path, link: &str) -> Result<Value> {
    for _ in 0..TRIES {
        let seen = look_once(lighthouse, answer, link)?;
        if seen["runtimeError"].is_null() {
            return Ok(seen);
        }
    }
    bail!("Lighthouse records nothing: {}", std::fs::read_to_string(answer)?)
}

fn look_once(lighthouse: &Path, answer: &Path, link: &str) -> Result<Value> {
    let mut command = node(lighthouse);
    command.arg(link).args(["--quiet", "--output=json", "--only-categories=performance"]);
    command.arg("--chrome-flags=--headless --no-sandbox --disable-background-networking");
    command.arg("--output-path").arg(answer).env("CHROME_PATH", CHROMIUM);
    let output = command.output().context("lighthouse")?;
    let said = std::fs::read(answer);
    let said = said.with_context(|| String::from_utf8_lossy(&output.stderr).into_owned())?;
    Ok(serde_json::from_slice(&said)?)
}

fn node(program: &Path) -> Command {
    let mut command = Command::new("node");
    command.arg(program);
    command
}
