//! `cluster`.

use super::*;
use crate::support::backend::server_store;
use crate::support::fixture::*;
use gapdeck::domain::Lot;
use gapdeck::repository::CatalogueBatch;

/// Twenty chairs that lie together and ten that lie elsewhere, all predicted to be black, and a red one.
async fn chairs() -> (TestDatabase, Gapdeck) {
    let database = TestDatabase::migrated().await;
    let store = server_store(&database.url).await;
    let keys: Vec<String> = (0..31).map(|number| format!("c{number:02}")).collect();
    let batch = CatalogueBatch {
        attributes: vec![attribute("colour", None, "text")],
        categories: vec![category("chair", None)],
        products: keys.iter().map(|key| product(key, None)).collect(),
        product_categories: keys.iter().map(|key| in_category(key, "chair")).collect(),
        gaps: keys.iter().map(|key| gap(key, "colour")).collect(),
        ..CatalogueBatch::default()
    };
    store.save_catalogue(&batch).await.unwrap();
    let value = |number: usize| if number == 30 { "Red" } else { "Black" };
    let sure = |number: usize| 0.6 + f64::from(u8::try_from(number).unwrap()) / 100.0;
    let predictions: Vec<_> = keys
        .iter()
        .enumerate()
        .map(|(number, key)| prediction("e1", (key, "colour"), value(number), sure(number)))
        .collect();
    store.save_predictions(&predictions).await.unwrap();
    let vector = |number: usize| {
        let off = f32::from(u8::try_from(number).unwrap()) / 100.0;
        if number < 20 { vec![1.0, off] } else { vec![off - 0.2, 1.0] }
    };
    let embeddings: Vec<_> =
        keys.iter().enumerate().map(|(number, key)| embedding(key, &vector(number))).collect();
    store.save_embeddings(&embeddings).await.unwrap();
    let gapdeck = Gapdeck::on(&database);
    (database, gapdeck)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clusters_are_listed_with_what_checks_of_them_certify() {
    let (_database, gapdeck) = chairs().await;
    let listed = || array(gapdeck.json(&["cluster", "--attribute", "colour", "--json"]));
    let found = listed();
    assert_eq!(found.len(), 2, "two parts of one group; one red chair is no group: {found:#?}");
    let first = &found[0];
    assert_eq!((text(first, "value"), text(first, "category_key")), ("Black", "chair"));
    assert_eq!((&first["members"], &first["part"], &first["parts"]), (&20.into(), &1.into(), &2.into()));
    assert_eq!((&first["checked"], &first["wrong_at_most"]), (&0.into(), &20.into()));
    assert_eq!(first["lowest_confidence"], 0.6);
    assert!(["c09", "c10"].contains(&text(&first["medoid"], "product_key")), "{first:#}");
    assert!(first["spread"].as_f64().unwrap() < 0.1);
    let next: Vec<&str> =
        first["next_checks"].as_array().unwrap().iter().map(|one| text(one, "product_key")).collect();
    let mut lots: Vec<String> = (0..20).map(|number| format!("c{number:02}")).collect();
    lots.sort_by(|a, b| {
        Lot::Sample.of(&gap_id(a, "colour")).total_cmp(&Lot::Sample.of(&gap_id(b, "colour")))
    });
    assert_eq!(next, lots[..5], "in the order of their lots");
    for key in &lots[..3] {
        gapdeck.succeeds(&["decide", key, "colour", "accept"]);
    }
    gapdeck.succeeds(&["decide", &lots[9], "colour", "reject"]);
    let first = &listed()[0];
    assert_eq!(
        (&first["checked"], &first["wrong"], &first["wrong_elsewhere"]),
        (&3.into(), &0.into(), &1.into())
    );
    assert_eq!(first["open"], 16);

    let table = gapdeck.succeeds(&["cluster"]).stdout;
    assert!(table.contains("1 of 2") && table.contains("0 + 1"), "{table}");
    let red = array(gapdeck.json(&["cluster", "--value", " RED ", "--min-size", "1", "--json"]));
    assert_eq!((red.len(), text(&red[0], "value")), (1, "Red"));
    let none = array(gapdeck.json(&["cluster", "--category", "table", "--json"]));
    assert!(none.is_empty());
    gapdeck.fails(2, &["cluster", "--min-confidence", "2"]);
}
