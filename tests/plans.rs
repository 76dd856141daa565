//! No statement that a reviewer waits for reads a large table from end to end, whatever the filter and the order.
//!
//! On a database with enough rows for the planner to choose as it does with millions, each repository method runs as
//! gapdeck runs it, and the server writes down the plan of every statement with the rows that each step really saw
//! (auto_explain), triggers' statements included.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends where it fails")]

mod support;

#[path = "plans/observed.rs"]
mod observed;

use gapdeck::domain::{
    Action, Claim, DecisionFilter, Fence, GapId, GapSet, JudgedBy, JudgedFilter, LeaseToken, QueueCursor,
    QueueFilter, QueueSort, State, StateFilter, VoteMark,
};
use gapdeck::repository::{Alike, Store};
use gapdeck::review::Review;
use observed::{Observed, Plan};
use std::sync::Arc;
use std::time::Duration;
use support::binary::Gapdeck;
use support::fixture::{by, confidence, decision, undo};
use support::server::TestDatabase;

/// Enough that reading them all is much dearer than any page.
const GAPS: &str = "150000";
/// The most rows that all steps of a statement may see together: a fraction of the tables.
const MOST_ROWS: f64 = 12_000.0;
/// The most rows that are sorted.
const MOST_SORTED: f64 = 4_000.0;

/// An experiment that predicted for most gaps, and one that predicted for one in 250.
const WIDE: &str = "scan-3b wide 2026-05";
const NARROW: &str = "judge-70b sample 2026-06";

/// Makes a database of many gaps and observes what a store does on it.
async fn filled() -> (TestDatabase, Observed, Arc<dyn Store>) {
    let fill = async |url: String| {
        support::backend::migrate(&url).await;
        Gapdeck::new().succeeds(&["demo", "--gaps", GAPS, "--seed-only", "--database-url", &url]);
    };
    let database = TestDatabase::like("many", fill).await;
    let observed = Observed::start(&database).await;
    let store = support::backend::server_store(&database.url).await;
    (database, observed, store)
}

/// Filters alone and in the usual combinations, named.
fn filters() -> Vec<(&'static str, QueueFilter)> {
    let open = QueueFilter::default;
    let range = |low: f64, high: f64| QueueFilter {
        min_confidence: Some(confidence(low)),
        max_confidence: Some(confidence(high)),
        ..open()
    };
    let text = |text: &str| QueueFilter { text: Some(text.into()), ..open() };
    let experiment = |key: &str| QueueFilter { experiment: Some(key.into()), ..open() };
    vec![
        ("nothing", open()),
        ("a frequent attribute", QueueFilter { attribute: Some("colour".into()), ..open() }),
        ("a rare attribute", QueueFilter { attribute: Some("season_rating".into()), ..open() }),
        ("a large category", QueueFilter { category: Some("running_shoes-fleet".into()), ..open() }),
        ("a small category", QueueFilter { category: Some("tents-tipi".into()), ..open() }),
        (
            "attribute and category",
            QueueFilter {
                attribute: Some("colour".into()),
                category: Some("headphones-nocturne".into()),
                ..open()
            },
        ),
        ("contradicted ones", QueueFilter { vote: Some(VoteMark::Contradicts), ..open() }),
        ("those without a vote", QueueFilter { vote: Some(VoteMark::Silent), ..open() }),
        ("sure ones", range(0.95, 1.0)),
        ("a narrow range", range(0.31, 0.312)),
        ("unsure ones", QueueFilter { max_confidence: Some(confidence(0.4)), ..open() }),
        ("a wide experiment", experiment(WIDE)),
        ("a narrow experiment", experiment(NARROW)),
        (
            "an experiment's attribute",
            QueueFilter { attribute: Some("material".into()), ..experiment(NARROW) },
        ),
        ("a frequent word", text("headphones")),
        ("a brand, which names begin with", text("zephra")),
        ("a rare text", text("nocturne one headphones h9")),
        ("a text with a slip", text("noctrune headfones")),
        ("a product key", text("SKU-00012345")),
    ]
}

/// Returns the place from which a page is deep: behind a third of the order.
async fn deep(store: &dyn Store, filter: &QueueFilter, sort: QueueSort) -> Option<QueueCursor> {
    let mut place = None;
    for _ in 0..4 {
        place = store.page(filter, sort, place.as_ref(), 10_000).await.expect("a page").next;
        place.as_ref()?;
    }
    place
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_every_order_and_filter_read_little() {
    let (_database, mut observed, store) = filled().await;
    let mut broken = Vec::new();
    for sort in QueueSort::ALL {
        let far = deep(&*store, &QueueFilter::default(), sort).await.expect("a deep place");
        for (name, filter) in filters() {
            for state in [StateFilter::Open, StateFilter::Only(State::Accepted), StateFilter::All] {
                for place in [None, Some(&far)] {
                    let filter = QueueFilter { state, ..filter.clone() };
                    observed.skip().await;
                    let page = store.page(&filter, sort, place, 50).await.expect("a page");
                    let what = format!(
                        "{name}, {}, {}, {} place, {} rows",
                        state.as_str(),
                        sort.as_str(),
                        place.map_or("first", |_| "deep"),
                        page.rows.len()
                    );
                    broken.extend(judge(&what, &observed.plans().await));
                }
            }
        }
    }
    assert!(broken.is_empty(), "{} statements read too much:\n{}", broken.len(), broken.join("\n\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counts_of_every_filter_read_little() {
    let (_database, mut observed, store) = filled().await;
    let mut broken = Vec::new();
    for (name, filter) in filters() {
        for state in [StateFilter::Open, StateFilter::Decided, StateFilter::All] {
            let filter = QueueFilter { state, ..filter.clone() };
            observed.skip().await;
            let count = store.count(&filter, 1_000).await.expect("a count");
            broken.extend(judge(&format!("{name}, {}: {count:?}", state.as_str()), &observed.plans().await));
        }
    }
    assert!(broken.is_empty(), "{} counts read too much:\n{}", broken.len(), broken.join("\n\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn claims_of_every_order_and_filter_read_little() {
    let (_database, mut observed, store) = filled().await;
    let mut broken = Vec::new();
    for sort in QueueSort::ALL {
        let far = deep(&*store, &QueueFilter::default(), sort).await.expect("a deep place");
        for (name, filter) in filters() {
            // Where names are sorted, those with one word stand together, often far away: then all that match are
            // gathered, which docs/benchmarks.md names as the worst case.
            if name == "a frequent word" && sort == QueueSort::Product {
                continue;
            }
            for place in [None, Some(&far)] {
                let claim = Claim { filter: filter.clone(), sort, after: place.cloned(), ..claim(6) };
                observed.skip().await;
                let claimed = store.claim(&claim).await.expect("a claim");
                let what = format!(
                    "{name}, {}, {} place, {} rows",
                    sort.as_str(),
                    place.map_or("first", |_| "deep"),
                    claimed.rows.len()
                );
                broken.extend(judge(&what, &observed.plans().await));
            }
        }
    }
    assert!(broken.is_empty(), "{} statements read too much:\n{}", broken.len(), broken.join("\n\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gaps_that_wait_for_an_opinion_are_listed_counted_and_claimed_by_reading_little() {
    let (database, mut observed, store) = filled().await;
    // Some of the first in each order are the reader's own, which are passed by.
    let spread = "UPDATE review_queue SET state = 'second', first_by = CASE WHEN hashtext(product_key) % 10 = 0 THEN 'zoe' ELSE 'ada' END
                   WHERE state = 'open' AND hashtext(product_key || attribute_key) % 20 = 0;
                  UPDATE review_queue SET state = 'disputed'
                   WHERE state = 'open' AND hashtext(product_key || attribute_key) % 40 = 1;
                  ANALYZE review_queue";
    database.client().await.batch_execute(spread).await.expect("opinions");
    let zoe = store.for_reader(&"zoe".into());
    let mut broken = Vec::new();
    for state in [State::Second, State::Disputed] {
        let filter = QueueFilter { state: StateFilter::Only(state), ..QueueFilter::default() };
        for sort in QueueSort::ALL {
            let first = zoe.page(&filter, sort, None, 400).await.expect("a page");
            assert!(first.rows.len() == 400 && first.rows.iter().all(|row| row.first_by.is_none()));
            for place in [None, first.next.as_ref()] {
                let what = format!("{}, {}, {}", state.as_str(), sort.as_str(), place.is_some());
                observed.skip().await;
                zoe.page(&filter, sort, place, 50).await.expect("a page");
                broken.extend(judge(&what, &observed.plans().await));
                let claim = Claim {
                    filter: filter.clone(),
                    sort,
                    after: place.cloned(),
                    reviewer: "zoe".into(),
                    ..claim(6)
                };
                observed.skip().await;
                assert_eq!(zoe.claim(&claim).await.expect("a claim").rows.len(), 6);
                broken.extend(judge(&format!("{what}, claimed"), &observed.plans().await));
            }
        }
        observed.skip().await;
        zoe.count(&filter, 1_000).await.expect("a count");
        broken.extend(judge(&format!("{}, counted", state.as_str()), &observed.plans().await));
    }
    observed.skip().await;
    zoe.decisions(&DecisionFilter::default(), None, 200).await.expect("decisions");
    broken.extend(judge("what a reader is told of decisions", &observed.plans().await));
    assert!(broken.is_empty(), "{} statements read too much:\n{}", broken.len(), broken.join("\n\n"));
}

fn claim(limit: usize) -> Claim {
    Claim {
        filter: QueueFilter::default(),
        sort: QueueSort::Uncertainty,
        after: None,
        limit,
        reviewer: "ada".into(),
        token: LeaseToken::new(),
        lasts: Duration::from_secs(600),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_else_a_reviewer_waits_for_reads_little() {
    let (_database, mut observed, store) = filled().await;
    let gap = GapId::new("SKU-00012345", "");
    let filter = QueueFilter { text: Some(gap.product.to_string()), ..QueueFilter::default() };
    let gap = store.page(&filter, QueueSort::Product, None, 1).await.unwrap().rows[0].gap.clone();
    let pair = (gap.product.as_str(), gap.attribute.as_str());
    let first_page = store.page(&QueueFilter::default(), QueueSort::Age, None, 50).await.unwrap();
    let gaps: Vec<GapId> = first_page.rows.into_iter().map(|row| row.gap).collect();
    let claim = claim(20);
    let token = claim.token;
    let accepted = by("zoe", decision(pair, Action::Accept, Some("Black"), 0));
    let taken_back = undo(&accepted, 1);
    let minute = Duration::from_secs(60);
    // A large group: the most frequent value of a frequent attribute.
    let colours = QueueFilter { attribute: Some("colour".into()), ..QueueFilter::default() };
    let found = Review::new(Arc::clone(&store), "ada".into()).groups(&colours).await.unwrap();
    let group = found.groups[0].key.clone();
    let members: Vec<GapId> =
        store.group_members(&group, 500).await.unwrap().into_iter().map(|member| member.row.gap).collect();
    let alike = Alike {
        gap: GapId::new("SKU-00000000", "colour"),
        experiment: WIDE.into(),
        value: group.value.clone(),
        // Of so few embeddings reading all is the cheaper way to a hundred, as contagion asks for.
        nearest: 30,
    };
    let among = Some(Arc::new(GapSet { gaps: [gaps.clone(), members].concat(), ..GapSet::default() }));
    let set = QueueFilter { state: StateFilter::All, among, ..QueueFilter::default() };
    let claim_of_set = Claim { filter: set.clone(), limit: 500, ..self::claim(500) };

    let mut broken = Vec::new();
    macro_rules! observed {
        ($($what:literal: $call:expr;)*) => {$(
            observed.skip().await;
            $call.await.unwrap_or_else(|error| panic!("{}: {error}", $what));
            let plans = observed.plans().await;
            assert!(!plans.is_empty(), "{} was not observed", $what);
            broken.extend(judge($what, &plans));
        )*};
    }
    observed! {
        "a row": store.row(&gap);
        "a card": store.card(&gap, 8);
        "a product card": store.product_card(&gap.product, 8);
        "candidates of a page": store.candidates(&gaps);
        "correctness": store.correctness(&gap);
        "a claim": store.claim(&claim);
        "a renewal": store.renew(token, &gaps, minute);
        "what others do": store.changes(Some(support::fixture::now()), 100);
        "a release": store.release(token, &gaps);
        "a decision": store.decide_fenced(&accepted, Fence::Unheld);
        "history": store.history(&gap);
        "the last decision": store.last_decision(&"zoe".into());
        "the last decision of somebody busy": store.last_decision(&"ada".into());
        "decided today": store.decided_today(&"zoe".into());
        "an undo": store.decide(&taken_back);
        "facets": store.facets();
        "experiments": store.experiment_summaries();
        "a trend": store.metric_trends(&WIDE.into());
        "gaps that one experiment won": store.differences(&WIDE.into(), &NARROW.into(), None, 100);
        "experiments as time went by": store.timelines(&JudgedFilter::default(), JudgedBy::Experiment, 500);
        "attributes as time went by": store.timelines(&JudgedFilter::default(), JudgedBy::Attribute, 500);
        "what was said of gaps with two opinions": store.said(&"ada".into(), 500);
        "categories as time went by": store.timelines(&JudgedFilter::default(), JudgedBy::Category, 500);
        "products without an embedding": store.without_embedding(Some(&"SKU-00015000".into()), 100);
        "a group's gaps": store.group_members(&group, 1_000);
        "gaps like one": store.alike(&alike);
        "a page of a fixed set": store.page(&set, QueueSort::Random, None, 200);
        "a count of a fixed set": store.count(&set, 10_000);
        "a claim of a fixed set": store.claim(&claim_of_set);
        "open gaps to be grouped": store.page(&colours, QueueSort::ConfidenceDescending, None, 10_000);
        "neighbours": store.neighbours(&"SKU-00000000".into(), None, 8);
    }
    assert!(broken.is_empty(), "{} statements read too much:\n{}", broken.len(), broken.join("\n\n"));
}

/// Returns what is wrong with the plans of a call.
fn judge(what: &str, plans: &[Plan]) -> Vec<String> {
    plans
        .iter()
        .filter_map(|plan| {
            let problems = plan.problems(MOST_ROWS, MOST_SORTED);
            (!problems.is_empty()).then(|| format!("{what}: {}\n{plan}", problems.join("; ")))
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scan_of_a_large_table_would_be_noticed() {
    let (database, mut observed, _store) = filled().await;
    let client = database.client().await;
    for statement in [
        "SELECT count(*) FROM review_queue WHERE product_name LIKE '%x%'",
        "SELECT product_key FROM review_queue ORDER BY candidate_count, version LIMIT 5",
        "SELECT count(*) FROM prediction_results",
    ] {
        observed.skip().await;
        client.batch_execute(statement).await.unwrap();
        assert!(!judge(statement, &observed.plans().await).is_empty(), "{statement} went unnoticed");
    }
}
