//! `bench cycle`: one secret from the sender to the recipient and its end, over HTTP.

mod ceiling;
pub(crate) mod http;
mod primitives;
mod process;
mod snappass;
mod waxseal;

use std::path::PathBuf;
use std::time::Instant;

use anyhow::Result;
use clap::Args;
use tokio::task::JoinSet;

pub(crate) use self::process::{Process, free_port};
use self::snappass::SnapPass;
pub(crate) use self::waxseal::{HOST, Pair, Waxseal};
use crate::cpu::Usage;
use crate::load::count;
use crate::machine::Machine;
use crate::report::{Budget, Output, Report};
use crate::samples::Samples;

/// DESIGN's factor over `SnapPass`.
const FACTOR: Budget = Budget::AtLeast(10.0);
/// Pairs of people at once.
const PAIRS: usize = 16;
/// The thread on which SQLite runs; Linux cuts names after 15 characters.
const SQL_THREAD: &str = "sqlx-sqlite";
/// Signed requests of a cycle: claim and ack.
const SIGNED: f64 = 2.0;
/// Requests of a cycle, each of which the channel seals: create, peek, claim, ack.
const REQUESTS: f64 = 4.0;

#[derive(Args)]
pub(crate) struct Arguments {
    /// The program `waxseald`, built with --release.
    #[arg(long)]
    waxseald: PathBuf,
    /// The program `gunicorn` beside which `SnapPass` is installed.
    #[arg(long)]
    gunicorn: PathBuf,
    #[command(flatten)]
    output: Output,
    /// Rounds; the compared things take turns in each.
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// Our cycles in one round of each kind; `SnapPass` does a quarter of them.
    #[arg(long, default_value_t = 1_600)]
    cycles: usize,
}

/// A sender and a recipient.
trait People: Send + 'static {
    /// One secret, from the sender's form to its end.
    fn share_one(&mut self) -> impl Future<Output = Result<()>> + Send;
}

/// How people connect to our server.
#[derive(Clone, Copy)]
pub(crate) enum Way {
    /// Sender and recipient share one connection, which stays open.
    PlainKept,
    /// Sender and recipient connect once for each secret.
    Plain,
    TlsKept,
    Tls,
    /// As our pages do: every request sealed inside TLS as well.
    Sealed,
}

impl Way {
    const ALL: [Self; 5] = [Self::PlainKept, Self::Plain, Self::TlsKept, Self::Tls, Self::Sealed];

    const fn name(self) -> &'static str {
        match self {
            Self::PlainKept => "plain HTTP, kept connections",
            Self::Plain => "plain HTTP, 2 new connections",
            Self::TlsKept => "TLS, kept connections",
            Self::Tls => "TLS, 2 new connections",
            Self::Sealed => "TLS, 2 new connections, sealed",
        }
    }
}

/// One round of one kind, or all of them: for each secret that was shared.
#[derive(Default)]
struct Measured {
    per_second: Samples,
    /// Microseconds of the server's CPU.
    cpu: Samples,
    /// Of these, on SQLite's thread.
    sql: Samples,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<Report> {
    let folder = tempfile::tempdir()?;
    let mut report = Report::new("cycle", &arguments.output, Machine::look(folder.path())?);
    let waxseal = Waxseal::start(&arguments.waxseald, folder.path())?;
    let snappass = SnapPass::start(&arguments.gunicorn, folder.path())?;
    for version in snappass::versions(&arguments.gunicorn)? {
        report.beside(version);
    }
    let mut ours: [Measured; Way::ALL.len()] = Default::default();
    let (mut theirs, mut ceiling) = (Measured::default(), Samples::default());
    // Round 0 only fills caches.
    for round in 0..=arguments.rounds {
        report.measuring(&format!("round {round} of {}", arguments.rounds));
        let all = &mut [&mut ours[..], std::slice::from_mut(&mut theirs)];
        if round == 1 {
            all.iter_mut().flat_map(|some| some.iter_mut()).for_each(Measured::forget);
            ceiling = Samples::default();
        }
        for (way, measured) in Way::ALL.into_iter().zip(&mut ours) {
            let people = pairs(&waxseal, way).await?;
            measured.add(people, arguments.cycles, || waxseal.process.usage()).await?;
        }
        let people = (0..PAIRS).map(|_| snappass::Pair(snappass.target())).collect();
        theirs.add(people, arguments.cycles / 4, || snappass.usage()).await?;
        ceiling.0.push(ceiling::pairs(snappass.redis_port)?);
    }
    fill(&mut report, &ours, &theirs, ceiling)?;
    report.publish(&arguments.output)?;
    Ok(report)
}

impl Waxseal {
    /// Lets people share this many secrets, whatever that costs.
    pub(crate) async fn be_busy(&self, way: Way, secrets: usize) -> Result<()> {
        let people = pairs(self, way).await?;
        Measured::default().add(people, secrets, || self.process.usage()).await
    }
}

async fn pairs(server: &Waxseal, way: Way) -> Result<Vec<waxseal::Pair>> {
    let mut pairs = Vec::new();
    for _ in 0..PAIRS {
        pairs.push(match way {
            Way::PlainKept => waxseal::Pair::keeping_its_connection(server.plain()).await?,
            Way::Plain => waxseal::Pair::new(server.plain()),
            Way::TlsKept => waxseal::Pair::keeping_its_connection(server.tls()?).await?,
            Way::Tls => waxseal::Pair::new(server.tls()?),
            Way::Sealed => waxseal::Pair::sealing(server.tls()?).await?,
        });
    }
    Ok(pairs)
}

impl Measured {
    fn forget(&mut self) {
        *self = Self::default();
    }

    /// Lets people share this many secrets, and measures the server meanwhile.
    async fn add<P: People>(
        &mut self,
        people: Vec<P>,
        secrets: usize,
        usage: impl Fn() -> Result<Usage>,
    ) -> Result<()> {
        let each = secrets.div_ceil(people.len());
        let shared = count(each * people.len());
        let (before, start) = (usage()?, Instant::now());
        let mut sharing = JoinSet::new();
        for mut pair in people {
            sharing.spawn(async move {
                for _ in 0..each {
                    pair.share_one().await?;
                }
                anyhow::Ok(())
            });
        }
        while let Some(ended) = sharing.join_next().await {
            ended??;
        }
        let (seconds, after) = (start.elapsed().as_secs_f64(), usage()?);
        self.per_second.0.push(shared / seconds);
        self.cpu.0.push(after.since(&before, "") / shared);
        self.sql.0.push(after.since(&before, SQL_THREAD) / shared);
        Ok(())
    }
}

fn fill(
    report: &mut Report,
    ours: &[Measured; Way::ALL.len()],
    theirs: &Measured,
    ceiling: Samples,
) -> Result<()> {
    let [kept, plain, tls_kept, tls, sealed] = ours;
    // Neither has TLS, and both connect anew.
    report.row("SnapPass ÷ ours: CPU", "×", FACTOR, theirs.cpu.over(&plain.cpu));
    report.row("ours ÷ SnapPass: secrets", "×", FACTOR, plain.per_second.over(&theirs.per_second));
    for (way, measured) in Way::ALL.iter().zip(ours) {
        report.row(
            format!("ours, {}", way.name()),
            "/s",
            Budget::None,
            measured.per_second.clone(),
        );
    }
    report.row("SnapPass: create + reveal", "/s", Budget::None, theirs.per_second.clone());
    report.row("Redis alone: SET + GETDEL", "/s", Budget::None, ceiling);

    let (verify, channel) = (primitives::verify()?, primitives::channel()?);
    let signature = verify.times(SIGNED);
    let rest = plain.cpu.minus(&plain.sql).minus(&signature.for_rounds_of(&plain.cpu));
    for (what, samples) in [
        ("SnapPass: CPU, Redis included", theirs.cpu.clone()),
        ("ours: CPU, plain, kept connections", kept.cpu.clone()),
        ("ours: CPU, TLS, 2 new connections", tls.cpu.clone()),
        ("ours: CPU, the same, sealed", sealed.cpu.clone()),
        ("  2 connections more (plain − kept)", plain.cpu.minus(&kept.cpu)),
        ("  TLS records (TLS − plain, kept)", tls_kept.cpu.minus(&kept.cpu)),
        ("  TLS (TLS − plain, new)", tls.cpu.minus(&plain.cpu)),
        ("  HPKE (sealed − TLS)", sealed.cpu.minus(&tls.cpu)),
        ("  HPKE (4 × channel, by itself)", channel.times(REQUESTS)),
        ("  SQL (the thread of SQLite)", plain.sql.clone()),
        ("  signatures (2 × RFC 9421, by itself)", signature),
        ("  rest: HTTP, JSON, rules, at rest", rest),
    ] {
        report.row(what, "µs", Budget::None, samples);
    }
    Ok(())
}
