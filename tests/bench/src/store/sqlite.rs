//! The store on SQLite beside itself: many units in one commit, or a commit for each.

use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use sqlx::{Connection as _, Executor as _, Row as _, SqliteConnection};
use tokio::sync::Semaphore;
use wax_store::Store;
use wax_store_sql::{Settings, SqlStore};

use super::units::{Story, Unit, stories};
use super::{Arguments, TASKS};
use crate::load;
use crate::report::{Budget, Report};
use crate::samples::Samples;

/// What DESIGN wants of grouping at 64 tasks.
const GAIN: f64 = 3.0;

pub(super) async fn compare(
    arguments: &Arguments,
    folder: &Path,
    report: &mut Report,
) -> Result<()> {
    let together = open(&folder.join("together.db")).await?;
    let one_by_one = open(&folder.join("one-by-one.db")).await?;
    let mut first = 0;
    for tasks in TASKS {
        report.measuring(&format!("SQLite, {tasks} tasks"));
        let each = arguments.units.div_ceil(tasks);
        let mut rates: [[Samples; 2]; 3] = Default::default();
        for _ in 0..arguments.rounds {
            let stories = stories(first, tasks * each);
            for (unit, [grouped, single]) in Unit::ALL.into_iter().zip(&mut rates) {
                let at_once = Semaphore::MAX_PERMITS;
                grouped.0.push(rate(&together, &stories, unit, tasks, at_once).await?);
                single.0.push(rate(&one_by_one, &stories, unit, tasks, 1).await?);
            }
            first += tasks * each;
        }
        for (unit, [grouped, single]) in Unit::ALL.iter().zip(rates) {
            let name = format!("SQLite, {tasks} tasks: {}", unit.name());
            let budget = if tasks == 64 { Budget::AtLeast(GAIN) } else { Budget::None };
            report.row(format!("{name} ÷ one by one"), "×", budget, grouped.over(&single));
            report.row(name, "/s", Budget::None, grouped);
            report.row("  a commit for each", "/s", Budget::None, single);
        }
    }
    together.close().await;
    one_by_one.close().await;
    Ok(())
}

/// Opens a new file. `synchronous` and `secure_delete` are the connection's own, so it is the store that asks the
/// writer's connection, and refuses anything below FULL.
pub(super) async fn open(path: &Path) -> Result<Arc<SqlStore>> {
    let store = SqlStore::open(&Settings::SqliteFile(path.to_owned())).await?;
    store.migrate().await?;
    store.platform().check().await?;
    Ok(store)
}

pub(super) async fn version() -> Result<String> {
    let mut connection = SqliteConnection::connect("sqlite::memory:").await?;
    Ok(connection.fetch_one("SELECT sqlite_version()").await?.try_get(0)?)
}

/// Units a second, of which `at_once` may be in the store: with one, nothing is there to be grouped.
async fn rate(
    store: &Arc<SqlStore>,
    stories: &Arc<Vec<Arc<Story>>>,
    unit: Unit,
    tasks: usize,
    at_once: usize,
) -> Result<f64> {
    let gate = Arc::new(Semaphore::new(at_once));
    let (store, stories) = (Arc::clone(store), Arc::clone(stories));
    let each = stories.len() / tasks;
    load::rate(tasks, each, move |n| {
        let (store, story, gate) = (store.clone(), Arc::clone(&stories[n]), Arc::clone(&gate));
        async move {
            let _turn = gate.acquire().await?;
            story.run(unit, store).await
        }
    })
    .await
}
