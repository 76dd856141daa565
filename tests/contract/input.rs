//! What [`gapdeck::repository::InputRepository`] promises.

use crate::support::fixture::*;
use gapdeck::domain::{GapId, KnownValue, Product, ProductKey, QueueFilter, QueueSort, State};
use gapdeck::repository::{CatalogueBatch, RepositoryError, Store};
use gapdeck::transfer::record::{
    AttributeAllowableValueRecord, CategoryAllowableValueRecord, CategoryAttributeRecord,
    ProductAllowableValueRecord, RichTextRecord,
};

pub async fn a_product_comes_back_as_it_was_saved(store: &dyn Store) {
    let awkward = "Lampe „Ä\" 灯 💡 \u{202e}right to left\t'quoted' \\ % _";
    let mut record = product("p-1", Some(awkward));
    record.description = Some("Two\nlines".into());
    let bare = gapdeck::transfer::record::ProductRecord {
        product_key: "p-2".into(),
        product_name: None,
        code_type: None,
        description: None,
    };
    let batch = CatalogueBatch { products: vec![record, bare], ..CatalogueBatch::default() };
    store.save_catalogue(&batch).await.unwrap();

    let saved = store.product(&"p-1".into()).await.unwrap();
    let expected = Product {
        key: "p-1".into(),
        name: Some(awkward.into()),
        code_type: Some("SKU".into()),
        description: Some("Two\nlines".into()),
    };
    assert_eq!(saved, Some(expected));
    let bare = store.product(&"p-2".into()).await.unwrap().expect("the bare product");
    assert_eq!((bare.name, bare.code_type, bare.description), (None, None, None));
}

pub async fn what_is_not_there_is_none(store: &dyn Store) {
    open_shop(store).await;
    assert_eq!(store.product(&"p9".into()).await.unwrap(), None);
    assert_eq!(store.product_card(&"p9".into(), 5).await.unwrap(), None);
    assert_eq!(store.row(&gap_id("p2", "weight")).await.unwrap(), None);
    assert_eq!(store.history(&gap_id("p2", "weight")).await.unwrap(), []);
    assert_eq!(store.correctness(&gap_id("p2", "weight")).await.unwrap(), []);
}

pub async fn a_row_saved_again_replaces_the_first(store: &dyn Store) {
    open_shop(store).await;
    let mut attribute = attribute("colour", Some("Color"), "text");
    attribute.unit = Some("RAL".into());
    attribute.multi_valued = true;
    let batch = CatalogueBatch {
        products: vec![product("p1", Some("Aurora X3"))],
        attributes: vec![attribute],
        ..CatalogueBatch::default()
    };
    store.save_catalogue(&batch).await.unwrap();

    assert_eq!(row(store, ("p1", "colour")).await.product_name, "Aurora X3");
    let card = store.card(&gap_id("p1", "colour"), 0).await.unwrap().expect("a card");
    assert_eq!(card.product.product.name.as_deref(), Some("Aurora X3"));
    assert_eq!(card.attribute.label.as_deref(), Some("Color"));
    assert_eq!(card.attribute.unit.as_deref(), Some("RAL"));
    assert!(card.attribute.multi_valued);
    assert_eq!(card.row.category, Some("audio".into()), "the rest stays");
}

pub async fn saving_the_same_batch_twice_changes_nothing(store: &dyn Store) {
    open_shop(store).await;
    let predictions = [prediction("e1", ("p1", "colour"), "Black", 0.7)];
    let recommendations = [recommendation("r1", ("p1", "colour"), "Blue", 0.2)];
    store.save_predictions(&predictions).await.unwrap();
    store.save_recommendations(&recommendations).await.unwrap();
    decide(store, &accept(("p1", "colour"), "Black", 0)).await;
    let before = store.card(&gap_id("p1", "colour"), 5).await.unwrap().expect("a card");
    let facets = store.facets().await.unwrap();

    open_shop(store).await;
    store.save_predictions(&predictions).await.unwrap();
    store.save_recommendations(&recommendations).await.unwrap();

    let after = store.card(&gap_id("p1", "colour"), 5).await.unwrap().expect("a card");
    assert_eq!(after.row, before.row);
    assert_eq!(after.product, before.product);
    assert_eq!(after.history, before.history);
    assert_eq!(after.candidates, before.candidates);
    assert_eq!(store.facets().await.unwrap(), facets);
}

pub async fn of_rows_with_one_key_in_a_batch_the_last_counts(store: &dyn Store) {
    let mut batch = shop();
    batch.products.push(product("p1", Some("Aurora X4")));
    batch.categories.push(category("audio", Some("Audio")));
    batch.attributes.push(attribute("colour", Some("Shade"), "choice"));
    batch.product_categories.push(in_category("p1", "audio"));
    batch.values.push(value("p2", "weight", "120"));
    batch.gaps.push(gap("p1", "colour"));
    batch.rich_texts = ["old", "new"]
        .map(|content| RichTextRecord {
            product_key: "p1".into(),
            source: "text".into(),
            content: content.into(),
        })
        .to_vec();
    store.save_catalogue(&batch).await.unwrap();
    let card = store.card(&gap_id("p1", "colour"), 0).await.unwrap().expect("a card");
    assert_eq!(card.row.product_name, "Aurora X4");
    assert_eq!(card.attribute.label.as_deref(), Some("Shade"));
    assert_eq!(card.product.categories.len(), 1);
    assert_eq!(card.product.categories[0].name.as_deref(), Some("Audio"));
    assert_eq!(card.product.texts.len(), 1);
    assert_eq!(card.product.texts[0].content, "new");
    assert_eq!(store.product_card(&"p2".into(), 0).await.unwrap().expect("a card").known.len(), 1);
}

pub async fn an_unknown_key_is_named_and_nothing_is_written(store: &dyn Store) {
    open_shop(store).await;
    let nobody = || "nobody".to_owned();
    let colour = || "colour".to_owned();
    let base = || CatalogueBatch { products: vec![product("new", Some("New"))], ..CatalogueBatch::default() };
    let batches = [
        CatalogueBatch { product_categories: vec![in_category("nobody", "audio")], ..base() },
        CatalogueBatch { product_categories: vec![in_category("new", "nobody")], ..base() },
        CatalogueBatch {
            category_attributes: vec![CategoryAttributeRecord {
                category_key: nobody(),
                attribute_key: colour(),
            }],
            ..base()
        },
        CatalogueBatch { values: vec![value("nobody", "colour", "Red")], ..base() },
        CatalogueBatch { values: vec![value("new", "nobody", "Red")], ..base() },
        CatalogueBatch { gaps: vec![gap("new", "weight"), gap("nobody", "colour")], ..base() },
        CatalogueBatch { gaps: vec![gap("new", "nobody")], ..base() },
        CatalogueBatch {
            category_allowable_values: vec![CategoryAllowableValueRecord {
                category_key: nobody(),
                attribute_key: colour(),
                value: "Red".into(),
            }],
            ..base()
        },
        CatalogueBatch {
            allowable_values_in_every_category: vec![AttributeAllowableValueRecord {
                attribute_key: nobody(),
                value: "Red".into(),
            }],
            ..base()
        },
        CatalogueBatch {
            allowable_values_in_any_category: vec![AttributeAllowableValueRecord {
                attribute_key: nobody(),
                value: "Red".into(),
            }],
            ..base()
        },
        CatalogueBatch {
            product_allowable_values: vec![ProductAllowableValueRecord {
                product_key: nobody(),
                attribute_key: colour(),
                value: "Red".into(),
            }],
            ..base()
        },
        CatalogueBatch {
            rich_texts: vec![RichTextRecord {
                product_key: nobody(),
                source: "text".into(),
                content: "…".into(),
            }],
            ..base()
        },
    ];
    for batch in batches {
        let error = store.save_catalogue(&batch).await.expect_err("an unknown key");
        assert!(matches!(error, RepositoryError::UnknownKey { .. }), "{error:?} for {batch:?}");
        assert!(error.to_string().contains("nobody"), "{error} for {batch:?}");
        assert_eq!(store.product(&"new".into()).await.unwrap(), None, "written with {batch:?}");
    }
}

pub async fn a_nul_character_is_refused_and_nothing_is_written(store: &dyn Store) {
    open_shop(store).await;
    let batch = CatalogueBatch {
        products: vec![product("new", Some("New"))],
        values: vec![value("new", "colour", "nul \0 inside")],
        ..CatalogueBatch::default()
    };
    let error = store.save_catalogue(&batch).await.expect_err("a NUL character");
    assert!(matches!(error, RepositoryError::Invalid { .. }), "{error:?}");
    assert_eq!(store.product(&"new".into()).await.unwrap(), None);

    let prediction = prediction("e1", ("p1", "colour"), "nul \0 inside", 0.5);
    let error = store.save_predictions(&[prediction]).await.expect_err("a NUL character");
    assert!(matches!(error, RepositoryError::Invalid { .. }), "{error:?}");
    assert_eq!(store.experiment_summaries().await.unwrap(), []);
}

pub async fn values_are_kept_exactly_as_given(store: &dyn Store) {
    open_shop(store).await;
    let given = ["-1", "0", "None", " a  b ", "Red", "red", "", "null"];
    let batch = CatalogueBatch {
        values: given.iter().map(|text| value("p1", "colour", text)).collect(),
        ..CatalogueBatch::default()
    };
    store.save_catalogue(&batch).await.unwrap();
    let card = store.product_card(&"p1".into(), 0).await.unwrap().expect("a card");
    let mut kept: Vec<_> = card.known.into_iter().map(|known| known.value).collect();
    let mut given = given.map(String::from).to_vec();
    kept.sort();
    given.sort();
    assert_eq!(kept, given);
}

pub async fn a_product_card_shows_everything_known_of_the_product(store: &dyn Store) {
    open_shop(store).await;
    let text = |source: &str, content: &str| RichTextRecord {
        product_key: "p2".into(),
        source: source.into(),
        content: content.into(),
    };
    let batch = CatalogueBatch {
        rich_texts: vec![text("datasheet", "Weight: 120 g"), text("advert", "The best cable.")],
        ..CatalogueBatch::default()
    };
    store.save_catalogue(&batch).await.unwrap();
    let near = [embedding("p1", &[1.0, 0.1]), embedding("p2", &[1.0]), embedding("p3", &[0.2, 1.0])];
    store.save_embeddings(&near).await.unwrap();

    let card = store.product_card(&"p2".into(), 1).await.unwrap().expect("a card");
    assert_eq!(card.product.name.as_deref(), Some("Borealis cable 3 m"));
    let categories: Vec<_> =
        card.categories.iter().map(|one| (one.key.as_str(), one.display_name())).collect();
    assert_eq!(categories, [("audio", "Headphones"), ("cables", "Cables")]);
    assert_eq!(card.categories[0].system_name.as_deref(), Some("system_audio"));
    let weight = KnownValue {
        attribute_key: "weight".into(),
        label: "Weight".into(),
        unit: Some("g".into()),
        value: "120".into(),
    };
    assert_eq!(card.known, [weight]);
    let texts: Vec<_> =
        card.texts.iter().map(|text| (text.source.as_str(), text.content.as_str(), text.truncated)).collect();
    assert_eq!(texts, [("advert", "The best cable.", false), ("datasheet", "Weight: 120 g", false)]);
    let neighbours: Vec<_> = card.neighbours.iter().map(|near| near.product_key.as_str()).collect();
    assert_eq!(neighbours, ["p1"]);
    let gaps: Vec<_> = card.gaps.iter().map(|row| row.gap.clone()).collect();
    assert_eq!(gaps, [gap_id("p2", "colour")]);
}

pub async fn a_product_card_names_attributes_by_label_in_the_order_of_their_keys(store: &dyn Store) {
    let batch = CatalogueBatch {
        attributes: vec![
            attribute("a1", Some("Width"), "number"),
            attribute("a2", None, "text"),
            attribute("a3", Some("Brand"), "text"),
        ],
        products: vec![product("p1", None)],
        values: vec![
            value("p1", "a1", "7"),
            value("p1", "a1", "12"),
            value("p1", "a2", "x"),
            value("p1", "a3", "Acme"),
        ],
        ..CatalogueBatch::default()
    };
    store.save_catalogue(&batch).await.unwrap();
    let card = store.product_card(&"p1".into(), 0).await.unwrap().expect("a card");
    let known: Vec<_> = card.known.iter().map(|known| (known.label.as_str(), known.value.as_str())).collect();
    assert_eq!(known, [("Width", "12"), ("Width", "7"), ("a2", "x"), ("Brand", "Acme")]);
}

pub async fn a_long_text_is_cut_and_says_so(store: &dyn Store) {
    open_shop(store).await;
    let texts = [("exact", 20_000), ("long", 20_001)].map(|(source, length)| RichTextRecord {
        product_key: "p1".into(),
        source: source.into(),
        content: "ß".repeat(length),
    });
    let batch = CatalogueBatch { rich_texts: texts.to_vec(), ..CatalogueBatch::default() };
    store.save_catalogue(&batch).await.unwrap();
    let card = store.product_card(&"p1".into(), 0).await.unwrap().expect("a card");
    let seen: Vec<_> = card
        .texts
        .iter()
        .map(|text| (text.source.as_str(), text.content.chars().count(), text.truncated))
        .collect();
    assert_eq!(seen, [("exact", 20_000, false), ("long", 20_000, true)]);
}

pub async fn a_product_card_lists_at_most_two_hundred_gaps(store: &dyn Store) {
    let keys: Vec<_> = (0..203).map(|n| format!("a{n:03}")).collect();
    let batch = CatalogueBatch {
        attributes: keys.iter().map(|key| attribute(key, None, "text")).collect(),
        products: vec![product("p1", None)],
        gaps: keys.iter().map(|key| gap("p1", key)).collect(),
        ..CatalogueBatch::default()
    };
    store.save_catalogue(&batch).await.unwrap();
    let card = store.product_card(&"p1".into(), 0).await.unwrap().expect("a card");
    let attributes: Vec<_> = card.gaps.iter().map(|row| row.gap.attribute.as_str()).collect();
    assert_eq!(attributes, keys[..200]);
}

pub async fn facets_come_in_the_order_of_their_names(store: &dyn Store) {
    open_shop(store).await;
    let batch = CatalogueBatch {
        categories: vec![category("zz", Some("Amplifiers")), category("Bags", None)],
        attributes: vec![attribute("a9", Some("Brand"), "text")],
        products: vec![product("p4", None), product("p5", None), product("p6", None)],
        product_categories: vec![
            in_category("p4", "zz"),
            in_category("p5", "Bags"),
            in_category("p6", "cables"),
        ],
        gaps: vec![gap("p4", "a9"), gap("p5", "a9"), gap("p6", "a9")],
        ..CatalogueBatch::default()
    };
    store.save_catalogue(&batch).await.unwrap();
    for experiment in ["e2", "e1"] {
        predict(store, experiment, ("p4", "a9"), "Acme", 0.5).await;
    }
    let facets = store.facets().await.unwrap();
    let attributes: Vec<_> = facets.attributes.iter().map(|a| (a.key.as_str(), a.name.as_str())).collect();
    assert_eq!(
        attributes,
        [("a9", "Brand"), ("colour", "Colour"), ("weight", "Weight"), ("wireless", "Wireless")]
    );
    let categories: Vec<_> = facets.categories.iter().map(|c| (c.key.as_str(), c.name.as_str())).collect();
    assert_eq!(
        categories,
        [("zz", "Amplifiers"), ("Bags", "Bags"), ("cables", "Cables"), ("audio", "Headphones")]
    );
    let experiments: Vec<_> = facets.experiments.iter().map(|e| e.name.as_str()).collect();
    assert_eq!(experiments, ["e1", "e2"]);
}

pub async fn a_deleted_gap_leaves_the_queue_and_its_decisions_stay(store: &dyn Store) {
    open_shop(store).await;
    let decision = accept(("p1", "colour"), "Black", 0);
    decide(store, &decision).await;
    store.delete_gaps(&[gap_id("p1", "colour"), gap_id("p1", "weight")]).await.unwrap();

    assert_eq!(store.row(&gap_id("p1", "colour")).await.unwrap(), None);
    let all = QueueFilter { state: gapdeck::domain::StateFilter::All, ..QueueFilter::default() };
    let page = store.page(&all, QueueSort::Product, None, 100).await.unwrap();
    let left: Vec<_> = page.rows.iter().map(|row| row.gap.clone()).collect();
    assert_eq!(left, [gap_id("p1", "wireless"), gap_id("p2", "colour"), gap_id("p3", "weight")]);
    let history = store.history(&gap_id("p1", "colour")).await.unwrap();
    assert_eq!(history.len(), 1);
    assert_eq!(history[0].decision, decision);
}

pub async fn a_gap_that_comes_back_has_its_state_again(store: &dyn Store) {
    open_shop(store).await;
    let pair = ("p1", "colour");
    predict(store, "e1", pair, "Black", 0.8).await;
    let first = accept(pair, "Black", 0);
    decide(store, &first).await;
    decide(store, &decision(pair, gapdeck::domain::Action::Flag, None, 1)).await;
    let before = row(store, pair).await;
    store.delete_gaps(&[gap_id(pair.0, pair.1)]).await.unwrap();
    open_shop(store).await;

    let after = row(store, pair).await;
    assert_eq!((after.state, after.version), (State::Flagged, 2));
    assert_eq!((&after.decided_by, &after.decided_value), (&before.decided_by, &before.decided_value));
    assert_eq!((&after.best_value, after.decided_at), (&before.best_value, before.decided_at));
    decide(store, &decision(pair, gapdeck::domain::Action::Reject, None, 2)).await;
    assert_eq!(row(store, pair).await.state, State::Rejected);
}

pub async fn deleting_a_gap_that_is_not_there_is_no_error(store: &dyn Store) {
    open_shop(store).await;
    store.delete_gaps(&[]).await.unwrap();
    let unknown = GapId::new(ProductKey::from("p9"), "colour");
    store.delete_gaps(&[unknown, gap_id("p3", "weight")]).await.unwrap();
    assert_eq!(store.row(&gap_id("p3", "weight")).await.unwrap(), None);
    assert_eq!(row(store, ("p2", "colour")).await.state, State::Open);
}
