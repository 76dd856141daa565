//! `vote`, and the queue by votes.

use super::*;
use crate::support::fixture::{attribute, embedding, gap, predict, product, value};
use gapdeck::repository::CatalogueBatch;

/// Eight products that know their colour, four of each, and one that does not.
async fn corners() -> (TestDatabase, Gapdeck) {
    let database = TestDatabase::migrated().await;
    let store = crate::support::backend::server_store(&database.url).await;
    let mut batch = CatalogueBatch {
        attributes: vec![attribute("colour", None, "text")],
        products: vec![product("x", Some("new"))],
        gaps: vec![gap("x", "colour")],
        ..CatalogueBatch::default()
    };
    let mut embeddings = vec![embedding("x", &[1.0, 0.0])];
    for (n, name) in (0_u8..).zip("alder birch cedar date elm fir gum holly".split(' ')) {
        let key = format!("n{n}");
        let offset = f32::from(n) / 100.0 + 0.01;
        batch.products.push(product(&key, Some(name)));
        batch.values.push(value(&key, "colour", if n % 2 == 0 { "Red" } else { "Blue" }));
        embeddings.push(embedding(&key, &if n % 2 == 0 { [1.0, offset] } else { [offset, 1.0] }));
    }
    store.save_catalogue(&batch).await.unwrap();
    store.save_embeddings(&embeddings).await.unwrap();
    predict(&*store, "e1", ("x", "colour"), "Blue", 0.9).await;
    let gapdeck = Gapdeck::on(&database);
    (database, gapdeck)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn vote_marks_the_queue_which_is_narrowed_and_ordered_by_it() {
    let (_database, gapdeck) = corners().await;
    let listed = |arguments: &[&str]| array(gapdeck.json(&[&["queue", "--json"], arguments].concat()));
    assert!(listed(&[])[0]["vote"].is_null(), "not counted yet");
    assert_eq!(listed(&["--vote", "contradicts"]).len(), 0);

    let report = gapdeck.json(&["vote", "--json"]);
    assert_eq!((&report["gaps"], &report["contradicts"]), (&1.into(), &1.into()), "{report:#}");
    let worth = &report["attributes"][0];
    assert_eq!((&worth["voted"], &worth["correct"], &worth["speaks"]), (&8.into(), &8.into(), &true.into()));
    assert_eq!(listed(&["--vote", "contradicts", "--sort", "vote"])[0]["vote"], "contradicts");

    let text = gapdeck.succeeds(&["vote", "--only-missing"]).stdout;
    assert!(text.starts_with("0 gaps voted on") && text.contains("colour: 100 % [68-100], n = 8"), "{text}");
    let message = gapdeck.fails(6, &["vote", "--attribute", "size"]);
    assert!(message.contains("size"), "{message}");
    let message = gapdeck.fails(2, &["queue", "--vote", "maybe"]);
    assert!(message.contains("contradicts"), "{message}");
}
