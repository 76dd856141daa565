//! The honest sample: decided gaps in the order of their lots, up to the first that is not.

use crate::database::schema::review_queue;
use crate::domain::{Action, Lot, QueueFilter, QueueSort, State, StateFilter, judged};
use crate::insight::sample::{Collector, Sample};
use crate::repository::Result;
use crate::repository::postgres::fragment::fixed;
use crate::repository::postgres::queue::{
    Selected, after, columns, cursor, filtered, page, row, sort_expression,
};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Double, Nullable};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

/// How many rows are read by one statement.
const ROWS: i64 = 2_000;

/// The decision in force was made for many gaps at once, without a look at this one.
pub(in crate::repository::postgres) const UNSEEN: &str = "EXISTS (SELECT FROM human_recommendations h WHERE h.product_key = review_queue.product_key \
    AND h.decision_id = review_queue.decision_id AND h.policy LIKE 'bulk:%')";
pub(in crate::repository::postgres) const MULTI_VALUED: &str =
    "(SELECT a.multi_valued FROM raw_attributes a WHERE a.attribute_key = review_queue.attribute_key)";

/// Reads the sample of the gaps that a filter names; its state is not looked at.
pub(super) async fn load(connection: &AsyncPgConnection, filter: &QueueFilter) -> Result<Sample> {
    let mut connection = connection;
    let decided = QueueFilter { state: StateFilter::Decided, ..filter.clone() };
    let mut end: f64 = 1.0;
    // A gap that waits for another opinion is not settled yet, like one that waits for the first.
    for state in [State::Open, State::Second, State::Disputed] {
        let waiting = QueueFilter { state: StateFilter::Only(state), ..filter.clone() };
        let first = page::load(connection, &waiting, QueueSort::Random, None, 1).await?;
        end = first.rows.as_slice().first().map_or(end, |row| end.min(Lot::Sample.of(&row.gap)));
    }
    let expression = sort_expression(QueueSort::Random);
    let (mut collector, mut place) = (Collector::default(), None);
    loop {
        let mut query = filtered(&decided, QueueSort::Random);
        if let Some(place) = &place {
            query = after(query, QueueSort::Random, place)?;
        }
        let rows: Vec<(Selected, bool, Option<bool>)> = query
            .filter(fixed::<Double>(expression).lt(end))
            .select((columns(), fixed::<Bool>(UNSEEN), fixed::<Nullable<Bool>>(MULTI_VALUED)))
            .order((fixed::<Double>(expression), review_queue::product_key, review_queue::attribute_key))
            .limit(ROWS)
            .load(&mut connection)
            .await?;
        let is_last = i64::try_from(rows.len()).is_ok_and(|rows| rows < ROWS);
        for (selected, unseen, multi_valued) in rows {
            place = Some(cursor(QueueSort::Random, &selected));
            let row = row(selected);
            if unseen {
                return Ok(collector.end(Lot::Sample.of(&row.gap)));
            }
            let confidence = row.best_confidence.map(crate::domain::Confidence::get);
            let right = match (action(row.state), &row.best_value) {
                (Some(action), Some(best)) => {
                    judged(action, row.decided_value.as_deref(), best, multi_valued.unwrap_or(false))
                }
                (action, _) => action.map(|_| false),
            };
            collector.add(confidence, right);
        }
        if is_last {
            return Ok(collector.end(end));
        }
    }
}

/// Returns the action that leads to a state; none for those in which nobody has said what is right.
pub(in crate::repository) fn action(state: State) -> Option<Action> {
    Action::ALL
        .into_iter()
        .filter(|action| !matches!(action, Action::Defer | Action::Flag))
        .find(|action| action.state() == Some(state))
}
