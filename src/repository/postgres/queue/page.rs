//! Pages of the queue whose cost does not grow with it.
//!
//! Where an index has the rows of a filter in the order wanted, a page is the next rows of that index. Where it does not
//! (names that contain a text, gaps that an experiment predicted for, a category by age), either the rows that match are
//! many, and some of the next ones in the order are among them, or they are few, and can be gathered and sorted: so a
//! page walks the order for a while, then gathers, and walks on only if there is too much to gather. What is wanted may
//! lie at the far end of the order; then a page comes back short after a while, with the place to go on from.

use super::conditions::{
    Boxed, Conditions, Reading, after, after_anyhow, conditions, filtered, is_in_order, of_state,
    sort_expression,
};
use super::statements::{Gather, Walk};
use super::{Selected, columns, cursor, row};
use crate::database::schema::review_queue;
use crate::domain::{QueueCursor, QueueFilter, QueueRow, QueueSort, State, StateFilter};
use crate::repository::postgres::fragment::fixed;
use crate::repository::{Page, Result};
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::future::try_join_all;
use std::cmp::Ordering;
use std::time::{Duration, Instant};

/// How many rows the first walk looks at: some milliseconds.
const FIRST_WALK: i64 = 2_000;
/// How many rows a later walk looks at.
const LONGEST_WALK: i64 = 200_000;
/// The most rows that are gathered and sorted: less than a second.
const MOST_GATHERED: i64 = 100_000;
/// How long a page that has rows already looks for more.
const PATIENCE: Duration = Duration::from_millis(500);

/// The next rows of one state.
struct Stretch {
    rows: Vec<Selected>,
    /// How far they are complete; to the end where there is no place.
    through: Option<QueueCursor>,
}

/// Loads the rows after a place.
pub(in crate::repository::postgres) async fn load(
    connection: &AsyncPgConnection,
    filter: &QueueFilter,
    sort: QueueSort,
    place: Option<&QueueCursor>,
    limit: usize,
) -> Result<Page<QueueRow, QueueCursor>> {
    // Each state is a stretch of every index; their pages are merged.
    let filters: Vec<QueueFilter> = states(filter.state)
        .iter()
        .map(|state| QueueFilter { state: StateFilter::Only(*state), ..filter.clone() })
        .collect();
    let stretches =
        try_join_all(filters.iter().map(|filter| stretch(connection, filter, sort, place, limit))).await?;
    Ok(merge(stretches, sort, limit))
}

pub(super) fn states(filter: StateFilter) -> Vec<State> {
    match filter {
        StateFilter::Open => vec![State::Open],
        StateFilter::Only(state) => vec![state],
        StateFilter::Decided | StateFilter::All => {
            State::ALL.into_iter().filter(|state| filter.admits(*state)).collect()
        }
    }
}

/// Puts the rows of several states in order, up to the place where all of them are complete.
fn merge(stretches: Vec<Stretch>, sort: QueueSort, limit: usize) -> Page<QueueRow, QueueCursor> {
    let through = stretches.iter().filter_map(|one| one.through.clone()).min_by(compare);
    let mut rows: Vec<(QueueCursor, Selected)> = stretches
        .into_iter()
        .flat_map(|one| one.rows)
        .map(|selected| (cursor(sort, &selected), selected))
        .filter(|(place, _)| through.as_ref().is_none_or(|through| compare(place, through).is_le()))
        .collect();
    rows.sort_by(|(a, _), (b, _)| compare(a, b));
    // Between two statements, a gap may have gone from one state to another.
    rows.dedup_by(|(a, _), (b, _)| a.gap == b.gap);
    let next = if rows.len() > limit {
        rows.truncate(limit);
        rows.last().map(|(place, _)| place.clone())
    } else {
        through
    };
    Page { rows: rows.into_iter().map(|(_, selected)| row(selected)).collect(), next }
}

/// Compares two places of one order, as the database does: texts by their bytes.
fn compare(a: &QueueCursor, b: &QueueCursor) -> Ordering {
    a.compare(b).unwrap_or(Ordering::Equal)
}

async fn stretch(
    connection: &AsyncPgConnection,
    filter: &QueueFilter,
    sort: QueueSort,
    place: Option<&QueueCursor>,
    limit: usize,
) -> Result<Stretch> {
    if is_in_order(filter, sort) {
        return in_order(connection, filter, sort, place, limit).await;
    }
    let began = Instant::now();
    let (mut rows, mut from, mut most) = (Vec::new(), place.cloned(), FIRST_WALK);
    loop {
        let reached = walk(connection, filter, sort, from.as_ref(), most, limit + 1, &mut rows).await?;
        if rows.len() > limit {
            return Ok(full(rows, sort));
        }
        if reached.is_none() {
            return Ok(Stretch { rows, through: None });
        }
        from = reached;
        if most == FIRST_WALK && gather(connection, filter, sort, from.as_ref(), limit + 1, &mut rows).await?
        {
            return Ok(if rows.len() > limit { full(rows, sort) } else { Stretch { rows, through: None } });
        }
        if !rows.is_empty() && began.elapsed() > PATIENCE {
            return Ok(Stretch { rows, through: from });
        }
        most = LONGEST_WALK.min(most * 10);
    }
}

fn full(rows: Vec<Selected>, sort: QueueSort) -> Stretch {
    let through = rows.last().map(|last| cursor(sort, last));
    Stretch { rows, through }
}

fn behind<'a>(query: Boxed<'a>, sort: QueueSort, place: Option<&'a QueueCursor>) -> Result<Boxed<'a>> {
    match place {
        Some(place) => after(query, sort, place),
        None => Ok(query),
    }
}

/// Returns a number of rows as the database counts.
fn number(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// Loads the next rows of an index.
async fn in_order(
    connection: &AsyncPgConnection,
    filter: &QueueFilter,
    sort: QueueSort,
    place: Option<&QueueCursor>,
    limit: usize,
) -> Result<Stretch> {
    let mut connection = connection;
    let rows: Vec<Selected> = behind(filtered(filter, sort), sort, place)?
        .select(columns())
        .order((fixed::<Text>(sort_expression(sort)), review_queue::product_key, review_queue::attribute_key))
        .limit(number(limit + 1))
        .load(&mut connection)
        .await?;
    Ok(if rows.len() > limit { full(rows, sort) } else { Stretch { rows, through: None } })
}

/// Looks at the next `most` rows of the order, adds those that match until there are `enough`, and returns the place
/// reached; none at the end.
async fn walk(
    connection: &AsyncPgConnection,
    filter: &QueueFilter,
    sort: QueueSort,
    place: Option<&QueueCursor>,
    most: i64,
    enough: usize,
    rows: &mut Vec<Selected>,
) -> Result<Option<QueueCursor>> {
    let mut connection = connection;
    let Conditions { in_index, by_row } = conditions(filter, sort, Reading::Rows);
    let next = in_index.into_iter().fold(of_state(filter.state), QueryDsl::filter);
    let next = behind(next, sort, place)?
        .select(fixed::<Text>("review_queue.*"))
        .order((fixed::<Text>(sort_expression(sort)), review_queue::product_key, review_queue::attribute_key))
        .limit(most);
    let limit = number(enough.saturating_sub(rows.len()));
    let found: Vec<(Selected, bool, i64)> =
        Walk { columns: columns(), next, conditions: by_row, most, limit }.load(&mut connection).await?;
    let reached = found.iter().find(|(.., walked)| *walked == most).map(|(last, ..)| cursor(sort, last));
    rows.extend(found.into_iter().filter(|(_, matches, _)| *matches).map(|(selected, ..)| selected));
    Ok(reached)
}

/// Adds the next rows by gathering all that match, unless these are too many; tells whether it did.
async fn gather(
    connection: &AsyncPgConnection,
    filter: &QueueFilter,
    sort: QueueSort,
    place: Option<&QueueCursor>,
    enough: usize,
    rows: &mut Vec<Selected>,
) -> Result<bool> {
    let mut connection = connection;
    let query = filtered(filter, sort);
    let behind = match place {
        Some(place) => after_anyhow(query, sort, place)?,
        None => query,
    };
    let wanted = behind
        .select((
            fixed::<Text>(sort_expression(sort)),
            review_queue::product_key,
            review_queue::attribute_key,
        ))
        .limit(MOST_GATHERED + 1);
    let limit = number(enough.saturating_sub(rows.len()));
    let mut found: Vec<(Selected, i64)> =
        Gather { columns: columns(), wanted, limit }.load(&mut connection).await?;
    if found.as_slice().first().is_some_and(|(_, gathered)| *gathered > MOST_GATHERED) {
        return Ok(false);
    }
    found.sort_by(|(a, _), (b, _)| compare(&cursor(sort, a), &cursor(sort, b)));
    rows.extend(found.into_iter().map(|(selected, _)| selected));
    Ok(true)
}
