//! `bench flood`: strangers try passwords as fast as they can, or hold connections as slowly as they can; people who open
//! secrets should not notice.

mod siege;
mod tries;
mod visitors;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};

pub(crate) use self::siege::raise_file_limit;
use self::siege::{Ports, Siege};
use self::tries::{Outcomes, Tries};
use self::visitors::{Seen, Visitors};
use crate::cycle::Waxseal;
use crate::load::count;
use crate::machine::Machine;
use crate::report::{Budget, Output, Report};
use crate::samples::Samples;

/// By how much the 99th percentile may grow.
const SLOWER: Budget = Budget::AtMost(2.0);

#[derive(Args)]
pub(crate) struct Arguments {
    /// The program `waxseald`, built with --release.
    #[arg(long)]
    waxseald: PathBuf,
    #[command(flatten)]
    output: Output,
    /// Rounds; quiet and flooded take turns in each.
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// Seconds of quiet, and of flood, in one round.
    #[arg(long, default_value_t = 10)]
    seconds: u32,
    /// Tries to sign in, each second of a flood.
    #[arg(long, default_value_t = 1_000)]
    tries: u32,
    /// Slow connections at any time of a siege.
    #[arg(long, default_value_t = 2_000)]
    slow: usize,
    /// Claims each second; twice as many links are only looked at.
    #[arg(long, default_value_t = 30)]
    claims: u32,
}

/// The 99th percentile of one kind of request, in milliseconds, round by round.
#[derive(Default)]
struct P99 {
    quiet: Samples,
    flooded: Samples,
    besieged: Samples,
}

/// How many slow connections there were.
#[derive(Default)]
struct Slow {
    open: Samples,
    opened: Samples,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<Report> {
    let folder = tempfile::tempdir()?;
    let mut report = Report::new("flood", &arguments.output, Machine::look(folder.path())?);
    let waxseal = Waxseal::start(&arguments.waxseald, folder.path())?;
    let visitors = Visitors::new(&waxseal);
    let tries = Tries::begin(&waxseal).await?;
    let (mut claims, mut pages) = (P99::default(), P99::default());
    let (mut outcomes, mut slow) = (Outcomes::default(), Slow::default());
    let (plain, tls) = waxseal.ports();
    // Round 0 only fills caches.
    for round in 0..=arguments.rounds {
        report.measuring(&format!("round {round} of {}", arguments.rounds));
        let quiet = visit(&visitors, arguments).await?;
        let (flooded, met) =
            tokio::try_join!(visit(&visitors, arguments), flood(&tries, arguments))?;
        let siege = Siege::begin(Ports { plain, tls }, arguments.slow).await?;
        let besieged = visit(&visitors, arguments).await?;
        let (open, opened) = (siege.open(), siege.opened());
        drop(siege);
        if round == 0 {
            continue;
        }
        slow.open.0.push(count(open));
        slow.opened.0.push(count(opened));
        claims.besieged.0.push(besieged.claims.p99());
        pages.besieged.0.push(besieged.pages.p99());
        claims.quiet.0.push(quiet.claims.p99());
        claims.flooded.0.push(flooded.claims.p99());
        pages.quiet.0.push(quiet.pages.p99());
        pages.flooded.0.push(flooded.pages.p99());
        outcomes.add(&met);
    }
    fill(&mut report, &claims, &pages, &outcomes, arguments);
    let wanted = Budget::AtLeast(count(arguments.slow) * 0.9);
    report.row("slow connections: open at the end of a siege", "", wanted, slow.open);
    report.row("slow connections: opened in a siege", "", Budget::None, slow.opened);
    report.publish(&arguments.output)?;
    Ok(report)
}

/// Lets people come at a steady rate, whether or not those before them were answered.
async fn visit(visitors: &Visitors, arguments: &Arguments) -> Result<Seen> {
    let secrets = visitors.create((arguments.claims * arguments.seconds) as usize).await?;
    let mut people = JoinSet::new();
    let mut seen = Seen::default();
    let mut ticks = steadily(arguments.claims);
    for sealed in secrets {
        ticks.tick().await;
        let visitors = visitors.clone();
        people.spawn(async move { visitors.come(sealed).await });
    }
    while let Some(ended) = people.join_next().await {
        seen.add(&ended??);
    }
    Ok(seen)
}

/// Lets strangers try passwords at a steady rate.
async fn flood(tries: &Tries, arguments: &Arguments) -> Result<Outcomes> {
    let mut strangers = JoinSet::new();
    let mut ticks = steadily(arguments.tries);
    let end = Instant::now() + Duration::from_secs(arguments.seconds.into());
    while Instant::now() < end {
        ticks.tick().await;
        let tries = tries.clone();
        strangers.spawn(async move { tries.one().await });
    }
    let mut outcomes = Outcomes { seconds: arguments.seconds.into(), ..Outcomes::default() };
    while let Some(ended) = strangers.join_next().await {
        outcomes.count(ended??);
    }
    Ok(outcomes)
}

/// What is late comes at once: the rate is kept.
fn steadily(per_second: u32) -> tokio::time::Interval {
    let mut ticks = interval(Duration::from_secs(1) / per_second.max(1));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    ticks
}

fn fill(
    report: &mut Report,
    claims: &P99,
    pages: &P99,
    outcomes: &Outcomes,
    arguments: &Arguments,
) {
    report.row("claim: p99, flooded ÷ quiet", "×", SLOWER, claims.flooded.over(&claims.quiet));
    report.row("GET /s/<id>: p99, flooded ÷ quiet", "×", SLOWER, pages.flooded.over(&pages.quiet));
    report.row("claim: p99, besieged ÷ quiet", "×", SLOWER, claims.besieged.over(&claims.quiet));
    let besieged = pages.besieged.over(&pages.quiet);
    report.row("GET /s/<id>: p99, besieged ÷ quiet", "×", SLOWER, besieged);
    for (what, samples) in [
        ("claim: p99, quiet", &claims.quiet),
        ("claim: p99, flooded", &claims.flooded),
        ("claim: p99, besieged", &claims.besieged),
        ("GET /s/<id>: p99, quiet", &pages.quiet),
        ("GET /s/<id>: p99, flooded", &pages.flooded),
        ("GET /s/<id>: p99, besieged", &pages.besieged),
    ] {
        report.row(what, "ms", Budget::None, samples.clone());
    }
    let wanted = Budget::AtLeast(f64::from(arguments.tries) * 0.99);
    let rate = |number: usize| Samples(vec![count(number) / outcomes.seconds]);
    report.row("tries to sign in", "/s", wanted, rate(outcomes.all()));
    report.row("  compared, and wrong (401)", "/s", Budget::None, rate(outcomes.wrong));
    report.row("  no room (503, Retry-After)", "/s", Budget::None, rate(outcomes.busy));
}
