//! The same units among a thousand secrets and among a million.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Result, ensure};
use serde_json::json;
use sqlx::{Executor as _, PgConnection, Row as _};
use wax_kernel::SecretId;
use wax_store::{SecretFilter, Store, conformance::fixtures::tenant};
use wax_store_sql::SqlStore;

use super::filling::{Engine, Filled, Originals};
use super::postgres::Database;
use super::units::Unit;
use super::{Arguments, sqlite};
use crate::load::count;
use crate::plot::{self, Line};
use crate::report::{Budget, Report};
use crate::samples::Samples;

/// The smallest store: 10 to this power.
const FIRST_DECADE: u32 = 3;
/// A B-tree of a million rows is one or two levels deeper than one of a thousand.
const FLAT: f64 = 1.5;
/// Of each kind in a round.
const UNITS: usize = 30;
const ROUNDS: usize = 4;
const PAGE: u32 = 50;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    Create,
    Claim,
    /// Without a checkpoint before it: among few secrets another one has been on the same pages since the last.
    ClaimAsItComes,
    FirstPage,
    PageInTheMiddle,
}

const WORK: [(Work, &str); 5] = [
    (Work::Create, "create"),
    (Work::Claim, "claim"),
    (Work::ClaimAsItComes, "claim, as it comes"),
    (Work::FirstPage, "list, newest page"),
    (Work::PageInTheMiddle, "list, page in the middle"),
];

impl Work {
    const fn budget(self) -> Budget {
        match self {
            Self::ClaimAsItComes => Budget::None,
            _ => Budget::AtMost(FLAT),
        }
    }

    const fn is_flattened(self) -> bool {
        matches!(self, Self::Create | Self::Claim)
    }

    const fn writes(self) -> bool {
        matches!(self, Self::Create | Self::Claim | Self::ClaimAsItComes)
    }
}

/// A store with this many secrets.
struct Place {
    rows: usize,
    store: Arc<SqlStore>,
    filled: Filled,
    /// Where there are checkpoints to ask for.
    log: Option<Log>,
    measured: [Measured; WORK.len()],
}

/// The median of each round.
#[derive(Default)]
struct Measured {
    us: Samples,
    /// Bytes of Postgres' log.
    log: Samples,
}

pub(super) async fn compare(
    arguments: &Arguments,
    folder: &Path,
    report: &mut Report,
) -> Result<()> {
    let sizes: Vec<usize> = (FIRST_DECADE..=arguments.decades).map(|n| 10_usize.pow(n)).collect();
    let mut places = Vec::new();
    for rows in &sizes {
        report.measuring(&format!("filling SQLite with {rows} secrets"));
        places.push(on_sqlite(folder, *rows).await?);
    }
    measure("SQLite", places, arguments, report).await?;
    let (mut places, mut databases) = (Vec::new(), Vec::new());
    for rows in &sizes {
        report.measuring(&format!("filling Postgres with {rows} secrets"));
        let database = Database::migrated(&arguments.postgres, &format!("of_{rows}")).await?;
        places.push(on_postgres(&database, *rows).await?);
        databases.push(database);
    }
    measure("Postgres", places, arguments, report).await?;
    for database in databases {
        database.drop().await?;
    }
    Ok(())
}

async fn on_sqlite(folder: &Path, rows: usize) -> Result<Place> {
    let path = folder.join(format!("{rows}.db"));
    let store = sqlite::open(&path).await?;
    let originals = Originals::write(&store).await?;
    store.close().await;
    let filled = Filled::fill(originals, Engine::sqlite(&path).await?, rows).await?;
    let store = sqlite::open(&path).await?;
    Ok(Place { rows, store, filled, log: None, measured: Default::default() })
}

async fn on_postgres(database: &Database, rows: usize) -> Result<Place> {
    let store = database.store(4).await?;
    let engine = Engine::Postgres(database.connection().await?);
    let filled = Filled::fill(Originals::write(&store).await?, engine, rows).await?;
    let log = Some(Log(database.connection().await?));
    Ok(Place { rows, store, filled, log, measured: Default::default() })
}

async fn measure(
    engine: &str,
    mut places: Vec<Place>,
    arguments: &Arguments,
    report: &mut Report,
) -> Result<()> {
    report.measuring(&format!("{engine} of every size"));
    // The first round only fills caches.
    for round in 0..=ROUNDS {
        for (kind, (work, _)) in WORK.into_iter().enumerate() {
            for place in places.iter_mut().filter(|place| place.does(work)) {
                let (us, log) = place.run(work).await?;
                if round > 0 {
                    place.measured[kind].us.0.push(us);
                    place.measured[kind].log.0.extend(log);
                }
            }
        }
    }
    let lines = rows(engine, &places, report);
    let raw = lines.iter().map(|line| json!({ "unit": line.name, "secrets_µs": line.points }));
    report.keep(&format!("growth_{engine}"), raw.collect());
    let file = format!("growth-{}.svg", engine.to_lowercase());
    let title = format!("{engine}: one caller, one unit at a time");
    plot::draw(&arguments.output.out.join(&file), &title, "µs", &lines)?;
    report.picture(&title, &file);
    for place in places {
        place.store.close().await;
    }
    Ok(())
}

/// Puts what was measured into the table; gives it as lines of a plot.
fn rows(engine: &str, places: &[Place], report: &mut Report) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    let [first, .., last] = places else { return lines };
    for (kind, (work, name)) in
        WORK.into_iter().enumerate().filter(|(_, (work, _))| last.does(*work))
    {
        let us = |place: &Place| (count(place.rows), place.measured[kind].us.median());
        lines.push(Line { name, points: places.iter().map(us).collect() });
        let what = format!("{engine}, {} ÷ {} secrets: {name}", last.rows, first.rows);
        let [few, many] = [first, last].map(|place| &place.measured[kind]);
        report.row(what, "×", work.budget(), many.us.over(&few.us));
        report.row(format!("  among {}", last.rows), "µs", Budget::None, many.us.clone());
        if !many.log.0.is_empty() {
            for (place, measured) in [(first, few), (last, many)] {
                let what = format!("  log written among {}", place.rows);
                report.row(what, "B", Budget::None, measured.log.clone());
            }
        }
    }
    lines
}

/// Postgres' log. After a checkpoint the first change of a page writes the whole page to it.
struct Log(PgConnection);

impl Log {
    async fn checkpoint(&mut self) -> Result<()> {
        self.0.execute("CHECKPOINT").await?;
        Ok(())
    }

    /// How many bytes it has ever had.
    async fn bytes(&mut self) -> Result<f64> {
        let bytes = "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8";
        Ok(self.0.fetch_one(bytes).await?.try_get(0)?)
    }
}

impl Place {
    /// SQLite writes whole pages to its log always: there is nothing to flatten, and nothing else to compare.
    fn does(&self, work: Work) -> bool {
        self.log.is_some() || work != Work::ClaimAsItComes
    }

    /// The medians of [`UNITS`]: microseconds of one, and what it wrote to the log.
    async fn run(&mut self, work: Work) -> Result<(f64, Option<f64>)> {
        let (mut us, mut log) = (Samples::default(), Samples::default());
        for _ in 0..UNITS {
            let story = match work {
                Work::Create => Some((Unit::Create, self.filled.newcomer())),
                Work::Claim | Work::ClaimAsItComes => Some((Unit::Claim, self.filled.resident()?)),
                Work::FirstPage | Work::PageInTheMiddle => None,
            };
            let before = self.begin(work).await?;
            let start = Instant::now();
            match story {
                Some((unit, story)) => story.run(unit, self.store.clone()).await?,
                None => self.page(work).await?,
            }
            us.0.push(start.elapsed().as_secs_f64() * 1e6);
            if let (Some(before), Some(postgres)) = (before, &mut self.log) {
                log.0.push(postgres.bytes().await? - before);
            }
        }
        Ok((us.median(), (!log.0.is_empty()).then(|| log.median())))
    }

    /// Makes a unit among a thousand secrets the first on its pages, as it is among a million; tells where the log is.
    async fn begin(&mut self, work: Work) -> Result<Option<f64>> {
        let Some(log) = self.log.as_mut().filter(|_| work.writes()) else { return Ok(None) };
        if work.is_flattened() {
            log.checkpoint().await?;
        }
        Ok(Some(log.bytes().await?))
    }

    async fn page(&self, work: Work) -> Result<()> {
        // After every id of that moment.
        let middle = (self.filled.middle(), SecretId::from_bytes([0xff; 16]));
        let before = matches!(work, Work::PageInTheMiddle).then_some(middle);
        let page = self
            .store
            .read(tenant(1))
            .secrets()
            .list(&SecretFilter::default(), before, PAGE)
            .await?;
        ensure!(page.len() == PAGE as usize, "a page of {} secrets", page.len());
        Ok(())
    }
}
