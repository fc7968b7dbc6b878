//! `cargo xtask prove`: besieges the real service for a while and says whether every promise was kept.

use std::{
    fmt::Write as _,
    io::{IsTerminal as _, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use tokio::sync::watch;
use wax_testkit::Fault;
use waxseal_tests::{
    chaos::Chaos,
    conviction::Conviction,
    fleet::Shape,
    plan::Mix,
    postgres::Postgres,
    screen::Screen,
    siege::{Figures, Outcome, Settings, System, besiege},
    systems,
};

const USAGE: &str = "\
prove [--minutes <n>] [--seed <n>] [--shape one|fleet] [--fault <name>]
prove --judge <file>

  --minutes   how long secrets are shared, in whole minutes; without it everything ends within a minute
  --seed      decides what is shared, who reads, what is killed and which connections break
  --shape     one process, or two edges and two services (the default); Postgres in either case
  --fault     besieges a server that is broken on purpose instead
  --judge     starts nothing and judges a history again that an earlier run has saved";

/// Without `--minutes`: with starting, coming to an end and stopping, less than a minute.
const SHORT: Duration = Duration::from_secs(35);
/// What readers have to come to an end.
const PATIENCE: Duration = Duration::from_secs(12);
/// Secrets that are fought over at a time. Most of a secret's life here is spent waiting for what was killed to come back:
/// with fewer, two cores idle.
const AT_ONCE: usize = 48;
/// Where convicting histories go, from the folder this runs in.
const FINDINGS: &str = "target/prove";

struct Arguments {
    minutes: Option<u64>,
    seed: Option<u64>,
    shape: Shape,
    fault: Option<Fault>,
    judge: Option<PathBuf>,
}

impl Arguments {
    fn parse(words: impl Iterator<Item = String>) -> Result<Self> {
        let (minutes, seed, fault, judge) = (None, None, None, None);
        let mut arguments = Self { minutes, seed, shape: Shape::Many, fault, judge };
        let mut words = words;
        while let Some(flag) = words.next() {
            let value = words.next().with_context(|| format!("{flag} wants a value\n\n{USAGE}"))?;
            match flag.as_str() {
                "--minutes" => arguments.minutes = Some(value.parse().context("--minutes")?),
                "--seed" => arguments.seed = Some(value.parse().context("--seed")?),
                "--shape" => arguments.shape = shape(&value)?,
                "--fault" => arguments.fault = Some(named(&value)?),
                "--judge" => arguments.judge = Some(value.into()),
                _ => bail!("{flag} is unknown\n\n{USAGE}"),
            }
        }
        Ok(arguments)
    }

    fn lasts(&self) -> Duration {
        self.minutes.map_or(SHORT, |minutes| Duration::from_secs(60 * minutes))
    }

    /// The command that does it again.
    fn again(&self, seed: u64) -> String {
        let mut command = format!("cargo xtask prove --seed {seed}");
        if let Some(minutes) = self.minutes {
            let _ = write!(command, " --minutes {minutes}");
        }
        if self.shape == Shape::One {
            command += " --shape one";
        }
        if let Some(fault) = self.fault {
            let _ = write!(command, " --fault {}", fault.as_str());
        }
        command
    }

    fn settings(&self, seed: u64) -> Settings {
        let chaos =
            Chaos { answers_between: 500, at_latest: Duration::from_secs(4), pauses_one_in: 5 };
        Settings {
            seed,
            mix: self.fault.map_or(Mix::Everything, Mix::that_shows),
            lasts: self.lasts(),
            secrets: usize::MAX,
            patience: PATIENCE,
            at_once: AT_ONCE,
            chaos: Some(chaos),
            stops_when_convicted: true,
        }
    }
}

fn shape(name: &str) -> Result<Shape> {
    match name {
        "one" => Ok(Shape::One),
        "fleet" => Ok(Shape::Many),
        _ => bail!("--shape is `one` or `fleet`"),
    }
}

fn named(name: &str) -> Result<Fault> {
    let names = Fault::ALL.map(Fault::as_str).join(", ");
    Fault::parse(name).with_context(|| format!("--fault is one of {names}"))
}

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse(std::env::args().skip(1))?;
    if let Some(saved) = &arguments.judge {
        return judge_again(saved);
    }
    let seed = arguments.seed.unwrap_or_else(draw_seed);
    let outcome = tokio::select! {
        outcome = prove(&arguments, seed) => outcome?,
        // What was started ends with this value's drop.
        _ = tokio::signal::ctrl_c() => bail!("interrupted"),
    };
    verdict(&outcome, &arguments.again(seed))
}

fn draw_seed() -> u64 {
    let bytes: [u8; 4] = (&wax_kernel::SystemRng as &dyn wax_kernel::Rng).bytes();
    u32::from_be_bytes(bytes).into()
}

async fn prove(arguments: &Arguments, seed: u64) -> Result<Outcome> {
    say(&format!("seed {seed}: starting Postgres and the servers …"))?;
    let folder = tempfile::Builder::new().prefix("waxseal-prove.").tempdir()?;
    let postgres = Postgres::start_new().await?;
    let mut system = start(arguments, folder.path(), &postgres.url(), seed).await?;
    system.victims.push(Box::new(postgres));
    let (watched, settings) = (watch::Sender::new(Figures::default()), arguments.settings(seed));
    let ends_at = Instant::now() + settings.lasts;
    let mut screen = Screen::new(std::io::stdout().is_terminal(), ends_at);
    let mut watching = watched.subscribe();
    let showing = async {
        while watching.changed().await.is_ok() {
            screen.show(&watching.borrow_and_update().clone(), &mut std::io::stdout())?;
        }
        anyhow::Ok(())
    };
    tokio::select! {
        outcome = besiege(&mut system, settings, &watched) => outcome,
        shown = showing => { shown?; bail!("nobody besieges any more") }
    }
}

async fn start(
    arguments: &Arguments,
    folder: &Path,
    database_url: &str,
    seed: u64,
) -> Result<System> {
    match arguments.fault {
        None => systems::sound(arguments.shape, folder, database_url, seed).await,
        Some(fault) => {
            let binary = std::env::current_exe()?.with_file_name("broken");
            systems::broken(binary, Some(fault), folder, database_url, seed).await
        }
    }
}

fn verdict(outcome: &Outcome, again: &str) -> Result<ExitCode> {
    let Outcome { figures, convictions } = outcome;
    say(&format!("\n{}", Screen::summary(figures)))?;
    for found in convictions {
        say_violations(found)?;
        say(&format!("           {}", found.save(Path::new(FINDINGS))?.display()))?;
    }
    let (word, code) = match (convictions.is_empty(), figures.secrets) {
        (true, 0) => ("NOTHING WAS TESTED", ExitCode::FAILURE),
        (true, _) => ("NO VIOLATION", ExitCode::SUCCESS),
        (false, _) => ("NOT SOUND", ExitCode::FAILURE),
    };
    say(&format!("{word}\nAgain: {again}"))?;
    Ok(code)
}

fn judge_again(saved: &Path) -> Result<ExitCode> {
    let Some(found) = Conviction::load(saved)? else {
        say("NO VIOLATION")?;
        return Ok(ExitCode::SUCCESS);
    };
    say_violations(&found)?;
    say("NOT SOUND")?;
    Ok(ExitCode::FAILURE)
}

fn say_violations(found: &Conviction) -> Result<()> {
    for violation in &found.violations {
        say(&format!("VIOLATION  secret {}: {violation}", found.plan.number))?;
    }
    Ok(())
}

fn say(line: &str) -> Result<()> {
    Ok(writeln!(std::io::stdout(), "{line}")?)
}
