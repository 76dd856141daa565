//! What [`gapdeck::repository::EmbeddingRepository`] promises of filtered searches, of what it tells beside vectors, and
//! of texts that wait to be embedded.

use crate::support::fixture::*;
use gapdeck::domain::{NearTo, Nearest, Neighbour, ToEmbed, Within};
use gapdeck::repository::{CatalogueBatch, RepositoryError, Store};
use gapdeck::transfer::record::{EmbeddingRecord, RichTextRecord};

fn keys(neighbours: &[Neighbour]) -> Vec<&str> {
    neighbours.iter().map(|neighbour| neighbour.product_key.as_str()).collect()
}

/// Saves 60 products on a quarter circle: every 10th is a `chair`, every 12th has a colour; `n00` is both.
async fn quarter(store: &dyn Store) {
    let names: Vec<_> = (0..60).map(|n| format!("n{n:02}")).collect();
    let every = |step| names.iter().step_by(step).map(String::as_str).collect::<Vec<_>>();
    let batch = CatalogueBatch {
        categories: vec![category("chair", None), category("other", None)],
        attributes: vec![attribute("colour", None, "choice"), attribute("size", None, "text")],
        products: names.iter().map(|key| product(key, Some(key))).collect(),
        product_categories: names
            .iter()
            .enumerate()
            .map(|(n, key)| in_category(key, if n % 10 == 0 { "chair" } else { "other" }))
            .collect(),
        values: every(12).into_iter().map(|key| value(key, "colour", "red")).collect(),
        ..CatalogueBatch::default()
    };
    store.save_catalogue(&batch).await.unwrap();
    let embeddings: Vec<_> = (0..60_u8)
        .zip(&names)
        .map(|(n, key)| {
            let angle = f32::from(n) / 60.0 * std::f32::consts::FRAC_PI_2;
            embedding(key, &[angle.cos(), angle.sin()])
        })
        .collect();
    store.save_embeddings(&embeddings).await.unwrap();
}

pub async fn a_search_stays_within_a_category(store: &dyn Store) {
    quarter(store).await;
    let mut search = Nearest::to_product("n21".into(), 3);
    search.within = Within::Category("chair".into());
    assert_eq!(keys(&store.nearest(&search).await.unwrap()), ["n20", "n30", "n10"]);
    search.within = Within::Category("no such category".into());
    assert_eq!(store.nearest(&search).await.unwrap(), []);
}

pub async fn a_search_stays_within_the_categories_of_a_product(store: &dyn Store) {
    quarter(store).await;
    let mut search = Nearest::to_product("n20".into(), 2);
    search.within = Within::CategoriesOf("n20".into());
    let found = store.nearest(&search).await.unwrap();
    let mut both = keys(&found);
    both.sort_unstable();
    assert_eq!(both, ["n10", "n30"], "equally near");
    // A product without a category confines the search to nothing.
    let loner = CatalogueBatch { products: vec![product("loner", None)], ..CatalogueBatch::default() };
    store.save_catalogue(&loner).await.unwrap();
    search.within = Within::CategoriesOf("loner".into());
    let found = store.nearest(&search).await.unwrap();
    assert_eq!(found.iter().filter(|one| ["n19", "n21"].contains(&one.product_key.as_str())).count(), 2);
}

pub async fn a_search_finds_only_products_with_a_value(store: &dyn Store) {
    quarter(store).await;
    let mut search = Nearest::to_product("n00".into(), 10);
    search.having = Some("colour".into());
    search.values = Some("colour".into());
    let found = store.nearest(&search).await.unwrap();
    assert_eq!(keys(&found), ["n12", "n24", "n36", "n48"]);
    assert!(found.iter().all(|neighbour| neighbour.values == ["red"]), "{found:?}");
    search.within = Within::Category("chair".into());
    assert_eq!(store.nearest(&search).await.unwrap(), [], "n00 itself is the only coloured chair");
    search.having = Some("size".into());
    assert_eq!(store.nearest(&search).await.unwrap(), []);
}

pub async fn a_search_may_start_from_a_vector(store: &dyn Store) {
    quarter(store).await;
    let found = store.nearest(&Nearest::to_vector(vec![2.0], 2)).await.unwrap();
    assert_eq!(keys(&found), ["n00", "n01"]);
    assert!((found[0].similarity - 1.0).abs() < 1e-6, "{found:?}");
    for wrong in [vec![], vec![0.0], vec![f32::NAN], vec![1.0; 1537]] {
        let error = store.nearest(&Nearest::to_vector(wrong, 2)).await.expect_err("a wrong vector");
        assert!(matches!(error, RepositoryError::Invalid { .. }), "{error:?}");
    }
}

pub async fn a_narrow_filter_still_finds_as_many_as_asked_for(store: &dyn Store) {
    quarter(store).await;
    // The few that match are the farthest of all.
    let far: Vec<_> = ["n55", "n57", "n59"].map(|key| value(key, "size", "L")).into();
    store.save_catalogue(&CatalogueBatch { values: far, ..CatalogueBatch::default() }).await.unwrap();
    let search = Nearest {
        to: NearTo::Product("n00".into()),
        within: Within::Catalogue,
        having: Some("size".into()),
        values: None,
        limit: 3,
    };
    assert_eq!(keys(&store.nearest(&search).await.unwrap()), ["n55", "n57", "n59"]);
}

pub async fn details_tell_the_model_and_the_text_without_the_vector(store: &dyn Store) {
    open_shop(store).await;
    let record = EmbeddingRecord {
        description: Some("é".repeat(600)),
        model: Some("tiny".into()),
        ..embedding("p1", &[1.0, 2.0])
    };
    store.save_embeddings(&[record, embedding("p2", &[0.5; 1536])]).await.unwrap();
    let asked = ["p2", "p3", "p1"].map(Into::into);
    let told = store.embedding_details(&asked).await.unwrap();
    assert_eq!(told.iter().map(|one| one.product_key.as_str()).collect::<Vec<_>>(), ["p1", "p2"]);
    assert_eq!((told[0].model.as_deref(), told[0].dimensions), (Some("tiny"), Some(2)));
    assert_eq!(told[0].description, Some("é".repeat(500)));
    // A vector of full length may have been filled up already.
    assert_eq!((told[1].model.as_deref(), told[1].dimensions), (None, None));
}

pub async fn deleted_embeddings_are_gone(store: &dyn Store) {
    open_shop(store).await;
    store.save_embeddings(&[embedding("p1", &[1.0]), embedding("p2", &[1.0])]).await.unwrap();
    let keys = ["p1", "p3", "nobody"].map(Into::into);
    assert_eq!(store.delete_embeddings(&keys).await.unwrap(), 1);
    assert_eq!(store.embedding(&"p1".into()).await.unwrap(), None);
    assert!(store.embedding(&"p2".into()).await.unwrap().is_some());
}

pub async fn stats_count_embeddings_by_model(store: &dyn Store) {
    assert_eq!(store.embedding_stats().await.unwrap().embeddings, 0);
    open_shop(store).await;
    let by = |key, model: &str| EmbeddingRecord { model: Some(model.into()), ..embedding(key, &[1.0, 2.0]) };
    store.save_embeddings(&[by("p1", "tiny"), by("p2", "tiny")]).await.unwrap();
    let stats = store.embedding_stats().await.unwrap();
    assert_eq!((stats.embeddings, stats.products_without), (2, 1));
    assert!(stats.oldest.is_some() && stats.oldest <= stats.newest && stats.newest <= stats.last_update);
    store.save_embeddings(&[by("p1", "tiny"), embedding("p3", &[1.0])]).await.unwrap();
    let stats = store.embedding_stats().await.unwrap();
    assert_eq!((stats.embeddings, stats.products_without), (3, 0));
    let models: Vec<_> =
        stats.models.iter().map(|one| (one.model.as_deref(), one.dimensions, one.embeddings)).collect();
    assert_eq!(models, [(Some("tiny"), Some(2), 2), (None, Some(1), 1)]);
}

/// Embeds what a step through the catalogue finds, under a model's name; returns the keys.
async fn embed(store: &dyn Store, which: &ToEmbed, model: &str) -> Vec<String> {
    let mut embedded = Vec::new();
    let mut after = None;
    loop {
        let page = store.texts_to_embed(which, after.as_ref(), 2).await.unwrap();
        let Some(last) = page.last else { break };
        assert!(page.examined > 0 && page.texts.len() as u64 <= page.examined);
        for texts in page.texts {
            let record = EmbeddingRecord {
                model: Some(model.into()),
                content_hash: Some(texts.content_hash),
                ..embedding(texts.product_key.as_str(), &[1.0])
            };
            store.save_embeddings(&[record]).await.unwrap();
            embedded.push(texts.product_key.to_string());
        }
        after = Some(last);
    }
    embedded
}

pub async fn texts_to_embed_are_those_missing_or_changed(store: &dyn Store) {
    open_shop(store).await;
    let texts = CatalogueBatch {
        rich_texts: ["manual", "advert"]
            .map(|source| RichTextRecord {
                product_key: "p1".into(),
                source: source.into(),
                content: format!("the {source}"),
            })
            .into(),
        ..CatalogueBatch::default()
    };
    store.save_catalogue(&texts).await.unwrap();
    // Made elsewhere: nobody knows of which text.
    store.save_embeddings(&[embedding("p3", &[1.0])]).await.unwrap();
    let which = ToEmbed::MissingOrChanged;
    let page = store.texts_to_embed(&which, None, 1).await.unwrap();
    assert_eq!((page.examined, page.last.as_ref().map(ToString::to_string)), (1, Some("p1".into())));
    assert_eq!(page.texts[0].name.as_deref(), Some("Aurora X2 headphones"));
    assert_eq!(page.texts[0].texts, ["the advert", "the manual"]);

    assert_eq!(embed(store, &which, "one").await, ["p1", "p2"]);
    assert_eq!(embed(store, &which, "one").await, [""; 0], "nothing changed");
    let renamed = CatalogueBatch {
        products: vec![product("p2", Some("Another name")), product("p3", Some("Another name"))],
        ..CatalogueBatch::default()
    };
    store.save_catalogue(&renamed).await.unwrap();
    assert_eq!(embed(store, &which, "one").await, ["p2"]);
}

pub async fn texts_not_by_a_model_are_all_others(store: &dyn Store) {
    open_shop(store).await;
    store.save_embeddings(&[embedding("p3", &[1.0])]).await.unwrap();
    assert_eq!(embed(store, &ToEmbed::MissingOrChanged, "one").await, ["p1", "p2"]);
    let which = ToEmbed::NotBy("two".into());
    assert_eq!(embed(store, &which, "two").await, ["p1", "p2", "p3"]);
    assert_eq!(embed(store, &which, "two").await, [""; 0], "nothing is embedded twice");
}
