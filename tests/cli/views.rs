//! `refresh` and `product`.

use super::*;

async fn shop() -> (TestDatabase, Gapdeck) {
    let database = TestDatabase::migrated().await;
    let store = crate::support::backend::server_store(&database.url).await;
    crate::support::fixture::open_shop(&*store).await;
    let gapdeck = Gapdeck::on(&database);
    (database, gapdeck)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refresh_brings_the_views_up_to_date_and_says_so() {
    let (_database, gapdeck) = shop().await;
    let first = array(gapdeck.json(&["refresh", "--json"]));
    let views: Vec<_> = first.iter().map(|line| text(line, "view")).collect();
    assert_eq!(views, ["product_summary", "product_details", "product_gaps", "category_values"]);
    assert!(
        first.iter().all(|line| text(line, "outcome") == "done" && line["seconds"].is_number()),
        "{first:#?}"
    );

    let again = array(gapdeck.json(&["refresh", "product-gaps", "--if-older-than", "1h", "--json"]));
    assert_eq!((again.len(), text(&again[0], "outcome")), (1, "fresh"));
    assert_eq!(again[0]["refreshed_at"], first[2]["refreshed_at"]);
    let forced = array(gapdeck.json(&["refresh", "product_gaps", "--json"]));
    assert_eq!(text(&forced[0], "outcome"), "done");
    let table = gapdeck.succeeds(&["refresh", "--if-older-than", "7d"]).stdout;
    assert!(table.contains("product_details") && table.contains("still fresh"), "{table}");

    let message = gapdeck.fails(2, &["refresh", "product_colours"]);
    assert!(message.contains("product_details"), "{message}");
    let message = gapdeck.fails(2, &["refresh", "--if-older-than", "soon"]);
    assert!(message.contains("90s, 15m"), "{message}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refreshers_wait_for_each_other_and_do_nothing_twice() {
    let (database, gapdeck) = shop().await;
    let client = database.client().await;
    client.batch_execute("BEGIN; SELECT pg_advisory_xact_lock(x'67617076696577'::bigint)").await.unwrap();
    let mut waiting = gapdeck.command(&["refresh", "product_gaps", "--json"]);
    let child = waiting.stdout(std::process::Stdio::piped()).spawn().expect("run gapdeck");
    let observer = database.client().await;
    let waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
                    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    let is_waiting = async {
        while observer.query_one(waits, &[]).await.unwrap().get::<_, i64>(0) != 1 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), is_waiting)
        .await
        .expect("it waits for the lock");
    // The one who holds the lock finishes a refresh that began after the other one asked.
    client
        .batch_execute("INSERT INTO view_refreshes VALUES ('product_gaps', clock_timestamp(), 0.5); COMMIT")
        .await
        .unwrap();
    let output = child.wait_with_output().expect("the end");
    let lines: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((text(&lines[0], "outcome"), lines[0]["seconds"].as_f64()), ("fresh", Some(0.5)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_product_is_shown_with_the_age_of_the_view() {
    let (_database, gapdeck) = shop().await;
    let message = gapdeck.fails(6, &["product", "p2"]);
    assert!(message.contains("gapdeck refresh") && message.contains("nobody knows when"), "{message}");
    gapdeck.succeeds(&["refresh"]);
    let shown = gapdeck.json(&["product", "p2", "--json"]);
    assert_eq!((text(&shown, "product_key"), text(&shown, "product_name")), ("p2", "Borealis cable 3 m"));
    assert_eq!(shown["attributes"][0]["values"][0], "120");
    assert_eq!(shown["categories"][1]["category_name"], "Cables");
    assert_eq!(shown["gaps"][0]["attribute_key"], "colour");
    assert!(shown["refreshed_at"]["product_details"].is_string(), "{shown:#}");
    let words = gapdeck.succeeds(&["product", "p2"]).stdout;
    for part in ["Borealis cable 3 m", "Weight: 120 g", "Colour", "product_details as of"] {
        assert!(words.contains(part), "{words}");
    }
    let message = gapdeck.fails(6, &["product", "nobody"]);
    assert!(message.contains("nobody"), "{message}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_age_in_the_configuration_is_named() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("config.toml");
    std::fs::write(&path, "refresh_views_after = \"soon\"\n").expect("a file");
    let gapdeck = Gapdeck::new();
    let message = gapdeck.fails(3, &["queue", "--config", path.to_str().expect("a path")]);
    assert!(message.contains("refresh_views_after") && message.contains("soon"), "{message}");
}
