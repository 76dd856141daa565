//! Embeddings on tables that Citus distributes: it takes rows in an upsert, and not what a query finds.

use super::refused;
use crate::database::schema::product_embeddings::{self, dsl as e};
use crate::database::vector::Vector;
use crate::domain::EMBEDDING_DIMENSIONS;
use crate::embed::pad;
use crate::repository::Result;
use crate::repository::postgres::upsert::upsert;
use crate::transfer::record::EmbeddingRecord;
use chrono::Utc;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

/// Writes embeddings, none of a product twice.
pub(super) async fn write(connection: &mut AsyncPgConnection, records: &[&EmbeddingRecord]) -> Result<()> {
    let now = Utc::now();
    let mut rows = Vec::with_capacity(records.len());
    for record in records {
        // A vector that comes in full may have been filled up already: only who made it knows.
        let short = (record.vector.len() < EMBEDDING_DIMENSIONS)
            .then(|| i32::try_from(record.vector.len()).unwrap_or(i32::MAX));
        rows.push((
            e::product_key.eq(&record.product_key),
            e::embedding.eq(Vector::from(pad(record.vector.clone()).map_err(refused)?)),
            e::description.eq(&record.description),
            e::model.eq(&record.model),
            e::dimensions.eq(record.dimensions.or(short)),
            e::content_hash.eq(record.content_hash),
            e::updated_at.eq(now),
        ));
    }
    upsert!(
        connection,
        product_embeddings,
        e::product_key,
        rows,
        [embedding, description, model, dimensions, content_hash, updated_at]
    );
    Ok(())
}
