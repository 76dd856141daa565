//! How many gaps a filter has.

use super::conditions::{filtered, is_in_order, ordered, sort_expression};
use super::page::states;
use crate::domain::{Count, QueueFilter, QueueSort, StateFilter};
use crate::repository::Result;
use crate::repository::postgres::fragment::{Counted, Explained, fixed};
use diesel::prelude::*;
use diesel::sql_types::{Integer, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;

/// The most that a count may cost by the planner's estimate (a page read in sequence costs 1): about a second.
const MOST_COST: f64 = 250_000.0;

/// The order whose indexes a count uses.
const SORT: QueueSort = QueueSort::ConfidenceDescending;

/// Counts exactly up to `cap` where that is cheap; otherwise the planner's estimate.
pub(super) async fn capped(connection: &AsyncPgConnection, filter: &QueueFilter, cap: u64) -> Result<Count> {
    let counted = if is_in_order(filter, ordered(filter, SORT)) {
        in_order(connection, filter, cap).await?
    } else {
        let Some(counted) = by_sets(connection, filter, cap).await? else {
            return Ok(Count::About(estimate(connection, filter).await?));
        };
        counted
    };
    if counted <= cap {
        return Ok(Count::Exact(counted));
    }
    Ok(Count::About(estimate(connection, filter).await?.max(counted)))
}

/// Counts everything; above `cap` the number counts as an estimate, since it is old when it is shown.
pub(super) async fn whole(connection: &AsyncPgConnection, filter: &QueueFilter, cap: u64) -> Result<Count> {
    let mut connection = connection;
    let all = filtered(filter, ordered(filter, SORT)).select(fixed::<Integer>("1"));
    let counted: i64 = Counted(all).get_result(&mut connection).await?;
    let counted = u64::try_from(counted).unwrap_or(0);
    Ok(if counted <= cap { Count::Exact(counted) } else { Count::About(counted) })
}

/// Counts the first rows of an index, state by state, one more than `cap` at most.
async fn in_order(connection: &AsyncPgConnection, filter: &QueueFilter, cap: u64) -> Result<u64> {
    let mut connection = connection;
    let mut counted = 0;
    let sort = ordered(filter, SORT);
    for state in states(filter.state) {
        let filter = QueueFilter { state: StateFilter::Only(state), ..filter.clone() };
        // Without the order, the planner may read the table from its beginning, which says nothing of where these are.
        let first = filtered(&filter, sort)
            .select(fixed::<Integer>("1"))
            .order(fixed::<Text>(sort_expression(sort)))
            .limit(one_more(cap - counted));
        let found: i64 = Counted(first).get_result(&mut connection).await?;
        counted += u64::try_from(found).unwrap_or(0);
        if counted > cap {
            break;
        }
    }
    Ok(counted)
}

/// Counts one more than `cap` at most, if that does not cost too much.
async fn by_sets(connection: &AsyncPgConnection, filter: &QueueFilter, cap: u64) -> Result<Option<u64>> {
    let mut connection = connection;
    let limited =
        || filtered(filter, ordered(filter, SORT)).select(fixed::<Integer>("1")).limit(one_more(cap));
    let plan: Value = Explained(limited()).get_result(&mut connection).await?;
    if figure(&plan, "/0/Plan/Total Cost") > MOST_COST {
        return Ok(None);
    }
    let found: i64 = Counted(limited()).get_result(&mut connection).await?;
    Ok(Some(u64::try_from(found).unwrap_or(0)))
}

fn one_more(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX).saturating_add(1)
}

/// Asks the planner.
async fn estimate(connection: &AsyncPgConnection, filter: &QueueFilter) -> Result<u64> {
    let mut connection = connection;
    let plan: Value = Explained(filtered(filter, ordered(filter, SORT)).select(fixed::<Integer>("1")))
        .get_result(&mut connection)
        .await?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a row count, never negative"
    )]
    Ok(figure(&plan, "/0/Plan/Plan Rows") as u64)
}

fn figure(plan: &Value, place: &str) -> f64 {
    plan.pointer(place).and_then(Value::as_f64).unwrap_or(0.0)
}
