//! The connection of a load: the pool's, or on a server one of its own, since Diesel's cannot COPY.
//!
//! Every statement takes texts and numbers and returns texts, so that both say the same.

use super::sql;
use super::table::Plan;
use crate::database::vector::{Vector, VectorType};
use crate::repository::Result;
use diesel::pg::Pg;
use diesel::query_builder::{BoxedSqlQuery, SqlQuery};
use diesel::sql_types::{Array, BigInt, Nullable, Text};
use diesel::{QueryResult, QueryableByName};
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use futures_util::SinkExt;
use std::io::Cursor;
use std::pin::pin;
use tokio_postgres::Client;
use tokio_postgres::types::ToSql;

/// The texts of a row.
pub type Cells = Vec<Option<String>>;

/// What a statement is told.
#[derive(Debug, Clone, Copy)]
pub enum Parameter<'a> {
    Number(i64),
    Numbers(&'a [i64]),
    Text(&'a str),
    Texts(&'a [Option<String>]),
    Vectors(&'a [Vector]),
}

/// Where the statements of a load run.
#[expect(missing_debug_implementations, reason = "a connection has none")]
pub enum Session<'a> {
    /// A connection of the pool: rows are sent as arrays.
    Pooled(&'a mut AsyncPgConnection),
    /// A connection to a server for this load alone: rows are sent by COPY.
    Own(&'a Client),
}

/// Rows to be staged: their lines, and one list of texts a field.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Columns {
    pub lines: Vec<i64>,
    pub columns: Vec<Vec<Option<String>>>,
}

impl Columns {
    /// Makes room for rows of so many fields.
    pub fn new(fields: usize) -> Self {
        Self { lines: Vec::new(), columns: vec![Vec::new(); fields] }
    }

    /// Adds a row.
    pub fn push(&mut self, line: i64, cells: Cells) {
        self.lines.push(line);
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            column.push(cell);
        }
    }
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Array<Nullable<Text>>)]
    cells: Cells,
}

type Query<'a> = BoxedSqlQuery<'a, Pg, SqlQuery>;

fn bound<'a>(sql: &str, parameters: &[Parameter<'a>]) -> Query<'a> {
    let query = diesel::sql_query(sql).into_boxed::<Pg>();
    parameters.iter().fold(query, |query, parameter| match *parameter {
        Parameter::Number(number) => query.bind::<BigInt, _>(number),
        Parameter::Numbers(numbers) => query.bind::<Array<BigInt>, _>(numbers),
        Parameter::Text(text) => query.bind::<Text, _>(text),
        Parameter::Texts(texts) => query.bind::<Array<Nullable<Text>>, _>(texts),
        Parameter::Vectors(vectors) => query.bind::<Array<VectorType>, _>(vectors),
    })
}

fn plain<'a>(parameters: &'a [Parameter<'a>]) -> Vec<&'a (dyn ToSql + Sync)> {
    let plain = |parameter: &'a Parameter<'a>| -> &'a (dyn ToSql + Sync) {
        match parameter {
            Parameter::Number(number) => number,
            Parameter::Numbers(numbers) => numbers,
            Parameter::Text(text) => text,
            Parameter::Texts(texts) => texts,
            Parameter::Vectors(vectors) => vectors,
        }
    };
    parameters.iter().map(plain).collect()
}

impl Session<'_> {
    /// Runs statements without parameters.
    pub async fn batch(&mut self, sql: &str) -> Result<()> {
        match self {
            Self::Pooled(connection) => connection.batch_execute(sql).await?,
            Self::Own(client) => client.batch_execute(sql).await?,
        }
        Ok(())
    }

    /// Runs a statement and returns how many rows it wrote.
    pub async fn execute(&mut self, sql: &str, parameters: &[Parameter<'_>]) -> Result<u64> {
        match self {
            Self::Pooled(connection) => Ok(bound(sql, parameters).execute(connection).await? as u64),
            Self::Own(client) => Ok(Client::execute(client, sql, &plain(parameters)).await?),
        }
    }

    /// Runs a statement whose rows are one array of texts, `cells`.
    pub async fn rows(&mut self, sql: &str, parameters: &[Parameter<'_>]) -> Result<Vec<Cells>> {
        match self {
            Self::Pooled(connection) => {
                let rows: QueryResult<Vec<Row>> = bound(sql, parameters).load(connection).await;
                Ok(rows?.into_iter().map(|row| row.cells).collect())
            }
            Self::Own(client) => {
                let rows = client.query(sql, &plain(parameters)).await?;
                Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
            }
        }
    }

    /// Sends rows to a staging table.
    pub(super) async fn stage(&mut self, plan: &Plan, rows: &Columns) -> Result<()> {
        if rows.lines.is_empty() {
            return Ok(());
        }
        match self {
            Self::Pooled(_) => {
                let mut parameters = vec![Parameter::Numbers(&rows.lines)];
                parameters.extend(rows.columns.iter().map(|column| Parameter::Texts(column)));
                self.execute(&sql::stage(plan), &parameters).await?;
            }
            Self::Own(client) => {
                let sink = client.copy_in::<_, Cursor<Vec<u8>>>(&sql::copy(plan)).await?;
                let mut sink = pin!(sink);
                sink.send(Cursor::new(copy_text(rows))).await?;
                sink.finish().await?;
            }
        }
        Ok(())
    }
}

/// Writes rows in COPY's text format.
fn copy_text(rows: &Columns) -> Vec<u8> {
    let mut text = Vec::with_capacity(rows.lines.len() * 16 * (rows.columns.len() + 1));
    for (index, line) in rows.lines.iter().enumerate() {
        text.extend_from_slice(line.to_string().as_bytes());
        for column in &rows.columns {
            text.push(b'\t');
            match column.get(index).and_then(Option::as_deref) {
                None => text.extend_from_slice(b"\\N"),
                Some(cell) => push_escaped(&mut text, cell.as_bytes()),
            }
        }
        text.push(b'\n');
    }
    text
}

fn push_escaped(text: &mut Vec<u8>, cell: &[u8]) {
    let mut plain = cell;
    while let Some(at) = plain.iter().position(|byte| matches!(byte, b'\\' | b'\t' | b'\n' | b'\r')) {
        text.extend_from_slice(&plain[..at]);
        text.push(b'\\');
        text.push(match plain[at] {
            b'\t' => b't',
            b'\n' => b'n',
            b'\r' => b'r',
            other => other,
        });
        plain = &plain[at + 1..];
    }
    text.extend_from_slice(plain);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copy_escapes_what_would_end_a_cell_or_a_row() {
        let mut rows = Columns::new(3);
        rows.push(7, vec![Some("a\tb\\N\r\n".into()), None, Some(String::new())]);
        rows.push(8, vec![Some("\\.".into()), Some("é".into()), Some("\\N".into())]);
        assert_eq!(
            String::from_utf8(copy_text(&rows)).unwrap(),
            "7\ta\\tb\\\\N\\r\\n\t\\N\t\n8\t\\\\.\té\t\\\\N\n"
        );
    }
}
