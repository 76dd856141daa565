//! What deleting leaves behind.

use crate::catalogue::{allowed_colours, rich_text, wants};
use crate::support::fixture::*;
use gapdeck::domain::{AllowedList, QueueFilter, QueueSort};
use gapdeck::repository::{CatalogueBatch, CatalogueKeys, Store};

async fn open_pairs(store: &dyn Store) -> Vec<(String, String)> {
    let page = store.page(&QueueFilter::default(), QueueSort::Product, None, 100).await.unwrap();
    let pair = |gap: gapdeck::domain::GapId| (gap.product.into(), gap.attribute.into());
    let mut pairs: Vec<(String, String)> = page.rows.into_iter().map(|row| pair(row.gap)).collect();
    pairs.sort();
    pairs
}

fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> Vec<(String, String)> {
    pairs.map(|(product, attribute)| (product.to_owned(), attribute.to_owned())).to_vec()
}

pub async fn a_deleted_product_takes_everything_but_its_decisions_along(store: &dyn Store) {
    open_shop(store).await;
    let batch = CatalogueBatch {
        rich_texts: vec![rich_text("p1", "advert", "Buy")],
        values: vec![value("p1", "wireless", "yes")],
        ..allowed_colours()
    };
    store.save_catalogue(&batch).await.unwrap();
    predict(store, "e1", ("p1", "colour"), "Black", 0.8).await;
    let recommended = recommendation("r1", ("p1", "colour"), "Black", 0.5);
    store.save_recommendations(&[recommended]).await.unwrap();
    store.save_embeddings(&[embedding("p1", &[1.0]), embedding("p2", &[1.0])]).await.unwrap();
    decide(store, &accept(("p1", "colour"), "Black", 0)).await;

    let keys = CatalogueKeys { products: vec!["p1".into(), "nobody".into()], ..CatalogueKeys::default() };
    store.delete_catalogue(&keys).await.unwrap();

    let product = "p1".into();
    assert_eq!(store.product(&product).await.unwrap(), None);
    assert_eq!(store.product_categories(&product).await.unwrap(), []);
    assert_eq!(store.product_values(&product).await.unwrap(), []);
    assert_eq!(store.gaps_of(&product).await.unwrap(), []);
    assert_eq!(store.rich_texts(&product).await.unwrap(), []);
    assert_eq!(store.embedding(&product).await.unwrap(), None);
    let pair = gap_id("p1", "colour");
    assert_eq!(store.predictions(&pair).await.unwrap(), []);
    assert_eq!(store.recommendations(&pair).await.unwrap(), []);
    assert_eq!(store.allowed_list(&AllowedList::Product(pair.clone()), None, 5).await.unwrap().rows, [""; 0]);
    assert_eq!(store.history(&pair).await.unwrap().len(), 1, "decisions stay");
    assert_eq!(open_pairs(store).await, pairs([("p2", "colour"), ("p3", "weight")]));
}

pub async fn a_deleted_attribute_takes_its_gaps_and_values_along(store: &dyn Store) {
    open_shop(store).await;
    let batch = CatalogueBatch {
        category_attributes: vec![wants("audio", "weight"), wants("audio", "colour")],
        ..allowed_colours()
    };
    store.save_catalogue(&batch).await.unwrap();
    let keys = CatalogueKeys { attributes: vec!["weight".into()], ..CatalogueKeys::default() };
    store.delete_catalogue(&keys).await.unwrap();
    assert_eq!(store.attribute(&"weight".into()).await.unwrap(), None);
    assert_eq!(store.product_values(&"p2".into()).await.unwrap(), []);
    assert_eq!(store.category_attributes(&"audio".into()).await.unwrap().len(), 1);
    assert_eq!(open_pairs(store).await, pairs([("p1", "colour"), ("p1", "wireless"), ("p2", "colour")]));
    let colours = AllowedList::EveryCategory("colour".into());
    assert_eq!(store.allowed_list(&colours, None, 5).await.unwrap().rows, ["Every"], "the others stay");
}

pub async fn a_deleted_category_leaves_its_products_in_their_other_categories(store: &dyn Store) {
    open_shop(store).await;
    store.save_catalogue(&allowed_colours()).await.unwrap();
    assert_eq!(row(store, ("p2", "colour")).await.category, Some("audio".into()));
    let keys = CatalogueKeys { categories: vec!["audio".into()], ..CatalogueKeys::default() };
    store.delete_catalogue(&keys).await.unwrap();
    assert_eq!(store.category(&"audio".into()).await.unwrap(), None);
    assert_eq!(row(store, ("p1", "colour")).await.category, None);
    assert_eq!(row(store, ("p2", "colour")).await.category, Some("cables".into()));
    let list = AllowedList::Category("audio".into(), "colour".into());
    assert_eq!(store.allowed_list(&list, None, 5).await.unwrap().rows, [""; 0]);
}

pub async fn rows_of_every_kind_are_deleted_by_their_keys_and_nothing_else(store: &dyn Store) {
    open_shop(store).await;
    let batch = CatalogueBatch {
        rich_texts: vec![rich_text("p1", "advert", "Buy"), rich_text("p1", "datasheet", "7 g")],
        values: vec![value("p1", "colour", "red"), value("p1", "colour", "Red")],
        category_attributes: vec![wants("audio", "weight"), wants("audio", "colour")],
        ..allowed_colours()
    };
    store.save_catalogue(&batch).await.unwrap();
    let in_category = AllowedList::Category("audio".into(), "colour".into());
    let anywhere = AllowedList::AnyCategory("colour".into());
    let everywhere = AllowedList::EveryCategory("colour".into());
    let own = AllowedList::Product(gap_id("p1", "colour"));
    let keys = CatalogueKeys {
        product_categories: vec![("p2".into(), "audio".into())],
        category_attributes: vec![("audio".into(), "weight".into())],
        values: vec![(gap_id("p1", "colour"), "Red".into()), (gap_id("p1", "colour"), "blue".into())],
        gaps: vec![gap_id("p1", "weight"), gap_id("p2", "weight")],
        allowed_values: vec![
            (in_category.clone(), "B".into()),
            (anywhere.clone(), "Any".into()),
            (everywhere.clone(), "Every".into()),
            (own.clone(), "Own".into()),
        ],
        rich_texts: vec![("p1".into(), "advert".into())],
        ..CatalogueKeys::default()
    };
    for _ in 0..2 {
        store.delete_catalogue(&keys).await.unwrap();
        let categories = store.product_categories(&"p2".into()).await.unwrap();
        assert_eq!(categories.iter().map(|one| one.key.as_str()).collect::<Vec<_>>(), ["cables"]);
        assert_eq!(row(store, ("p2", "colour")).await.category, Some("cables".into()));
        let wanted = store.category_attributes(&"audio".into()).await.unwrap();
        assert_eq!(wanted.iter().map(|one| one.key.as_str()).collect::<Vec<_>>(), ["colour"]);
        assert_eq!(store.full_values(&gap_id("p1", "colour")).await.unwrap(), ["red"]);
        assert_eq!(store.gap(&gap_id("p1", "weight")).await.unwrap(), None);
        assert_eq!(store.gaps_of(&"p1".into()).await.unwrap().len(), 2);
        let texts = store.rich_texts(&"p1".into()).await.unwrap();
        assert_eq!(texts.iter().map(|text| text.source.as_str()).collect::<Vec<_>>(), ["datasheet"]);
        let list = async |list| store.allowed_list(list, None, 9).await.unwrap().rows;
        assert_eq!(list(&in_category).await, ["a", "b", "ä"]);
        assert_eq!(list(&anywhere).await, ["Another"]);
        assert_eq!(list(&everywhere).await, [""; 0]);
        assert_eq!(list(&own).await, [""; 0]);
    }
    store.delete_catalogue(&CatalogueKeys::default()).await.unwrap();
}

pub async fn a_deleted_experiment_or_round_takes_its_candidates_along(store: &dyn Store) {
    open_shop(store).await;
    let pair = ("p1", "colour");
    predict(store, "e1", pair, "Black", 0.9).await;
    predict(store, "e2", pair, "Blue", 0.5).await;
    let recommended = ["r1", "r2"].map(|round| recommendation(round, pair, "Grey", 0.95));
    store.save_recommendations(&recommended).await.unwrap();
    store.delete_experiments(&["e1".into(), "nobody".into()]).await.unwrap();
    store.delete_rounds(&["r1".into(), "nobody".into()]).await.unwrap();
    assert_eq!(store.experiment(&"e1".into()).await.unwrap(), None);
    assert_eq!(store.round(&"r1".into()).await.unwrap(), None);
    assert_eq!(row(store, pair).await.candidate_count, 2);
    store.delete_rounds(&["r2".into()]).await.unwrap();
    assert_eq!(row(store, pair).await.best_value.as_deref(), Some("Blue"));
}
