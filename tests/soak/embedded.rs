//! gapdeck killed with the database inside it.

use super::commands::Clerk;
use super::{is_full, seeded};
use crate::support::backend::embedded;
use crate::support::binary::Gapdeck;
use crate::support::fixture::{attribute, gap, prediction, product};
use gapdeck::repository::{CatalogueBatch, InputRepository, PredictionRepository, RecommendationRepository};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_embedded_database_that_is_killed_with_gapdeck_has_what_was_acknowledged_once() {
    let mut random = seeded("embedded");
    let (gaps, enough) = if is_full() { (200, 50) } else { (20, 2) };
    let directory = tempfile::tempdir().expect("a directory");
    let database = embedded(&directory.path().join("database")).await;
    let names: Vec<String> = (0..gaps).map(|number| format!("p{number:05}")).collect();
    let shop = CatalogueBatch {
        attributes: vec![attribute("colour", Some("Colour"), "text")],
        products: names.iter().map(|name| product(name, None)).collect(),
        gaps: names.iter().map(|name| gap(name, "colour")).collect(),
        ..CatalogueBatch::default()
    };
    let store = database.store();
    InputRepository::save_catalogue(&store, &shop).await.expect("the gaps");
    let records: Vec<_> =
        names.iter().map(|name| prediction("soak", (name, "colour"), "Black", 0.5)).collect();
    PredictionRepository::save_predictions(&store, &records).await.expect("the predictions");
    drop(store);
    database.close().await;

    let mut clerk = Clerk::new(0, Gapdeck::in_directory(directory.path()), random.branch(1));
    // About as long as such a run takes.
    clerk.longest_life = 1_000;
    let open = clerk.open_gaps().expect("the database opens");
    let mut open = open.iter();
    while clerk.killed < enough || clerk.acknowledged.len() < enough {
        clerk.decide_on_one_of(std::slice::from_ref(open.next().expect("enough gaps")));
    }
    clerk.clear_out();
    eprintln!("{} acknowledged, {} killed", clerk.acknowledged.len(), clerk.killed);
    let database = embedded(&directory.path().join("database")).await;
    let store = database.store();
    for (id, gap) in &clerk.acknowledged {
        let history = RecommendationRepository::history(&store, gap).await.expect("the history");
        let ids: Vec<_> = history.iter().map(|event| event.decision.id).collect();
        assert_eq!(ids, [*id], "{gap}");
    }
    drop(store);
    database.close().await;
}
