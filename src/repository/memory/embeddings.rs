//! The embedding repository in memory: exact search.

use super::tables::{Embedding, Tables, cut};
use super::{MemoryStore, checks};
use crate::domain::{
    AttributeKey, CategoryKey, EMBEDDING_DIMENSIONS, EmbeddingDetails, EmbeddingStats, GapId, ModelCount,
    NearTo, Nearest, Neighbour, ProductKey, ProductTexts, TextPage, ToEmbed, Within,
};
use crate::embed::DESCRIPTION;
use crate::repository::{EmbeddingRepository, RepositoryError, Result};
use crate::transfer::record::EmbeddingRecord;
use async_trait::async_trait;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use uuid::Uuid;

#[async_trait]
impl EmbeddingRepository for MemoryStore {
    async fn save_embeddings(&self, embeddings: &[EmbeddingRecord]) -> Result<()> {
        let mut tables = self.tables();
        let mut vectors = Vec::with_capacity(embeddings.len());
        for record in embeddings {
            vectors.push(padded(&record.vector)?);
            checks::texts(&[&record.description, &record.model])?;
            let is_there = tables.products.contains_key(&ProductKey::from(record.product_key.as_str()));
            checks::known("product", &record.product_key, is_there)?;
        }
        for (record, vector) in embeddings.iter().zip(vectors) {
            let now = tables.now();
            let key = ProductKey::from(record.product_key.as_str());
            let created_at = tables.embeddings.get(&key).map_or(now, |old| old.created_at);
            let short =
                (record.vector.len() < EMBEDDING_DIMENSIONS).then(|| i32::try_from(record.vector.len()).ok());
            let embedding = Embedding {
                vector,
                description: record.description.clone(),
                model: record.model.clone(),
                dimensions: record.dimensions.or(short.flatten()),
                content_hash: record.content_hash,
                created_at,
                updated_at: now,
            };
            tables.embeddings.insert(key, embedding);
        }
        Ok(())
    }

    async fn embedding(&self, product: &ProductKey) -> Result<Option<Vec<f32>>> {
        Ok(self.tables().embeddings.get(product).map(|embedding| embedding.vector.clone()))
    }

    async fn embeddings(&self, products: &[ProductKey]) -> Result<Vec<(ProductKey, Vec<f32>)>> {
        let tables = self.tables();
        let wanted: BTreeSet<_> = products.iter().collect();
        let found = wanted.into_iter().filter_map(|key| Some((key.clone(), tables.embeddings.get(key)?)));
        Ok(found.map(|(key, embedding)| (key, embedding.vector.clone())).collect())
    }

    async fn embedding_details(&self, products: &[ProductKey]) -> Result<Vec<EmbeddingDetails>> {
        let tables = self.tables();
        let wanted: BTreeSet<_> = products.iter().collect();
        Ok(wanted
            .into_iter()
            .filter_map(|key| Some((key, tables.embeddings.get(key)?)))
            .map(|(key, embedding)| EmbeddingDetails {
                product_key: key.clone(),
                model: embedding.model.clone(),
                dimensions: embedding.dimensions,
                description: embedding.description.as_deref().map(|text| cut(text, DESCRIPTION)),
                created_at: embedding.created_at,
                updated_at: embedding.updated_at,
            })
            .collect())
    }

    async fn delete_embeddings(&self, products: &[ProductKey]) -> Result<u64> {
        let mut tables = self.tables();
        Ok(products.iter().filter(|key| tables.embeddings.remove(*key).is_some()).count() as u64)
    }

    async fn embedding_stats(&self) -> Result<EmbeddingStats> {
        let tables = self.tables();
        let mut models: BTreeMap<(Option<String>, Option<i32>), u64> = BTreeMap::new();
        for embedding in tables.embeddings.values() {
            *models.entry((embedding.model.clone(), embedding.dimensions)).or_default() += 1;
        }
        let mut models: Vec<_> = models
            .into_iter()
            .map(|((model, dimensions), embeddings)| ModelCount { model, dimensions, embeddings })
            .collect();
        models.sort_by_key(|count| std::cmp::Reverse(count.embeddings));
        let embeddings = || tables.embeddings.values();
        Ok(EmbeddingStats {
            embeddings: tables.embeddings.len() as u64,
            products_without: tables.products.len().saturating_sub(tables.embeddings.len()) as u64,
            oldest: embeddings().map(|embedding| embedding.created_at).min(),
            newest: embeddings().map(|embedding| embedding.created_at).max(),
            last_update: embeddings().map(|embedding| embedding.updated_at).max(),
            models,
        })
    }

    async fn nearest(&self, search: &Nearest) -> Result<Vec<Neighbour>> {
        self.tables().nearest(search)
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

    async fn texts_to_embed(
        &self,
        which: &ToEmbed,
        after: Option<&ProductKey>,
        products: u32,
    ) -> Result<TextPage> {
        let tables = self.tables();
        let mut page = TextPage::default();
        let next = tables.products.keys().filter(|key| after.is_none_or(|after| *key > after));
        for key in next.take(products as usize) {
            page.examined += 1;
            page.last = Some(key.clone());
            let texts = tables.product_texts(key);
            let wanted = match (tables.embeddings.get(key), which) {
                (None, _) => true,
                (Some(old), ToEmbed::MissingOrChanged) => {
                    old.content_hash.is_some_and(|hash| hash != texts.content_hash)
                }
                (Some(old), ToEmbed::NotBy(model)) => {
                    old.model.as_ref() != Some(model) || old.content_hash != Some(texts.content_hash)
                }
            };
            if wanted {
                page.texts.push(texts);
            }
        }
        Ok(page)
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
        let mut search = Nearest::to_product(product.clone(), limit);
        search.values = attribute.cloned();
        // Only a vector of the caller's can be refused.
        self.nearest(&search).unwrap_or_default()
    }

    fn nearest(&self, search: &Nearest) -> Result<Vec<Neighbour>> {
        let (itself, vector) = match &search.to {
            NearTo::Vector(vector) => (None, padded(vector)?),
            NearTo::Product(product) => match self.embeddings.get(product) {
                Some(embedding) => (Some(product), embedding.vector.clone()),
                None => return Ok(Vec::new()),
            },
        };
        let empty = BTreeSet::new();
        let categories_of = |key| self.product_categories.get(key).unwrap_or(&empty);
        let wanted: BTreeSet<CategoryKey> = match &search.within {
            Within::Catalogue => BTreeSet::new(),
            Within::Category(key) => [key.clone()].into(),
            Within::CategoriesOf(product) => categories_of(product).clone(),
        };
        let within = |key| {
            let anywhere = match search.within {
                Within::Catalogue => true,
                Within::Category(_) => false,
                Within::CategoriesOf(_) => wanted.is_empty(),
            };
            anywhere || !wanted.is_disjoint(categories_of(key))
        };
        let values = |key: &ProductKey, attribute: &Option<AttributeKey>| {
            attribute
                .as_ref()
                .and_then(|attribute| self.values.get(&GapId::new(key.clone(), attribute.clone())))
        };
        let has_value =
            |key| search.having.is_none() || values(key, &search.having).is_some_and(|v| !v.is_empty());
        let mut near: Vec<(f64, &ProductKey)> = self
            .embeddings
            .iter()
            .filter(|(key, _)| Some(*key) != itself && within(key) && has_value(key))
            .filter_map(|(key, embedding)| Some((cosine(&vector, &embedding.vector)?, key)))
            .collect();
        near.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
        near.truncate(search.limit);
        let neighbour = |(similarity, key): (f64, &ProductKey)| {
            let name = self.products.get(key).and_then(|product| product.name.as_deref());
            Neighbour {
                product_key: key.clone(),
                product_name: cut(name.unwrap_or_default(), 200),
                similarity,
                values: values(key, &search.values).into_iter().flatten().cloned().collect(),
            }
        };
        Ok(near.into_iter().map(neighbour).collect())
    }

    /// Returns the texts of a product as an embedder reads them.
    fn product_texts(&self, key: &ProductKey) -> ProductTexts {
        let product = self.products.get(key);
        let name = product.and_then(|product| product.name.as_deref()).map(|name| cut(name, 8192));
        let description = product.and_then(|product| product.description.as_deref());
        let rich = self.texts.get(key).into_iter().flat_map(|texts| texts.values()).take(32);
        let texts: Vec<String> =
            description.into_iter().chain(rich.map(String::as_str)).map(|text| cut(text, 8192)).collect();
        let content_hash = hash(&(&name, &texts));
        ProductTexts { product_key: key.clone(), name, texts, content_hash }
    }
}

fn hash(content: &impl Hash) -> Uuid {
    let half = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        (salt, content).hash(&mut hasher);
        hasher.finish()
    };
    Uuid::from_u64_pair(half(0), half(1))
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
