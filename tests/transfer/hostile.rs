//! Databases with hostile content, written by plain SQL as another program would.

use crate::support::backend;
use crate::support::server::TestDatabase;
use gapdeck::domain::{Action, Decision, DecisionId, Event, Reviewer, Seen, SeenCandidate};
use gapdeck::domain::{Confidence, GapId};
use gapdeck::repository::bulk::Table;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::{Value, json};

/// What a generated database holds: rows of a table as JSON, and acts on its gaps.
#[derive(Debug, Clone)]
pub struct Content {
    pub rows: Vec<(Table, Vec<Value>)>,
    pub acts: Vec<Act>,
}

/// What a reviewer does.
#[derive(Debug, Clone)]
pub struct Act {
    gap: usize,
    action: Action,
    value: String,
    comment: Option<String>,
    reviewer: bool,
    seconds: Option<f64>,
}

const NASTY: [&str; 26] = [
    "",
    " ",
    "=1+1",
    "'=1",
    "''",
    "-5",
    "+x",
    "@a",
    "\t",
    "\r\n",
    "a,b",
    "\"",
    "\"\"",
    "\\N",
    "\\",
    "\\.",
    "null",
    "NULL",
    "None",
    "\u{feff}",
    "\u{1b}[2J",
    "\u{202e}evil",
    "e\u{301}é",
    "👩‍👩‍👧",
    "\u{10ffff}",
    "a\nb",
];

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => prop::sample::select(NASTY.as_slice()).prop_map(str::to_owned),
        2 => "[a-c=,;\"'\\\\\n\r\t -]{0,8}",
        1 => vec(any::<char>().prop_filter("no NUL", |c| *c != '\0'), 0..6).prop_map(String::from_iter),
    ]
}

fn key() -> impl Strategy<Value = String> {
    text().prop_filter("a key is not empty", |text| !text.is_empty())
}

/// A time of the years that files can name, to the microsecond.
fn time() -> impl Strategy<Value = String> {
    (-62_000_000_000_i64..250_000_000_000, 0..1_000_000_u32).prop_map(|(seconds, micros)| {
        chrono::DateTime::from_timestamp(seconds, micros * 1_000).expect("a time").to_rfc3339()
    })
}

fn share() -> impl Strategy<Value = Option<f64>> {
    option::of(prop_oneof![Just(0.0), Just(1.0), Just(f64::MIN_POSITIVE), Just(5e-324), 0.0..=1.0])
}

/// Objects that a machine's numbers could not hold.
fn object() -> impl Strategy<Value = String> {
    let text = text().prop_map(|text| json!({"a": [text, null, {"b": true}]}).to_string());
    prop_oneof![
        Just("{}".to_owned()),
        text,
        Just(r#"{"n": 12345678901234567890.120, "t": 1e-300}"#.to_owned())
    ]
}

fn vector() -> impl Strategy<Value = String> {
    let numbers = vec(any::<f32>().prop_filter("finite", |n| n.is_finite() && n.abs() < 1e18), 1..4);
    numbers.prop_map(|mut numbers| {
        numbers[0] = if numbers[0] == 0.0 { 0.1 } else { numbers[0] };
        numbers.resize(1536, 0.0);
        format!("[{}]", numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(","))
    })
}

/// Makes distinct rows of one kind.
fn rows<S: Strategy<Value = Value>>(row: S, most: usize) -> impl Strategy<Value = Vec<Value>> {
    vec(row, 0..=most)
}

prop_compose! {
    fn keys()(products in vec(key(), 1..4), categories in vec(key(), 1..3), attributes in vec(key(), 1..4),
              experiments in vec(key(), 1..3), rounds in vec(key(), 1..3)) -> [Vec<String>; 5] {
        [products, categories, attributes, experiments, rounds].map(|mut keys| { keys.sort(); keys.dedup(); keys })
    }
}

/// Makes databases.
pub fn content() -> impl Strategy<Value = Content> {
    keys().prop_flat_map(|[products, categories, attributes, experiments, rounds]| {
        let one = |keys: &[String]| prop::sample::select(keys.to_vec());
        let (product, category, attribute) = (one(&products), one(&categories), one(&attributes));
        let gaps: Vec<(String, String)> =
            products.iter().flat_map(|p| attributes.iter().map(move |a| (p.clone(), a.clone()))).collect();
        let gap = prop::sample::select(gaps.clone());

        let named = |keys: Vec<String>, column: &'static str| {
            let count = keys.len();
            (Just(keys), vec((option::of(text()), option::of(text()), time(), object(), option::of(time())), count)).prop_map(
                move |(keys, rest)| {
                    let row = |(key, (a, b, created, object, completed)): (String, _)| json!({column: key, "a": a, "b": b,
                        "created": created, "object": object, "completed": completed});
                    keys.into_iter().zip(rest).map(row).collect::<Vec<_>>()
                },
            )
        };
        let products_rows = named(products, "product_key").prop_map(|rows| rows.into_iter().map(|r| json!({
            "product_key": r["product_key"], "product_name": r["a"], "code_type": r["b"], "description": r["object"],
            "created_at": r["created"], "updated_at": r["created"]})).collect());
        let categories_rows = named(categories, "category_key").prop_map(|rows| rows.into_iter().map(|r| json!({
            "category_key": r["category_key"], "category_name": r["a"], "system_name": r["b"], "created_at": r["created"]})).collect());
        let attributes_rows = named(attributes, "attribute_key").prop_map(|rows| rows.into_iter().enumerate().map(|(n, r)| json!({
            "attribute_key": r["attribute_key"], "system_name": r["a"], "label": r["b"], "data_type": r["a"], "unit": r["b"],
            "multi_valued": n % 2 == 0, "created_at": r["created"]})).collect());
        let experiments_rows = named(experiments.clone(), "experiment_key").prop_map(|rows| rows.into_iter().map(|r| json!({
            "experiment_key": r["experiment_key"], "model": r["a"], "description": r["b"], "parameters": r["object"],
            "metrics": r["object"], "created_at": r["created"], "completed_at": r["completed"]})).collect());
        let rounds_rows = named(rounds.clone(), "round_key").prop_map(|rows| rows.into_iter().map(|r| json!({
            "round_key": r["round_key"], "model": r["a"], "description": r["b"], "metadata": r["object"],
            "created_at": r["created"], "completed_at": r["completed"]})).collect());

        let of_product = || (product.clone(), attribute.clone(), text(), time()).prop_map(|(p, a, v, t)| json!({
            "product_key": p, "attribute_key": a, "value": v, "created_at": t}));
        let by_attribute = || (attribute.clone(), text(), time()).prop_map(|(a, v, t)| json!({
            "attribute_key": a, "value": v, "created_at": t}));
        let by_category = (category.clone(), attribute.clone(), text(), time()).prop_map(|(c, a, v, t)| json!({
            "category_key": c, "attribute_key": a, "value": v, "created_at": t}));
        let in_category = (product.clone(), category.clone(), time()).prop_map(|(p, c, t)| json!({
            "product_key": p, "category_key": c, "created_at": t}));
        let has_attribute = (category.clone(), attribute.clone(), time()).prop_map(|(c, a, t)| json!({
            "category_key": c, "attribute_key": a, "created_at": t}));
        let rich_text = (product.clone(), key(), text(), time()).prop_map(|(p, s, c, t)| json!({
            "product_key": p, "source": s, "content": c, "created_at": t}));
        let embedding = (product.clone(), vector(), option::of(text()), time()).prop_map(|(p, v, d, t)| json!({
            "product_key": p, "embedding": v, "description": d, "created_at": t, "updated_at": t}));
        let proposed = |key: &'static str, keys: &[String]| (prop::sample::select(keys.to_vec()), gap.clone(), text(), share(),
            option::of(text()), time()).prop_map(move |(k, (p, a), v, c, r, t)| json!({ key: k, "product_key": p,
            "attribute_key": a, "value": v, "confidence": c, "reasoning": r, "created_at": t}));
        let gap_rows = (Just(gaps.clone()), vec(time(), gaps.len())).prop_map(|(gaps, times)| gaps.into_iter().zip(times)
            .map(|((p, a), t)| json!({"product_key": p, "attribute_key": a, "created_at": t})).collect());

        let catalogue = (products_rows, categories_rows, attributes_rows, rows(in_category, 4), rows(has_attribute, 4), gap_rows);
        let values = (rows(of_product(), 6), rows(by_category, 3), rows(by_attribute(), 3), rows(by_attribute(), 3), rows(of_product(), 3),
            rows(rich_text, 3));
        let proposals = (experiments_rows, rounds_rows, rows(proposed("experiment_key", &experiments), 8),
            rows(proposed("round_key", &rounds), 5), rows(embedding, 3));
        let policy = (share(), share(), share(), share(), option::of(text()), time()).prop_map(|(a, b, c, d, by, t)| json!({
            "only_row": true, "second_opinions": a.unwrap_or(0.0), "random_share": b.unwrap_or(0.0),
            "blind_share": c.unwrap_or(0.0), "seeded_share": d.unwrap_or(0.0), "set_by": by, "set_at": t}));
        let worth = (attribute.clone(), [0..9_i64, 0..9, 0..9, 0..9_000_000_000], time()).prop_map(|(a, [b, c, d, e], t)| json!({
            "attribute_key": a, "correct": b, "frequent": c, "voted": b.max(c) + d, "tried": b.max(c) + d + e,
            "measured_at": t}));
        let cut = (attribute.clone(), 0..9_i64, 0..9_000_000_000_i64, share(), time()).prop_map(|(a, l, d, s, t)| json!({
            "attribute_key": a, "listed": l, "decided": l + d, "score": s, "measured_at": t}));
        let seeded = (gap.clone(), text(), time()).prop_map(|((p, a), v, t)| json!({
            "product_key": p, "attribute_key": a, "value": v, "created_at": t}));
        let said = (gap.clone(), any::<u128>(), key(), text(), any::<(bool, bool)>(), time()).prop_map(
            |((p, a), id, who, v, (right, taken), t)| json!({
            "product_key": p, "attribute_key": a, "answer_id": uuid::Uuid::from_u128(id), "reviewer": who, "action": "override",
            "value": v, "shown_value": v, "is_right": right, "accepted": taken, "seconds": 1.5, "answered_at": t,
            "recorded_at": t}));
        let team = (rows(policy, 1), rows(worth, 3), rows(cut, 3), rows(seeded, 3), rows(said, 3));
        (catalogue, values, proposals, team, vec(act(gaps.len()), 0..8)).prop_map(|(catalogue, values, proposals, team, acts)| Content {
            rows: vec![
                (Table::Products, catalogue.0), (Table::Categories, catalogue.1), (Table::Attributes, catalogue.2),
                (Table::ProductCategories, catalogue.3), (Table::CategoryAttributes, catalogue.4), (Table::Gaps, catalogue.5),
                (Table::Values, values.0), (Table::CategoryAllowableValues, values.1),
                (Table::AllowableValuesInEveryCategory, values.2), (Table::AllowableValuesInAnyCategory, values.3),
                (Table::ProductAllowableValues, values.4), (Table::RichTexts, values.5),
                (Table::Experiments, proposals.0), (Table::Rounds, proposals.1), (Table::Predictions, proposals.2),
                (Table::Recommendations, proposals.3), (Table::Embeddings, proposals.4),
                (Table::ReviewPolicy, team.0), (Table::VoteWorth, team.1), (Table::ListCuts, team.2),
                (Table::SeededValues, team.3), (Table::SeededAnswers, team.4),
            ],
            acts,
        })
    })
}

fn act(gaps: usize) -> impl Strategy<Value = Act> {
    let action = prop::sample::select(Action::ALL.as_slice());
    let seconds = option::of(prop_oneof![Just(1e300), Just(1e-300), 0.0..100.0_f64]);
    (0..gaps, action, text(), option::of(text()), any::<bool>(), seconds).prop_map(
        |(gap, action, value, comment, reviewer, seconds)| Act {
            gap,
            action,
            value,
            comment,
            reviewer,
            seconds,
        },
    )
}

/// Makes a database with the content.
pub async fn database(content: &Content) -> TestDatabase {
    let database = TestDatabase::migrated().await;
    let client = database.client().await;
    let mut gaps = Vec::new();
    for (table, rows) in &content.rows {
        let plan = table.plan();
        let columns: Vec<&str> = plan.fields.iter().map(|field| field.column).collect();
        let given: Vec<&str> = columns
            .into_iter()
            .filter(|column| rows.first().is_some_and(|row| row.get(column).is_some()))
            .collect();
        if given.is_empty() {
            continue;
        }
        let objects = |column: &&str| match *column {
            "parameters" | "metrics" | "metadata" => format!("(r.{column} #>> '{{}}')::jsonb"),
            column => format!("r.{column}"),
        };
        let sql = format!(
            "INSERT INTO {0} ({1}) SELECT {2} FROM jsonb_populate_recordset(NULL::{0}, $1) r ON CONFLICT DO NOTHING",
            plan.stored,
            given.join(", "),
            given.iter().map(objects).collect::<Vec<_>>().join(", ")
        );
        let json = Value::Array(rows.clone());
        client
            .execute(&sql.replace("$1", "$1::text::jsonb"), &[&json.to_string()])
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        if *table == Table::Gaps {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            gaps = rows
                .iter()
                .map(|row| GapId::new(text(&row["product_key"]), text(&row["attribute_key"])))
                .collect();
        }
    }
    let store = backend::server_store(&database.url).await;
    for act in &content.acts {
        let gap = &gaps[act.gap];
        let history = store.history(gap).await.expect("the history");
        // What makes no sense (an undo of nothing, an empty value) is refused, as it is for a reviewer.
        let _ = store.decide(&decision(act, gap, &history)).await;
    }
    database
}

fn decision(act: &Act, gap: &GapId, history: &[Event]) -> Decision {
    let value = act.action.has_value().then(|| act.value.clone());
    let candidate = SeenCandidate {
        value: act.value.clone(),
        confidence: Confidence::new(0.25).ok(),
        sources: vec!["e=1".into()],
        neighbours: None,
        ..SeenCandidate::default()
    };
    Decision {
        id: DecisionId::new(),
        gap: gap.clone(),
        action: act.action,
        value,
        comment: act.comment.clone(),
        reviewer: Reviewer::from(if act.reviewer { "ada" } else { "=ben\u{202e}" }),
        base_version: history.last().map_or(0, |event| event.result_version),
        undoes: (act.action == Action::Undo)
            .then(|| Event::in_force(history).map(|event| event.decision.id))
            .flatten(),
        shown_value: Some(act.value.clone()),
        shown_confidence: Confidence::new(0.25).ok(),
        shown_experiment: Some("e=1".into()),
        batch: None,
        seen: Seen {
            candidates: vec![candidate],
            keys: "a".into(),
            seconds: act.seconds,
            policy: "queue".into(),
            selection_probability: Some(1.0),
            ..Seen::default()
        },
        decided_at: chrono::DateTime::from_timestamp_micros(chrono::Utc::now().timestamp_micros())
            .expect("a time"),
    }
}
