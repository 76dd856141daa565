//! How good the index is: recall@10 and time against exact search, on a sample of stored vectors.

use super::{Access, Element, Filter, Method, VectorIndex, nearest};
use crate::database::vector::{Vector, VectorType};
use diesel::sql_types::{BigInt, Float, Text};
use diesel::{QueryResult, QueryableByName};
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use serde::Serialize;
use std::time::{Duration, Instant};

/// How many neighbours recall is measured by.
const K: i64 = 10;
/// The fewest samples that anything is said by.
const FEWEST: usize = 5;

/// A vector of the sample, and how far its true neighbours are.
#[derive(Debug, Clone)]
struct Question {
    filter: Filter,
    vector: Vector,
    /// The distance of the last true neighbour.
    reach: f64,
    /// How many true neighbours there are: fewer than ten in a small table.
    truth: usize,
}

/// A sample with its true neighbours.
#[derive(Debug, Clone)]
pub struct Sample {
    questions: Vec<Question>,
    exact: Vec<Duration>,
}

/// What a sample says of a way to search.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Quality {
    /// The share of true neighbours among the ten found.
    pub recall: f64,
    /// Milliseconds of one search, as the client sees them.
    pub median_ms: f64,
    pub p95_ms: f64,
}

#[derive(QueryableByName)]
struct Drawn {
    #[diesel(sql_type = Text)]
    product_key: String,
    #[diesel(sql_type = VectorType)]
    embedding: Vector,
}

/// Draws vectors, spread over the whole table, the same each time.
const DRAW: &str = "SELECT product_key, embedding FROM product_embeddings TABLESAMPLE BERNOULLI ($1) REPEATABLE (1) LIMIT $2";

impl Sample {
    /// Draws at most `size` of `rows` vectors and searches their neighbours exactly, for at most about `patience`.
    pub async fn draw(
        connection: &mut AsyncPgConnection,
        rows: i64,
        size: usize,
        patience: Duration,
        mut progress: impl FnMut(usize),
    ) -> QueryResult<Self> {
        #[expect(clippy::cast_precision_loss, reason = "a share of rows need not be exact")]
        let share = (120.0 * size as f32 / rows.max(1) as f32).clamp(0.000_1, 100.0);
        let share = if rows < 1_000 { 100.0 } else { share };
        let drawn: Vec<Drawn> = diesel::sql_query(DRAW)
            .bind::<Float, _>(share)
            .bind::<BigInt, _>(i64::try_from(size).unwrap_or(i64::MAX))
            .load(connection)
            .await?;
        let mut sample = Self { questions: Vec::new(), exact: Vec::new() };
        let started = Instant::now();
        for Drawn { product_key, embedding } in drawn {
            let filter = Filter { itself: product_key, ..Filter::default() };
            let asked = Instant::now();
            let near = nearest(connection, Access::Exact, &embedding, &filter, K).await?;
            sample.exact.push(asked.elapsed());
            if let Some((_, reach)) = near.last() {
                let (reach, truth) = (*reach, near.len());
                sample.questions.push(Question { filter, vector: embedding, reach, truth });
            }
            progress(sample.questions.len());
            if sample.questions.len() >= FEWEST && started.elapsed() > patience {
                break;
            }
        }
        Ok(sample)
    }

    /// Returns how many vectors there are.
    pub fn len(&self) -> usize {
        self.questions.len()
    }

    /// Tells whether there are too few to say anything.
    pub fn is_empty(&self) -> bool {
        self.questions.is_empty()
    }

    /// Returns what exact search takes.
    pub fn exact(&self) -> Quality {
        quality(1.0, self.exact.clone())
    }

    /// Searches every vector's neighbours by the index, as far as the session is set to.
    async fn ask(&self, connection: &mut AsyncPgConnection, element: Element) -> QueryResult<Quality> {
        let (mut found, mut all, mut times) = (0, 0, Vec::with_capacity(self.questions.len()));
        for question in &self.questions {
            let asked = Instant::now();
            let near =
                nearest(connection, Access::Index(element), &question.vector, &question.filter, K).await?;
            times.push(asked.elapsed());
            // By distance: of products with one vector each is as good as the other.
            let within = near.iter().filter(|(_, distance)| *distance <= question.reach + 1e-9).count();
            found += within.min(question.truth);
            all += question.truth;
        }
        #[expect(clippy::cast_precision_loss, reason = "counts of a sample")]
        let recall = if all == 0 { 1.0 } else { found as f64 / all as f64 };
        Ok(quality(recall, times))
    }

    /// Measures the index, searched to a depth: probes or candidates.
    pub async fn at(
        &self,
        connection: &mut AsyncPgConnection,
        index: &VectorIndex,
        depth: i32,
    ) -> QueryResult<Quality> {
        let parameter = match index.method {
            Method::Ivfflat => "ivfflat.probes",
            Method::Hnsw => "hnsw.ef_search",
        };
        // The planner may find a small table quicker to read than its index; the index is what is measured.
        let set = format!("SET {parameter} = {depth}; SET enable_seqscan = off");
        connection.batch_execute(&set).await?;
        let quality = self.ask(connection, index.element).await;
        connection.batch_execute("RESET enable_seqscan").await?;
        quality
    }

    /// Finds the smallest depth with a recall: its quality, or the best there is.
    pub async fn depth_for(
        &self,
        connection: &mut AsyncPgConnection,
        index: &VectorIndex,
        target: f64,
    ) -> QueryResult<(i32, Quality)> {
        let mut best: Option<(i32, Quality)> = None;
        for depth in depths(index) {
            let quality = self.at(connection, index, depth).await?;
            if best.is_none_or(|(_, best)| quality.recall > best.recall) {
                best = Some((depth, quality));
            }
            if quality.recall >= target {
                return Ok((depth, quality));
            }
        }
        // There is always a depth to try.
        best.map_or_else(|| Err(diesel::result::Error::NotFound), Ok)
    }
}

/// Returns the depth that a session searches an index to: as noted, or by the rule.
pub fn depth_in_use(index: &VectorIndex) -> i32 {
    match index.method {
        Method::Ivfflat => index.note.probes.unwrap_or_else(|| {
            let lists = index.lists().unwrap_or(100).max(1);
            let root = lists.isqrt() + u32::from(lists.isqrt().pow(2) < lists);
            i32::try_from(root.max(10).min((lists - 1) / 2).max(1)).unwrap_or(10)
        }),
        Method::Hnsw => index.note.ef_search.unwrap_or(100),
    }
}

/// Returns the depths worth trying, the cheapest first; each costs about half as much again as the one before.
fn depths(index: &VectorIndex) -> Vec<i32> {
    let most = match index.method {
        Method::Ivfflat => i32::try_from(index.lists().unwrap_or(100)).unwrap_or(100),
        Method::Hnsw => 1_000,
    };
    let mut depths = Vec::new();
    // Ten are to be found beside the product itself.
    let mut depth = if index.method == Method::Hnsw { 16 } else { 1 };
    while depth < most {
        depths.push(depth);
        depth += (depth / 2).max(1);
    }
    depths.push(most);
    depths
}

fn quality(recall: f64, mut times: Vec<Duration>) -> Quality {
    times.sort_unstable();
    let at = |part: usize| {
        let place = (times.len() * part / 100).min(times.len().saturating_sub(1));
        times.get(place).map_or(0.0, |time| time.as_secs_f64() * 1000.0)
    };
    Quality { recall, median_ms: at(50), p95_ms: at(95) }
}

#[cfg(test)]
mod tests {
    use super::super::IndexNote;
    use super::*;

    fn index(method: Method, options: &[&str]) -> VectorIndex {
        VectorIndex {
            name: "i".into(),
            method,
            element: Element::Vector,
            options: options.iter().map(ToString::to_string).collect(),
            bytes: 0,
            valid: true,
            note: IndexNote::default(),
            built_on: None,
            definition: String::new(),
        }
    }

    #[test]
    fn depths_grow_to_everything() {
        assert_eq!(depths(&index(Method::Ivfflat, &["lists=10"])), [1, 2, 3, 4, 6, 9, 10]);
        let graph = depths(&index(Method::Hnsw, &[]));
        assert_eq!((graph[0], graph[graph.len() - 1]), (16, 1_000));
    }

    #[test]
    fn the_depth_in_use_is_the_noted_one_or_follows_the_lists() {
        assert_eq!(depth_in_use(&index(Method::Ivfflat, &[])), 10);
        assert_eq!(depth_in_use(&index(Method::Ivfflat, &["lists=1000"])), 32);
        assert_eq!(depth_in_use(&index(Method::Ivfflat, &["lists=10"])), 4);
        assert_eq!(depth_in_use(&index(Method::Ivfflat, &["lists=1"])), 1);
        let mut noted = index(Method::Ivfflat, &["lists=1000"]);
        noted.note.probes = Some(3);
        assert_eq!(depth_in_use(&noted), 3);
        assert_eq!(depth_in_use(&index(Method::Hnsw, &[])), 100);
    }

    #[test]
    fn times_are_summed_up_by_their_middle_and_their_end() {
        let times = (1..=100).rev().map(Duration::from_millis).collect();
        let told = quality(0.5, times);
        assert!((told.median_ms - 51.0).abs() < 1e-6 && (told.p95_ms - 96.0).abs() < 1e-6, "{told:?}");
        assert!(quality(1.0, Vec::new()).median_ms.abs() < 1e-9);
    }
}
