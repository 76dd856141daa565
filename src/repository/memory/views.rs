//! The view repository in memory: a materialised view is what the tables held when it was refreshed.

use super::MemoryStore;
use super::tables::{Tables, page};
use crate::domain::{
    AttributeDetails, AttributeKey, AttributeValueStats, CategoryDetails, Confidence, Description, GapId,
    Product, ProductDetails, ProductGap, ProductKey, ProductSummary, Refresh, Refreshed, View, ViewState,
    WhenBusy,
};
use crate::repository::{Page, Result, ViewRepository};
use async_trait::async_trait;
use chrono::Utc;
use std::collections::BTreeSet;
use std::time::Duration;

fn age(refresh: &Refresh) -> Duration {
    (Utc::now() - refresh.refreshed_at).to_std().unwrap_or_default()
}

#[async_trait]
impl ViewRepository for MemoryStore {
    async fn product_details(&self, product: &ProductKey) -> Result<Option<ProductDetails>> {
        Ok(self.tables().product_details.iter().find(|one| one.product_key == *product).cloned())
    }

    async fn all_product_details(
        &self,
        after: Option<&ProductKey>,
        limit: usize,
    ) -> Result<Page<ProductDetails, ProductKey>> {
        let rows = self.tables().product_details.clone();
        Ok(page(rows.into_iter(), after, limit, |one| one.product_key.clone()))
    }

    async fn product_summary(&self, product: &ProductKey) -> Result<Vec<ProductSummary>> {
        let tables = self.tables();
        Ok(tables.product_summary.iter().filter(|one| one.pair.product == *product).cloned().collect())
    }

    async fn all_product_summaries(
        &self,
        after: Option<&GapId>,
        limit: usize,
    ) -> Result<Page<ProductSummary, GapId>> {
        let rows = self.tables().product_summary.clone();
        Ok(page(rows.into_iter(), after, limit, |one| one.pair.clone()))
    }

    async fn product_gaps(&self, product: &ProductKey) -> Result<Vec<ProductGap>> {
        let tables = self.tables();
        Ok(tables.product_gaps.iter().filter(|one| one.gap.product == *product).cloned().collect())
    }

    async fn all_product_gaps(&self, after: Option<&GapId>, limit: usize) -> Result<Page<ProductGap, GapId>> {
        let rows = self.tables().product_gaps.clone();
        Ok(page(rows.into_iter(), after, limit, |one| one.gap.clone()))
    }

    async fn attribute_value_stats(&self) -> Result<Vec<AttributeValueStats>> {
        let tables = self.tables();
        Ok(tables.attributes.keys().map(|attribute| tables.value_stats(attribute)).collect())
    }

    async fn view_states(&self) -> Result<Vec<ViewState>> {
        let tables = self.tables();
        let state = |view: View| {
            let last = tables.refreshes.get(&view).copied();
            ViewState {
                view,
                last,
                age: last.as_ref().map(|last| age(last).as_secs_f64()),
                may_refresh: true,
            }
        };
        Ok(View::ALL.map(state).to_vec())
    }

    async fn refresh_view(&self, view: View, older_than: Duration, _busy: WhenBusy) -> Result<Refreshed> {
        let mut tables = self.tables();
        if let Some(last) = tables.refreshes.get(&view).filter(|last| age(last) < older_than) {
            return Ok(Refreshed::Fresh(*last));
        }
        let refresh = Refresh { refreshed_at: tables.now(), seconds: 0.0 };
        match view {
            View::ProductSummary => tables.product_summary = tables.summaries(),
            View::ProductDetails => {
                tables.product_details = tables.products.values().map(|one| tables.details(one)).collect();
            }
            View::ProductGaps => {
                tables.product_gaps = tables.gaps.keys().filter_map(|gap| tables.product_gap(gap)).collect();
            }
            View::CategoryValues => tables.category_values = tables.values_by_category(),
        }
        tables.refreshes.insert(view, refresh);
        Ok(Refreshed::Done(refresh))
    }
}

impl Tables {
    fn details(&self, product: &Product) -> ProductDetails {
        let categories = self.product_categories.get(&product.key).into_iter().flatten();
        let texts = self.texts.get(&product.key).into_iter().flatten();
        ProductDetails {
            product_key: product.key.clone(),
            product_name: product.name.clone(),
            code_type: product.code_type.clone(),
            description: product.description.clone(),
            descriptions: texts
                .map(|(source, content)| Description { source: source.clone(), content: content.clone() })
                .collect(),
            categories: categories
                .filter_map(|key| self.categories.get(key))
                .map(|category| CategoryDetails {
                    category_key: category.key.clone(),
                    category_name: category.name.clone(),
                    system_name: category.system_name.clone(),
                })
                .collect(),
            attributes: self
                .values
                .iter()
                .filter(|(pair, _)| pair.product == product.key)
                .filter_map(|(pair, values)| Some((self.attributes.get(&pair.attribute)?, values)))
                .map(|(attribute, values)| AttributeDetails {
                    attribute_key: attribute.key.clone(),
                    label: attribute.label.clone(),
                    data_type: self.data_type(&attribute.key),
                    unit: attribute.unit.clone(),
                    values: values.iter().cloned().collect(),
                })
                .collect(),
        }
    }

    pub(super) fn data_type(&self, attribute: &AttributeKey) -> Option<String> {
        self.data_types.get(attribute).cloned().flatten()
    }

    fn summaries(&self) -> Vec<ProductSummary> {
        let pairs: BTreeSet<&GapId> = self.values.keys().chain(self.gaps.keys()).collect();
        pairs.into_iter().filter_map(|pair| self.pair_summary(pair)).collect()
    }

    fn pair_summary(&self, pair: &GapId) -> Option<ProductSummary> {
        let (product, attribute) = (self.products.get(&pair.product)?, self.attributes.get(&pair.attribute)?);
        let row = self.row(pair);
        let mut recommended: Vec<(Option<Confidence>, &String)> = self
            .recommendations
            .get(pair)
            .into_iter()
            .flatten()
            .map(|((_, value), proposal)| (proposal.confidence, value))
            .collect();
        recommended.sort_by(|a, b| {
            b.0.partial_cmp(&a.0).unwrap_or(std::cmp::Ordering::Equal).then_with(|| a.1.cmp(b.1))
        });
        Some(ProductSummary {
            pair: pair.clone(),
            product_name: product.name.clone(),
            category_keys: self
                .product_categories
                .get(&pair.product)
                .into_iter()
                .flatten()
                .cloned()
                .collect(),
            attribute_label: attribute.label.clone(),
            data_type: self.data_type(&pair.attribute),
            unit: attribute.unit.clone(),
            known_values: self.values.get(pair).into_iter().flatten().cloned().collect(),
            recommended_confidence: recommended
                .iter()
                .find_map(|(confidence, _)| *confidence)
                .map(Confidence::get),
            recommended_values: recommended.into_iter().map(|(_, value)| value.clone()).collect(),
            review_state: row.as_ref().map(|row| row.state),
            decided_value: row.as_ref().and_then(|row| row.decided_value.clone()),
            decided_by: row.as_ref().and_then(|row| row.decided_by.clone()),
            decided_at: row.and_then(|row| row.decided_at),
        })
    }

    fn product_gap(&self, gap: &GapId) -> Option<ProductGap> {
        let (product, attribute) = (self.products.get(&gap.product)?, self.attributes.get(&gap.attribute)?);
        Some(ProductGap {
            gap: gap.clone(),
            product_name: product.name.clone(),
            category_key: self.product_categories.get(&gap.product).and_then(BTreeSet::first).cloned(),
            attribute_label: attribute.label.clone(),
            data_type: self.data_type(&gap.attribute),
            unit: attribute.unit.clone(),
            allowable_values: self.allowed(gap).values.into_iter().map(|allowed| allowed.value).collect(),
            created_at: *self.gaps.get(gap)?,
        })
    }

    fn value_stats(&self, attribute: &AttributeKey) -> AttributeValueStats {
        let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        let of = |pair: &&GapId| pair.attribute == *attribute;
        let values: Vec<(&GapId, &String)> = self
            .values
            .iter()
            .filter(|(pair, _)| of(pair))
            .flat_map(|(pair, values)| values.iter().map(move |value| (pair, value)))
            .collect();
        let recommended = self.recommendations.iter().filter(|(pair, _)| of(pair));
        let confidences: Vec<Option<f64>> = recommended
            .flat_map(|(_, rows)| rows.values().map(|row| row.confidence.map(Confidence::get)))
            .collect();
        let known: Vec<f64> = confidences.iter().copied().flatten().collect();
        #[expect(clippy::cast_precision_loss, reason = "the fake holds far fewer than 2^52 rows")]
        let average = (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64);
        let shown = self.attributes.get(attribute);
        AttributeValueStats {
            attribute_key: attribute.clone(),
            label: shown.and_then(|one| one.label.clone()),
            data_type: self.data_type(attribute),
            unit: shown.and_then(|one| one.unit.clone()),
            value_count: count(values.len()),
            distinct_values: count(values.iter().map(|(_, value)| value).collect::<BTreeSet<_>>().len()),
            products: count(values.iter().map(|(pair, _)| pair).collect::<BTreeSet<_>>().len()),
            gaps: count(self.gaps.keys().filter(of).count()),
            recommendations: count(confidences.len()),
            average_recommendation_confidence: average,
            decisions: count(
                self.decisions.iter().filter(|(pair, _)| of(pair)).map(|(_, all)| all.len()).sum(),
            ),
        }
    }
}
