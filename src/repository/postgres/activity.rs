//! Decisions as a list shows them, newest first.

use super::event::history;
use super::fragment::left_or_null;
use super::keyset::{before, one_more, page};
use super::lenient::Moment;
use super::queue::SHORT;
use crate::database::schema::{human_recommendations, raw_products, review_queue};
use crate::domain::{
    Action, DecisionCursor, DecisionFilter, DecisionId, DecisionRow, GapId, Reviewer, Standing, State,
};
use crate::repository::{Page, RepositoryError, Result};
use diesel::expression::{AppearsOnTable, AsExpression, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Bool, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::future::try_join_all;
use uuid::Uuid;

diesel::alias!(const UNDO: Alias<Undo> = human_recommendations as undo);

/// How many gaps of a bulk action are asked about at once.
const AT_ONCE: usize = 200;

type Selected = (
    (Uuid, String, String, Option<String>, String, Option<String>, Option<String>),
    (String, i32, Option<Uuid>, Option<Uuid>, Option<Uuid>, Moment, Moment, bool),
);

fn row(selected: Selected) -> Result<DecisionRow> {
    let (
        (id, product, attribute, product_name, action, value, comment),
        (reviewer, result_version, undoes, undone_by, batch, decided_at, recorded_at, is_hidden),
    ) = selected;
    let action = Action::parse(&action).ok_or_else(|| {
        RepositoryError::Database(format!("unknown action {action} in human_recommendations"))
    })?;
    let row = DecisionRow {
        id: DecisionId(id),
        gap: GapId::new(product, attribute),
        product_name: product_name.unwrap_or_default(),
        action,
        value,
        comment,
        reviewer: Reviewer::from(reviewer),
        result_version,
        undoes: undoes.map(DecisionId),
        undone_by: undone_by.map(DecisionId),
        batch,
        decided_at: decided_at.into(),
        recorded_at: recorded_at.into(),
    };
    Ok(if is_hidden { row.hidden() } else { row })
}

/// A decision is the first opinion of somebody else than a reader, and no second one is in: as `hide_first_opinions` does,
/// for each row of a list. Only first opinions are looked into.
#[derive(Debug, Clone, QueryId)]
struct HiddenFrom(Option<String>);

impl Expression for HiddenFrom {
    type SqlType = Bool;
}

impl QueryFragment<Pg> for HiddenFrom {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let Some(reader) = &self.0 else {
            out.push_sql("false");
            return Ok(());
        };
        out.push_sql(
            "CASE WHEN human_recommendations.result_state = 'second' AND human_recommendations.reviewer <> ",
        );
        out.push_bind_param::<Text, _>(reader)?;
        out.push_sql(
            " THEN NOT EXISTS (SELECT FROM human_recommendations later \
             WHERE later.product_key = human_recommendations.product_key \
             AND later.attribute_key = human_recommendations.attribute_key \
             AND later.result_version > human_recommendations.result_version \
             AND coalesce(later.result_state, later.action) IN ('disputed', 'accepted', 'overridden', 'rejected', \
             'not_applicable', 'accept', 'override', 'reject') \
             AND NOT EXISTS (SELECT FROM human_recommendations back WHERE back.product_key = later.product_key \
             AND back.undoes = later.decision_id)) ELSE false END",
        );
        Ok(())
    }
}

impl<GroupBy> ValidGrouping<GroupBy> for HiddenFrom {
    type IsAggregate = is_aggregate::No;
}

impl<Source> AppearsOnTable<Source> for HiddenFrom {}
impl<Source> SelectableExpression<Source> for HiddenFrom {}

/// Loads decisions, the newest first. Each condition that narrows much has an index in this order.
pub(super) async fn decisions(
    connection: &AsyncPgConnection,
    filter: &DecisionFilter,
    reader: Option<&Reviewer>,
    place: Option<&DecisionCursor>,
    limit: usize,
) -> Result<Page<DecisionRow, DecisionCursor>> {
    use human_recommendations as h;
    use raw_products as p;
    let mut connection = connection;
    let hidden = HiddenFrom(reader.map(ToString::to_string));
    let mut query = h::table
        .left_join(p::table.on(p::product_key.eq(h::product_key)))
        .left_join(
            UNDO.on(UNDO
                .field(h::product_key)
                .eq(h::product_key)
                .and(UNDO.field(h::undoes).eq(h::decision_id.nullable()))),
        )
        .select((
            (
                h::decision_id,
                h::product_key,
                h::attribute_key,
                left_or_null(p::product_name, SHORT).nullable(),
                h::action,
                left_or_null(h::value, SHORT),
                left_or_null(h::comment, SHORT),
            ),
            (
                h::reviewer,
                h::result_version,
                h::undoes,
                UNDO.field(h::decision_id).nullable(),
                h::batch_id,
                h::decided_at,
                h::recorded_at,
                hidden.clone(),
            ),
        ))
        .order((h::recorded_at.desc(), h::decision_id.desc()))
        .limit(one_more(limit))
        .into_boxed();
    if filter.tells_more() {
        query = query.filter(diesel::dsl::not(hidden));
    }
    if let Some(reviewer) = &filter.reviewer {
        query = query.filter(h::reviewer.eq(reviewer.as_str()));
    }
    if let Some(action) = filter.action {
        query = query.filter(h::action.eq(action.as_str()));
    }
    if let Some(attribute) = &filter.attribute {
        query = query.filter(h::attribute_key.eq(attribute.as_str()));
    }
    if let Some(product) = &filter.product {
        query = query.filter(h::product_key.eq(product.as_str()));
    }
    if let Some(batch) = filter.batch {
        query = query.filter(h::batch_id.eq(batch));
    }
    if let Some(since) = filter.since {
        query = query.filter(h::recorded_at.ge(since));
    }
    if let Some(until) = filter.until {
        query = query.filter(h::recorded_at.lt(until));
    }
    if let Some(place) = place {
        query = query.filter(before(
            "human_recommendations.recorded_at, human_recommendations.decision_id",
            (
                AsExpression::<Timestamptz>::as_expression(place.recorded_at),
                AsExpression::<SqlUuid>::as_expression(place.id.0),
            ),
        ));
    }
    let selected: Vec<Selected> = query.load(&mut connection).await?;
    let rows = selected.into_iter().map(row).collect::<Result<Vec<_>>>()?;
    Ok(page(rows, limit, |row: &DecisionRow| DecisionCursor { recorded_at: row.recorded_at, id: row.id }))
}

/// Loads the decisions of a bulk action and how each stands.
pub(super) async fn batch(
    connection: &AsyncPgConnection,
    batch: Uuid,
    reader: Option<&Reviewer>,
) -> Result<Vec<(DecisionRow, Standing)>> {
    let filter = DecisionFilter { batch: Some(batch), ..DecisionFilter::default() };
    let mut rows = Vec::new();
    let mut place = None;
    loop {
        let page = decisions(connection, &filter, reader, place.as_ref(), usize::MAX).await?;
        rows.extend(page.rows.into_iter().filter(|row| row.action != Action::Undo));
        place = page.next;
        if place.is_none() {
            break;
        }
    }
    let mut standings = Vec::with_capacity(rows.len());
    for some in rows.chunks(AT_ONCE) {
        standings.extend(try_join_all(some.iter().map(|row| standing(connection, row))).await?);
    }
    Ok(rows.into_iter().zip(standings).collect())
}

/// Tells how a decision stands.
async fn standing(connection: &AsyncPgConnection, row: &DecisionRow) -> Result<Standing> {
    use review_queue as q;
    if row.undone_by.is_some() {
        return Ok(Standing::Undone);
    }
    let mut asked = connection;
    let now: Option<(i32, Option<Uuid>)> = q::table
        .find((row.gap.product.as_str(), row.gap.attribute.as_str()))
        .select((q::version, q::decision_id))
        .first(&mut asked)
        .await
        .optional()?;
    match now {
        // The gap's first decision: nothing was before it.
        Some((version, Some(id))) if id == row.id.0 && row.result_version == 1 => {
            Ok(Standing::InForce { version, leads_to: State::Open })
        }
        now => {
            let history = history(connection, &row.gap).await?;
            let decision = history.iter().find(|event| event.decision.id == row.id);
            let version = now.map(|(version, _)| version);
            Ok(decision.map_or(Standing::Gone, |event| Standing::of(&event.decision, &history, version)))
        }
    }
}
