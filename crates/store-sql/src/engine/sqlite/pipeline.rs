//! Statements that go to SQLite's thread together.
//!
//! The driver runs each connection on a thread of its own: to ask it something and to wait for the answer costs two
//! thread switches, which is more than most of our statements cost. So a statement whose answer nobody needs waits here
//! for the next one and goes with it, in one text (ADR 0016). The order stays, and a text ends at its first error.

use std::mem;

use futures_util::TryStreamExt as _;
use sqlx::{AssertSqlSafe, Either, Executor as _, SqliteConnection, sqlite::SqliteRow};

use super::super::{
    Query,
    query::{Value, bound, sql},
};
use crate::statements::both;

/// A connection, and what waits to be run on it.
pub(in super::super) struct Pipeline {
    connection: SqliteConnection,
    text: String,
    values: Vec<Value>,
}

/// What a statement answered.
#[derive(Default)]
pub(in super::super) struct Answer {
    pub(in super::super) rows: Vec<SqliteRow>,
    pub(in super::super) changed: u64,
}

impl Pipeline {
    pub(in super::super) const fn new(connection: SqliteConnection) -> Self {
        Self { connection, text: String::new(), values: Vec::new() }
    }

    /// Runs a statement that answers no rows, together with the next one: its error will be that one's.
    pub(in super::super) fn later(&mut self, query: Query) {
        let Query { statement, values } = query;
        renumber(statement.sqlite, self.values.len(), &mut self.text);
        self.text.push(';');
        self.values.extend(values);
    }

    /// Runs what waits, then this one, and answers what this one answered.
    pub(in super::super) async fn run(&mut self, query: Query) -> Result<Answer, sqlx::Error> {
        let query = if self.text.is_empty() {
            bound(query.statement.sqlite, query.values)
        } else {
            self.later(query);
            // Made of registered statements only.
            let text = AssertSqlSafe(mem::take(&mut self.text));
            bound::<sqlx::Sqlite>(text, mem::take(&mut self.values))
        };
        let mut answer = Answer::default();
        let mut steps = self.connection.fetch_many(query);
        while let Some(step) = steps.try_next().await? {
            match step {
                Either::Left(done) => answer.changed = done.rows_affected(),
                Either::Right(row) => answer.rows.push(row),
            }
        }
        Ok(answer)
    }

    /// Runs what waits, then a statement about the transaction.
    pub(super) async fn control(&mut self, text: &'static str) -> Result<(), sqlx::Error> {
        self.run(sql(both(text))).await.map(|_| ())
    }

    /// Runs a statement about the transaction, together with the next one.
    pub(super) fn control_later(&mut self, text: &'static str) {
        self.later(sql(both(text)));
    }

    /// What waits is never run: its unit has failed.
    pub(super) fn forget(&mut self) {
        self.text.clear();
        self.values.clear();
    }

    /// The connection itself. Nothing may be waiting.
    pub(super) fn connection(&mut self) -> &mut SqliteConnection {
        debug_assert!(self.text.is_empty(), "what waits belongs before this");
        &mut self.connection
    }

    pub(super) fn into_connection(self) -> SqliteConnection {
        self.connection
    }
}

/// Appends a statement whose values come after `before` others: all statements of a text share its values.
fn renumber(statement: &str, before: usize, text: &mut String) {
    let mut parts = statement.split('$');
    text.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = part.split_at(digits);
        let number = number.parse::<usize>().map_or(0, |number| number + before);
        text.push('$');
        text.push_str(&number.to_string());
        text.push_str(rest);
    }
}

#[cfg(test)]
mod tests {
    use sqlx::Connection as _;

    use super::*;

    const INSERT: Query = sql(both("INSERT INTO numbers VALUES ($1)"));

    async fn pipeline() -> Pipeline {
        let connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        let mut pipeline = Pipeline::new(connection);
        pipeline.control("CREATE TABLE numbers (n INTEGER PRIMARY KEY)").await.unwrap();
        pipeline
    }

    async fn count(pipeline: &mut Pipeline) -> usize {
        pipeline.run(sql(both("SELECT n FROM numbers"))).await.unwrap().rows.len()
    }

    #[tokio::test]
    async fn the_answer_is_the_last_statements_and_the_order_stays() {
        let mut pipeline = pipeline().await;
        for n in 1..=3_i64 {
            pipeline.later(INSERT.bind(n));
        }
        let delete = sql(both("DELETE FROM numbers WHERE n >= $1")).bind(2_i64);
        assert_eq!(pipeline.run(delete).await.unwrap().changed, 2);
        assert_eq!(count(&mut pipeline).await, 1);
    }

    #[tokio::test]
    async fn nothing_runs_behind_a_statement_that_failed() {
        let mut pipeline = pipeline().await;
        pipeline.later(INSERT.bind(1_i64));
        pipeline.later(INSERT.bind(1_i64));
        pipeline.later(INSERT.bind(2_i64));
        assert!(pipeline.run(INSERT.bind(3_i64)).await.is_err());
        assert_eq!(count(&mut pipeline).await, 1);
    }

    #[test]
    fn the_values_of_a_second_statement_are_counted_on() {
        let mut text = "INSERT INTO a VALUES ($1, $2);".to_owned();
        renumber("DELETE FROM b WHERE c = $1 AND d = $12", 2, &mut text);
        assert_eq!(text, "INSERT INTO a VALUES ($1, $2);DELETE FROM b WHERE c = $3 AND d = $14");
    }
}
