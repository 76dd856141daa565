//! Plain types and rules: the catalogue, gaps, candidates, decisions. Knows no SQL and no terminal.

/// The dimensions of every stored embedding.
pub const EMBEDDING_DIMENSIONS: usize = 1536;
