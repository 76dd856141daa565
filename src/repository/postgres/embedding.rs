//! Embeddings and nearest neighbours.

mod distributed;

use super::fragment::{Counted, left_or_null};
use super::queue::{SHORT, left};
use super::{PostgresStore, last_of_each};
use crate::database::ann::{self, Access, Filter};
use crate::database::schema::{
    embedding_stats, product_embeddings, raw_product_attribute_values, raw_product_categories, raw_products,
};
use crate::database::vector::Vector;
use crate::domain::{
    AttributeKey, EmbeddingDetails, EmbeddingStats, ModelCount, NearTo, Nearest, Neighbour, ProductKey,
    ProductTexts, TextPage, ToEmbed, Within,
};
use crate::embed::{DESCRIPTION, EmbedError};
use crate::repository::bulk::{self, EmbeddingBatch, Session, Unembedded};
use crate::repository::{EmbeddingRepository, RepositoryError, Result};
use crate::transfer::record::EmbeddingRecord;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use futures_util::try_join;

/// Embeddings written by one statement: 6 KB each.
const BATCH: usize = 200;
/// The most values of one neighbour that are read.
pub(super) const MOST_VALUES: usize = 5;

async fn embedding_of(connection: &AsyncPgConnection, product: &ProductKey) -> Result<Option<Vector>> {
    let mut connection = connection;
    Ok(product_embeddings::table
        .find(product.as_str())
        .select(product_embeddings::embedding)
        .first::<Vector>(&mut connection)
        .await
        .optional()?)
}

fn refused(error: EmbedError) -> RepositoryError {
    RepositoryError::Invalid { field: "vector", reason: error.to_string() }
}

/// Loads the nearest of a product in the whole catalogue.
pub(super) async fn neighbours_of(
    connection: &AsyncPgConnection,
    product: &ProductKey,
    attribute: Option<&AttributeKey>,
    limit: usize,
) -> Result<Vec<Neighbour>> {
    let mut search = Nearest::to_product(product.clone(), limit);
    search.values = attribute.cloned();
    nearest(connection, &search).await
}

/// Loads the nearest products, in as many round trips as its reads depend on each other: what the search starts from,
/// the search, what is told of the found. The vector is read first and then bound, so that the index serves, and so that
/// the search runs on a database whose rows are spread over several machines.
pub(super) async fn nearest(connection: &AsyncPgConnection, search: &Nearest) -> Result<Vec<Neighbour>> {
    if search.limit == 0 {
        return Ok(Vec::new());
    }
    let (vector, plan, categories) = try_join!(
        start(connection, &search.to),
        async { Ok(ann::prepare(connection).await?) },
        categories(connection, &search.within)
    )?;
    let Some(vector) = vector else { return Ok(Vec::new()) };
    let itself = match &search.to {
        NearTo::Product(product) => product.to_string(),
        NearTo::Vector(_) => String::new(),
    };
    let having = search.having.as_ref().map(ToString::to_string);
    let filter = Filter { itself, categories, having };
    let access = match plan.access {
        Access::Index(_) if !filter.is_open() && is_narrow(connection, &filter).await? => Access::Exact,
        access => access,
    };
    let limit = i64::try_from(search.limit).unwrap_or(i64::MAX);
    let mut found = ann::nearest(connection, access, &vector, &filter, limit).await?;
    let enough = |found: &[_]| access == Access::Exact || found.len() >= search.limit;
    if !enough(&found) && !plan.iterative {
        ann::widen(connection).await?;
        found = ann::nearest(connection, access, &vector, &filter, limit).await?;
    }
    if !enough(&found) {
        found = ann::nearest(connection, Access::Exact, &vector, &filter, limit).await?;
    }
    let mut neighbours: Vec<Neighbour> = found
        .into_iter()
        // A vector of zeros, which another program may have stored, has no direction.
        .filter(|(_, distance)| distance.is_finite())
        .map(|(key, distance)| Neighbour {
            product_key: key.into(),
            product_name: String::new(),
            similarity: 1.0 - distance,
            values: Vec::new(),
        })
        .collect();
    // An iterative scan returns the rows of its second and later rounds behind nearer ones of the first.
    neighbours.sort_by(|a, b| {
        b.similarity.total_cmp(&a.similarity).then_with(|| a.product_key.cmp(&b.product_key))
    });
    describe(connection, &mut neighbours, search.values.as_ref()).await?;
    Ok(neighbours)
}

/// Returns the vector that a search starts from.
async fn start(connection: &AsyncPgConnection, to: &NearTo) -> Result<Option<Vector>> {
    match to {
        NearTo::Product(product) => embedding_of(connection, product).await,
        NearTo::Vector(vector) => {
            Ok(Some(crate::embed::pad(vector.clone()).map(Vector::from).map_err(refused)?))
        }
    }
}

/// Returns the categories that a search is confined to; a product without any confines it to none.
async fn categories(connection: &AsyncPgConnection, within: &Within) -> Result<Option<Vec<String>>> {
    use raw_product_categories as c;
    let product = match within {
        Within::Catalogue => return Ok(None),
        Within::Category(category) => return Ok(Some(vec![category.to_string()])),
        Within::CategoriesOf(product) => product,
    };
    let mut connection = connection;
    let categories: Vec<String> = c::table
        .filter(c::product_key.eq(product.as_str()))
        .select(c::category_key)
        .load(&mut connection)
        .await?;
    Ok((!categories.is_empty()).then_some(categories))
}

/// Tells whether a filter leaves so few products that the exact search is the cheaper one.
async fn is_narrow(connection: &AsyncPgConnection, filter: &Filter) -> Result<bool> {
    use raw_product_attribute_values as v;
    use raw_product_categories as c;
    let by_category = async {
        let Some(categories) = &filter.categories else { return Ok(i64::MAX) };
        let mut connection = connection;
        let some =
            c::table.filter(c::category_key.eq_any(categories)).select(c::product_key).limit(ann::FEW + 1);
        Counted(some).get_result::<i64>(&mut connection).await
    };
    let by_value = async {
        let Some(attribute) = &filter.having else { return Ok(i64::MAX) };
        let mut connection = connection;
        let some = v::table.filter(v::attribute_key.eq(attribute)).select(v::product_key).limit(ann::FEW + 1);
        Counted(some).get_result::<i64>(&mut connection).await
    };
    let (by_category, by_value) = try_join!(by_category, by_value)?;
    Ok(by_category.min(by_value) <= ann::FEW)
}

/// Adds the neighbours' names, and their values for an attribute.
async fn describe(
    connection: &AsyncPgConnection,
    neighbours: &mut [Neighbour],
    attribute: Option<&AttributeKey>,
) -> Result<()> {
    use raw_product_attribute_values as v;
    use raw_products as p;
    let keys: Vec<String> = neighbours.iter().map(|neighbour| neighbour.product_key.to_string()).collect();
    if keys.is_empty() {
        return Ok(());
    }
    let names = async {
        let mut connection = connection;
        p::table
            .filter(p::product_key.eq_any(&keys))
            .select((p::product_key, left_or_null(p::product_name, SHORT)))
            .load::<(String, Option<String>)>(&mut connection)
            .await
    };
    let values = async {
        let Some(attribute) = attribute else { return Ok(Vec::new()) };
        let mut connection = connection;
        v::table
            .filter(v::product_key.eq_any(&keys))
            .filter(v::attribute_key.eq(attribute.as_str()))
            .select((v::product_key, left(v::value, SHORT)))
            .order((v::product_key, v::value_md5))
            .load::<(String, String)>(&mut connection)
            .await
    };
    let (names, values) = try_join!(names, values)?;
    let of = |key: &str| keys.iter().position(|one| one == key);
    for (key, name) in names {
        if let Some(index) = of(&key) {
            neighbours[index].product_name = name.unwrap_or_default();
        }
    }
    for (key, value) in values {
        if let Some(index) = of(&key)
            && neighbours[index].values.len() < MOST_VALUES
        {
            neighbours[index].values.push(value);
        }
    }
    for neighbour in neighbours {
        neighbour.values.sort();
    }
    Ok(())
}

#[async_trait]
impl EmbeddingRepository for PostgresStore {
    async fn save_embeddings(&self, embeddings: &[EmbeddingRecord]) -> Result<()> {
        for record in embeddings {
            crate::embed::check(&record.vector).map_err(refused)?;
        }
        if self.is_distributed().await? {
            let mut connection = self.connection().await?;
            return connection
                .transaction(async |connection| {
                    for records in last_of_each(embeddings, |record| &record.product_key).chunks(BATCH) {
                        distributed::write(connection, records).await?;
                    }
                    Ok(())
                })
                .await;
        }
        let mut batches = Vec::new();
        for records in last_of_each(embeddings, |record| &record.product_key).chunks(BATCH) {
            let mut batch = EmbeddingBatch::default();
            for record in records {
                batch.push((*record).clone()).map_err(refused)?;
            }
            batches.push(batch);
        }
        let mut connection = self.connection().await?;
        connection
            .transaction(async |connection| {
                for batch in &batches {
                    bulk::write_embeddings(&mut Session::Pooled(connection), batch).await?;
                }
                Ok(())
            })
            .await
    }

    async fn embedding(&self, product: &ProductKey) -> Result<Option<Vec<f32>>> {
        Ok(embedding_of(&*self.connection().await?, product).await?.map(Vec::from))
    }

    async fn embeddings(&self, products: &[ProductKey]) -> Result<Vec<(ProductKey, Vec<f32>)>> {
        use product_embeddings as e;
        let keys: &Vec<&str> = &products.iter().map(ProductKey::as_str).collect();
        self.lagging(|mut connection| async move {
            let rows: Vec<(String, Vector)> = e::table
                .filter(e::product_key.eq_any(keys))
                .select((e::product_key, e::embedding))
                .order(e::product_key)
                .load(&mut connection)
                .await?;
            Ok(rows.into_iter().map(|(key, vector)| (key.into(), Vec::from(vector))).collect())
        })
        .await
    }

    async fn embedding_details(&self, products: &[ProductKey]) -> Result<Vec<EmbeddingDetails>> {
        use product_embeddings as e;
        type Row = (String, Option<String>, Option<i32>, Option<String>, DateTime<Utc>, DateTime<Utc>);
        let keys: Vec<&str> = products.iter().map(ProductKey::as_str).collect();
        let longest = i32::try_from(DESCRIPTION).unwrap_or(i32::MAX);
        let mut connection = self.connection().await?;
        let rows: Vec<Row> = e::table
            .filter(e::product_key.eq_any(keys))
            .select((
                e::product_key,
                e::model,
                e::dimensions,
                left_or_null(e::description, longest),
                e::created_at,
                e::updated_at,
            ))
            .order(e::product_key)
            .load(&mut connection)
            .await?;
        Ok(rows
            .into_iter()
            .map(|(key, model, dimensions, description, created_at, updated_at)| EmbeddingDetails {
                product_key: key.into(),
                model,
                dimensions,
                description,
                created_at,
                updated_at,
            })
            .collect())
    }

    async fn delete_embeddings(&self, products: &[ProductKey]) -> Result<u64> {
        use product_embeddings as e;
        let keys: Vec<&str> = products.iter().map(ProductKey::as_str).collect();
        let mut connection = self.connection().await?;
        let deleted =
            diesel::delete(e::table.filter(e::product_key.eq_any(keys))).execute(&mut connection).await?;
        Ok(deleted as u64)
    }

    async fn embedding_stats(&self) -> Result<EmbeddingStats> {
        use embedding_stats as s;
        use product_embeddings as e;
        type Counts = (i64, Option<DateTime<Utc>>, Option<DateTime<Utc>>, Option<DateTime<Utc>>, i64);
        let connection = &*self.connection().await?;
        let (mut one, mut other) = (connection, connection);
        let counts = s::table
            .select((s::embeddings, s::oldest, s::newest, s::last_update, s::products_without))
            .first::<Counts>(&mut one);
        let number = diesel::dsl::count_star();
        let models = e::table
            .group_by((e::model, e::dimensions))
            .select((e::model, e::dimensions, number))
            .order((number.desc(), e::model, e::dimensions))
            .load::<(Option<String>, Option<i32>, i64)>(&mut other);
        let ((embeddings, oldest, newest, last_update, without), models) = try_join!(counts, models)?;
        Ok(EmbeddingStats {
            embeddings: embeddings.unsigned_abs(),
            products_without: without.unsigned_abs(),
            oldest,
            newest,
            last_update,
            models: models
                .into_iter()
                .map(|(model, dimensions, embeddings)| ModelCount {
                    model,
                    dimensions,
                    embeddings: embeddings.unsigned_abs(),
                })
                .collect(),
        })
    }

    async fn nearest(&self, search: &Nearest) -> Result<Vec<Neighbour>> {
        self.lagging(|connection| async move { nearest(&connection, search).await }).await
    }

    async fn neighbours(
        &self,
        product: &ProductKey,
        attribute: Option<&AttributeKey>,
        limit: usize,
    ) -> Result<Vec<Neighbour>> {
        self.lagging(|connection| async move { neighbours_of(&connection, product, attribute, limit).await })
            .await
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

    async fn texts_to_embed(
        &self,
        which: &ToEmbed,
        after: Option<&ProductKey>,
        products: u32,
    ) -> Result<TextPage> {
        let which = match which {
            ToEmbed::MissingOrChanged => Unembedded::Changed,
            ToEmbed::NotBy(model) => Unembedded::NotBy(model),
        };
        let after = after.map_or("", ProductKey::as_str);
        let mut connection = self.connection().await?;
        let found = bulk::unembedded(&mut Session::Pooled(&mut connection), which, after, products).await?;
        let texts = found.rows.into_iter().map(|row| ProductTexts {
            product_key: row.product_key.into(),
            name: row.product_name,
            texts: row.texts,
            content_hash: row.content_hash,
        });
        Ok(TextPage {
            examined: found.examined,
            last: found.last.map(ProductKey::from),
            texts: texts.collect(),
        })
    }
}
