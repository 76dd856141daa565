//! `demo --seed-only`, `queue`, `neighbours`, `history`, `migrate`.

use super::*;
use std::collections::BTreeSet;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_has_eight_thousand_gaps_with_what_a_reviewer_needs() {
    let (_database, gapdeck) = demo().await;
    let gaps = everything(&gapdeck);
    assert!(gaps.len() >= 8_000, "{} gaps", gaps.len());
    let distinct =
        |field: &str| gaps.iter().filter_map(|gap| gap[field].as_str()).collect::<BTreeSet<_>>().len();
    assert!(distinct("category_key") >= 12 && distinct("attribute_key") >= 40, "few kinds of gaps");
    for gap in &gaps {
        assert!(gap["product_name"].is_string() && gap["category_key"].as_str() != Some(""), "{gap:#}");
        assert_eq!((text(gap, "state"), &gap["version"]), ("open", &0.into()));
        for candidate in gap["candidates"].as_array().expect("candidates") {
            assert!(candidate["value"].is_string(), "{gap:#}");
            let confidence = &candidate["confidence"];
            let fits = confidence.as_f64().is_some_and(|number| (0.0..=1.0).contains(&number));
            assert!(confidence.is_null() || fits, "{gap:#}");
            assert!(candidate["experiment"].is_string() || candidate["experiment"].is_null(), "{gap:#}");
        }
    }
    let proposed = gaps.iter().filter(|gap| !gap["candidates"][0].is_null()).count();
    assert!(proposed * 10 > gaps.len() * 8, "only {proposed} gaps have a candidate");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn seeding_the_demo_again_changes_nothing() {
    let (_database, gapdeck) = demo().await;
    let first = everything(&gapdeck);
    let decided = pair(&first[0]);
    gapdeck.succeeds(&["decide", &decided.0, &decided.1, "reject"]);
    let before = everything(&gapdeck);
    let ran = gapdeck.succeeds(&["demo", "--seed-only"]);
    assert_eq!(ran.stdout, "");
    assert_eq!(everything(&gapdeck), before);
}

/// Lists with options and returns the gaps' names in their order.
fn listed(gapdeck: &Gapdeck, options: &[&str]) -> Vec<(String, String)> {
    let arguments = [&["queue", "--json", "--limit", "100000"], options].concat();
    array(gapdeck.json(&arguments)).iter().map(pair).collect()
}

/// Returns the names of the gaps for which something holds, in the order of the list.
fn those(gaps: &[Value], holds: impl Fn(&Value) -> bool) -> Vec<(String, String)> {
    gaps.iter().filter(|gap| holds(gap)).map(pair).collect()
}

fn best(gap: &Value) -> Option<f64> {
    gap["candidates"][0]["confidence"].as_f64()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_filter_of_the_queue_keeps_what_it_names_and_nothing_else() {
    let (_database, gapdeck) = demo().await;
    let gaps = array(gapdeck.json(&["queue", "--json", "--limit", "100000"]));
    let some = gaps
        .iter()
        .find(|gap| gap["category_key"].is_string() && gap["candidates"][0]["experiment"].is_string())
        .expect("a gap with a category and a prediction");
    let attribute = text(some, "attribute_key");
    assert_eq!(
        listed(&gapdeck, &["--attribute", attribute]),
        those(&gaps, |gap| gap["attribute_key"] == some["attribute_key"])
    );
    let category = text(some, "category_key");
    assert_eq!(
        listed(&gapdeck, &["--category", category]),
        those(&gaps, |gap| gap["category_key"] == some["category_key"])
    );
    let experiment = &some["candidates"][0]["experiment"];
    let predicted = those(&gaps, |gap| {
        gap["candidates"].as_array().expect("candidates").iter().any(|one| one["experiment"] == *experiment)
    });
    assert_eq!(listed(&gapdeck, &["--experiment", experiment.as_str().expect("a key")]), predicted);
    assert_eq!(
        listed(&gapdeck, &["--min-confidence", "0.4", "--max-confidence", "0.6"]),
        those(&gaps, |gap| best(gap).is_some_and(|confidence| (0.4..=0.6).contains(&confidence)))
    );
    let product = text(some, "product_key");
    assert_eq!(
        listed(&gapdeck, &["--text", product]),
        those(&gaps, |gap| gap["product_key"] == some["product_key"])
    );
    let name = text(some, "product_name").to_lowercase();
    let by_name = listed(&gapdeck, &["--text", &name]);
    let exact = those(&gaps, |gap| text(gap, "product_name").to_lowercase().contains(&name));
    assert!(exact.iter().all(|gap| by_name.contains(gap)), "{name} finds {by_name:?}");
    let few = array(gapdeck.json(&["queue", "--json", "--limit", "3"]));
    assert_eq!(few, gaps[..3]);
    let both = listed(&gapdeck, &["--attribute", attribute, "--category", category, "--state", "open"]);
    let wanted = those(&gaps, |gap| {
        gap["attribute_key"] == some["attribute_key"] && gap["category_key"] == some["category_key"]
    });
    assert_eq!(both, wanted);
    assert_eq!(listed(&gapdeck, &["--attribute", "there is none"]), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_queue_is_filtered_by_every_state() {
    let (_database, gapdeck) = demo().await;
    let gaps = array(gapdeck.json(&["queue", "--json", "--limit", "6", "--min-confidence", "0.1"]));
    let actions = ["accept", "override", "reject", "not-applicable", "defer", "flag"];
    for (gap, action) in gaps.iter().zip(actions) {
        let (product, attribute) = pair(gap);
        let value: &[&str] = if action == "override" { &["--value", "7", "--keep"] } else { &["--keep"] };
        gapdeck.succeeds(&[&["decide", product.as_str(), &attribute, action], value].concat());
    }
    let states = ["accepted", "overridden", "rejected", "not-applicable", "deferred", "flagged"];
    for (gap, state) in gaps.iter().zip(states) {
        let found = array(gapdeck.json(&["queue", "--json", "--state", state]));
        assert_eq!(found.iter().map(pair).collect::<Vec<_>>(), [pair(gap)], "{state}");
        assert_eq!(text(&found[0], "state").replace('_', "-"), state);
        assert_eq!((&found[0]["version"], text(&found[0], "decided_by")), (&1.into(), "ada"));
    }
    let decided: BTreeSet<_> = listed(&gapdeck, &["--state", "decided"]).into_iter().collect();
    assert_eq!(decided, gaps.iter().map(pair).collect());
    let open = listed(&gapdeck, &["--state", "open"]);
    assert_eq!(open.len() + 6, everything(&gapdeck).len());
    assert!(open.iter().all(|gap| !decided.contains(gap)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_order_of_the_queue_is_as_it_says() {
    let (_database, gapdeck) = demo().await;
    let by = |sort: &str| array(gapdeck.json(&["queue", "--json", "--limit", "100000", "--sort", sort]));
    let numbers = |gaps: &[Value], number: &dyn Fn(&Value) -> Option<f64>| -> Vec<f64> {
        gaps.iter().map(|gap| number(gap).unwrap_or(f64::INFINITY)).collect()
    };
    let ascending = numbers(&by("confidence-ascending"), &best);
    assert!(ascending.is_sorted(), "confidence-ascending");
    let descending = numbers(&by("confidence-descending"), &|gap| best(gap).map(|number| -number));
    assert!(descending.is_sorted(), "confidence-descending");
    for field in ["uncertainty", "disagreement"] {
        let falling = numbers(&by(field), &|gap| gap[field].as_f64().map(|number| -number));
        assert!(falling.is_sorted(), "{field}");
    }
    let names: Vec<_> = by("product").iter().map(|gap| text(gap, "product_name").to_lowercase()).collect();
    let cut: Vec<String> = names.iter().map(|name| name.chars().take(100).collect()).collect();
    assert!(cut.is_sorted(), "product");
    let ages: Vec<_> = by("age").iter().map(|gap| text(gap, "gap_created_at").to_owned()).collect();
    assert_eq!(ages.len(), ascending.len(), "age");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn neighbours_are_near_products_with_their_values() {
    let (database, gapdeck) = demo().await;
    let client = database.client().await;
    let known = "SELECT product_key, attribute_key FROM raw_product_attribute_values v
                   JOIN product_embeddings e USING (product_key) ORDER BY product_key, attribute_key LIMIT 1";
    let row = client.query_one(known, &[]).await.expect("a known value");
    let (product, attribute): (String, String) = (row.get(0), row.get(1));

    let near = array(gapdeck.json(&["neighbours", &product, "--json", "--limit", "5"]));
    assert_eq!(near.len(), 5);
    let similarities: Vec<f64> =
        near.iter().map(|one| one["similarity"].as_f64().expect("a number")).collect();
    assert!(similarities.is_sorted_by(|a, b| a >= b), "{similarities:?}");
    assert!(similarities.iter().all(|number| (-1.0..=1.0).contains(number)), "{similarities:?}");
    assert!(similarities[0] > 0.5, "siblings are truly near: {similarities:?}");
    for one in &near {
        assert_ne!(text(one, "product_key"), product);
        assert!(one["product_name"].is_string() && one.get("value").is_none(), "{one:#}");
    }
    let valued =
        array(gapdeck.json(&["neighbours", &product, "--json", "--limit", "20", "--attribute", &attribute]));
    assert_eq!(valued.len(), 20);
    assert!(valued.iter().all(|one| one.get("value").is_some()), "{valued:#?}");
    assert!(valued.iter().any(|one| one["value"].is_string()), "{valued:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn migrate_makes_an_empty_database_usable_and_can_be_repeated() {
    let database = TestDatabase::empty().await;
    let gapdeck = Gapdeck::on(&database);
    let message = gapdeck.fails(4, &["queue", "--json"]);
    assert!(message.contains("gapdeck migrate"), "{message}");
    gapdeck.succeeds(&["migrate"]);
    assert_eq!(gapdeck.json(&["queue", "--json"]), Value::Array(Vec::new()));
    let again = gapdeck.succeeds(&["migrate"]);
    assert_eq!(again.stdout, "", "messages go to standard error");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_stops_reading_is_no_error() {
    use std::io::Read;
    let (_database, gapdeck) = demo().await;
    let mut command = gapdeck.command(&["queue", "--json", "--limit", "100000"]);
    let mut child = command
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("run gapdeck");
    let mut first = [0];
    child.stdout.take().expect("a pipe").read_exact(&mut first).expect("a byte");
    let output = child.wait_with_output().expect("the end");
    assert_eq!((first, output.status.code()), ([b'['], Some(0)));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}
