//! What [`gapdeck::repository::QueueRepository`] promises of orders, pages and cursors.

use crate::support::fixture::*;
use gapdeck::domain::{
    Confidence, Lot, QueueCursor, QueueFilter, QueueRow, QueueSort, StateFilter, VoteMark,
};
use gapdeck::repository::{CatalogueBatch, Marked, Store};
use std::cmp::Ordering;

/// Saves forty gaps whose names, confidences and ages have ties, some without a candidate.
async fn open_warehouse(store: &dyn Store) {
    let names =
        [None, Some("anvil"), Some("Anvil"), Some("Bolt"), Some("Ärmel"), Some("zip"), Some("bolt 2")];
    let keys: Vec<_> = (0..20).map(|n| format!("{}{n}", if n % 3 == 0 { "K" } else { "k" })).collect();
    let catalogue = CatalogueBatch {
        attributes: vec![attribute("A", None, "text"), attribute("b", None, "text")],
        products: keys.iter().zip(names.iter().cycle()).map(|(key, name)| product(key, *name)).collect(),
        ..CatalogueBatch::default()
    };
    store.save_catalogue(&catalogue).await.unwrap();
    for part in keys.chunks(7) {
        let gaps = part.iter().flat_map(|key| [gap(key, "b"), gap(key, "A")]).collect();
        store.save_catalogue(&CatalogueBatch { gaps, ..CatalogueBatch::default() }).await.unwrap();
    }
    let confidences = [None, Some(0.0), Some(0.5), Some(0.5), Some(1.0), Some(0.3)];
    let mut predictions = Vec::new();
    for (n, key) in keys.iter().enumerate().filter(|(n, _)| n % 5 != 4) {
        predictions.push(prediction("e1", (key, "A"), "one", confidences[n % 6]));
        predictions.push(prediction("e1", (key, "b"), "one", confidences[(n + 1) % 6]));
        if n % 2 == 0 {
            predictions.push(prediction("e2", (key, "A"), "two", confidences[(n + 3) % 6]));
            predictions.push(prediction("e3", (key, "A"), "One", 0.25));
        }
    }
    store.save_predictions(&predictions).await.unwrap();
    let rows = store.page(&QueueFilter::default(), QueueSort::Age, None, 1_000).await.unwrap().rows;
    let marks: Vec<Marked> = rows
        .into_iter()
        .zip(VoteMark::ALL.into_iter().map(Some).chain([None]).cycle())
        .filter_map(|(row, mark)| Some(Marked { gap: row.gap, value: row.best_value, mark: mark? }))
        .collect();
    store.save_votes(&marks).await.unwrap();
}

async fn page(
    store: &dyn Store,
    sort: QueueSort,
    after: Option<&QueueCursor>,
    limit: usize,
) -> (Vec<QueueRow>, Option<QueueCursor>) {
    let page = store.page(&QueueFilter::default(), sort, after, limit).await.unwrap();
    (page.rows, page.next)
}

/// Compares two rows as the order says, without the tie-break.
fn compare(sort: QueueSort, a: &QueueRow, b: &QueueRow) -> Ordering {
    let descending = |a: f64, b: f64| b.total_cmp(&a);
    let number = |row: &QueueRow| row.best_confidence.map(Confidence::get);
    let without_last = number(a).is_none().cmp(&number(b).is_none());
    match sort {
        QueueSort::ConfidenceDescending => {
            without_last.then(descending(number(a).unwrap_or(0.0), number(b).unwrap_or(0.0)))
        }
        QueueSort::ConfidenceAscending => without_last.then(number(a).partial_cmp(&number(b)).unwrap()),
        QueueSort::Uncertainty => descending(a.uncertainty, b.uncertainty),
        QueueSort::Disagreement => descending(a.disagreement, b.disagreement),
        QueueSort::Vote => {
            let mark = |row: &QueueRow| row.vote.unwrap_or(VoteMark::Silent);
            let confidences = descending(number(a).unwrap_or(-2.0), number(b).unwrap_or(-2.0));
            mark(a).cmp(&mark(b)).then(confidences)
        }
        QueueSort::Product => a.product_name.to_lowercase().cmp(&b.product_name.to_lowercase()),
        QueueSort::Age => a.gap_created_at.cmp(&b.gap_created_at),
        QueueSort::Random => Lot::Sample.of(&a.gap).total_cmp(&Lot::Sample.of(&b.gap)),
    }
}

pub async fn every_order_puts_the_rows_as_it_says(store: &dyn Store) {
    open_warehouse(store).await;
    for sort in QueueSort::ALL {
        let (rows, next) = page(store, sort, None, 1_000).await;
        assert_eq!((rows.len(), next), (40, None), "{sort:?}");
        for pair in rows.windows(2) {
            let order = compare(sort, &pair[0], &pair[1]).then_with(|| pair[0].gap.cmp(&pair[1].gap));
            assert_eq!(order, Ordering::Less, "{sort:?}: {pair:#?}");
        }
    }
}

pub async fn pages_of_every_size_put_together_are_the_whole_queue_in_every_order(store: &dyn Store) {
    open_warehouse(store).await;
    for sort in QueueSort::ALL {
        let (whole, _) = page(store, sort, None, 1_000).await;
        for limit in [1, 3, 7, 39] {
            let mut rows = Vec::new();
            let mut after = None;
            for page_number in 0.. {
                assert!(page_number <= 40, "{sort:?} by {limit} does not end");
                let (more, next) = page(store, sort, after.as_ref(), limit).await;
                assert!(more.len() <= limit);
                rows.extend(more);
                after = next;
                if after.is_none() {
                    break;
                }
            }
            assert_eq!(rows, whole, "{sort:?} by {limit}");
        }
    }
}

pub async fn a_page_that_ends_with_the_queue_has_no_next(store: &dyn Store) {
    open_warehouse(store).await;
    for limit in [40, 41] {
        let (rows, next) = page(store, QueueSort::Product, None, limit).await;
        assert_eq!((rows.len(), next), (40, None), "a page of {limit}");
    }
    let (rows, next) = page(store, QueueSort::Product, None, 39).await;
    assert_eq!(rows.len(), 39);
    let (rest, end) = page(store, QueueSort::Product, next.as_ref(), 39).await;
    assert_eq!((rest.len(), end), (1, None));
    let nothing = QueueFilter { attribute: Some("nothing".into()), ..QueueFilter::default() };
    let empty = store.page(&nothing, QueueSort::Age, None, 10).await.unwrap();
    assert_eq!((empty.rows, empty.next), (vec![], None));
}

pub async fn a_cursor_survives_json(store: &dyn Store) {
    open_warehouse(store).await;
    for sort in QueueSort::ALL {
        let (_, next) = page(store, sort, None, 17).await;
        let next = next.expect("a next page");
        let text = serde_json::to_string(&next).unwrap();
        let back: QueueCursor = serde_json::from_str(&text).unwrap();
        assert_eq!(back, next, "{text}");
        assert_eq!(page(store, sort, Some(&back), 5).await, page(store, sort, Some(&next), 5).await);
    }
}

pub async fn a_page_after_a_decision_neither_repeats_nor_skips(store: &dyn Store) {
    open_warehouse(store).await;
    let (whole, _) = page(store, QueueSort::ConfidenceDescending, None, 1_000).await;
    let (first, next) = page(store, QueueSort::ConfidenceDescending, None, 10).await;
    // The row that the cursor stands on leaves the queue, and one behind it.
    for row in [&whole[9], &whole[12]] {
        decide(store, &accept((row.gap.product.as_str(), row.gap.attribute.as_str()), "x", 0)).await;
    }
    let (second, _) = page(store, QueueSort::ConfidenceDescending, next.as_ref(), 1_000).await;
    let expected: Vec<_> = whole[10..].iter().filter(|row| row.gap != whole[12].gap).cloned().collect();
    assert_eq!(first, whole[..10]);
    assert_eq!(second, expected);
    let decided = QueueFilter { state: StateFilter::Decided, ..QueueFilter::default() };
    let page = store.page(&decided, QueueSort::ConfidenceDescending, None, 10).await.unwrap();
    assert_eq!(page.rows.len(), 2);
}
