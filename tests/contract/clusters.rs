//! What [`gapdeck::repository::ClusterRepository`] promises, and what clusters and accepting them make of it.

use crate::support::fixture::*;
use gapdeck::domain::{
    Action, Checked, Claim, GapId, GapSet, GroupKey, LeaseToken, Lot, QueueFilter, QueueSort, Seen, State,
    StateFilter,
};
use gapdeck::repository::{Alike, CatalogueBatch, Store};
use gapdeck::review::Review;
use std::sync::Arc;
use std::time::Duration;

/// How many products are near the first axis, and how many near the second.
const NEAR: [usize; 2] = [24, 12];

/// Chairs in two corners of the space, one without an embedding, that all lack a colour, which an experiment calls black; a
/// table that is black, too, and a chair that is red.
async fn chairs(store: &dyn Store) {
    let keys: Vec<String> = (0..=NEAR[0] + NEAR[1]).map(|number| format!("c{number:02}")).collect();
    let mut batch = CatalogueBatch {
        attributes: vec![attribute("colour", None, "text")],
        categories: vec![category("chair", None), category("table", None)],
        products: keys.iter().map(|key| product(key, None)).collect(),
        product_categories: keys.iter().map(|key| in_category(key, "chair")).collect(),
        gaps: keys.iter().map(|key| gap(key, "colour")).collect(),
        ..CatalogueBatch::default()
    };
    for (key, of) in [("t", Some("table")), ("x", Some("chair")), ("loner", None)] {
        batch.products.push(product(key, None));
        batch.product_categories.extend(of.map(|of| in_category(key, of)));
        batch.gaps.push(gap(key, "colour"));
    }
    store.save_catalogue(&batch).await.unwrap();
    let spelled = |number: usize| if number.is_multiple_of(5) { " BLACK " } else { "Black" };
    let mut predictions: Vec<_> = keys
        .iter()
        .enumerate()
        .map(|(number, key)| {
            let sure = 0.5 + f64::from(u8::try_from(number).unwrap()) / 100.0;
            prediction("e1", (key, "colour"), spelled(number), sure)
        })
        .collect();
    for (key, value) in [("t", "Black"), ("x", "Red"), ("loner", "black")] {
        predictions.push(prediction("e1", (key, "colour"), value, 0.9));
    }
    store.save_predictions(&predictions).await.unwrap();
    let vector = |number: usize| {
        let off = f32::from(u8::try_from(number).unwrap()) / 100.0;
        if number < NEAR[0] { vec![1.0, off] } else { vec![off - 0.3, 1.0] }
    };
    let embeddings: Vec<_> =
        (0..NEAR[0] + NEAR[1]).map(|number| embedding(&keys[number], &vector(number))).collect();
    store.save_embeddings(&embeddings).await.unwrap();
}

fn black() -> GroupKey {
    GroupKey { attribute: "colour".into(), category: Some("chair".into()), value: "black".into() }
}

fn review(store: &dyn Store) -> Review {
    Review::new(store.for_reader(&"ada".into()), "ada".into())
}

fn by_lot(mut gaps: Vec<GapId>) -> Vec<GapId> {
    gaps.sort_by(|a, b| Lot::Sample.of(a).total_cmp(&Lot::Sample.of(b)));
    gaps
}

/// Decides a gap as somebody who looked at it.
async fn say(store: &dyn Store, gap: &GapId, action: Action, value: Option<&str>) {
    let version = row(store, (gap.product.as_str(), "colour")).await.version;
    decide(store, &decision((gap.product.as_str(), "colour"), action, value, version)).await;
}

pub async fn a_group_has_the_gaps_of_one_attribute_category_and_value_by_product(store: &dyn Store) {
    chairs(store).await;
    let members = store.group_members(&black(), 1_000).await.unwrap();
    let gaps: Vec<GapId> = members.iter().map(|member| member.row.gap.clone()).collect();
    assert_eq!(gaps, (0..=36).map(|number| gap_id(&format!("c{number:02}"), "colour")).collect::<Vec<_>>());
    assert!(members.iter().all(|member| member.said == Checked::Nothing));
    let few = store.group_members(&black(), 5).await.unwrap();
    assert_eq!(few, members[..5]);
    let uncategorised = GroupKey { category: None, ..black() };
    let found = store.group_members(&uncategorised, 9).await.unwrap();
    assert_eq!(found.iter().map(|member| member.row.gap.product.as_str()).collect::<Vec<_>>(), ["loner"]);
    let none = GroupKey { value: "green".into(), ..black() };
    assert_eq!(store.group_members(&none, 9).await.unwrap(), []);
}

pub async fn a_group_tells_what_was_said_of_its_value(store: &dyn Store) {
    chairs(store).await;
    let gaps: Vec<GapId> =
        store.group_members(&black(), 8).await.unwrap().into_iter().map(|member| member.row.gap).collect();
    say(store, &gaps[0], Action::Accept, Some("BLACK")).await;
    say(store, &gaps[1], Action::Override, Some("Red")).await;
    say(store, &gaps[2], Action::Reject, None).await;
    say(store, &gaps[3], Action::Defer, None).await;
    say(store, &gaps[4], Action::Override, Some("black")).await;
    say(store, &gaps[5], Action::NotApplicable, None).await;
    let unseen = decision((gaps[6].product.as_str(), "colour"), Action::Accept, Some("Black"), 0);
    let seen = Seen { policy: "bulk:cluster members=37".into(), ..Seen::default() };
    decide(store, &gapdeck::domain::Decision { seen, ..unseen }).await;
    let said: Vec<Checked> =
        store.group_members(&black(), 8).await.unwrap().iter().map(|member| member.said).collect();
    let (right, wrong) = (Checked::Right, Checked::Wrong);
    assert_eq!(said, [right, wrong, wrong, Checked::PutOff, right, wrong, Checked::Unseen, Checked::Nothing]);
}

pub async fn gaps_that_are_alike_share_experiment_attribute_and_value_and_lie_near(store: &dyn Store) {
    chairs(store).await;
    predict(store, "e2", ("c01", "colour"), "Red", 0.95).await;
    let to = |nearest| Alike {
        gap: gap_id("c00", "colour"),
        experiment: "e1".into(),
        value: "black".into(),
        nearest,
    };
    let keys = async |to: &Alike| -> Vec<String> {
        let found = store.alike(to).await.unwrap();
        found.into_iter().map(|row| row.gap.product.to_string()).collect()
    };
    assert_eq!(keys(&to(4)).await, ["c01", "c02", "c03", "c04"], "the nearest first, however it is spelled");
    assert_eq!(keys(&to(100)).await.len(), 35, "all but itself and the one without an embedding");
    let red = Alike { experiment: "e2".into(), value: "red".into(), ..to(100) };
    assert_eq!(keys(&red).await, ["c01"]);
    let other = Alike { experiment: "e2".into(), ..to(100) };
    assert_eq!(keys(&other).await, [""; 0]);
    let lonely = Alike { gap: gap_id("c36", "colour"), ..to(100) };
    assert_eq!(keys(&lonely).await, [""; 0], "no embedding, no neighbours");
}

pub async fn embeddings_of_several_products_come_in_the_order_of_their_keys(store: &dyn Store) {
    chairs(store).await;
    let asked = ["c02", "c36", "nobody", "c00", "c02"].map(Into::into);
    let found = store.embeddings(&asked).await.unwrap();
    assert_eq!(found.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>(), ["c00", "c02"]);
    assert_eq!(Some(found[1].1.clone()), store.embedding(&"c02".into()).await.unwrap());
}

pub async fn a_fixed_set_of_gaps_is_listed_counted_and_claimed(store: &dyn Store) {
    chairs(store).await;
    let gaps = ["c03", "c01", "x", "nobody"].map(|key| gap_id(key, "colour")).to_vec();
    let set = Arc::new(GapSet { gaps, ..GapSet::default() });
    let filter = QueueFilter { state: StateFilter::All, among: Some(set), ..QueueFilter::default() };
    say(store, &gap_id("c03", "colour"), Action::Reject, None).await;
    for sort in QueueSort::ALL {
        let rows = walked!(after => store.page(&filter, sort, after.as_ref(), 1));
        let mut found: Vec<&str> = rows.iter().map(|row| row.gap.product.as_str()).collect();
        found.sort_unstable();
        assert_eq!(found, ["c01", "c03", "x"], "{sort:?}");
    }
    assert_eq!(store.count(&filter, 10).await.unwrap().value(), 3);
    let attribute = QueueFilter { category: Some("table".into()), ..filter.clone() };
    assert_eq!(store.count(&attribute, 10).await.unwrap().value(), 0, "other conditions hold, too");
    let claim = Claim {
        filter,
        sort: QueueSort::ConfidenceAscending,
        after: None,
        limit: 100,
        reviewer: "ada".into(),
        token: LeaseToken::new(),
        lasts: Duration::from_secs(60),
    };
    let claimed = store.claim(&claim).await.unwrap();
    let keys: Vec<&str> = claimed.rows.iter().map(|(row, _)| row.gap.product.as_str()).collect();
    assert_eq!(keys, ["c01", "x"]);
}

pub async fn open_gaps_are_grouped_and_a_group_is_parted_by_closeness(store: &dyn Store) {
    chairs(store).await;
    let review = review(store);
    let filter = QueueFilter { attribute: Some("colour".into()), ..QueueFilter::default() };
    let groups = review.groups(&filter).await.unwrap();
    let found: Vec<_> =
        groups.groups.iter().map(|one| (one.key.value.as_str(), one.open, one.spellings)).collect();
    assert_eq!(found[0], ("Black", 37, 2), "with the spelling that most have");
    assert_eq!((found.len(), groups.looked_at, groups.is_cut), (4, 40, false));
    let clusters = review.clusters(&groups.groups[0].key).await.unwrap();
    let sizes: Vec<usize> = clusters.clusters.iter().map(|cluster| cluster.members.len()).collect();
    assert_eq!((sizes, clusters.is_cut), (vec![24, 12, 1], false));
    let first = &clusters.clusters[0];
    assert!(
        ["c11", "c12"].contains(&first.middle().unwrap().row.gap.product.as_str()),
        "the one in the middle"
    );
    let far: Vec<&str> = first.outliers(2).iter().map(|one| one.row.gap.product.as_str()).collect();
    assert!(far.contains(&"c00") && far.contains(&"c23"), "{far:?}");
    assert!(first.spread().unwrap() < 0.05 && clusters.clusters[2].spread().is_none());
    assert_eq!(clusters.clusters[2].medoid, None, "no embedding, no middle");
    let gaps: Vec<GapId> = first.open();
    assert_eq!(gaps, by_lot(gaps.clone()), "those with the lowest lots first");
    // Decisions change no cluster: it has the same members, in the same order.
    say(store, &first.members[0].row.gap, Action::Reject, None).await;
    let again = review.clusters(&black()).await.unwrap();
    let gaps = |cluster: &gapdeck::review::cluster::Cluster| -> Vec<GapId> {
        cluster.members.iter().map(|member| member.row.gap.clone()).collect()
    };
    assert_eq!(gaps(&again.clusters[0]), gaps(first));
}

pub async fn random_checks_certify_a_cluster_and_the_rest_is_accepted_and_taken_back_as_one(
    store: &dyn Store,
) {
    chairs(store).await;
    let review = review(store);
    let cluster = async || review.clusters(&black()).await.unwrap().clusters.remove(0);
    let first = cluster().await;
    let checks = first.checks();
    assert_eq!((checks.checked, checks.wrong, checks.wrong_at_most, checks.open), (0, 0, 24, 24));
    // The first two by lot are checks; what comes after a gap that nobody decided is none, and its error is told.
    let gaps = first.open();
    say(store, &gaps[0], Action::Accept, Some("Black")).await;
    say(store, &gaps[1], Action::Override, Some("Red")).await;
    say(store, &gaps[3], Action::Reject, None).await;
    let checks = cluster().await.checks();
    assert_eq!((checks.members, checks.checked, checks.wrong, checks.wrong_elsewhere), (24, 2, 1, 1));
    assert!(checks.open == 21 && checks.wrong_at_most > 15, "{checks:?}");
    // Somebody works on one of the rest, and another one was decided since the cluster was looked at.
    let then = cluster().await;
    let claim = Claim {
        filter: QueueFilter { text: Some(gaps[5].product.to_string()), ..QueueFilter::default() },
        sort: QueueSort::Product,
        after: None,
        limit: 1,
        reviewer: "bob".into(),
        token: LeaseToken::new(),
        lasts: Duration::from_secs(600),
    };
    assert_eq!(store.claim(&claim).await.unwrap().rows.len(), 1);
    say(store, &gaps[6], Action::Reject, None).await;
    let preview = then.preview();
    assert_eq!(preview.accepted, 21);
    assert_eq!(preview.values.iter().map(|(_, count)| count).sum::<u64>(), 21, "each spelling by itself");
    assert!(preview.least_confident[0].2 <= preview.least_confident[1].2);
    let done = review.accept_cluster(&then, &mut |_| std::ops::ControlFlow::Continue(())).await.unwrap();
    assert_eq!((done.accepted, done.passed_by), (19, 2));
    let after = cluster().await;
    assert_eq!(after.open(), [gaps[5].clone()]);
    let unseen = after.members.iter().filter(|member| member.said == Checked::Unseen).count();
    assert_eq!((unseen, after.checks().checked), (19, 2), "what was accepted unseen is no check");
    let history = store.history(&gaps[8]).await.unwrap();
    let decision = &history[0].decision;
    assert!(decision.seen.policy.starts_with("bulk:cluster members=24 checked=2 wrong=1"), "{decision:?}");
    assert_eq!((decision.action, decision.batch), (Action::Accept, Some(done.batch)));
    let leases = store.changes(None, 1).await.unwrap().leases;
    assert_eq!(
        leases.iter().map(|lease| &lease.gap).collect::<Vec<_>>(),
        [&gaps[5]],
        "nothing else stays held"
    );
    let bulk = review.undoable_batch(done.batch).await.unwrap();
    let undos: Vec<_> = bulk.undoable.iter().map(|one| undo(&one.decision, one.version)).collect();
    store.decide_together(&undos).await.unwrap();
    assert_eq!(row(store, (gaps[8].product.as_str(), "colour")).await.state, State::Open);
    let checks = cluster().await.checks();
    assert_eq!((checks.open, checks.checked, checks.wrong, checks.wrong_elsewhere), (20, 2, 1, 2));
}
