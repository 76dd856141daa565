//! What commands print.

use crate::corpus::{self, REVIEWER, TEXTS, attribute_key, product_key};
use crate::support::backend;
use crate::support::binary::Gapdeck;

/// Checks that nothing in a text steers a terminal.
fn assert_harmless(what: &str, text: &str) {
    let lines = text.replace('\n', "");
    let found = crate::stream::foreign(lines.as_bytes());
    assert!(found.is_empty(), "{what}: {found:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_command_prints_more_than_text_and_json_holds_every_text_exactly() {
    let database = corpus::database().await;
    let gapdeck = Gapdeck::on(&database);
    let (product, attribute) = (product_key(7), attribute_key(7));
    for arguments in [
        &["decide", &product, &attribute, "override", "--value", TEXTS[9], "--reviewer", REVIEWER][..],
        &["queue", "--limit", "50"],
        &["queue", "--limit", "50", "--json"],
        &["history", &product, &attribute],
        &["history", &product, &attribute, "--json"],
        &["product", &product],
        &["product", &product, "--json"],
        &["neighbours", &product, "--json"],
        &["neighbours", &product],
        &["export", "products"],
        &["outbox"],
    ] {
        let ran = gapdeck.succeeds(arguments);
        assert_harmless(&format!("{arguments:?}"), &ran.stdout);
        assert_harmless(&format!("{arguments:?}"), &ran.stderr);
    }
    let history = gapdeck.json(&["history", &product, &attribute, "--json"]);
    assert!(history.to_string().contains(&serde_json::json!(REVIEWER).to_string()), "{history}");
    let shown = gapdeck.json(&["product", &product_key(11), "--json"]);
    assert!(shown.to_string().contains(&serde_json::json!(TEXTS[11]).to_string()), "{shown}");

    let strange = format!("no such {}", TEXTS.concat());
    for arguments in [
        &["decide", &strange, &attribute, "accept"][..],
        &["history", &strange, &strange, "--json"],
        &["product", &strange],
        &["neighbours", &strange, "--json"],
    ] {
        assert_harmless(&format!("{arguments:?}"), &gapdeck.fails(6, arguments));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_line_of_hostile_text_is_named_harmlessly() {
    let database = crate::support::server::TestDatabase::migrated().await;
    let directory = tempfile::tempdir().expect("a directory");
    let lines: Vec<String> = TEXTS
        .iter()
        .flat_map(|text| {
            [
                serde_json::json!({"product_key": text, "created_at": text}).to_string(),
                format!("{{\"product_key\": {text}"),
            ]
        })
        .collect();
    std::fs::write(directory.path().join("products.jsonl"), lines.join("\n")).expect("write");
    let place = directory.path().to_str().expect("a UTF-8 path");
    let message = Gapdeck::on(&database).fails(3, &["import", place]);
    assert_harmless("import", &message);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_megabytes_in_every_field_make_a_small_card_and_strange_times_hide_no_row() {
    let database = corpus::database().await;
    let store = backend::server_store(&database.url).await;
    let filter = gapdeck::domain::QueueFilter::default();
    let page = store.page(&filter, gapdeck::domain::QueueSort::Age, None, 200).await.expect("a page");
    assert_eq!(page.rows.len(), TEXTS.len());
    for row in &page.rows {
        let card = store.card(&row.gap, 10).await.expect("a card").expect("a gap");
        let size = format!("{card:?}").len();
        assert!(size < 1_000_000, "{:?}: {size} bytes", row.gap);
    }
    let facets = store.facets().await.expect("the facets");
    assert!(format!("{facets:?}").len() < 200_000);
    let experiments = store.experiment_summaries().await.expect("the experiments");
    assert_eq!(experiments.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_value_that_is_too_long_to_be_read_whole_is_not_accepted_cut() {
    let database = corpus::database().await;
    let (product, attribute) = (product_key(0), attribute_key(0));
    // The other experiment's candidate is as sure; the one of ten megabytes is asked for by its beginning.
    let beginning = "v\u{200b}".repeat(2_000);
    let gapdeck = Gapdeck::on(&database);
    let message = gapdeck.fails(3, &["decide", &product, &attribute, "accept", "--value", &beginning]);
    assert!(message.contains("only the first 4000 characters"), "{message}");
    assert_eq!(gapdeck.json(&["history", &product, &attribute, "--json"]), serde_json::json!([]));
}
