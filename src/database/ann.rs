//! The vector index, and searches by it: the one place that builds their SQL.
//!
//! The index may be ivfflat (the specification's), HNSW, or HNSW over the numbers cut to 16 bits (`halfvec`); PostgreSQL
//! uses it only where a query orders by the expression that it indexes. Each search therefore first asks the catalogue
//! which index there is, together with its other first reads, and is right from the moment an index is replaced.

mod advice;
mod build;
mod index;
mod measure;
mod search;

pub use advice::{Advice, Weight, judge};
pub use build::{
    BuildProgress, Built, Design, Outcome, build, count, lists_for, serving, write_choice, write_note,
};
pub use index::{Element, IndexNote, Method, VectorIndex, comment, indexes};
pub use measure::{Quality, Sample, depth_in_use};
pub use search::{Access, FEW, Filter, Plan, nearest, prepare, widen};

/// The name of the vector index that gapdeck makes and replaces.
pub const INDEX: &str = "product_embeddings_embedding";

/// A version of pgvector, major and minor and patch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u32, pub u32, pub u32);

impl Version {
    /// The first version with HNSW.
    pub const HNSW: Self = Self(0, 5, 0);
    /// The first version with `halfvec`.
    pub const HALFVEC: Self = Self(0, 7, 0);
    /// The first version whose index scans go on until the query has enough rows.
    pub const ITERATIVE: Self = Self(0, 8, 0);

    /// Reads "0.8.1"; what cannot be read counts as 0.
    pub fn parse(text: &str) -> Self {
        let mut numbers = text.split('.').map(|part| {
            let digits = part.find(|c: char| !c.is_ascii_digit()).map_or(part, |end| &part[..end]);
            digits.parse().unwrap_or(0)
        });
        let mut next = || numbers.next().unwrap_or(0);
        Self(next(), next(), next())
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_and_ordered() {
        assert_eq!(Version::parse("0.8.6"), Version(0, 8, 6));
        assert_eq!(Version::parse("0.10"), Version(0, 10, 0));
        assert_eq!(Version::parse("1.2.3-dev"), Version(1, 2, 3));
        assert!(
            Version::parse("0.10.0") > Version::ITERATIVE && Version::parse("0.7.4") < Version::ITERATIVE
        );
    }
}
