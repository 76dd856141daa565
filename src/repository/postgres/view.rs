//! The specification's views.

use super::PostgresStore;
use super::keyset::{after, one_more, page};
use super::refresh::{refresh_view, view_states};
use crate::database::schema::{attribute_value_stats, product_details, product_gaps, product_summary};
use crate::domain::{
    AttributeValueStats, GapId, ProductDetails, ProductGap, ProductKey, ProductSummary, Refreshed, State,
    View, ViewState, WhenBusy,
};
use crate::repository::{Page, RepositoryError, Result, ViewRepository};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use diesel::expression::AsExpression;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::RunQueryDsl;
use serde::de::DeserializeOwned;
use std::time::Duration;

/// The columns that rows a pair are paged by.
const PAIR: &str = "product_key, attribute_key";

type Bound<'a> = <&'a str as AsExpression<Text>>::Expression;

/// Binds a pair in the order of [`PAIR`].
fn bound(place: &GapId) -> (Bound<'_>, Bound<'_>) {
    (
        AsExpression::<Text>::as_expression(place.product.as_str()),
        AsExpression::<Text>::as_expression(place.attribute.as_str()),
    )
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = product_details, check_for_backend(diesel::pg::Pg))]
struct DetailsRow {
    product_key: String,
    product_name: Option<String>,
    code_type: Option<String>,
    description: Option<String>,
    descriptions: serde_json::Value,
    categories: serde_json::Value,
    attributes: serde_json::Value,
}

impl TryFrom<DetailsRow> for ProductDetails {
    type Error = RepositoryError;

    fn try_from(row: DetailsRow) -> Result<Self> {
        fn typed<T: DeserializeOwned>(column: &str, value: serde_json::Value) -> Result<T> {
            serde_json::from_value(value)
                .map_err(|error| RepositoryError::Database(format!("product_details.{column}: {error}")))
        }
        Ok(Self {
            product_key: row.product_key.into(),
            product_name: row.product_name,
            code_type: row.code_type,
            description: row.description,
            descriptions: typed("descriptions", row.descriptions)?,
            categories: typed("categories", row.categories)?,
            attributes: typed("attributes", row.attributes)?,
        })
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = product_summary, check_for_backend(diesel::pg::Pg))]
struct SummaryRow {
    product_key: String,
    product_name: Option<String>,
    category_keys: Vec<String>,
    attribute_key: String,
    attribute_label: Option<String>,
    data_type: Option<String>,
    unit: Option<String>,
    known_values: Vec<String>,
    recommended_values: Vec<String>,
    recommended_confidence: Option<f64>,
    review_state: Option<String>,
    decided_value: Option<String>,
    decided_by: Option<String>,
    decided_at: Option<DateTime<Utc>>,
}

impl From<SummaryRow> for ProductSummary {
    fn from(row: SummaryRow) -> Self {
        Self {
            pair: GapId::new(row.product_key, row.attribute_key),
            product_name: row.product_name,
            category_keys: row.category_keys.into_iter().map(Into::into).collect(),
            attribute_label: row.attribute_label,
            data_type: row.data_type,
            unit: row.unit,
            known_values: row.known_values,
            recommended_values: row.recommended_values,
            recommended_confidence: row.recommended_confidence,
            review_state: row.review_state.as_deref().and_then(State::parse),
            decided_value: row.decided_value,
            decided_by: row.decided_by.map(Into::into),
            decided_at: row.decided_at,
        }
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = product_gaps, check_for_backend(diesel::pg::Pg))]
struct GapRow {
    product_key: String,
    product_name: Option<String>,
    category_key: Option<String>,
    attribute_key: String,
    attribute_label: Option<String>,
    data_type: Option<String>,
    unit: Option<String>,
    allowable_values: Vec<String>,
    created_at: DateTime<Utc>,
}

impl From<GapRow> for ProductGap {
    fn from(row: GapRow) -> Self {
        Self {
            gap: GapId::new(row.product_key, row.attribute_key),
            product_name: row.product_name,
            category_key: row.category_key.map(Into::into),
            attribute_label: row.attribute_label,
            data_type: row.data_type,
            unit: row.unit,
            allowable_values: row.allowable_values,
            created_at: row.created_at,
        }
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = attribute_value_stats, check_for_backend(diesel::pg::Pg))]
struct StatsRow {
    attribute_key: String,
    label: Option<String>,
    data_type: Option<String>,
    unit: Option<String>,
    value_count: i64,
    distinct_values: i64,
    products: i64,
    gaps: i64,
    recommendations: i64,
    average_recommendation_confidence: Option<f64>,
    decisions: i64,
}

impl From<StatsRow> for AttributeValueStats {
    fn from(row: StatsRow) -> Self {
        Self {
            attribute_key: row.attribute_key.into(),
            label: row.label,
            data_type: row.data_type,
            unit: row.unit,
            value_count: row.value_count,
            distinct_values: row.distinct_values,
            products: row.products,
            gaps: row.gaps,
            recommendations: row.recommendations,
            average_recommendation_confidence: row.average_recommendation_confidence,
            decisions: row.decisions,
        }
    }
}

#[async_trait]
impl ViewRepository for PostgresStore {
    async fn product_details(&self, product: &ProductKey) -> Result<Option<ProductDetails>> {
        let mut connection = self.connection().await?;
        let row: Option<DetailsRow> = product_details::table
            .find(product.as_str())
            .select(DetailsRow::as_select())
            .first(&mut connection)
            .await
            .optional()?;
        row.map(ProductDetails::try_from).transpose()
    }

    async fn all_product_details(
        &self,
        after: Option<&ProductKey>,
        limit: usize,
    ) -> Result<Page<ProductDetails, ProductKey>> {
        use product_details as d;
        let mut connection = self.connection().await?;
        let mut query = d::table
            .select(DetailsRow::as_select())
            .order(d::product_key)
            .limit(one_more(limit))
            .into_boxed();
        if let Some(after) = after {
            query = query.filter(d::product_key.gt(after.as_str()));
        }
        let rows: Vec<DetailsRow> = query.load(&mut connection).await?;
        let details = rows.into_iter().map(ProductDetails::try_from).collect::<Result<Vec<_>>>()?;
        Ok(page(details, limit, |one: &ProductDetails| one.product_key.clone()))
    }

    async fn product_summary(&self, product: &ProductKey) -> Result<Vec<ProductSummary>> {
        use product_summary as s;
        let mut connection = self.connection().await?;
        let rows: Vec<SummaryRow> = s::table
            .filter(s::product_key.eq(product.as_str()))
            .select(SummaryRow::as_select())
            .order(s::attribute_key)
            .load(&mut connection)
            .await?;
        Ok(rows.into_iter().map(ProductSummary::from).collect())
    }

    async fn all_product_summaries(
        &self,
        place: Option<&GapId>,
        limit: usize,
    ) -> Result<Page<ProductSummary, GapId>> {
        use product_summary as s;
        let mut connection = self.connection().await?;
        let mut query = s::table
            .select(SummaryRow::as_select())
            .order((s::product_key, s::attribute_key))
            .limit(one_more(limit))
            .into_boxed();
        if let Some(place) = place {
            query = query.filter(after(PAIR, bound(place)));
        }
        let rows: Vec<SummaryRow> = query.load(&mut connection).await?;
        let summaries = rows.into_iter().map(ProductSummary::from).collect();
        Ok(page(summaries, limit, |one: &ProductSummary| one.pair.clone()))
    }

    async fn product_gaps(&self, product: &ProductKey) -> Result<Vec<ProductGap>> {
        use product_gaps as g;
        let mut connection = self.connection().await?;
        let rows: Vec<GapRow> = g::table
            .filter(g::product_key.eq(product.as_str()))
            .select(GapRow::as_select())
            .order(g::attribute_key)
            .load(&mut connection)
            .await?;
        Ok(rows.into_iter().map(ProductGap::from).collect())
    }

    async fn all_product_gaps(&self, place: Option<&GapId>, limit: usize) -> Result<Page<ProductGap, GapId>> {
        use product_gaps as g;
        let mut connection = self.connection().await?;
        let mut query = g::table
            .select(GapRow::as_select())
            .order((g::product_key, g::attribute_key))
            .limit(one_more(limit))
            .into_boxed();
        if let Some(place) = place {
            query = query.filter(after(PAIR, bound(place)));
        }
        let rows: Vec<GapRow> = query.load(&mut connection).await?;
        let gaps = rows.into_iter().map(ProductGap::from).collect();
        Ok(page(gaps, limit, |one: &ProductGap| one.gap.clone()))
    }

    async fn attribute_value_stats(&self) -> Result<Vec<AttributeValueStats>> {
        use attribute_value_stats as s;
        let mut connection = self.connection().await?;
        let rows: Vec<StatsRow> =
            s::table.select(StatsRow::as_select()).order(s::attribute_key).load(&mut connection).await?;
        Ok(rows.into_iter().map(AttributeValueStats::from).collect())
    }

    async fn view_states(&self) -> Result<Vec<ViewState>> {
        Ok(view_states(&mut *self.connection().await?).await?)
    }

    async fn refresh_view(&self, view: View, older_than: Duration, busy: WhenBusy) -> Result<Refreshed> {
        Ok(refresh_view(&mut *self.connection().await?, view, older_than, busy).await?)
    }
}
