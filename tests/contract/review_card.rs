//! What [`gapdeck::repository::QueueRepository`] promises of the review card.

use crate::support::fixture::*;
use gapdeck::domain::{AllowedScope, DataType, Source, TrackRecord};
use gapdeck::repository::{CatalogueBatch, Store};
use gapdeck::transfer::record::{
    AttributeAllowableValueRecord, CategoryAllowableValueRecord, PredictionRecord,
    ProductAllowableValueRecord,
};

const PAIR: (&str, &str) = ("p1", "colour");

pub async fn a_card_shows_the_gap_its_candidates_and_its_product(store: &dyn Store) {
    open_shop(store).await;
    let at = now();
    let prediction = PredictionRecord { created_at: Some(at), ..prediction("e1", PAIR, "Black", 0.7) };
    store.save_predictions(&[prediction]).await.unwrap();
    let embeddings = [embedding("p1", &[1.0]), embedding("p2", &[1.0, 0.5]), embedding("p3", &[1.0, 1.0])];
    store.save_embeddings(&embeddings).await.unwrap();
    let values = CatalogueBatch { values: vec![value("p2", "colour", "Grey")], ..CatalogueBatch::default() };
    store.save_catalogue(&values).await.unwrap();
    let decision = accept(PAIR, "Black", 0);
    decide(store, &decision).await;

    let card = store.card(&gap_id("p1", "colour"), 1).await.unwrap().expect("a card");
    assert_eq!(card.row, row(store, PAIR).await);
    assert_eq!((card.attribute.key.as_str(), card.attribute.data_type), ("colour", DataType::Choice));
    assert_eq!(card.attribute.label.as_deref(), Some("Colour"));
    assert_eq!(card.attribute.system_name.as_deref(), Some("system_colour"));
    let candidate = &card.candidates[0];
    assert_eq!((candidate.value.as_str(), candidate.confidence), ("Black", Some(confidence(0.7))));
    assert_eq!(candidate.source, Source::Experiment("e1".into()));
    assert_eq!(candidate.reasoning.as_deref(), Some("e1 says Black"));
    assert_eq!(candidate.created_at, at);
    assert_eq!(card.product.product.key.as_str(), "p1");
    assert_eq!(card.product.categories[0].key.as_str(), "audio");
    assert_eq!(card.product.gaps.len(), 3);
    let neighbours: Vec<_> =
        card.product.neighbours.iter().map(|near| (near.product_key.as_str(), near.values.clone())).collect();
    assert_eq!(neighbours, [("p2", vec!["Grey".to_owned()])]);
    assert_eq!(card.history.iter().map(|event| &event.decision).collect::<Vec<_>>(), [&decision]);

    let weight = store.card(&gap_id("p1", "weight"), 1).await.unwrap().expect("a card");
    assert_eq!(weight.attribute.unit.as_deref(), Some("g"));
    assert_eq!(weight.attribute.data_type, DataType::Number);
    assert!(weight.candidates.is_empty() && weight.history.is_empty());
}

pub async fn candidates_come_most_confident_first(store: &dyn Store) {
    open_shop(store).await;
    let predictions = [
        prediction("e1", PAIR, "None of it", None),
        prediction("e2", PAIR, "Blue", 0.5),
        prediction("e1", PAIR, "Blue", 0.5),
        prediction("e1", PAIR, "Black", 0.5),
        prediction("e1", PAIR, "Red", 0.0),
    ];
    store.save_predictions(&predictions).await.unwrap();
    let recommended = recommendation("r1", PAIR, "White", 0.6);
    store.save_recommendations(&[recommended]).await.unwrap();
    let card = store.card(&gap_id("p1", "colour"), 0).await.unwrap().expect("a card");
    let seen: Vec<_> = card.candidates.iter().map(|one| (one.value.as_str(), one.source.key())).collect();
    assert_eq!(
        seen,
        [
            ("White", "r1"),
            ("Black", "e1"),
            ("Blue", "e1"),
            ("Blue", "e2"),
            ("Red", "e1"),
            ("None of it", "e1")
        ]
    );
}

pub async fn candidates_of_several_gaps_come_in_the_order_of_the_gaps(store: &dyn Store) {
    open_shop(store).await;
    predict(store, "e1", ("p1", "colour"), "Black", 0.5).await;
    predict(store, "e1", ("p1", "weight"), "7", 0.5).await;
    predict(store, "e1", ("p2", "colour"), "Red", 0.2).await;
    predict(store, "e2", ("p2", "colour"), "Blue", 0.4).await;
    predict(store, "e2", ("p2", "wireless"), "no gap", 0.4).await;
    let gaps = [("p2", "colour"), ("p3", "weight"), ("p1", "weight"), ("nobody", "colour")];
    let gaps = gaps.map(|(product, attribute)| gap_id(product, attribute));
    let found = store.candidates(&gaps).await.unwrap();
    let values: Vec<Vec<_>> =
        found.iter().map(|candidates| candidates.iter().map(|one| one.value.as_str()).collect()).collect();
    assert_eq!(values, [vec!["Blue", "Red"], vec![], vec!["7"], vec![]]);
    assert_eq!(store.candidates(&[]).await.unwrap(), Vec::<Vec<_>>::new());
}

pub async fn allowed_values_of_the_narrowest_scope_decide(store: &dyn Store) {
    open_shop(store).await;
    let of_attribute =
        |value: &str| AttributeAllowableValueRecord { attribute_key: "colour".into(), value: value.into() };
    let of_category = |category: &str, value: &str| CategoryAllowableValueRecord {
        category_key: category.into(),
        attribute_key: "colour".into(),
        value: value.into(),
    };
    let of_product = |attribute: &str, value: &str| ProductAllowableValueRecord {
        product_key: "p1".into(),
        attribute_key: attribute.into(),
        value: value.into(),
    };
    let seen = async || {
        let card = store.card(&gap_id("p1", "colour"), 0).await.unwrap().expect("a card");
        let allowed = card.allowed;
        assert_eq!(allowed.total, allowed.values.len());
        let scope = allowed.values.first().map(|value| value.scope);
        assert!(allowed.values.iter().all(|value| Some(value.scope) == scope), "{allowed:?}");
        (scope, allowed.values.into_iter().map(|value| value.value).collect::<Vec<_>>().join(" "))
    };
    assert_eq!(seen().await, (None, String::new()));
    let steps = [
        (
            CatalogueBatch {
                allowable_values_in_any_category: vec![of_attribute("Teal"), of_attribute("Ash")],
                category_allowable_values: vec![of_category("cables", "Copper")],
                product_allowable_values: vec![of_product("weight", "1")],
                ..CatalogueBatch::default()
            },
            (Some(AllowedScope::AnyCategory), "Ash Teal"),
        ),
        (
            CatalogueBatch {
                allowable_values_in_every_category: vec![of_attribute("White"), of_attribute("Black")],
                ..CatalogueBatch::default()
            },
            (Some(AllowedScope::EveryCategory), "Black White"),
        ),
        (
            CatalogueBatch {
                category_allowable_values: vec![of_category("audio", "red"), of_category("audio", "Red")],
                ..CatalogueBatch::default()
            },
            (Some(AllowedScope::Category), "Red red"),
        ),
        (
            CatalogueBatch {
                product_allowable_values: vec![of_product("colour", "Gold")],
                ..CatalogueBatch::default()
            },
            (Some(AllowedScope::Product), "Gold"),
        ),
    ];
    for (batch, (scope, values)) in steps {
        store.save_catalogue(&batch).await.unwrap();
        assert_eq!(seen().await, (scope, values.to_owned()));
    }
}

pub async fn at_most_two_thousand_allowed_values_come_and_all_are_counted(store: &dyn Store) {
    open_shop(store).await;
    let values: Vec<_> = (0..2_003).map(|n| format!("v{n:04}")).collect();
    let record = |value: &String| AttributeAllowableValueRecord {
        attribute_key: "colour".into(),
        value: value.clone(),
    };
    let batch = CatalogueBatch {
        allowable_values_in_every_category: values.iter().map(record).collect(),
        ..CatalogueBatch::default()
    };
    store.save_catalogue(&batch).await.unwrap();
    let allowed = store.card(&gap_id("p1", "colour"), 0).await.unwrap().expect("a card").allowed;
    assert_eq!(allowed.total, 2_003);
    let seen: Vec<_> = allowed.values.into_iter().map(|value| value.value).collect();
    assert_eq!(seen, values[..2_000]);
}

pub async fn a_card_of_a_pair_that_is_no_gap_is_none(store: &dyn Store) {
    open_shop(store).await;
    assert_eq!(store.card(&gap_id("p2", "weight"), 3).await.unwrap(), None);
    assert_eq!(store.card(&gap_id("nobody", "colour"), 3).await.unwrap(), None);
}

pub async fn awkward_texts_come_back_untouched(store: &dyn Store) {
    let awkward = "\u{1b}[31mred\u{1b}[0m \u{202e}abc\u{202c} 灯\u{200d} 👩‍👩‍👧 \u{7f}\r\n\t'\"\\";
    let batch = CatalogueBatch {
        attributes: vec![attribute(awkward, Some(awkward), "text")],
        products: vec![product(awkward, Some(awkward))],
        gaps: vec![gap(awkward, awkward)],
        ..CatalogueBatch::default()
    };
    store.save_catalogue(&batch).await.unwrap();
    predict(store, awkward, (awkward, awkward), awkward, 0.5).await;
    decide(store, &by(awkward, accept((awkward, awkward), awkward, 0))).await;
    let card = store.card(&gap_id(awkward, awkward), 0).await.unwrap().expect("a card");
    assert_eq!(card.row.product_name, awkward);
    assert_eq!(card.row.best_value.as_deref(), Some(awkward));
    assert_eq!(card.row.decided_value.as_deref(), Some(awkward));
    assert_eq!(card.candidates[0].value, awkward);
    assert_eq!(card.attribute.label.as_deref(), Some(awkward));
    assert_eq!(card.history[0].decision.reviewer.as_str(), awkward);
}

pub async fn a_card_says_how_often_predictions_like_its_own_were_right(store: &dyn Store) {
    open_shop(store).await;
    let pairs = ["p2", "p3", "p4", "p5", "p6", "p7"].map(|product| (product, "colour"));
    let products: Vec<_> = pairs.iter().map(|(key, _)| product(key, None)).collect();
    let gaps: Vec<_> = pairs.iter().map(|pair| gap(pair.0, pair.1)).collect();
    store.save_catalogue(&CatalogueBatch { products, gaps, ..CatalogueBatch::default() }).await.unwrap();
    // Within reach of 0.8 and judged: 0.76 right, 0.8 wrong, 0.84 right; too far 0.74; another experiment; nobody judged 0.81.
    let confidences = [0.76, 0.8, 0.84, 0.74, 0.8, 0.81];
    for (pair, sure) in pairs.into_iter().zip(confidences) {
        let experiment = if pair.0 == "p6" { "e2" } else { "e1" };
        store.save_predictions(&[prediction(experiment, pair, "Black", sure)]).await.unwrap();
    }
    store
        .save_predictions(&[prediction("e1", PAIR, "Blue", 0.8), prediction("e2", PAIR, "Red", 0.3)])
        .await
        .unwrap();
    for (pair, value) in pairs.into_iter().zip(["Black", "Grey", "Black", "Black", "Black"]) {
        decide(store, &accept(pair, value, 0)).await;
    }
    let card = store.card(&gap_id("p1", "colour"), 0).await.unwrap().expect("a card");
    let told = |record: &TrackRecord| {
        let near = (record.near, record.near_right);
        (record.experiment.to_string(), record.confidence.get(), (record.judged, record.right), near)
    };
    let records: Vec<_> = card.records.iter().map(told).collect();
    let expected = [("e1".to_owned(), 0.8, (3, 2), (4, 3)), ("e2".to_owned(), 0.3, (0, 0), (1, 1))];
    assert_eq!(records, expected, "within reach, and the nearest however far");

    let none = store.card(&gap_id("p1", "weight"), 0).await.unwrap().expect("a card");
    assert_eq!(none.records, [], "nothing was predicted");
}
