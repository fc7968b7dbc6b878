//! The same units among a thousand secrets and among a million.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Result, ensure};
use serde_json::json;
use wax_kernel::SecretId;
use wax_store::{Store, conformance::fixtures::tenant};
use wax_store_sql::SqlStore;

use super::filling::{Engine, Filled};
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
const UNITS: usize = 100;
const ROUNDS: usize = 4;
const PAGE: u32 = 50;

#[derive(Debug, Clone, Copy)]
enum Work {
    Create,
    Claim,
    FirstPage,
    PageInTheMiddle,
}

const WORK: [(Work, &str); 4] = [
    (Work::Create, "create"),
    (Work::Claim, "claim"),
    (Work::FirstPage, "list, newest page"),
    (Work::PageInTheMiddle, "list, page in the middle"),
];

/// A store with this many secrets.
struct Place {
    rows: usize,
    store: Arc<SqlStore>,
    filled: Filled,
    /// Microseconds: the median of each round.
    times: [Samples; WORK.len()],
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
    let filled = Filled::fill(store.clone(), Engine::sqlite(&path).await?, rows).await?;
    store.platform().checkpoint().await?;
    Ok(Place { rows, store, filled, times: Default::default() })
}

async fn on_postgres(database: &Database, rows: usize) -> Result<Place> {
    let store = database.store(4).await?;
    let engine = Engine::Postgres(database.connection().await?);
    let filled = Filled::fill(store.clone(), engine, rows).await?;
    Ok(Place { rows, store, filled, times: Default::default() })
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
            for place in &mut places {
                let median = place.run(work).await?;
                if round > 0 {
                    place.times[kind].0.push(median);
                }
            }
        }
    }
    let mut lines = Vec::new();
    for (kind, (_, name)) in WORK.iter().enumerate() {
        let times = places.iter().map(|place| (count(place.rows), place.times[kind].median()));
        lines.push(Line { name, points: times.collect() });
        if let [first, .., last] = &*places {
            let what = format!("{engine}, {} ÷ {} secrets: {name}", last.rows, first.rows);
            report.row(what, "×", Budget::AtMost(FLAT), last.times[kind].over(&first.times[kind]));
        }
        if let Some(last) = places.last() {
            let what = format!("  among {}", last.rows);
            report.row(what, "µs", Budget::None, last.times[kind].clone());
        }
    }
    let raw = lines.iter().map(|line| json!({ "unit": line.name, "secrets_µs": line.points }));
    report.keep(&format!("growth_{engine}"), raw.collect());
    let path = arguments.out.join(format!("growth-{}.svg", engine.to_lowercase()));
    plot::draw(&path, &format!("{engine}: one caller, one unit at a time"), "µs", &lines)?;
    for place in places {
        place.store.close().await;
    }
    Ok(())
}

impl Place {
    /// Microseconds of one unit: the median of [`UNITS`].
    async fn run(&mut self, work: Work) -> Result<f64> {
        let mut times = Samples::default();
        for _ in 0..UNITS {
            let story = match work {
                Work::Create => Some((Unit::Create, self.filled.newcomer())),
                Work::Claim => Some((Unit::Claim, self.filled.resident()?)),
                Work::FirstPage | Work::PageInTheMiddle => None,
            };
            let start = Instant::now();
            match story {
                Some((unit, story)) => story.run(unit, self.store.clone()).await?,
                None => self.page(work).await?,
            }
            times.0.push(start.elapsed().as_secs_f64() * 1e6);
        }
        Ok(times.median())
    }

    async fn page(&self, work: Work) -> Result<()> {
        // After every id of that moment.
        let middle = (self.filled.middle(), SecretId::from_bytes([0xff; 16]));
        let before = matches!(work, Work::PageInTheMiddle).then_some(middle);
        let page = self.store.read(tenant(1)).secrets().list(before, PAGE).await?;
        ensure!(page.len() == PAGE as usize, "a page of {} secrets", page.len());
        Ok(())
    }
}
