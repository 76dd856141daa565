//! The deterministic demo catalogue: made from a seed and the readable specification in `assets/demo`.
//!
//! Families of products (one brand and model in several sizes, colours or capacities) get names, texts and values; some
//! values are taken away and become gaps; two experiments and a recommendation round propose values for them, with a
//! confidence that is informative but too sure at the top. One product in forty is awkward on purpose.

mod awkward;
mod code;
mod family;
pub mod fill;
mod gaps;
mod item;
mod propose;
mod random;
mod reasoning;
mod records;
mod spec;
#[cfg(test)]
mod tests;
mod texts;
mod values;
mod words;

use crate::repository::CatalogueBatch;
use crate::transfer::record::{
    EmbeddingRecord, ExperimentRecord, PredictionRecord, RecommendationRecord, RoundRecord, ValueRecord,
};

/// The experiment by which a database shows that it holds the demo.
pub const EXPERIMENT: &str = "atlas-7b zero-shot 2026-08";

/// How large the demo catalogue is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DemoSize {
    /// How many products.
    pub products: usize,
    /// How many gaps; about eleven a product at most.
    pub gaps: usize,
}

impl Default for DemoSize {
    fn default() -> Self {
        Self { products: 2_000, gaps: 8_000 }
    }
}

/// Why a demo catalogue cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// There are fewer values to take away than gaps asked for.
    #[error(
        "{products} products have {most} values; {gaps} gaps cannot be made of them: ask for fewer, or more products"
    )]
    TooManyGaps {
        /// The gaps asked for.
        gaps: usize,
        /// The products asked for.
        products: usize,
        /// How many gaps are possible.
        most: usize,
    },
    /// There are more products than codes.
    #[error("{products} products are more than the {most} the demo has codes for")]
    TooManyProducts {
        /// The products asked for.
        products: usize,
        /// How many are possible.
        most: usize,
    },
    /// A file of the specification cannot be read: an error in the program, not in its use.
    #[error("assets/demo/{file}: {source}")]
    Specification {
        /// The file.
        file: &'static str,
        /// What is wrong with it.
        source: Box<toml::de::Error>,
    },
    /// A category of the specification names an attribute that there is not: an error in the program, too.
    #[error("assets/demo/{category}.toml: there is no attribute {attribute}")]
    UnknownAttribute {
        /// The category.
        category: String,
        /// The attribute it names.
        attribute: String,
    },
}

/// The demo catalogue, one list for each file that an import reads, and the truth.
#[derive(Debug, Clone, PartialEq, Default)]
#[expect(missing_docs, reason = "every field is the list of the records it names")]
pub struct DemoCatalogue {
    pub batch: CatalogueBatch,
    pub experiments: Vec<ExperimentRecord>,
    pub predictions: Vec<PredictionRecord>,
    pub rounds: Vec<RoundRecord>,
    pub recommendations: Vec<RecommendationRecord>,
    pub embeddings: Vec<EmbeddingRecord>,
    /// The true values of the gaps, several for some: for tests and measurements, never imported.
    pub truth: Vec<ValueRecord>,
}

/// Makes the catalogue that belongs to a seed and a size: the same one at all times and on every machine.
///
/// Vectors are the same up to the last digits, which the machine's logarithm decides.
///
/// # Errors
///
/// Refuses a size that cannot be had.
pub fn generate(seed: u64, size: DemoSize) -> Result<DemoCatalogue, DemoError> {
    if size.products > code::MOST_PRODUCTS {
        return Err(DemoError::TooManyProducts { products: size.products, most: code::MOST_PRODUCTS });
    }
    let spec = spec::Spec::load()?;
    let mut items = family::items(&spec, seed, size.products);
    gaps::take_away(&spec, seed, &mut items, size.gaps)?;
    for item in &mut items {
        texts::write(&spec, seed, item);
        awkward::spoil(&spec, seed, item);
    }
    Ok(records::catalogue(&spec, seed, &items))
}
