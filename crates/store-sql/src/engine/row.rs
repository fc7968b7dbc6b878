//! A row of either engine, read by column name.

use sqlx::{Decode, Postgres, Row as _, Sqlite, Type, postgres::PgRow, sqlite::SqliteRow};
use wax_kernel::Timestamp;
use wax_store::StoreError;

/// A row of either engine.
pub(crate) enum Row {
    Postgres(PgRow),
    Sqlite(SqliteRow),
}

/// What a column may hold.
pub(crate) trait Column:
    for<'r> Decode<'r, Postgres> + Type<Postgres> + for<'r> Decode<'r, Sqlite> + Type<Sqlite>
{
}

impl<T> Column for T where
    T: for<'r> Decode<'r, Postgres> + Type<Postgres> + for<'r> Decode<'r, Sqlite> + Type<Sqlite>
{
}

impl Row {
    /// The row as one of `table`: a value that cannot be read is reported under that name.
    pub(crate) const fn of(&self, table: &'static str) -> Fields<'_> {
        Fields { row: self, table }
    }
}

/// The columns of a row.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'r> {
    row: &'r Row,
    table: &'static str,
}

impl Fields<'_> {
    /// A column as the engines know it: `i64`, `bool`, `String`, `Vec<u8>`, or an `Option` of these.
    pub(crate) fn get<T: Column>(self, column: &'static str) -> Result<T, StoreError> {
        match self.row {
            Row::Postgres(row) => row.try_get(column),
            Row::Sqlite(row) => row.try_get(column),
        }
        .map_err(|_| self.corrupt(column))
    }

    /// A text that stands for a value: an id, an enumeration, JSON.
    pub(crate) fn parse<T, E>(
        self,
        column: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, StoreError> {
        parse(&self.get::<String>(column)?).map_err(|_| self.corrupt(column))
    }

    /// A text that stands for a value, or NULL.
    pub(crate) fn maybe_parse<T, E>(
        self,
        column: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, StoreError> {
        let text = self.get::<Option<String>>(column)?;
        text.as_deref().map(parse).transpose().map_err(|_| self.corrupt(column))
    }

    /// A number in a smaller range than the column's.
    pub(crate) fn number<T: TryFrom<i64>>(self, column: &'static str) -> Result<T, StoreError> {
        T::try_from(self.get(column)?).map_err(|_| self.corrupt(column))
    }

    /// A number in a smaller range than the column's, or NULL.
    pub(crate) fn maybe_number<T: TryFrom<i64>>(
        self,
        column: &'static str,
    ) -> Result<Option<T>, StoreError> {
        self.get::<Option<i64>>(column)?
            .map(T::try_from)
            .transpose()
            .map_err(|_| self.corrupt(column))
    }

    /// A moment.
    pub(crate) fn at(self, column: &'static str) -> Result<Timestamp, StoreError> {
        self.get(column).map(Timestamp::from_ms)
    }

    /// A moment, or NULL.
    pub(crate) fn maybe_at(self, column: &'static str) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.get::<Option<i64>>(column)?.map(Timestamp::from_ms))
    }

    /// Bytes of a known length.
    pub(crate) fn bytes<const N: usize>(self, column: &'static str) -> Result<[u8; N], StoreError> {
        self.get::<Vec<u8>>(column)?.try_into().map_err(|_| self.corrupt(column))
    }

    /// A SHA-256.
    pub(crate) fn hash(self, column: &'static str) -> Result<[u8; 32], StoreError> {
        self.bytes(column)
    }

    /// A SHA-256, or NULL.
    pub(crate) fn maybe_hash(self, column: &'static str) -> Result<Option<[u8; 32]>, StoreError> {
        let bytes = self.get::<Option<Vec<u8>>>(column)?;
        bytes.map(TryInto::try_into).transpose().map_err(|_| self.corrupt(column))
    }

    /// This column holds something unreadable.
    pub(crate) const fn corrupt(self, column: &'static str) -> StoreError {
        StoreError::Corrupt { table: self.table, column }
    }
}
