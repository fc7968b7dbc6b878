//! Racing readers against servers that are killed again and again, and the judge that must see what breaks.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use tempfile::TempDir;
use tokio::sync::watch;
use wax_testkit::{Fault, database::PostgresDatabase};
use waxseal_tests::{
    chaos::Chaos,
    conviction::Conviction,
    fleet::Shape,
    plan::Mix,
    postgres::Postgres,
    siege::{Figures, Outcome, Settings, System, besiege},
    systems,
};

/// Repeatable as far as a run is: what is shared, who reads, what is killed.
const SEED: u64 = 1;

/// Something goes wrong every hundred answers or so.
const HARSH: Chaos =
    Chaos { answers_between: 120, at_latest: Duration::from_secs(5), pauses_one_in: 5 };

/// Ends with the last secret; the time is for machines that do other things too.
const SETTINGS: Settings = Settings {
    seed: SEED,
    mix: Mix::Everything,
    lasts: Duration::from_secs(400),
    secrets: 250,
    patience: Duration::from_secs(30),
    at_once: 12,
    chaos: Some(HARSH),
    stops_when_convicted: false,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exactly_one_device_opens_each_secret_through_kills_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("waxseal.db").display());
    let mut system = systems::sound(Shape::One, folder.path(), &url, SEED).await.unwrap();
    acquit(&run(&mut system, SETTINGS).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exactly_one_device_opens_each_secret_through_kills_on_postgres() {
    let (folder, database) = (tempfile::tempdir().unwrap(), PostgresDatabase::empty().await);
    let url = database.url();
    let mut system = systems::sound(Shape::One, folder.path(), &url, SEED).await.unwrap();
    acquit(&run(&mut system, SETTINGS).await);
}

/// Two edges, two of the services, and a Postgres that dies like everybody else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exactly_one_device_opens_each_secret_through_kills_of_a_fleet_and_its_postgres() {
    let folder = tempfile::tempdir().unwrap();
    let postgres = Postgres::start_new().await.unwrap();
    let url = postgres.url();
    let mut system = systems::sound(Shape::Many, folder.path(), &url, SEED).await.unwrap();
    system.victims.push(Box::new(postgres));
    acquit(&run(&mut system, SETTINGS).await);
}

async fn run(system: &mut System, settings: Settings) -> Outcome {
    let outcome = besiege(system, settings, &watch::Sender::new(Figures::default())).await.unwrap();
    eprintln!("{:?}", outcome.figures);
    outcome
}

/// Nothing was broken, and enough went on that it could have been.
fn acquit(Outcome { figures, convictions }: &Outcome) {
    let found: Vec<_> = convictions.iter().map(told).collect();
    assert!(found.is_empty(), "{found:#?}");
    assert_eq!(figures.secrets, SETTINGS.secrets, "not everything was tested: {figures:?}");
    assert!(figures.kills() >= 20, "hardly anything was killed: {figures:?}");
    assert!(figures.strikes.cut > 0, "no kill cut a claim off from its answer: {figures:?}");
    assert!(figures.recovered > 0, "nothing was recovered: {figures:?}");
    assert!(figures.reopened > 0, "nothing that was bound was opened again: {figures:?}");
    assert!(figures.broken > 0, "no connection broke: {figures:?}");
}

/// What was found, and where the history is.
fn told(conviction: &Conviction) -> (PathBuf, Vec<String>) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("siege");
    let violations = conviction.violations.iter().map(ToString::to_string).collect();
    (conviction.save(&folder).unwrap(), violations)
}

/// A few secrets under the load that makes a fault show itself.
fn load(fault: Fault) -> Settings {
    // Only a crash takes back what was answered.
    let (secrets, chaos) = match fault {
        Fault::AnswerBeforeCommit => (100, Some(HARSH)),
        _ => (8, None),
    };
    Settings {
        mix: Mix::that_shows(fault),
        // A broken server may leave its readers without a word for ever.
        lasts: Duration::from_secs(20),
        secrets,
        chaos,
        patience: Duration::from_secs(2),
        stops_when_convicted: true,
        ..SETTINGS
    }
}

/// The broken build is convicted.
async fn convict(fault: Fault) {
    let violations = judged(Some(fault), &[load(fault)]).await;
    eprintln!("{violations:#?}");
    assert!(!violations.is_empty(), "{fault:?} was not noticed");
}

async fn judged(fault: Option<Fault>, loads: &[Settings]) -> Vec<String> {
    let (folder, database): (TempDir, _) =
        (tempfile::tempdir().unwrap(), PostgresDatabase::empty().await);
    let binary = env!("CARGO_BIN_EXE_broken").into();
    let mut system =
        systems::broken(binary, fault, folder.path(), &database.url(), SEED).await.unwrap();
    let mut violations = Vec::new();
    for load in loads {
        let outcome = run(&mut system, *load).await;
        let found = outcome.convictions.iter().flat_map(|found| &found.violations);
        violations.extend(found.map(ToString::to_string));
    }
    violations
}

/// Without this, a judge that convicts everybody would pass the tests below.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_server_without_a_fault_is_acquitted_under_the_same_loads() {
    assert_eq!(judged(None, &Fault::ALL.map(load)).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_judge_convicts_a_store_that_selects_and_then_deletes() {
    convict(Fault::SelectThenDelete).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_judge_convicts_a_claim_that_relies_on_not_exists() {
    convict(Fault::NotExists).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_judge_convicts_an_ack_without_the_secrets_row_lock() {
    convict(Fault::AckWithoutLock).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_judge_convicts_tries_that_are_counted_outside_the_update() {
    convict(Fault::TriesOutsideUpdate).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_judge_convicts_a_counter_that_is_compared_in_memory() {
    convict(Fault::CounterInMemory).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_judge_convicts_an_answer_before_the_commit() {
    convict(Fault::AnswerBeforeCommit).await;
}
