//! What [`gapdeck::repository::EmbeddingRepository`] promises.

use crate::support::fixture::*;
use gapdeck::domain::{EMBEDDING_DIMENSIONS, Neighbour};
use gapdeck::repository::{CatalogueBatch, RepositoryError, Store};

/// Saves products `n000`, `n001`, ... whose angle to the first grows evenly up to a right angle.
async fn fan(store: &dyn Store, count: u16) {
    let keys: Vec<_> = (0..count).map(|n| format!("n{n:03}")).collect();
    let batch = CatalogueBatch {
        attributes: vec![attribute("colour", Some("Colour"), "choice")],
        products: keys.iter().map(|key| product(key, Some(&format!("Number {key}")))).collect(),
        ..CatalogueBatch::default()
    };
    store.save_catalogue(&batch).await.unwrap();
    let embeddings: Vec<_> = (0..count)
        .zip(&keys)
        .map(|(n, key)| {
            let angle = std::f32::consts::FRAC_PI_2 * f32::from(n) / f32::from(count);
            embedding(key, &[3.0 * angle.cos(), 3.0 * angle.sin()])
        })
        .collect();
    store.save_embeddings(&embeddings).await.unwrap();
}

fn keys(neighbours: &[Neighbour]) -> Vec<&str> {
    neighbours.iter().map(|neighbour| neighbour.product_key.as_str()).collect()
}

pub async fn a_short_vector_is_padded_with_zeros(store: &dyn Store) {
    open_shop(store).await;
    let full: Vec<f32> = (0..1536_u16).map(|n| f32::from(n) / 7.0).collect();
    store.save_embeddings(&[embedding("p1", &[0.25, -1.5e-7]), embedding("p2", &full)]).await.unwrap();
    let padded = store.embedding(&"p1".into()).await.unwrap().expect("an embedding");
    assert_eq!(padded.len(), EMBEDDING_DIMENSIONS);
    assert_eq!(padded[..2], [0.25, -1.5e-7]);
    assert!(padded[2..].iter().all(|number| *number == 0.0));
    assert_eq!(store.embedding(&"p2".into()).await.unwrap(), Some(full));
    assert_eq!(store.embedding(&"p3".into()).await.unwrap(), None);
}

pub async fn an_embedding_saved_again_replaces_the_first(store: &dyn Store) {
    open_shop(store).await;
    store.save_embeddings(&[embedding("p1", &[1.0, 2.0])]).await.unwrap();
    store.save_embeddings(&[embedding("p1", &[3.0])]).await.unwrap();
    let vector = store.embedding(&"p1".into()).await.unwrap().expect("an embedding");
    assert_eq!(vector[..2], [3.0, 0.0]);
}

pub async fn of_embeddings_of_one_product_in_a_batch_the_last_counts(store: &dyn Store) {
    open_shop(store).await;
    store.save_embeddings(&[embedding("p1", &[1.0]), embedding("p1", &[2.0])]).await.unwrap();
    let saved = store.embedding(&"p1".into()).await.unwrap().expect("an embedding");
    assert_eq!(saved[..2], [2.0, 0.0]);
}

pub async fn a_vector_that_cannot_be_stored_is_refused_and_nothing_is_written(store: &dyn Store) {
    open_shop(store).await;
    // The last one has no direction, so that no cosine is defined.
    for wrong in [
        vec![0.5; 1537],
        vec![],
        vec![0.5, f32::NAN],
        vec![f32::INFINITY],
        vec![f32::NEG_INFINITY],
        vec![0.0, 0.0],
    ] {
        let embeddings = [embedding("p1", &[1.0]), embedding("p2", &wrong)];
        let error = store.save_embeddings(&embeddings).await.expect_err("a wrong vector");
        assert!(matches!(error, RepositoryError::Invalid { .. }), "{error:?} for {wrong:?}");
        assert_eq!(store.embedding(&"p1".into()).await.unwrap(), None);
    }
}

pub async fn an_embedding_of_an_unknown_product_is_refused(store: &dyn Store) {
    open_shop(store).await;
    let embeddings = [embedding("p1", &[1.0]), embedding("nobody", &[1.0])];
    let error = store.save_embeddings(&embeddings).await.expect_err("an unknown product");
    assert!(matches!(error, RepositoryError::UnknownKey { .. }), "{error:?}");
    assert!(error.to_string().contains("nobody"), "{error}");
    assert_eq!(store.embedding(&"p1".into()).await.unwrap(), None);
}

pub async fn the_nearest_products_come_first_without_the_product_itself(store: &dyn Store) {
    fan(store, 4).await;
    let opposite = CatalogueBatch { products: vec![product("back", None)], ..CatalogueBatch::default() };
    store.save_catalogue(&opposite).await.unwrap();
    store.save_embeddings(&[embedding("back", &[-1.0])]).await.unwrap();

    let neighbours = store.neighbours(&"n000".into(), None, 10).await.unwrap();
    assert_eq!(keys(&neighbours), ["n001", "n002", "n003", "back"]);
    for (neighbour, angle) in neighbours.iter().zip([22.5_f64, 45.0, 67.5, 180.0]) {
        let expected = angle.to_radians().cos();
        assert!((neighbour.similarity - expected).abs() < 1e-5, "{neighbour:?} instead of {expected}");
        assert!((-1.0..=1.0).contains(&neighbour.similarity));
    }
    assert_eq!(neighbours[0].product_name, "Number n001");
    assert_eq!(neighbours[3].product_name, "");
}

pub async fn a_limit_keeps_the_nearest(store: &dyn Store) {
    fan(store, 6).await;
    let neighbours = store.neighbours(&"n005".into(), None, 2).await.unwrap();
    assert_eq!(keys(&neighbours), ["n004", "n003"]);
    assert_eq!(store.neighbours(&"n005".into(), None, 0).await.unwrap(), []);
}

pub async fn neighbours_carry_their_values_for_the_attribute_asked_for(store: &dyn Store) {
    fan(store, 3).await;
    let batch = CatalogueBatch {
        attributes: vec![attribute("other", None, "text")],
        values: vec![
            value("n001", "colour", "White"),
            value("n001", "colour", "Black"),
            value("n002", "other", "x"),
        ],
        ..CatalogueBatch::default()
    };
    store.save_catalogue(&batch).await.unwrap();
    let neighbours = store.neighbours(&"n000".into(), Some(&"colour".into()), 5).await.unwrap();
    assert_eq!(neighbours[0].values, ["Black", "White"]);
    assert_eq!(neighbours[1].values, [""; 0]);
    let plain = store.neighbours(&"n000".into(), None, 5).await.unwrap();
    assert!(plain.iter().all(|neighbour| neighbour.values.is_empty()), "{plain:?}");
}

pub async fn a_product_without_an_embedding_has_no_neighbours(store: &dyn Store) {
    fan(store, 3).await;
    open_shop(store).await;
    assert_eq!(store.neighbours(&"p1".into(), None, 5).await.unwrap(), []);
    assert_eq!(store.neighbours(&"nobody".into(), None, 5).await.unwrap(), []);
    let near = store.neighbours(&"n000".into(), None, 5).await.unwrap();
    assert_eq!(keys(&near), ["n001", "n002"]);
}

pub async fn all_neighbours_are_found_in_a_catalogue_loaded_after_the_index_was_made(store: &dyn Store) {
    fan(store, 300).await;
    let neighbours = store.neighbours(&"n000".into(), None, 10).await.unwrap();
    let expected: Vec<_> = (1..=10).map(|n| format!("n{n:03}")).collect();
    assert_eq!(keys(&neighbours), expected);
}

pub async fn products_without_an_embedding_are_listed_page_by_page(store: &dyn Store) {
    open_shop(store).await;
    let more = ["a", "B", "p0"].iter().map(|key| product(key, None)).collect::<Vec<_>>();
    let batch = CatalogueBatch { products: more, ..CatalogueBatch::default() };
    store.save_catalogue(&batch).await.unwrap();
    store.save_embeddings(&[embedding("p2", &[1.0])]).await.unwrap();

    let mut pages = Vec::new();
    let mut after = None;
    loop {
        let page = store.without_embedding(after.as_ref(), 2).await.unwrap();
        let Some(last) = page.last().cloned() else { break };
        pages.push(page.iter().map(ToString::to_string).collect::<Vec<_>>());
        after = Some(last);
    }
    assert_eq!(pages, [vec!["B", "a"], vec!["p0", "p1"], vec!["p3"]]);
}
