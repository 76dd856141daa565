//! Made-up rows in any number, by statements inside the database: the same rows at all times and on every machine.
//!
//! Everything happens in one transaction, so that a run that fails or is interrupted leaves nothing behind. The triggers
//! are off meanwhile, indexes and foreign keys are made when the rows are in, and the queue is filled by the triggers'
//! own statement, set by set. Nobody else can use the tables until it ends.

mod statements;

use super::DemoError;
use super::words::words;
use crate::transfer::import::{ProgressSink, Unit};
use diesel::sql_types::{BigInt, Bool, Jsonb, Text};
use diesel::{QueryResult, QueryableByName};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use serde::Serialize;
use serde_json::Value;
use statements as sql;
use std::time::Instant;

/// Products made by one statement; five gaps each.
const CHUNK: i64 = 20_000;
/// From how many gaps on sorting and index building get more memory.
const LARGE: i64 = 100_000;

/// How many rows to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Volume {
    gaps: i64,
    vectors: i64,
}

impl Volume {
    /// The fewest and the most gaps; product keys have eight digits.
    pub const RANGE: std::ops::RangeInclusive<u64> = 100..=400_000_000;

    /// Makes the volume of a number of gaps, which has to be in [`Self::RANGE`]; one vector for a hundred gaps, at most
    /// about 100,000.
    pub fn of_gaps(gaps: u64) -> Option<Self> {
        let gaps = i64::try_from(gaps).ok().filter(|_| Self::RANGE.contains(&gaps))?;
        Some(Self { gaps, vectors: (gaps / 100).clamp(1, 100_000) })
    }

    /// The same with about this many vectors, at most one a product.
    #[must_use]
    pub fn with_vectors(self, vectors: u64) -> Self {
        Self { vectors: i64::try_from(vectors).unwrap_or(i64::MAX).clamp(1, self.products()), ..self }
    }

    /// Returns how many gaps there are.
    pub fn gaps(self) -> u64 {
        self.gaps.unsigned_abs()
    }

    /// Returns how many products there are: one for five gaps.
    pub fn products(self) -> i64 {
        (self.gaps + 19) / 20 * 4
    }

    /// Every how many-th product has a vector.
    fn stride(self) -> i64 {
        (self.products() / self.vectors).max(1)
    }
}

/// What was made.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Filled {
    pub products: u64,
    pub values: u64,
    pub gaps: u64,
    pub predictions: u64,
    pub decisions: u64,
    pub embeddings: u64,
    /// What each step took, in seconds.
    pub steps: Vec<(String, f64)>,
}

/// Why nothing was made.
#[derive(Debug, thiserror::Error)]
pub enum FillError {
    /// The database holds rows already.
    #[error("{0} has rows already")]
    Occupied(String),
    /// The words cannot be read: an error in the program.
    #[error(transparent)]
    Words(#[from] DemoError),
    /// What the database said.
    #[error("{0}")]
    Database(#[from] diesel::result::Error),
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

/// An index or a constraint that is made again.
#[derive(QueryableByName)]
struct Aside {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    definition: String,
    #[diesel(sql_type = Bool)]
    is_key: bool,
}

#[derive(QueryableByName)]
struct Gaps {
    #[diesel(sql_type = BigInt)]
    gaps: i64,
}

/// Returns of how many gaps the database was made up, if it was.
pub async fn filled_with(connection: &mut AsyncPgConnection) -> QueryResult<Option<u64>> {
    let rows: Vec<Gaps> = diesel::sql_query(sql::FILLED_WITH).load(connection).await?;
    Ok(rows.as_slice().first().and_then(|row| u64::try_from(row.gaps).ok()))
}

/// Fills an empty database.
///
/// # Errors
/// [`FillError::Occupied`] for a database that holds rows, [`FillError::Database`] for what it says; nothing was written
/// then.
pub async fn fill(
    connection: &mut AsyncPgConnection,
    volume: Volume,
    progress: &mut dyn ProgressSink,
) -> Result<Filled, FillError> {
    let words = words()?;
    let mut steps = Steps { sink: progress, running: None, times: Vec::new() };
    let mut filled = connection
        .transaction(async |connection: &mut AsyncPgConnection| {
            write(connection, volume, &words, &mut steps).await
        })
        .await?;
    // Statistics for the planner, and pages that index-only scans need not look into.
    steps.begin("Gathering statistics", 0);
    connection.batch_execute(sql::ANALYZE).await?;
    filled.steps = steps.end();
    Ok(filled)
}

async fn write(
    connection: &mut AsyncPgConnection,
    volume: Volume,
    words: &Value,
    steps: &mut Steps<'_>,
) -> Result<Filled, FillError> {
    steps.begin("Preparing", 0);
    connection.batch_execute(sql::SET_UP).await?;
    if volume.gaps > LARGE {
        connection.batch_execute(sql::MORE_MEMORY).await?;
    }
    connection.batch_execute(sql::LOCK).await?;
    let occupied: Vec<Name> = diesel::sql_query(sql::OCCUPIED).load(connection).await?;
    if let Some(table) = occupied.into_iter().next() {
        return Err(FillError::Occupied(table.name));
    }
    connection.batch_execute(sql::WORDS).await?;
    diesel::sql_query(sql::FILL_WORDS).bind::<Jsonb, _>(words).execute(connection).await?;
    connection.batch_execute(sql::ANALYZE_WORDS).await?;
    diesel::sql_query(sql::DICTIONARIES)
        .bind::<Jsonb, _>(words)
        .bind::<BigInt, _>(volume.gaps)
        .execute(connection)
        .await?;
    connection.batch_execute(sql::TRIGGERS_OFF).await?;
    connection.batch_execute(sql::SET_ASIDE).await?;
    let mut aside: Vec<Aside> = diesel::sql_query(sql::ASIDE).load(connection).await?;

    let products = volume.products();
    let mut filled = Filled {
        products: by_chunks(connection, steps, "Making products", sql::PRODUCTS, products, volume.stride())
            .await?,
        values: 0,
        gaps: 0,
        predictions: 0,
        decisions: 0,
        embeddings: 0,
        steps: Vec::new(),
    };
    by_chunks(connection, steps, "Sorting them into categories", sql::PRODUCT_CATEGORIES, products, 0)
        .await?;
    filled.values =
        by_chunks(connection, steps, "Making values", sql::VALUES, products, volume.stride()).await?;
    filled.gaps = by_chunks(connection, steps, "Making gaps", sql::GAPS, products, volume.gaps).await?;
    filled.predictions =
        by_chunks(connection, steps, "Making predictions", sql::PREDICTIONS, products, volume.gaps).await?;
    filled.decisions =
        by_chunks(connection, steps, "Making decisions", sql::DECISIONS, products, volume.gaps).await?;
    steps.begin("Making vectors", 0);
    connection.batch_execute(sql::DIRECTIONS).await?;
    filled.embeddings = diesel::sql_query(sql::EMBEDDINGS)
        .bind::<BigInt, _>(products - 1)
        .bind::<BigInt, _>(volume.stride())
        .execute(connection)
        .await? as u64;

    // The queue's statement looks gaps and predictions up by their keys.
    let rest = aside.split_off(aside.iter().take_while(|one| one.is_key).count());
    make_again(connection, steps, &aside, "Building keys").await?;
    connection.batch_execute(sql::ANALYZE_KEYS).await?;
    by_chunks(connection, steps, "Filling the queue", sql::QUEUE, products, 0).await?;
    connection.batch_execute(sql::AFTER_QUEUE).await?;
    make_again(connection, steps, &rest, "Building indexes").await?;
    connection.batch_execute(sql::TRIGGERS_ON).await?;
    Ok(filled)
}

/// Runs a statement over all products, some at a time, and returns how many rows it wrote.
async fn by_chunks(
    connection: &mut AsyncPgConnection,
    steps: &mut Steps<'_>,
    step: &str,
    statement: &'static str,
    products: i64,
    parameter: i64,
) -> QueryResult<u64> {
    steps.begin(step, products.unsigned_abs());
    let (mut low, mut written) = (0, 0);
    while low < products {
        let high = products.min(low + CHUNK);
        written += diesel::sql_query(statement)
            .bind::<BigInt, _>(low)
            .bind::<BigInt, _>(high - 1)
            .bind::<BigInt, _>(parameter)
            .execute(connection)
            .await? as u64;
        low = high;
        steps.sink.advance(low.unsigned_abs());
    }
    Ok(written)
}

async fn make_again(
    connection: &mut AsyncPgConnection,
    steps: &mut Steps<'_>,
    definitions: &[Aside],
    step: &str,
) -> QueryResult<()> {
    steps.begin(step, definitions.len() as u64);
    for (done, one) in (1..).zip(definitions) {
        tracing::info!(index = one.name, "making it again");
        connection.batch_execute(&one.definition).await?;
        steps.sink.advance(done);
    }
    Ok(())
}

/// Tells of the steps and keeps their times.
struct Steps<'a> {
    sink: &'a mut dyn ProgressSink,
    running: Option<(String, Instant)>,
    times: Vec<(String, f64)>,
}

impl Steps<'_> {
    fn begin(&mut self, step: &str, total: u64) {
        self.close();
        self.sink.begin(step, total, Unit::Rows);
        self.running = Some((step.to_owned(), Instant::now()));
    }

    fn end(&mut self) -> Vec<(String, f64)> {
        self.close();
        self.sink.end();
        std::mem::take(&mut self.times)
    }

    fn close(&mut self) {
        if let Some((step, began)) = self.running.take() {
            self.times.push((step, began.elapsed().as_secs_f64()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Volume;

    #[test]
    fn ten_million_gaps_are_of_two_million_products_with_a_hundred_thousand_vectors() {
        let volume = Volume::of_gaps(10_000_000).unwrap();
        assert_eq!((volume.products(), volume.products() / volume.stride()), (2_000_000, 100_000));
        let small = Volume::of_gaps(100).unwrap();
        assert_eq!((small.products(), small.stride()), (20, 20));
        assert_eq!(Volume::of_gaps(99), None);
    }
}
