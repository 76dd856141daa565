//! What ranks candidates: the category's values, and how far down past lists the right value was.

use super::PostgresStore;
use super::lenient::{Json, Moment};
use crate::database::schema::{category_values, human_recommendations, list_cuts, review_queue};
use crate::domain::{AttributeKey, CategoryKey, CategoryValues, GapId, ListCut, Seen, ShownList};
use crate::repository::Result;
use chrono::DateTime;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

/// The policy of gaps drawn at random, their predictions shown at once.
const DRAWN: &str = "queue:random";

type CutRow = (String, i64, i64, Option<f64>, Moment);
type ValuesRow = (i64, Vec<String>, Vec<i64>, Vec<String>);

fn cut((attribute, decided, listed, score, measured_at): CutRow) -> ListCut {
    ListCut {
        attribute_key: attribute.into(),
        decided,
        listed,
        score,
        measured_at: DateTime::from(measured_at),
    }
}

fn values((known, values, products, sample): ValuesRow) -> CategoryValues {
    let counts = products.into_iter().map(i64::unsigned_abs);
    CategoryValues { known: known.unsigned_abs(), frequent: values.into_iter().zip(counts).collect(), sample }
}

/// Loads what products of a gap's category have for its attribute.
pub(super) async fn common_of(connection: &AsyncPgConnection, gap: &GapId) -> Result<Option<CategoryValues>> {
    use category_values as v;
    use review_queue as q;
    let mut connection = connection;
    let found = q::table
        .inner_join(
            v::table.on(v::category_key.eq(q::category_key).and(v::attribute_key.eq(q::attribute_key))),
        )
        .filter(q::product_key.eq(gap.product.as_str()))
        .filter(q::attribute_key.eq(gap.attribute.as_str()))
        .select((v::known, v::values, v::products, v::sample))
        .first::<ValuesRow>(&mut connection)
        .await
        .optional()?;
    Ok(found.map(values))
}

/// Loads how far down its lists an attribute's right values are.
pub(super) async fn cut_of(
    connection: &AsyncPgConnection,
    attribute: &AttributeKey,
) -> Result<Option<ListCut>> {
    let mut connection = connection;
    let found = list_cuts::table
        .find(attribute.as_str())
        .select(list_cuts::all_columns)
        .first::<CutRow>(&mut connection)
        .await
        .optional()?;
    Ok(found.map(cut))
}

impl PostgresStore {
    pub(super) async fn values_of_category(
        &self,
        category: &CategoryKey,
        attribute: &AttributeKey,
    ) -> Result<Option<CategoryValues>> {
        use category_values as v;
        self.lagging(|mut connection| async move {
            let found = v::table
                .find((category.as_str(), attribute.as_str()))
                .select((v::known, v::values, v::products, v::sample))
                .first::<ValuesRow>(&mut connection)
                .await
                .optional()?;
            Ok(found.map(values))
        })
        .await
    }

    pub(super) async fn lists_of(&self, attribute: &AttributeKey, limit: usize) -> Result<Vec<ShownList>> {
        use human_recommendations as h;
        let undo = diesel::alias!(human_recommendations as undo);
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.lagging(|mut connection| async move {
            let undone = undo
                .filter(undo.field(h::product_key).eq(h::product_key))
                .filter(undo.field(h::undoes).eq(h::decision_id.nullable()));
            let rows: Vec<(Option<String>, Json)> = h::table
                .filter(h::attribute_key.eq(attribute.as_str()))
                .filter(h::action.eq_any(["accept", "override", "reject"]))
                .filter(h::policy.eq(DRAWN))
                // What nobody has settled yet is not known to be right.
                .filter(h::result_state.is_null().or(h::result_state.ne_all(["second", "disputed"])))
                .filter(diesel::dsl::not(diesel::dsl::exists(undone)))
                .order((h::recorded_at.desc(), h::decision_id.desc()))
                .select((h::value, h::seen))
                .limit(limit)
                .load(&mut connection)
                .await?;
            Ok(rows
                .into_iter()
                .map(|(right, seen)| {
                    let seen: Seen = serde_json::from_value(seen.into()).unwrap_or_default();
                    ShownList { candidates: seen.candidates, right }
                })
                .collect())
        })
        .await
    }

    pub(super) async fn save_cut(&self, cut: &ListCut) -> Result<()> {
        use list_cuts as c;
        let measured = (
            c::decided.eq(cut.decided),
            c::listed.eq(cut.listed),
            c::score.eq(cut.score),
            c::measured_at.eq(cut.measured_at),
        );
        let mut connection = self.connection().await?;
        diesel::insert_into(c::table)
            .values((c::attribute_key.eq(cut.attribute_key.as_str()), measured))
            .on_conflict(c::attribute_key)
            .do_update()
            .set(measured)
            .execute(&mut connection)
            .await?;
        Ok(())
    }

    pub(super) async fn cuts(&self) -> Result<Vec<ListCut>> {
        let rows: Vec<CutRow> = self
            .lagging(|mut connection| async move {
                Ok(list_cuts::table
                    .select(list_cuts::all_columns)
                    .order(list_cuts::attribute_key)
                    .load(&mut connection)
                    .await?)
            })
            .await?;
        Ok(rows.into_iter().map(cut).collect())
    }
}
