//! The writer: one task that owns the one connection that writes.
//!
//! A commit costs an fsync, whatever it holds. While one is under way, units queue up; the next transaction takes them
//! all, each behind its own savepoint, and pays once. Nobody gets an answer before the commit that holds their unit.

use std::mem;

use futures_util::future::BoxFuture;
use sqlx::{Connection as _, SqliteConnection};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use wax_store::StoreError;
use wax_telemetry::Tasks;

use super::{
    super::{
        Unit,
        failure::{self, refused, unavailable},
        session::{Connection, Health, run_once},
    },
    Pipeline,
};

/// Units in one transaction: enough to make the fsync cheap, few enough that the first does not wait long for the last.
const BATCH: usize = 128;
/// Units that may wait. Beyond that callers wait before they queue.
const QUEUE: usize = 1_024;

type Alone = Box<dyn for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, ()> + Send>;

enum Message {
    /// To run in a transaction with others.
    Unit(Job),
    /// To run outside of any transaction.
    Alone(Alone),
}

struct Job {
    unit: Unit,
    /// Nobody may be waiting any more: the unit is committed all the same.
    answer: oneshot::Sender<Result<(), StoreError>>,
}

impl Job {
    fn answer(self, result: Result<(), StoreError>) {
        // Whoever asked has gone; there is nobody to tell.
        drop(self.answer.send(result));
    }
}

/// The way to the writer.
#[derive(Debug, Clone)]
pub(super) struct Writer {
    queue: mpsc::Sender<Message>,
}

impl Writer {
    pub(super) fn start(connection: SqliteConnection, tasks: &Tasks) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        tasks.spawn("sqlite writer", serve(connection, waiting, tasks.stopping()));
        Self { queue }
    }

    /// Runs a unit in the next transaction.
    pub(super) async fn run(&self, unit: Unit) -> Result<(), StoreError> {
        let (answer, answered) = oneshot::channel();
        self.send(Message::Unit(Job { unit, answer })).await?;
        answered.await.map_err(|_| StoreError::Unknown("the writer has ended".into()))?
    }

    /// Runs something between two transactions.
    pub(super) async fn alone<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, T> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let alone: Alone = Box::new(move |connection| {
            Box::pin(async move { drop(answer.send(work(connection).await)) })
        });
        self.send(Message::Alone(alone)).await?;
        answered.await.map_err(|_| unavailable("the writer has ended"))
    }

    async fn send(&self, message: Message) -> Result<(), StoreError> {
        self.queue.send(message).await.map_err(|_| unavailable("the store is closed"))
    }
}

/// Until the store is dropped, or told to stop; what is queued by then is still done.
async fn serve(
    connection: SqliteConnection,
    mut queue: mpsc::Receiver<Message>,
    stopping: CancellationToken,
) {
    let mut pipeline = Pipeline::new(connection);
    let mut batch = Vec::with_capacity(BATCH);
    while let Some(first) = next(&mut queue, &stopping).await {
        let mut message = Some(first);
        let alone = loop {
            match message.take() {
                Some(Message::Unit(job)) => batch.push(job),
                Some(Message::Alone(alone)) => break Some(alone),
                None => break None,
            }
            if batch.len() < BATCH {
                message = queue.try_recv().ok();
            }
        };
        run_batch(&mut pipeline, mem::take(&mut batch)).await;
        if let Some(alone) = alone {
            alone(pipeline.connection()).await;
        }
    }
    if let Err(error) = pipeline.into_connection().close().await {
        tracing::warn!(%error, "the database was not closed cleanly");
    }
}

async fn next(
    queue: &mut mpsc::Receiver<Message>,
    stopping: &CancellationToken,
) -> Option<Message> {
    tokio::select! {
        biased;
        () = stopping.cancelled() => {
            queue.close();
            queue.recv().await
        }
        message = queue.recv() => message,
    }
}

/// Runs jobs in one transaction. Those that fail there run again, each in a transaction of its own, so that a failure
/// is never a neighbour's.
async fn run_batch(pipeline: &mut Pipeline, batch: Vec<Job>) {
    let again = if batch.len() > 1 { run_together(pipeline, batch).await } else { batch };
    for job in again {
        let result = run_alone(pipeline, &job.unit).await;
        job.answer(result);
    }
}

/// Answers the jobs that were committed and returns the others.
async fn run_together(pipeline: &mut Pipeline, batch: Vec<Job>) -> Vec<Job> {
    if let Err(error) = pipeline.control(BEGIN).await {
        // Another process holds the file. Trying each job by itself would only wait as long again for each.
        let text = error.to_string();
        for job in batch {
            job.answer(Err(unavailable(text.clone())));
        }
        return Vec::new();
    }
    let mut done = Vec::with_capacity(batch.len());
    let result = async {
        for job in &batch {
            done.push(run_in_savepoint(pipeline, &job.unit).await?);
        }
        pipeline.control(COMMIT).await
    };
    if let Err(error) = result.await {
        tracing::warn!(%error, units = batch.len(), "a transaction of many units failed");
        roll_back(pipeline).await;
        return batch;
    }
    let mut again = Vec::new();
    for (job, done) in batch.into_iter().zip(done) {
        if done { job.answer(Ok(())) } else { again.push(job) }
    }
    again
}

/// Whether the unit's changes now stand in the transaction. An error is the transaction's: some failures (disk full)
/// end it as a whole, and a unit that failed before its first statement has no savepoint to go back to.
async fn run_in_savepoint(pipeline: &mut Pipeline, unit: &Unit) -> Result<bool, sqlx::Error> {
    pipeline.control_later("SAVEPOINT unit");
    let mut result = run(pipeline, unit).await;
    if result.is_ok() {
        result = pipeline.control("RELEASE unit").await.map_err(refused);
    }
    if result.is_err() {
        pipeline.forget();
        pipeline.control_later("ROLLBACK TO unit");
        pipeline.control("RELEASE unit").await?;
    }
    Ok(result.is_ok())
}

async fn run_alone(pipeline: &mut Pipeline, unit: &Unit) -> Result<(), StoreError> {
    pipeline.control_later(BEGIN);
    let mut result = run(pipeline, unit).await;
    if result.is_ok() {
        result = pipeline.control(COMMIT).await.map_err(not_committed);
    }
    if result.is_err() {
        roll_back(pipeline).await;
    }
    result
}

async fn run(pipeline: &mut Pipeline, unit: &Unit) -> Result<(), StoreError> {
    run_once(unit, Connection::Sqlite(pipeline), &mut Health::default()).await
}

/// Takes the write lock at once: a transaction that reads first and writes later could find the lock taken in between.
const BEGIN: &str = "BEGIN IMMEDIATE";
const COMMIT: &str = "COMMIT";

async fn roll_back(pipeline: &mut Pipeline) {
    pipeline.forget();
    // Fails when SQLite has ended the transaction by itself, which is what is wanted.
    if let Err(error) = pipeline.control("ROLLBACK").await {
        tracing::debug!(%error, "rollback");
    }
}

/// A commit that failed while writing (IOERR) may be found complete when the file is next opened after a crash.
fn not_committed(error: sqlx::Error) -> StoreError {
    const IOERR: i32 = 10;
    let unknown = error
        .as_database_error()
        .is_none_or(|error| failure::sqlite_primary(&failure::code(error)) == Some(IOERR));
    if unknown { StoreError::Unknown(error.into()) } else { refused(error) }
}
