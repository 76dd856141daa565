//! Writing the catalogue.

use crate::database::schema::{
    raw_allowable_values_in_any_category, raw_allowable_values_in_every_category, raw_attributes,
    raw_categories, raw_category_allowable_values, raw_category_attributes,
    raw_product_attribute_allowable_values, raw_product_attribute_gaps, raw_product_attribute_values,
    raw_product_categories, raw_products, raw_rich_text_sources,
};
use crate::repository::postgres::last_of_each;
use crate::repository::postgres::upsert::{BATCH, insert_keys, upsert};
use crate::repository::{CatalogueBatch, Result};
use chrono::Utc;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

/// Writes rows of the catalogue, in the caller's transaction.
pub(super) async fn save(connection: &mut AsyncPgConnection, batch: &CatalogueBatch) -> Result<()> {
    save_dictionaries(connection, batch).await?;
    save_products(connection, batch).await?;
    {
        use raw_product_attribute_values as t;
        insert_keys!(connection, batch.values, raw_product_attribute_values, |row| (
            t::product_key.eq(&row.product_key),
            t::attribute_key.eq(&row.attribute_key),
            t::value.eq(&row.value)
        ));
    }
    {
        use raw_product_attribute_gaps as t;
        insert_keys!(connection, batch.gaps, raw_product_attribute_gaps, |row| (
            t::product_key.eq(&row.product_key),
            t::attribute_key.eq(&row.attribute_key)
        ));
    }
    save_allowed(connection, batch).await
}

async fn save_dictionaries(connection: &mut AsyncPgConnection, batch: &CatalogueBatch) -> Result<()> {
    for chunk in last_of_each(&batch.categories, |row| &row.category_key).chunks(BATCH) {
        use raw_categories as c;
        let values: Vec<_> = chunk
            .iter()
            .map(|row| {
                (
                    c::category_key.eq(&row.category_key),
                    c::category_name.eq(&row.category_name),
                    c::system_name.eq(&row.system_name),
                )
            })
            .collect();
        upsert!(connection, c, c::category_key, values, [category_name, system_name]);
    }
    for chunk in last_of_each(&batch.attributes, |row| &row.attribute_key).chunks(BATCH) {
        use raw_attributes as a;
        let values: Vec<_> = chunk
            .iter()
            .map(|row| {
                (
                    a::attribute_key.eq(&row.attribute_key),
                    a::system_name.eq(&row.system_name),
                    a::label.eq(&row.label),
                    a::data_type.eq(&row.data_type),
                    a::unit.eq(&row.unit),
                    a::multi_valued.eq(row.multi_valued),
                )
            })
            .collect();
        upsert!(connection, a, a::attribute_key, values, [system_name, label, data_type, unit, multi_valued]);
    }
    {
        use raw_category_attributes as t;
        insert_keys!(connection, batch.category_attributes, raw_category_attributes, |row| (
            t::category_key.eq(&row.category_key),
            t::attribute_key.eq(&row.attribute_key)
        ));
    }
    Ok(())
}

async fn save_products(connection: &mut AsyncPgConnection, batch: &CatalogueBatch) -> Result<()> {
    let now = Utc::now();
    for chunk in last_of_each(&batch.products, |row| &row.product_key).chunks(BATCH) {
        use raw_products as p;
        let values: Vec<_> = chunk
            .iter()
            .map(|row| {
                (
                    p::product_key.eq(&row.product_key),
                    p::product_name.eq(&row.product_name),
                    p::code_type.eq(&row.code_type),
                    p::description.eq(&row.description),
                    p::updated_at.eq(now),
                )
            })
            .collect();
        upsert!(connection, p, p::product_key, values, [product_name, code_type, description, updated_at]);
    }
    {
        use raw_product_categories as t;
        insert_keys!(connection, batch.product_categories, raw_product_categories, |row| (
            t::product_key.eq(&row.product_key),
            t::category_key.eq(&row.category_key)
        ));
    }
    Ok(())
}

async fn save_allowed(connection: &mut AsyncPgConnection, batch: &CatalogueBatch) -> Result<()> {
    {
        use raw_category_allowable_values as t;
        insert_keys!(connection, batch.category_allowable_values, raw_category_allowable_values, |row| (
            t::category_key.eq(&row.category_key),
            t::attribute_key.eq(&row.attribute_key),
            t::value.eq(&row.value)
        ));
    }
    {
        use raw_allowable_values_in_every_category as t;
        insert_keys!(
            connection,
            batch.allowable_values_in_every_category,
            raw_allowable_values_in_every_category,
            |row| (t::attribute_key.eq(&row.attribute_key), t::value.eq(&row.value))
        );
    }
    {
        use raw_allowable_values_in_any_category as t;
        insert_keys!(
            connection,
            batch.allowable_values_in_any_category,
            raw_allowable_values_in_any_category,
            |row| (t::attribute_key.eq(&row.attribute_key), t::value.eq(&row.value))
        );
    }
    {
        use raw_product_attribute_allowable_values as t;
        insert_keys!(
            connection,
            batch.product_allowable_values,
            raw_product_attribute_allowable_values,
            |row| (
                t::product_key.eq(&row.product_key),
                t::attribute_key.eq(&row.attribute_key),
                t::value.eq(&row.value)
            )
        );
    }
    for chunk in last_of_each(&batch.rich_texts, |row| (&row.product_key, &row.source)).chunks(BATCH) {
        use raw_rich_text_sources as r;
        let values: Vec<_> = chunk
            .iter()
            .map(|row| {
                (r::product_key.eq(&row.product_key), r::source.eq(&row.source), r::content.eq(&row.content))
            })
            .collect();
        upsert!(connection, r, (r::product_key, r::source), values, [content]);
    }
    Ok(())
}
