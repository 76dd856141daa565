//! Embedding what needs it: reads texts, embeds several batches at once, stores each batch as it comes.
//!
//! Each stored batch is a transaction of its own, so a job that ends anywhere goes on from there: what it looks for is
//! what is not stored yet.

use super::http::{HttpEmbedder, HttpError};
use super::{DESCRIPTION, HashingEmbedder, plain_text, product_text};
use crate::domain::{ProductKey, ProductTexts, ToEmbed};
use crate::error::{AppError, ErrorKind};
use crate::repository::{EmbeddingRepository, RepositoryError};
use crate::transfer::record::EmbeddingRecord;
use serde::Serialize;
use std::collections::VecDeque;
use std::pin::pin;
use std::sync::Arc;
use std::time::Instant;
use tokio::task::JoinSet;

/// How many products one step looks at.
const STEP: u32 = 500;
/// The most products that are named because they were not embedded.
const NAMED: usize = 20;

/// What makes vectors.
#[derive(Debug, Clone)]
pub enum Embedder {
    Hashing,
    Http(Arc<HttpEmbedder>),
}

impl Embedder {
    /// Returns the name that its vectors are stored under.
    pub fn model(&self) -> String {
        match self {
            Self::Hashing => HashingEmbedder::MODEL.to_owned(),
            Self::Http(http) => http.model(),
        }
    }

    fn text(&self, product: &ProductTexts) -> String {
        let texts: Vec<&str> = product.texts.iter().map(String::as_str).collect();
        match self {
            Self::Hashing => product_text(product.name.as_deref(), &texts),
            Self::Http(_) => plain_text(product.name.as_deref(), &texts),
        }
    }

    async fn embed(self, texts: Vec<String>) -> Result<Vec<Result<Vec<f32>, String>>, AppError> {
        match self {
            Self::Hashing => {
                let work = move || texts.iter().map(|text| hashed(text)).collect();
                tokio::task::spawn_blocking(work).await.map_err(|error| broken(&error))
            }
            Self::Http(http) => {
                let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
                http.embed(&texts).await.map_err(|error: HttpError| error.into())
            }
        }
    }
}

fn hashed(text: &str) -> Result<Vec<f32>, String> {
    HashingEmbedder.embed(text).ok_or_else(|| "the features of its text cancel out".into())
}

fn broken(error: &tokio::task::JoinError) -> AppError {
    AppError::new(ErrorKind::Internal, format!("the embedder broke off: {error}"))
}

/// What is to be done.
#[derive(Debug, Clone)]
pub struct Job {
    pub embedder: Embedder,
    pub which: ToEmbed,
    /// Texts of one request.
    pub batch: usize,
    /// Requests at once.
    pub concurrency: usize,
    pub write: Write,
}

/// Whether a job changes anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Write {
    Commit,
    /// It looks and counts, and asks no server.
    DryRun,
}

/// A product that was not embedded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unembeddable {
    pub product_key: ProductKey,
    pub reason: String,
}

/// What a job did.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Report {
    pub model: String,
    /// How many numbers the vectors have.
    pub dimensions: Option<usize>,
    pub dry_run: bool,
    /// Whether it was ended before its end.
    pub interrupted: bool,
    /// Products looked at.
    pub examined: u64,
    /// Embeddings stored; in a dry run, those that would be.
    pub embedded: u64,
    /// Characters of their texts.
    pub characters: u64,
    /// Products without a letter or digit in their texts: there is nothing to embed.
    pub without_text: u64,
    /// Products whose text the server did not take.
    pub refused: u64,
    /// The first of them.
    pub refused_products: Vec<Unembeddable>,
    /// Requests that were sent again.
    pub retries: u64,
    pub warnings: Vec<String>,
    pub seconds: f64,
}

/// A batch in the making.
type Flight = (Vec<(ProductTexts, String)>, Result<Vec<Result<Vec<f32>, String>>, AppError>);

/// Runs a job to its end, its first fatal failure, or until `stop` is ready; tells `progress` how many products it has
/// looked at.
///
/// # Errors
/// With the report of what was done before.
pub async fn run(
    store: &dyn EmbeddingRepository,
    job: &Job,
    stop: impl Future<Output = ()>,
    mut progress: impl FnMut(u64),
) -> (Report, Result<(), AppError>) {
    let started = Instant::now();
    let report =
        Report { model: job.embedder.model(), dry_run: job.write == Write::DryRun, ..Report::default() };
    let mut running = Running { store, job, report, waiting: VecDeque::new(), after: None, read_all: false };
    let outcome = running.run(stop, &mut progress).await;
    let mut report = running.report;
    if let Embedder::Http(http) = &job.embedder {
        (report.retries, report.dimensions) = (http.retries(), http.dimensions());
    } else {
        report.dimensions = Some(crate::domain::EMBEDDING_DIMENSIONS);
    }
    report.seconds = started.elapsed().as_secs_f64();
    (report, outcome)
}

struct Running<'a> {
    store: &'a dyn EmbeddingRepository,
    job: &'a Job,
    report: Report,
    /// Products read, but not sent.
    waiting: VecDeque<(ProductTexts, String)>,
    after: Option<ProductKey>,
    read_all: bool,
}

impl Running<'_> {
    async fn run(
        &mut self,
        stop: impl Future<Output = ()>,
        progress: &mut impl FnMut(u64),
    ) -> Result<(), AppError> {
        let mut stop = pin!(stop);
        let mut flights: JoinSet<Flight> = JoinSet::new();
        loop {
            while flights.len() < self.job.concurrency.max(1) {
                tokio::select! {
                    biased;
                    () = &mut stop => return self.interrupted(&mut flights).await,
                    read = self.fill() => read?,
                }
                progress(self.report.examined);
                let most = self.waiting.len().min(self.job.batch.max(1));
                let batch: Vec<_> = self.waiting.drain(..most).collect();
                if batch.is_empty() {
                    break;
                }
                if self.job.write == Write::DryRun {
                    self.report.embedded += batch.len() as u64;
                    continue;
                }
                let embedder = self.job.embedder.clone();
                flights.spawn(async move {
                    let texts = batch.iter().map(|(_, text)| text.clone()).collect();
                    let vectors = embedder.embed(texts).await;
                    (batch, vectors)
                });
            }
            let landed = tokio::select! {
                biased;
                () = &mut stop => return self.interrupted(&mut flights).await,
                landed = flights.join_next() => landed,
            };
            match landed {
                None => return Ok(()),
                Some(Err(error)) => return Err(broken(&error)),
                Some(Ok((batch, Ok(vectors)))) => self.save(batch, vectors).await?,
                // The others' answers are paid for.
                Some(Ok((_, Err(error)))) => {
                    self.land(&mut flights).await?;
                    return Err(error);
                }
            }
        }
    }

    /// Reads until there is a batch, or no more.
    async fn fill(&mut self) -> Result<(), AppError> {
        while self.waiting.len() < self.job.batch.max(1) && !self.read_all {
            let page = self.store.texts_to_embed(&self.job.which, self.after.as_ref(), STEP).await?;
            self.report.examined += page.examined;
            match page.last {
                Some(last) => self.after = Some(last),
                None => self.read_all = true,
            }
            for product in page.texts {
                let text = self.job.embedder.text(&product);
                if text.contains(char::is_alphanumeric) {
                    self.report.characters += text.chars().count() as u64;
                    self.waiting.push_back((product, text));
                } else {
                    self.report.without_text += 1;
                }
            }
        }
        Ok(())
    }

    async fn interrupted(&mut self, flights: &mut JoinSet<Flight>) -> Result<(), AppError> {
        self.report.interrupted = true;
        self.land(flights).await
    }

    /// Stores what has come already, and gives up the rest.
    async fn land(&mut self, flights: &mut JoinSet<Flight>) -> Result<(), AppError> {
        while let Some(landed) = flights.try_join_next() {
            if let Ok((batch, Ok(vectors))) = landed {
                self.save(batch, vectors).await?;
            }
        }
        flights.abort_all();
        Ok(())
    }

    async fn save(
        &mut self,
        batch: Vec<(ProductTexts, String)>,
        vectors: Vec<Result<Vec<f32>, String>>,
    ) -> Result<(), AppError> {
        let mut records = Vec::with_capacity(batch.len());
        for ((product, text), vector) in batch.into_iter().zip(vectors) {
            match vector {
                Ok(vector) => records.push(EmbeddingRecord {
                    product_key: product.product_key.into(),
                    dimensions: i32::try_from(vector.len()).ok(),
                    vector,
                    description: Some(text.chars().take(DESCRIPTION).collect()),
                    model: Some(self.report.model.clone()),
                    content_hash: Some(product.content_hash),
                }),
                Err(reason) => {
                    self.report.refused += 1;
                    if self.report.refused_products.len() < NAMED {
                        let product_key = product.product_key;
                        self.report.refused_products.push(Unembeddable { product_key, reason });
                    }
                }
            }
        }
        // A product that was deleted meanwhile needs no embedding; the others of its batch do.
        while let Err(error) = self.store.save_embeddings(&records).await {
            let before = records.len();
            if let RepositoryError::UnknownKey { key, .. } = &error {
                records.retain(|record| record.product_key != *key);
            }
            if records.len() == before {
                return Err(error.into());
            }
        }
        self.report.embedded += records.len() as u64;
        Ok(())
    }
}
