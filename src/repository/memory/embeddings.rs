//! The embedding repository in memory: exact search.

use super::tables::{Tables, cut};
use super::{MemoryStore, checks};
use crate::domain::{AttributeKey, GapId, Neighbour, ProductKey};
use crate::repository::{EmbeddingRepository, RepositoryError, Result};
use crate::transfer::record::EmbeddingRecord;
use async_trait::async_trait;

#[async_trait]
impl EmbeddingRepository for MemoryStore {
    async fn save_embeddings(&self, embeddings: &[EmbeddingRecord]) -> Result<()> {
        let mut tables = self.tables();
        for record in embeddings {
            padded(&record.vector)?;
            checks::texts(std::slice::from_ref(&record.description))?;
            let is_there = tables.products.contains_key(&ProductKey::from(record.product_key.as_str()));
            checks::known("product", &record.product_key, is_there)?;
        }
        for record in embeddings {
            tables.embeddings.insert(record.product_key.as_str().into(), padded(&record.vector)?);
        }
        Ok(())
    }

    async fn embedding(&self, product: &ProductKey) -> Result<Option<Vec<f32>>> {
        Ok(self.tables().embeddings.get(product).cloned())
    }

    async fn neighbours(
        &self,
        product: &ProductKey,
        attribute: Option<&AttributeKey>,
        limit: usize,
    ) -> Result<Vec<Neighbour>> {
        Ok(self.tables().neighbours(product, attribute, limit))
    }

    async fn without_embedding(&self, after: Option<&ProductKey>, limit: usize) -> Result<Vec<ProductKey>> {
        let tables = self.tables();
        Ok(tables
            .products
            .keys()
            .filter(|key| after.is_none_or(|after| *key > after))
            .filter(|key| !tables.embeddings.contains_key(*key))
            .take(limit)
            .cloned()
            .collect())
    }
}

fn padded(vector: &[f32]) -> Result<Vec<f32>> {
    crate::embed::pad(vector.to_vec())
        .map_err(|error| RepositoryError::Invalid { field: "vector", reason: error.to_string() })
}

impl Tables {
    /// Returns the nearest products, ties in the order of their keys.
    pub(super) fn neighbours(
        &self,
        product: &ProductKey,
        attribute: Option<&AttributeKey>,
        limit: usize,
    ) -> Vec<Neighbour> {
        let Some(own) = self.embeddings.get(product) else { return Vec::new() };
        let mut near: Vec<(f64, &ProductKey)> = self
            .embeddings
            .iter()
            .filter(|(key, _)| *key != product)
            .filter_map(|(key, vector)| Some((cosine(own, vector)?, key)))
            .collect();
        near.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
        near.truncate(limit);
        near.into_iter()
            .map(|(similarity, key)| {
                let name = self.products.get(key).and_then(|product| product.name.as_deref());
                let values = attribute
                    .and_then(|attribute| self.values.get(&GapId::new(key.clone(), attribute.clone())));
                Neighbour {
                    product_key: key.clone(),
                    product_name: cut(name.unwrap_or_default(), 200),
                    similarity,
                    values: values.into_iter().flatten().cloned().collect(),
                }
            })
            .collect()
    }
}

/// Returns the cosine of the angle between two vectors; `None` where one of them has no direction.
fn cosine(a: &[f32], b: &[f32]) -> Option<f64> {
    let (mut dot, mut a_square, mut b_square) = (0.0, 0.0, 0.0);
    for (a, b) in a.iter().zip(b) {
        let (a, b) = (f64::from(*a), f64::from(*b));
        dot += a * b;
        a_square += a * a;
        b_square += b * b;
    }
    let norm = (a_square * b_square).sqrt();
    (norm > 0.0).then(|| (dot / norm).clamp(-1.0, 1.0))
}
