//! What [`gapdeck::repository::ViewRepository`] promises.

use crate::catalogue::{allowed_colours, rich_text};
use crate::support::fixture::*;
use gapdeck::domain::{
    AttributeDetails, CategoryDetails, Description, ProductDetails, Refreshed, State, View, WhenBusy,
};
use gapdeck::repository::{CatalogueBatch, Store};
use std::time::Duration;

async fn refresh(store: &dyn Store, view: View) {
    let refreshed = store.refresh_view(view, Duration::ZERO, WhenBusy::Wait).await.unwrap();
    assert!(matches!(refreshed, Refreshed::Done(_)), "{refreshed:?}");
}

pub async fn details_are_everything_the_catalogue_says_of_a_product(store: &dyn Store) {
    open_shop(store).await;
    let batch = CatalogueBatch {
        rich_texts: vec![
            rich_text("p2", "datasheet", "Two\nlines \u{202e}"),
            rich_text("p2", "advert", "Buy"),
        ],
        values: vec![value("p2", "weight", "7"), value("p2", "wireless", "ä"), value("p2", "wireless", "Z")],
        ..CatalogueBatch::default()
    };
    store.save_catalogue(&batch).await.unwrap();
    refresh(store, View::ProductDetails).await;
    let category = |key: &str, name: &str| CategoryDetails {
        category_key: key.into(),
        category_name: Some(name.into()),
        system_name: Some(format!("system_{key}")),
    };
    let text = |source: &str, content: &str| Description { source: source.into(), content: content.into() };
    let expected = ProductDetails {
        product_key: "p2".into(),
        product_name: Some("Borealis cable 3 m".into()),
        code_type: Some("SKU".into()),
        description: None,
        descriptions: vec![text("advert", "Buy"), text("datasheet", "Two\nlines \u{202e}")],
        categories: vec![category("audio", "Headphones"), category("cables", "Cables")],
        attributes: vec![
            AttributeDetails {
                attribute_key: "weight".into(),
                label: Some("Weight".into()),
                data_type: Some("number".into()),
                unit: Some("g".into()),
                values: vec!["120".into(), "7".into()],
            },
            AttributeDetails {
                attribute_key: "wireless".into(),
                label: Some("Wireless".into()),
                data_type: Some("boolean".into()),
                unit: None,
                values: vec!["Z".into(), "ä".into()],
            },
        ],
    };
    assert_eq!(store.product_details(&"p2".into()).await.unwrap(), Some(expected.clone()));
    assert_eq!(store.product_details(&"nobody".into()).await.unwrap(), None);
    for size in 1..=4 {
        let all = walked!(after => store.all_product_details(after.as_ref(), size));
        let keys: Vec<_> = all.iter().map(|one| one.product_key.as_str()).collect();
        assert_eq!(keys, ["p1", "p2", "p3"], "in pages of {size}");
        assert_eq!(all[1], expected);
    }
}

pub async fn a_summary_shows_what_is_known_recommended_and_decided(store: &dyn Store) {
    open_shop(store).await;
    let recommended = [
        recommendation("r1", ("p1", "colour"), "Black", 0.4),
        recommendation("r1", ("p1", "colour"), "Blue", 0.9),
        recommendation("r2", ("p1", "colour"), "Grey", None),
    ];
    store.save_recommendations(&recommended).await.unwrap();
    decide(store, &accept(("p1", "colour"), "Blue", 0)).await;
    refresh(store, View::ProductSummary).await;

    let of_p1 = store.product_summary(&"p1".into()).await.unwrap();
    let attributes: Vec<_> = of_p1.iter().map(|one| one.pair.attribute.as_str()).collect();
    assert_eq!(attributes, ["colour", "weight", "wireless"]);
    let colour = &of_p1[0];
    assert_eq!(colour.product_name.as_deref(), Some("Aurora X2 headphones"));
    assert_eq!(
        (colour.attribute_label.as_deref(), colour.data_type.as_deref()),
        (Some("Colour"), Some("choice"))
    );
    assert_eq!(colour.category_keys, ["audio".into()]);
    assert_eq!(colour.recommended_values, ["Blue", "Black", "Grey"]);
    assert_eq!(colour.recommended_confidence, Some(0.9));
    assert_eq!((colour.review_state, colour.decided_value.as_deref()), (Some(State::Accepted), Some("Blue")));
    assert_eq!(colour.decided_by, Some("ada".into()));
    assert_eq!(of_p1[1].review_state, Some(State::Open));
    let weight = &store.product_summary(&"p2".into()).await.unwrap()[1];
    assert_eq!((weight.known_values.as_slice(), weight.review_state), (&["120".to_owned()][..], None));
    assert_eq!(weight.unit.as_deref(), Some("g"));
    for size in [1, 4, 6, 7] {
        let all = walked!(after => store.all_product_summaries(after.as_ref(), size));
        assert_eq!(all.len(), 6, "in pages of {size}");
        assert!(all.is_sorted_by(|a, b| a.pair < b.pair));
        assert_eq!(all[..3], of_p1);
    }
}

pub async fn gaps_are_listed_with_the_values_allowed_for_them(store: &dyn Store) {
    open_shop(store).await;
    store.save_catalogue(&allowed_colours()).await.unwrap();
    refresh(store, View::ProductGaps).await;
    let of_p1 = store.product_gaps(&"p1".into()).await.unwrap();
    assert_eq!(
        of_p1.iter().map(|one| one.gap.attribute.as_str()).collect::<Vec<_>>(),
        ["colour", "weight", "wireless"]
    );
    assert_eq!(of_p1[0].allowable_values, ["Own"]);
    assert_eq!(of_p1[1].allowable_values, [""; 0]);
    assert_eq!(
        (of_p1[0].category_key.as_ref(), of_p1[1].unit.as_deref()),
        (Some(&"audio".into()), Some("g"))
    );
    assert_eq!(of_p1[0].created_at, row(store, ("p1", "colour")).await.gap_created_at);
    let of_p2 = store.product_gaps(&"p2".into()).await.unwrap();
    assert_eq!(of_p2[0].allowable_values, ["B", "a", "b", "ä"]);
    for size in 1..=6 {
        let all = walked!(after => store.all_product_gaps(after.as_ref(), size));
        assert_eq!(all.len(), 5, "in pages of {size}");
        assert!(all.is_sorted_by(|a, b| a.gap < b.gap));
    }
}

pub async fn attributes_are_counted_as_they_are_now(store: &dyn Store) {
    open_shop(store).await;
    let batch = CatalogueBatch {
        values: vec![value("p1", "weight", "120"), value("p1", "weight", "130")],
        ..CatalogueBatch::default()
    };
    store.save_catalogue(&batch).await.unwrap();
    let recommended = [0.25, 0.75]
        .map(|confidence| recommendation("r1", ("p1", "colour"), &confidence.to_string(), confidence));
    store.save_recommendations(&recommended).await.unwrap();
    decide(store, &accept(("p1", "colour"), "Blue", 0)).await;

    let stats = store.attribute_value_stats().await.unwrap();
    let keys: Vec<_> = stats.iter().map(|one| one.attribute_key.as_str()).collect();
    assert_eq!(keys, ["colour", "weight", "wireless"]);
    let (colour, weight) = (&stats[0], &stats[1]);
    assert_eq!((colour.value_count, colour.gaps, colour.recommendations, colour.decisions), (0, 2, 2, 1));
    assert_eq!(colour.average_recommendation_confidence, Some(0.5));
    assert_eq!((weight.value_count, weight.distinct_values, weight.products, weight.gaps), (3, 2, 2, 2));
    assert_eq!((weight.label.as_deref(), weight.unit.as_deref()), (Some("Weight"), Some("g")));
    assert_eq!(weight.average_recommendation_confidence, None);
}

pub async fn a_view_shows_what_was_there_when_it_was_refreshed(store: &dyn Store) {
    open_shop(store).await;
    for view in View::ALL {
        refresh(store, view).await;
    }
    let batch = CatalogueBatch {
        products: vec![product("late", None)],
        gaps: vec![gap("late", "colour")],
        ..CatalogueBatch::default()
    };
    store.save_catalogue(&batch).await.unwrap();
    let late = "late".into();
    assert_eq!(store.product_details(&late).await.unwrap(), None);
    assert_eq!(store.product_summary(&late).await.unwrap(), []);
    assert_eq!(store.product_gaps(&late).await.unwrap(), []);
    for view in View::ALL {
        refresh(store, view).await;
    }
    assert!(store.product_details(&late).await.unwrap().is_some());
    assert_eq!(store.product_summary(&late).await.unwrap().len(), 1);
    assert_eq!(store.product_gaps(&late).await.unwrap().len(), 1);
}

pub async fn a_refresh_is_recorded_and_a_young_view_is_left_alone(store: &dyn Store) {
    open_shop(store).await;
    let states = store.view_states().await.unwrap();
    assert_eq!(states.iter().map(|state| state.view).collect::<Vec<_>>(), View::ALL);
    assert!(states.iter().all(|state| state.last.is_none() && state.age.is_none() && state.may_refresh));

    let hour = Duration::from_secs(3_600);
    let first = store.refresh_view(View::ProductGaps, hour, WhenBusy::Leave).await.unwrap();
    let Refreshed::Done(first) = first else { panic!("{first:?}") };
    assert!(first.seconds >= 0.0);
    let again = store.refresh_view(View::ProductGaps, hour, WhenBusy::Leave).await.unwrap();
    assert_eq!(again, Refreshed::Fresh(first));
    let states = store.view_states().await.unwrap();
    let gaps = states.iter().find(|state| state.view == View::ProductGaps).expect("a view");
    assert_eq!(gaps.last, Some(first));
    assert!(gaps.age.is_some_and(|age| (0.0..3_600.0).contains(&age)), "{gaps:?}");
    assert!(states.iter().all(|state| state.view == View::ProductGaps || state.last.is_none()));
    let forced = store.refresh_view(View::ProductGaps, Duration::ZERO, WhenBusy::Leave).await.unwrap();
    let Refreshed::Done(forced) = forced else { panic!("{forced:?}") };
    assert!(forced.refreshed_at > first.refreshed_at);
}
