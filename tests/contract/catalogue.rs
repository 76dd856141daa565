//! What [`gapdeck::repository::InputRepository`] promises of its reads.

use crate::support::fixture::*;
use gapdeck::domain::{AllowedList, AllowedScope, DataType};
use gapdeck::repository::{CatalogueBatch, Store};
use gapdeck::transfer::record::{
    AttributeAllowableValueRecord, CategoryAllowableValueRecord, CategoryAttributeRecord,
    ProductAllowableValueRecord, RichTextRecord,
};

pub fn wants(category: &str, attribute: &str) -> CategoryAttributeRecord {
    CategoryAttributeRecord { category_key: category.into(), attribute_key: attribute.into() }
}

pub fn rich_text(product: &str, source: &str, content: &str) -> RichTextRecord {
    RichTextRecord { product_key: product.into(), source: source.into(), content: content.into() }
}

/// One list of each kind, for the colour of `p1`.
pub fn allowed_colours() -> CatalogueBatch {
    let anywhere =
        |value: &str| AttributeAllowableValueRecord { attribute_key: "colour".into(), value: value.into() };
    CatalogueBatch {
        product_allowable_values: vec![ProductAllowableValueRecord {
            product_key: "p1".into(),
            attribute_key: "colour".into(),
            value: "Own".into(),
        }],
        category_allowable_values: ["b", "B", "ä", "a"]
            .map(|value| CategoryAllowableValueRecord {
                category_key: "audio".into(),
                attribute_key: "colour".into(),
                value: value.into(),
            })
            .to_vec(),
        allowable_values_in_every_category: vec![anywhere("Every")],
        allowable_values_in_any_category: vec![anywhere("Any"), anywhere("Another")],
        ..CatalogueBatch::default()
    }
}

pub async fn products_come_page_by_page_in_the_order_of_their_keys(store: &dyn Store) {
    open_shop(store).await;
    let batch = CatalogueBatch { products: vec![product("P0", None)], ..CatalogueBatch::default() };
    store.save_catalogue(&batch).await.unwrap();
    for size in 1..=5 {
        let products = walked!(after => store.products(None, after.as_ref(), size));
        let keys: Vec<_> = products.iter().map(|product| product.key.as_str()).collect();
        assert_eq!(keys, ["P0", "p1", "p2", "p3"], "in pages of {size}");
        let audio = walked!(after => store.products(Some(&"audio".into()), after.as_ref(), size));
        let keys: Vec<_> = audio.iter().map(|product| product.key.as_str()).collect();
        assert_eq!(keys, ["p1", "p2"], "of a category, in pages of {size}");
    }
    assert_eq!(store.products(Some(&"nobody".into()), None, 5).await.unwrap().rows, []);
}

pub async fn a_list_of_products_cuts_texts_that_another_method_has_in_full(store: &dyn Store) {
    let long = "ß".repeat(30_000);
    let mut record = product("p1", Some(&"n".repeat(300)));
    record.description = Some(long.clone());
    let batch = CatalogueBatch { products: vec![record], ..CatalogueBatch::default() };
    store.save_catalogue(&batch).await.unwrap();
    let listed = store.products(None, None, 5).await.unwrap().rows.remove(0);
    assert_eq!(listed.name, Some("n".repeat(200)));
    assert_eq!(listed.description, Some("ß".repeat(200)));
    assert_eq!(store.full_description(&"p1".into()).await.unwrap(), Some(long));
    assert_eq!(store.full_description(&"nobody".into()).await.unwrap(), None);
}

pub async fn categories_and_attributes_are_found_by_key_and_by_system_name(store: &dyn Store) {
    open_shop(store).await;
    let audio = store.category(&"audio".into()).await.unwrap().expect("a category");
    assert_eq!((audio.key.as_str(), audio.display_name()), ("audio", "Headphones"));
    assert_eq!(store.category(&"nobody".into()).await.unwrap(), None);
    let cables = store.category(&"cables".into()).await.unwrap().expect("a category");
    assert_eq!(store.categories().await.unwrap(), [audio, cables.clone()]);
    assert_eq!(store.categories_by_system_name("system_cables").await.unwrap(), [cables]);
    assert_eq!(store.categories_by_system_name("cables").await.unwrap(), []);

    let weight = store.attribute(&"weight".into()).await.unwrap().expect("an attribute");
    assert_eq!((weight.display_name(), weight.unit.as_deref()), ("Weight", Some("g")));
    assert_eq!((weight.data_type, weight.multi_valued), (DataType::Number, false));
    assert_eq!(store.attribute(&"nobody".into()).await.unwrap(), None);
    let keys: Vec<_> = store.attributes().await.unwrap().into_iter().map(|one| one.key).collect();
    assert_eq!(keys, ["colour".into(), "weight".into(), "wireless".into()]);
    assert_eq!(store.attributes_by_system_name("system_weight").await.unwrap(), [weight]);
    assert_eq!(store.attributes_by_system_name("weight").await.unwrap(), []);
}

pub async fn mappings_are_read_from_either_side(store: &dyn Store) {
    open_shop(store).await;
    let batch = CatalogueBatch {
        category_attributes: vec![
            wants("audio", "wireless"),
            wants("audio", "colour"),
            wants("cables", "colour"),
        ],
        ..CatalogueBatch::default()
    };
    store.save_catalogue(&batch).await.unwrap();
    let of = store.product_categories(&"p2".into()).await.unwrap();
    assert_eq!(of.iter().map(|one| one.key.as_str()).collect::<Vec<_>>(), ["audio", "cables"]);
    assert_eq!(store.product_categories(&"p3".into()).await.unwrap(), []);
    let wanted = store.category_attributes(&"audio".into()).await.unwrap();
    assert_eq!(wanted.iter().map(|one| one.key.as_str()).collect::<Vec<_>>(), ["colour", "wireless"]);
    let wanting = store.attribute_categories(&"colour".into()).await.unwrap();
    assert_eq!(wanting.iter().map(|one| one.key.as_str()).collect::<Vec<_>>(), ["audio", "cables"]);
    assert_eq!(store.attribute_categories(&"weight".into()).await.unwrap(), []);
}

pub async fn values_come_pair_by_pair_in_the_order_of_their_text(store: &dyn Store) {
    open_shop(store).await;
    let long = "x".repeat(5_000);
    let batch = CatalogueBatch {
        values: vec![
            value("p1", "colour", "b"),
            value("p1", "colour", "B"),
            value("p1", "colour", "ä"),
            value("p1", "weight", &long),
            value("p3", "colour", "Red"),
        ],
        ..CatalogueBatch::default()
    };
    store.save_catalogue(&batch).await.unwrap();
    for size in 1..=5 {
        let all = walked!(after => store.values(None, after.as_ref(), size));
        let pairs: Vec<_> = all.iter().map(|one| one.pair.clone()).collect();
        let expected = [("p1", "colour"), ("p1", "weight"), ("p2", "weight"), ("p3", "colour")];
        assert_eq!(pairs, expected.map(|(product, attribute)| gap_id(product, attribute)), "{size}");
        assert_eq!(all[0].values, ["B", "b", "ä"]);
        assert_eq!(all[1].values, ["x".repeat(4_000)], "a list cuts it");
        let colours = walked!(after => store.values(Some(&"colour".into()), after.as_ref(), size));
        assert_eq!(colours, [all[0].clone(), all[3].clone()], "of an attribute, in pages of {size}");
    }
    assert_eq!(store.full_values(&gap_id("p1", "weight")).await.unwrap(), [long]);
    assert_eq!(store.full_values(&gap_id("p1", "colour")).await.unwrap(), ["B", "b", "ä"]);
    assert_eq!(store.full_values(&gap_id("p2", "colour")).await.unwrap(), [""; 0]);
    let known = store.product_values(&"p2".into()).await.unwrap();
    assert_eq!(known.len(), 1);
    assert_eq!((known[0].label.as_str(), known[0].value.as_str()), ("Weight", "120"));
}

pub async fn gaps_are_read_alone_by_product_and_page_by_page(store: &dyn Store) {
    open_shop(store).await;
    let expected =
        [("p1", "colour"), ("p1", "weight"), ("p1", "wireless"), ("p2", "colour"), ("p3", "weight")]
            .map(|(product, attribute)| gap_id(product, attribute));
    for size in 1..=6 {
        let all = walked!(after => store.gaps(None, after.as_ref(), size));
        assert_eq!(all.iter().map(|gap| gap.id.clone()).collect::<Vec<_>>(), expected, "{size}");
        let weights = walked!(after => store.gaps(Some(&"weight".into()), after.as_ref(), size));
        let ids: Vec<_> = weights.iter().map(|gap| gap.id.clone()).collect();
        assert_eq!(ids, [gap_id("p1", "weight"), gap_id("p3", "weight")], "in pages of {size}");
    }
    let one = store.gap(&expected[3]).await.unwrap().expect("a gap");
    assert_eq!(one.created_at, row(store, ("p2", "colour")).await.gap_created_at);
    assert_eq!(store.gaps_of(&"p2".into()).await.unwrap(), [one]);
    assert_eq!(store.gap(&gap_id("p2", "weight")).await.unwrap(), None);
    assert_eq!(store.gaps_of(&"nobody".into()).await.unwrap(), []);
}

pub async fn each_list_of_allowed_values_is_read_by_itself(store: &dyn Store) {
    open_shop(store).await;
    store.save_catalogue(&allowed_colours()).await.unwrap();
    let in_category = AllowedList::Category("audio".into(), "colour".into());
    for size in 1..=5 {
        let values = walked!(after => store.allowed_list(&in_category, after.as_deref(), size));
        assert_eq!(values, ["B", "a", "b", "ä"], "in pages of {size}");
    }
    let list = async |list| store.allowed_list(&list, None, 10).await.unwrap().rows;
    assert_eq!(list(AllowedList::Product(gap_id("p1", "colour"))).await, ["Own"]);
    assert_eq!(list(AllowedList::EveryCategory("colour".into())).await, ["Every"]);
    assert_eq!(list(AllowedList::AnyCategory("colour".into())).await, ["Another", "Any"]);
    assert_eq!(list(AllowedList::AnyCategory("weight".into())).await, [""; 0]);
    assert_eq!(list(AllowedList::Category("cables".into(), "colour".into())).await, [""; 0]);
}

pub async fn a_pairs_allowed_values_are_those_of_the_narrowest_scope(store: &dyn Store) {
    open_shop(store).await;
    store.save_catalogue(&allowed_colours()).await.unwrap();
    for (product, scope, total) in [
        ("p1", AllowedScope::Product, 1),
        ("p2", AllowedScope::Category, 4),
        ("p3", AllowedScope::EveryCategory, 1),
    ] {
        let allowed = store.allowed_values(&gap_id(product, "colour")).await.unwrap();
        assert_eq!((allowed.total, allowed.values[0].scope), (total, scope), "{product}");
    }
    assert_eq!(store.allowed_values(&gap_id("p1", "weight")).await.unwrap().total, 0);
}

pub async fn texts_are_cut_in_a_list_and_whole_by_themselves(store: &dyn Store) {
    open_shop(store).await;
    let long = "ß".repeat(20_001);
    let batch = CatalogueBatch {
        rich_texts: vec![rich_text("p1", "datasheet", &long), rich_text("p1", "advert", "Buy")],
        ..CatalogueBatch::default()
    };
    store.save_catalogue(&batch).await.unwrap();
    let texts = store.rich_texts(&"p1".into()).await.unwrap();
    let seen: Vec<_> = texts
        .iter()
        .map(|text| (text.source.as_str(), text.content.chars().count(), text.truncated))
        .collect();
    assert_eq!(seen, [("advert", 3, false), ("datasheet", 20_000, true)]);
    assert_eq!(store.full_text(&"p1".into(), "datasheet").await.unwrap(), Some(long));
    assert_eq!(store.full_text(&"p1".into(), "manual").await.unwrap(), None);
    assert_eq!(store.rich_texts(&"p2".into()).await.unwrap(), []);
}
