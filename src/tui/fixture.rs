//! A made-up catalogue for the tests of the terminal application.
#![expect(clippy::cast_precision_loss, reason = "small numbers")]

use crate::domain::{
    AllowedScope, AllowedValue, AllowedValues, Attribute, Candidate, Category, Confidence, Count, DataType,
    Day, Difference, ExperimentKey, ExperimentSummary, Facets, GapId, Guess, JudgedBy, KnownValue,
    MetricTrend, Named, Neighbour, Product, ProductCard, QueueRow, ReviewCard, RichText, Source, State,
    TrackRecord, choices,
};
use crate::insight::calibration::Cell;
use crate::insight::comparison::Comparison;
use crate::insight::drift::Drift;
use crate::insight::sample::{Collector, Sample};
use crate::insight::threshold::{Demand, Outcome, certify};
use crate::repository::{JudgedGroup, Page};
use crate::review::threshold::Finding;
use crate::review::unseen::{Accepted, Preview};
use crate::tui::screens::comparison::Side;
use chrono::{DateTime, Duration, TimeZone, Utc};
use std::collections::BTreeMap;

/// A name per product, the awkward ones among them.
const NAMES: [&str; 12] = [
    "Air Zoom Pegasus 38 Men's Running Shoes Black/White Size 10",
    "Gel-Nimbus 23 Women's",
    "Ghost 14",
    "Wave Rider 25",
    "Bondi Clifton 8 Ultra Wide All-Terrain Trail Running Shoe for Men and Women, Breathable Mesh Upper",
    "アシックス ランニングシューズ ゲルカヤノ 28",
    "حذاء الجري للرجال",
    "Trail 👩‍👩‍👧‍👦 family pack \u{202e}evil\u{1b}[2J",
    "Speedgoat 5",
    "",
    "Fresh Foam 1080v11 \"Wide\"",
    "Cloudstratus",
];

/// The attributes: key, label, type, unit.
const ATTRIBUTES: [(&str, &str, DataType, Option<&str>); 4] = [
    ("colour", "Colour", DataType::Choice, None),
    ("weight", "Weight", DataType::Number, Some("g")),
    ("waterproof", "Waterproof", DataType::Boolean, None),
    ("model_name", "Model name", DataType::Text, None),
];

/// The moment that the fixtures call now.
pub fn noon() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, 14, 12, 0, 0).single().unwrap_or_default()
}

fn confidence(value: f64) -> Option<Confidence> {
    Confidence::new((value * 100.0).round() / 100.0).ok()
}

/// The name of product `index`.
fn name(index: usize) -> &'static str {
    NAMES[index % NAMES.len()]
}

fn candidates(index: usize) -> Vec<Candidate> {
    let attribute = ATTRIBUTES[index % ATTRIBUTES.len()].2;
    let values: [&str; 3] = match attribute {
        DataType::Choice => ["Black/White", "Black", "Anthracite"],
        DataType::Number => ["286", "284", "300"],
        DataType::Boolean => ["Yes", "No", "No"],
        DataType::Text => ["Pegasus 38", "Pegasus", "Air Zoom Pegasus 38"],
    };
    let best = 0.97 - (index % 50) as f64 * 0.013;
    let made = |value: &str, sure: f64, source: Source, reasoning: &str| Candidate {
        value: value.into(),
        confidence: confidence(sure),
        source,
        reasoning: Some(reasoning.into()),
        created_at: noon() - Duration::days(3),
    };
    let first = "The name says \"Black/White\" right before the size, and the description calls the upper black with \
                 white details; colour names in this category stand before the size.";
    let all = [
        made(values[0], best, Source::Experiment("gpt-4".into()), first),
        made(values[0], best - 0.14, Source::Experiment("gpt-3.5".into()), "Seen in the name."),
        made(
            values[1],
            best * 0.55,
            Source::Experiment("gpt-4 ensemble".into()),
            "The upper is mostly black.",
        ),
        Candidate {
            confidence: None,
            ..made(values[2], 0.0, Source::Round("round-2026-03".into()), "Neighbours say so.")
        },
    ];
    match index % 6 {
        5 => Vec::new(),
        2 => all[..2].to_vec(),
        3 => all[..1].to_vec(),
        _ => all.to_vec(),
    }
}

/// Row `index` of the queue.
pub fn row(index: usize) -> QueueRow {
    let candidates = candidates(index);
    let merged = choices(&candidates);
    let best = merged.first();
    QueueRow {
        gap: GapId::new(format!("04{index:011}").as_str(), ATTRIBUTES[index % ATTRIBUTES.len()].0),
        product_name: name(index).into(),
        category: Some("running_shoes".into()),
        best_value: best.map(|choice| choice.value.clone()),
        best_confidence: best.and_then(|choice| choice.confidence),
        candidate_count: i32::try_from(candidates.len()).unwrap_or(0),
        value_count: i32::try_from(merged.len()).unwrap_or(0),
        disagreement: if merged.len() > 1 { 0.5 } else { 0.0 },
        uncertainty: 0.3,
        state: State::Open,
        version: 0,
        decided_by: None,
        decided_value: None,
        decided_at: None,
        first_by: None,
        vote: None,
        gap_created_at: noon() - Duration::days(9),
    }
}

/// The first `count` rows of the queue.
pub fn rows(count: usize) -> Vec<QueueRow> {
    (0..count).map(row).collect()
}

fn text() -> String {
    let first = "The Nike Air Zoom Pegasus 38 continues to put a spring in your step, using the same responsive foam \
                 as its predecessor. Mesh in the upper combines the comfort and durability you want.";
    let second =
        "Colour shown: Black/White. Style: CW7356-002.\nWeight: 286 g (men's size 10).\n\tDrop: 10 mm";
    let third = "Country of origin: Vietnam. Made with at least 20 % recycled content by weight.";
    format!("{first}\n\n{second}\n\n{third}")
}

/// What is known about product `index`.
pub fn product_card(index: usize) -> ProductCard {
    let known = [
        ("brand", "Brand", None, "Nike"),
        ("gender", "Gender", None, "Men"),
        ("drop", "Drop", Some("mm"), "10"),
        ("closure", "Closure", None, "Lace"),
        ("surface", "Surface", None, "Road"),
        ("season", "Season", None, "All year"),
        ("upper", "Upper material", None, "Engineered mesh"),
    ];
    ProductCard {
        product: Product {
            key: row(index).gap.product,
            name: Some(name(index).to_owned()).filter(|name| !name.is_empty()),
            code_type: Some("EAN".into()),
            description: None,
        },
        categories: vec![
            Category { key: "footwear".into(), name: Some("Footwear".into()), system_name: None },
            Category { key: "running_shoes".into(), name: Some("Running shoes".into()), system_name: None },
        ],
        known: known
            .into_iter()
            .map(|(key, label, unit, value)| KnownValue {
                attribute_key: key.into(),
                label: label.into(),
                unit: unit.map(Into::into),
                value: value.into(),
            })
            .collect(),
        texts: vec![
            RichText { source: "description".into(), content: text(), truncated: false },
            RichText { source: "datasheet".into(), content: text().repeat(4), truncated: true },
        ],
        neighbours: neighbours(index),
        gaps: (0..4).map(|step| row(index + step)).collect(),
    }
}

/// The neighbours of product `index`.
pub fn neighbours(index: usize) -> Vec<Neighbour> {
    let merged = choices(&candidates(index));
    let (known, other) = match ATTRIBUTES[index % ATTRIBUTES.len()].2 {
        DataType::Choice => ("Black/White", "Blue"),
        DataType::Number => ("286", "301"),
        DataType::Boolean => ("Yes", "No"),
        DataType::Text => ("Pegasus 38", "Winflo 8"),
    };
    let first = merged.first().map_or(known, |choice| choice.value.as_str()).to_owned();
    let second = merged.get(1).map_or(other, |choice| choice.value.as_str()).to_owned();
    (0..10)
        .map(|step| Neighbour {
            product_key: row(index + step + 1).gap.product,
            product_name: name(index + step + 1).into(),
            similarity: 0.97 - step as f64 * 0.013,
            values: match step % 4 {
                3 => Vec::new(),
                2 => vec![second.clone()],
                _ => vec![first.clone()],
            },
        })
        .collect()
}

/// The card of row `index`.
pub fn card(index: usize) -> ReviewCard {
    let (key, label, data_type, unit) = ATTRIBUTES[index % ATTRIBUTES.len()];
    let colours =
        ["Anthracite", "Black", "Black/Volt", "Black/White", "Blackened Blue", "Blue", "Red", "White"];
    let values: Vec<AllowedValue> = if data_type == DataType::Choice {
        colours.map(|value| AllowedValue { value: value.into(), scope: AllowedScope::Category }).to_vec()
    } else {
        Vec::new()
    };
    ReviewCard {
        row: row(index),
        attribute: Attribute {
            key: key.into(),
            system_name: None,
            label: Some(label.into()),
            data_type,
            unit: unit.map(Into::into),
            multi_valued: false,
        },
        allowed: AllowedValues { total: values.len(), values },
        candidates: candidates(index),
        product: product_card(index),
        voters: neighbours(index),
        worth: None,
        history: Vec::new(),
        records: track_record(index).into_iter().collect(),
        common: None,
        cut: None,
    }
}

/// How predictions like the first of row `index` did.
fn track_record(index: usize) -> Option<TrackRecord> {
    let best = candidates(index).into_iter().find(|one| one.confidence.is_some())?;
    let Source::Experiment(experiment) = best.source else { return None };
    let judged = 40 * (index as u64 + 1) % 250;
    let right = judged * 8 / 10;
    let confidence = best.confidence?;
    Some(TrackRecord { experiment, confidence, judged, right, near: judged, near_right: right })
}

/// What the queue can be filtered by.
pub fn facets() -> Facets {
    let mut attributes: Vec<_> = ATTRIBUTES
        .iter()
        .map(|(key, label, ..)| Named { key: (*key).into(), name: (*label).into() })
        .collect();
    attributes.sort_by(|a, b| a.name.cmp(&b.name));
    let category = |key: &str, name: &str| Named { key: key.into(), name: name.into() };
    let experiment = |key: &str| Named { key: key.into(), name: key.into() };
    Facets {
        attributes,
        categories: vec![category("running_shoes", "Running shoes"), category("sandals", "Sandals")],
        experiments: vec![experiment("gpt-3.5"), experiment("gpt-4"), experiment("gpt-4 ensemble")],
    }
}

/// The experiments.
pub fn experiments() -> Vec<ExperimentSummary> {
    let made = |key: &str, model: &str, predictions, confidence, correct, incorrect| ExperimentSummary {
        experiment: key.into(),
        model: Some(model.into()),
        description: Some("Attribute list prompt, ten shots".into()),
        metrics: serde_json::json!({"f1": 0.81}),
        created_at: noon() - Duration::days(12),
        completed_at: Some(noon() - Duration::days(11)),
        predictions,
        gaps: predictions - 120,
        average_confidence: confidence,
        correct,
        incorrect,
    };
    vec![
        made("gpt-4", "gpt-4-0613", 7_412, Some(0.74), 412, 96),
        made("gpt-3.5", "gpt-3.5-turbo-0613", 7_390, Some(0.69), 301, 188),
        made("gpt-4 ensemble", "gpt-4-0613, five runs", 2_044, Some(0.61), 0, 0),
    ]
}

/// The trend of an experiment.
pub fn trends() -> Vec<MetricTrend> {
    (0..14)
        .map(|day| MetricTrend {
            experiment: "gpt-4".into(),
            day: noon() - Duration::days(14 - day),
            predictions: 500 + day * 13,
            average_confidence: Some(0.62 + day as f64 * 0.011 - (day % 3) as f64 * 0.02),
            confidence_change: Some(0.01),
            correct: 30,
            incorrect: 7,
        })
        .collect()
}

/// A model that is too sure of itself, on as many judged predictions as its summary says.
pub fn judged(experiment: &ExperimentKey) -> Vec<Cell> {
    let Some(summary) = experiments().into_iter().find(|one| one.experiment == *experiment) else {
        return Vec::new();
    };
    let judged = u32::try_from(summary.correct + summary.incorrect).unwrap();
    let mut cells = vec![Cell::default(); 100];
    for number in 0..judged {
        let hundredth = 35 + number * 7 % 65;
        let confidence = f64::from(hundredth) / 100.0;
        let right = f64::from(number * 13 % 100) / 100.0 < confidence * confidence * 1.1;
        cells[hundredth as usize].add(confidence, right);
    }
    cells.retain(|cell| cell.judged > 0);
    cells
}

/// Judged predictions, told apart.
pub fn groups(by: JudgedBy) -> Vec<JudgedGroup> {
    let keys: Vec<String> = match by {
        JudgedBy::Experiment => experiments().iter().map(|one| one.experiment.to_string()).collect(),
        JudgedBy::Attribute => ATTRIBUTES.iter().map(|(key, ..)| (*key).to_owned()).collect(),
        JudgedBy::Category => vec![String::new(), "running_shoes".into(), "sandals".into()],
    };
    let cells = |number: usize| {
        let cells = judged(&experiments()[0].experiment);
        cells.into_iter().skip(number * 7).collect::<Vec<_>>()
    };
    let group = |(number, key)| JudgedGroup { key, cells: cells(number) };
    keys.into_iter().enumerate().map(group).filter(|group| !group.cells.is_empty()).collect()
}

/// A sample of some gaps: `sure` of them right at 0.97, as many half right at 0.5.
pub fn sample(sure: u64) -> Sample {
    let mut collector = Collector::default();
    for number in 0..sure {
        collector.add(Some(0.97), Some(true));
        collector.add(Some(0.5), Some(number % 2 == 0));
    }
    collector.end(0.125)
}

/// The first group fell, the last rose.
pub fn drifts(by: JudgedBy) -> BTreeMap<String, Drift> {
    let keys: Vec<String> = groups(by).into_iter().map(|group| group.key).collect();
    let fall = Drift { from: 0.82, to: 0.61, since: noon() - Duration::days(5), before: 240, after: 118 };
    let rise = Drift { from: 0.61, to: 0.9, ..fall };
    let ends = keys.first().map(|key| (key.clone(), fall)).into_iter();
    ends.chain(keys.last().filter(|_| keys.len() > 1).map(|key| (key.clone(), rise))).collect()
}

/// One experiment that is better than another.
pub fn comparison() -> Comparison {
    Comparison { both_right: 400, only_first: 60, only_second: 20, both_wrong: 1_060 }
}

/// Gaps on which two experiments differ, the awkward names among them.
pub fn differences(side: Side, limit: usize) -> Page<Difference, GapId> {
    let count = if side == Side::Won { 60 } else { 20 };
    let guess = |value: &str, sure: Option<f64>| Guess {
        value: value.into(),
        confidence: sure.and_then(|sure| Confidence::new(sure).ok()),
    };
    let made = |index: usize| {
        let row = row(index);
        Difference {
            gap: row.gap,
            product_name: row.product_name,
            won: guess(if index.is_multiple_of(2) { "Black/White" } else { "286" }, Some(0.93)),
            lost: guess("Blue \u{1b}[2J", (!index.is_multiple_of(3)).then_some(0.5)),
        }
    };
    Page { rows: (0..count.min(limit)).map(made).collect(), next: None }
}

/// What a sample of some gaps carries.
pub fn finding(sure: u64, demand: Demand) -> Finding {
    let sample = sample(sure);
    let outcome = certify(sample.cells.clone(), demand);
    let covered = matches!(outcome, Outcome::Certified(_)).then_some(Count::Exact(1_204));
    Finding { demand, sample, outcome, open: Count::Exact(1_973), covered }
}

/// What accepting it would be.
pub fn preview() -> Preview {
    let value = |value: &str, count| (value.to_owned(), count);
    let least = |index: usize, sure| (row(index).gap, "Black \u{202e}evil".to_owned(), sure);
    Preview {
        accepted: 1_141,
        kept_out: 63,
        values: vec![
            value("Black/White", 420),
            value("286", 311),
            value("Yes", 207),
            value("Anthracite with a very long name that goes on beyond what a dialog can show of it", 9),
            value("\u{1b}[2JPegasus 38", 1),
        ],
        different: 112,
        least_confident: vec![least(0, 0.9701), least(4, 0.9702), least(8, 0.971)],
    }
}

/// What accepting did so far.
pub fn accepted(count: u64) -> Accepted {
    Accepted { batch: uuid::Uuid::from_u128(0x0192_aaaa), accepted: count, kept_out: 28, passed_by: 2 }
}

/// Three days of work, the last one today.
pub fn days() -> Vec<Day> {
    let day = |ago: i64, accepted, overridden, rejected, put_off, seconds| Day {
        day: (noon() - Duration::days(ago)).date_naive().and_time(chrono::NaiveTime::MIN).and_utc(),
        accepted,
        overridden,
        rejected,
        put_off,
        seconds,
        reviewers: 2,
    };
    vec![day(4, 120, 30, 14, 6, None), day(1, 402, 61, 38, 4, Some(6.4)), day(0, 96, 22, 9, 7, Some(5.6))]
}
