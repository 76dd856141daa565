//! Embeddings and nearest neighbours.

use super::queue::SHORT;
use super::{PostgresStore, last_of_each};
use crate::database::schema::{product_embeddings, raw_product_attribute_values, raw_products};
use crate::database::vector::{Vector, VectorExpressionMethods};
use crate::domain::{AttributeKey, Neighbour, ProductKey};
use crate::repository::{EmbeddingRepository, RepositoryError, Result};
use crate::transfer::record::EmbeddingRecord;
use async_trait::async_trait;
use chrono::Utc;
use diesel::prelude::*;
use diesel::upsert::excluded;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};

/// Embeddings written by one statement: 6 KB each.
const BATCH: usize = 200;
/// The most values of one neighbour that are read.
const MOST_VALUES: usize = 5;

mod nullable {
    diesel::define_sql_function! {
        /// The first characters of a text, or an empty text.
        #[sql_name = "left"]
        fn left_or_null(text: diesel::sql_types::Nullable<diesel::sql_types::Text>, characters: diesel::sql_types::Integer)
            -> diesel::sql_types::Nullable<diesel::sql_types::Text>;
    }
}
use nullable::left_or_null;

async fn embedding_of(connection: &AsyncPgConnection, product: &ProductKey) -> Result<Option<Vector>> {
    let mut connection = connection;
    Ok(product_embeddings::table
        .find(product.as_str())
        .select(product_embeddings::embedding)
        .first::<Vector>(&mut connection)
        .await
        .optional()?)
}

/// Loads the nearest products. The vector is read first and then bound: so the index serves, and so does a database
/// whose rows are spread over several machines.
pub(super) async fn nearest(
    connection: &AsyncPgConnection,
    product: &ProductKey,
    attribute: Option<&AttributeKey>,
    limit: usize,
) -> Result<Vec<Neighbour>> {
    use product_embeddings as e;
    if limit == 0 {
        return Ok(Vec::new());
    }
    let Some(vector) = embedding_of(connection, product).await? else { return Ok(Vec::new()) };
    let mut one = connection;
    let found: Vec<(String, Option<String>, f64)> = e::table
        .inner_join(raw_products::table.on(raw_products::product_key.eq(e::product_key)))
        .select((
            e::product_key,
            left_or_null(raw_products::product_name, SHORT),
            e::embedding.cosine_distance(vector.clone()),
        ))
        .order(e::embedding.cosine_distance(vector))
        // One more: the product itself is among them.
        .limit(i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1))
        .load(&mut one)
        .await?;
    let mut neighbours: Vec<Neighbour> = found
        .into_iter()
        .filter(|(key, _, distance)| key != product.as_str() && distance.is_finite())
        .take(limit)
        .map(|(key, name, distance)| Neighbour {
            product_key: key.into(),
            product_name: name.unwrap_or_default(),
            similarity: 1.0 - distance,
            values: Vec::new(),
        })
        .collect();
    // An iterative scan returns the rows of its second and later rounds behind nearer ones of the first.
    neighbours.sort_by(|a, b| {
        b.similarity.total_cmp(&a.similarity).then_with(|| a.product_key.cmp(&b.product_key))
    });
    if let Some(attribute) = attribute {
        use raw_product_attribute_values as v;
        let keys: Vec<&str> = neighbours.iter().map(|neighbour| neighbour.product_key.as_str()).collect();
        let values: Vec<(String, String)> = v::table
            .filter(v::product_key.eq_any(keys))
            .filter(v::attribute_key.eq(attribute.as_str()))
            .select((v::product_key, super::queue::left(v::value, SHORT)))
            .order((v::product_key, v::value_md5))
            .load(&mut one)
            .await?;
        for (key, value) in values {
            if let Some(neighbour) =
                neighbours.iter_mut().find(|neighbour| neighbour.product_key.as_str() == key)
                && neighbour.values.len() < MOST_VALUES
            {
                neighbour.values.push(value);
            }
        }
        for neighbour in &mut neighbours {
            neighbour.values.sort();
        }
    }
    Ok(neighbours)
}

fn padded(record: &EmbeddingRecord) -> Result<Vector> {
    crate::embed::pad(record.vector.clone())
        .map(Vector::from)
        .map_err(|error| RepositoryError::Invalid { field: "vector", reason: error.to_string() })
}

#[async_trait]
impl EmbeddingRepository for PostgresStore {
    async fn save_embeddings(&self, embeddings: &[EmbeddingRecord]) -> Result<()> {
        use product_embeddings as e;
        for record in embeddings {
            padded(record)?;
        }
        let embeddings = last_of_each(embeddings, |record| &record.product_key);
        let vectors = embeddings.iter().map(|record| padded(record)).collect::<Result<Vec<_>>>()?;
        let mut connection = self.connection().await?;
        connection
            .transaction(async |connection| {
                for (records, vectors) in embeddings.chunks(BATCH).zip(vectors.chunks(BATCH)) {
                    let now = Utc::now();
                    let rows: Vec<_> = records
                        .iter()
                        .zip(vectors)
                        .map(|(record, vector)| {
                            (
                                e::product_key.eq(&record.product_key),
                                e::embedding.eq(vector),
                                e::description.eq(&record.description),
                                e::updated_at.eq(now),
                            )
                        })
                        .collect();
                    diesel::insert_into(e::table)
                        .values(rows)
                        .on_conflict(e::product_key)
                        .do_update()
                        .set((
                            e::embedding.eq(excluded(e::embedding)),
                            e::description.eq(excluded(e::description)),
                            e::updated_at.eq(excluded(e::updated_at)),
                        ))
                        .execute(connection)
                        .await?;
                }
                Ok(())
            })
            .await
    }

    async fn embedding(&self, product: &ProductKey) -> Result<Option<Vec<f32>>> {
        Ok(embedding_of(&*self.connection().await?, product).await?.map(Vec::from))
    }

    async fn neighbours(
        &self,
        product: &ProductKey,
        attribute: Option<&AttributeKey>,
        limit: usize,
    ) -> Result<Vec<Neighbour>> {
        self.lagging(|connection| async move { nearest(&connection, product, attribute, limit).await }).await
    }

    async fn without_embedding(&self, after: Option<&ProductKey>, limit: usize) -> Result<Vec<ProductKey>> {
        use raw_products as p;
        let mut connection = self.connection().await?;
        let keys: Vec<String> = p::table
            .left_join(product_embeddings::table.on(product_embeddings::product_key.eq(p::product_key)))
            .filter(product_embeddings::product_key.is_null())
            .filter(p::product_key.gt(after.map_or("", ProductKey::as_str)))
            .select(p::product_key)
            .order(p::product_key)
            .limit(i64::try_from(limit).unwrap_or(i64::MAX))
            .load(&mut connection)
            .await?;
        Ok(keys.into_iter().map(ProductKey::from).collect())
    }
}
