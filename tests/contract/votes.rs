//! What [`gapdeck::repository::VoteRepository`] promises, and what the job of `gapdeck vote` does with it.

use crate::support::fixture::*;
use gapdeck::domain::{GapId, QueueFilter, QueueSort, StateFilter, VoteMark, VoteWorth};
use gapdeck::evidence::vote::VOTERS;
use gapdeck::repository::{CatalogueBatch, Marked, Store, ToVote};
use gapdeck::review::vote::{self, Job, Report, Step};

const PAIR: (&str, &str) = ("p1", "colour");

fn marked((product, attribute): (&str, &str), value: Option<&str>, mark: VoteMark) -> Marked {
    Marked { gap: gap_id(product, attribute), value: value.map(Into::into), mark }
}

async fn keys(store: &dyn Store, filter: &QueueFilter, sort: QueueSort) -> Vec<String> {
    let rows = walked!(after => store.page(filter, sort, after.as_ref(), 1));
    rows.iter().map(|row| row.gap.to_string()).collect()
}

fn voted(mark: VoteMark) -> QueueFilter {
    QueueFilter { state: StateFilter::All, vote: Some(mark), ..QueueFilter::default() }
}

/// A shop in which four gaps have a candidate, three of them a vote.
async fn voted_shop(store: &dyn Store) {
    open_shop(store).await;
    predict(store, "e1", PAIR, "Black", 0.7).await;
    predict(store, "e1", ("p1", "weight"), "12", 0.4).await;
    predict(store, "e1", ("p2", "colour"), "Red", 0.9).await;
    predict(store, "e1", ("p3", "weight"), "7", 0.2).await;
    let marks = [
        marked(PAIR, Some("Black"), VoteMark::Contradicts),
        marked(("p1", "weight"), Some("12"), VoteMark::Agrees),
        marked(("p2", "colour"), Some("Red"), VoteMark::Contradicts),
    ];
    assert_eq!(store.save_votes(&marks).await.unwrap(), 3);
    assert_eq!(store.save_votes(&marks).await.unwrap(), 0, "nothing changes the second time");
}

pub async fn votes_order_and_narrow_the_queue(store: &dyn Store) {
    voted_shop(store).await;
    let all = QueueFilter { state: StateFilter::All, ..QueueFilter::default() };
    let expected = ["p2 / colour", "p1 / colour", "p1 / weight", "p3 / weight", "p1 / wireless"];
    assert_eq!(
        keys(store, &all, QueueSort::Vote).await,
        expected,
        "contradictions first, then by confidence"
    );
    for sort in QueueSort::ALL {
        let mut found = keys(store, &voted(VoteMark::Contradicts), sort).await;
        if sort == QueueSort::ConfidenceDescending {
            assert_eq!(found, ["p2 / colour", "p1 / colour"]);
        }
        found.sort();
        assert_eq!(found, ["p1 / colour", "p2 / colour"], "{sort:?}");
    }
    let none = keys(store, &voted(VoteMark::Silent), QueueSort::ConfidenceDescending).await;
    assert_eq!(none, ["p3 / weight", "p1 / wireless"], "what was not counted is no evidence");
    let sure = QueueFilter { min_confidence: Some(confidence(0.8)), ..voted(VoteMark::Contradicts) };
    assert_eq!(keys(store, &sure, QueueSort::ConfidenceDescending).await, ["p2 / colour"]);
    assert_eq!(store.count(&sure, 10).await.unwrap().value(), 1);
    assert_eq!(store.count(&voted(VoteMark::Split), 10).await.unwrap().value(), 0);
    let row = row(store, ("p1", "weight")).await;
    assert_eq!(row.vote, Some(VoteMark::Agrees));
}

pub async fn a_vote_is_forgotten_once_another_value_is_the_best(store: &dyn Store) {
    voted_shop(store).await;
    predict(store, "e2", PAIR, "Black", 0.8).await;
    assert_eq!(row(store, PAIR).await.vote, Some(VoteMark::Contradicts), "it is still about Black");
    predict(store, "e3", PAIR, "Blue", 0.95).await;
    assert_eq!(row(store, PAIR).await.vote, None);
    let late = marked(PAIR, Some("Black"), VoteMark::Agrees);
    assert_eq!(store.save_votes(&[late]).await.unwrap(), 0, "counted for a value that is no longer the best");
    assert_eq!(row(store, PAIR).await.vote, None);
}

pub async fn gaps_to_vote_on_are_unsettled_and_have_a_candidate(store: &dyn Store) {
    voted_shop(store).await;
    let listed = async |which: ToVote| -> Vec<(GapId, String)> {
        walked!(after => store.gaps_to_vote(&which, after.as_ref(), 1))
    };
    let expected = [
        (gap_id("p1", "colour"), "Black".to_owned()),
        (gap_id("p1", "weight"), "12".to_owned()),
        (gap_id("p2", "colour"), "Red".to_owned()),
        (gap_id("p3", "weight"), "7".to_owned()),
    ];
    assert_eq!(listed(ToVote::default()).await, expected);
    let colour = ToVote { attribute: Some("colour".into()), only_missing: false };
    assert_eq!(listed(colour).await, [expected[0].clone(), expected[2].clone()]);
    let missing = ToVote { attribute: None, only_missing: true };
    assert_eq!(listed(missing).await, [expected[3].clone()]);
    decide(store, &accept(PAIR, "Black", 0)).await;
    assert_eq!(listed(ToVote::default()).await, expected[1..]);
}

/// Twelve products in two corners of the space, red in the one, blue in the other; of each a thirteenth that lacks it.
async fn two_corners(store: &dyn Store) {
    let names = "alder birch cedar date elm fir gum holly iris juniper kauri larch".split(' ');
    let mut batch = CatalogueBatch {
        attributes: vec![attribute("colour", None, "text"), attribute("serial", None, "text")],
        products: vec![product("x1", Some("red one")), product("x2", Some("blue one"))],
        gaps: vec![gap("x1", "colour"), gap("x1", "serial"), gap("x2", "colour")],
        ..CatalogueBatch::default()
    };
    let mut embeddings = vec![embedding("x1", &[1.0, 0.0]), embedding("x2", &[0.0, 1.0])];
    for (n, name) in (0_u8..).zip(names) {
        let key = format!("n{n:02}");
        let offset = f32::from(n) / 100.0 + 0.01;
        batch.products.push(product(&key, Some(name)));
        batch.values.push(value(&key, "colour", if n % 2 == 0 { "Red" } else { "blue" }));
        batch.values.push(value(&key, "serial", &format!("S-{n}")));
        let vector = if n % 2 == 0 { [1.0, offset] } else { [offset, 1.0] };
        embeddings.push(embedding(&key, &vector));
    }
    store.save_catalogue(&batch).await.unwrap();
    store.save_embeddings(&embeddings).await.unwrap();
    predict(store, "e1", ("x1", "colour"), "red", 0.7).await;
    predict(store, "e1", ("x1", "serial"), "S-99", 0.9).await;
    predict(store, "e1", ("x2", "colour"), "red", 0.8).await;
}

pub async fn voters_are_the_nearest_with_their_source_values(store: &dyn Store) {
    two_corners(store).await;
    let asked = store.voters(&"x1".into(), &["serial".into(), "colour".into()]).await.unwrap();
    let read = |index: usize| -> Vec<(String, Vec<String>)> {
        let first = asked[index].iter().take(2);
        first.map(|one| (one.product_key.to_string(), one.values.clone())).collect()
    };
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[0].len(), 13, "everybody but the product itself");
    assert_eq!(
        read(0),
        [("n00".to_owned(), vec!["S-0".to_owned()]), ("n02".to_owned(), vec!["S-2".to_owned()])]
    );
    assert_eq!(read(1)[0].1, ["Red"]);
    let known = store.known_values(&"colour".into(), 100).await.unwrap();
    assert_eq!(known.len(), 12);
    assert!(known.iter().any(|(product, values)| product.as_str() == "n01" && *values == ["blue"]));
    assert_eq!(store.known_values(&"colour".into(), 5).await.unwrap().len(), 5);
    assert_eq!(store.voters(&"nobody".into(), &["colour".into()]).await.unwrap(), [Vec::new()]);
}

pub async fn a_card_asks_more_neighbours_than_it_shows(store: &dyn Store) {
    two_corners(store).await;
    let card = store.card(&gap_id("x1", "colour"), 2).await.unwrap().unwrap();
    assert_eq!((card.product.neighbours.len(), card.voters.len()), (2, 13.min(VOTERS)));
    assert_eq!(card.voters[..2], card.product.neighbours[..]);
    assert_eq!(card.worth, None, "not measured");
    let worth = VoteWorth {
        attribute_key: "colour".into(),
        tried: 9,
        voted: 8,
        correct: 7,
        frequent: 3,
        measured_at: now(),
    };
    store.save_vote_worth(&worth).await.unwrap();
    let better = VoteWorth { correct: 8, ..worth };
    store.save_vote_worth(&better).await.unwrap();
    assert_eq!(store.vote_worths().await.unwrap(), std::slice::from_ref(&better));
    assert_eq!(store.card(&gap_id("x1", "colour"), 2).await.unwrap().unwrap().worth, Some(better));
}

pub async fn the_job_measures_and_marks_and_goes_on_where_it_was(store: &dyn Store) {
    two_corners(store).await;
    let job = |only_missing| Job { which: ToVote { attribute: None, only_missing } };
    let run = async |job: Job| -> Report {
        let mut steps = Vec::new();
        let never = std::future::pending();
        let (report, outcome) = vote::run(store, &job, never, |step| steps.push(step)).await;
        outcome.unwrap();
        assert!(matches!(steps.last(), Some(Step::Voted(_))), "{steps:?}");
        report
    };
    let first = run(job(false)).await;
    assert_eq!((first.gaps, first.changed), (3, 3));
    assert_eq!((first.agrees, first.contradicts, first.split, first.none), (1, 1, 0, 1));
    let speaks: Vec<bool> = first.attributes.iter().map(|one| one.speaks).collect();
    assert_eq!(speaks, [true, false], "no neighbour knows a serial number");
    assert_eq!(row(store, ("x1", "colour")).await.vote, Some(VoteMark::Agrees));
    assert_eq!(row(store, ("x2", "colour")).await.vote, Some(VoteMark::Contradicts));
    assert_eq!(row(store, ("x1", "serial")).await.vote, Some(VoteMark::Silent));
    assert_eq!(run(job(true)).await.gaps, 0, "nothing is missing");
    predict(store, "e2", ("x2", "colour"), "Blue", 0.95).await;
    let again = run(job(true)).await;
    assert_eq!((again.gaps, again.agrees, again.changed), (1, 1, 1));
}
