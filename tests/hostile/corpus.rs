//! A catalogue in which every text is hostile, and what only plain SQL can put there.

use crate::support::binary::Gapdeck;
use crate::support::server::TestDatabase;
use serde_json::{Value, json};
use std::fmt::Write as _;
use tempfile::TempDir;

/// Texts that steer a terminal, hide, turn around, pile up, or are no numbers.
pub const TEXTS: [&str; 26] = [
    "\u{1b}]0;pwned\u{7}a title",
    "\u{1b}[2J\u{1b}[H\u{1b}[31mcleared",
    "\u{1b}]52;c;cHduZWQ=\u{7}clipboard",
    "\u{1b}]8;;http://evil.example\u{1b}\\link\u{1b}]8;;\u{1b}\\",
    "\u{1b}P+q544e\u{1b}\\\u{1b}P#0;2q~\u{1b}\\device",
    "\u{1b}_Gi=1,a=q\u{1b}\\\u{1b}^private\u{1b}\\\u{1b}Xstart\u{1b}\\",
    "\u{9b}31m\u{9d}0;c1\u{9c}\u{90}q\u{9c}\u{85}c1",
    "\u{7}\u{8}\u{b}\u{c}\u{e}\u{f}\u{7f}bells",
    "first\r\nsecond\rover\nthird",
    "\t\ttabs\t",
    "\u{202e}gpj.exe\u{202c}\u{202d}x\u{202a}y",
    "\u{2066}isolate\u{2069}\u{2067}r\u{2068}\u{61c}\u{200e}\u{200f}",
    "zero\u{200b}\u{200c}\u{200d}\u{2060}\u{feff}width",
    "Z\u{301}\u{302}\u{303}\u{304}\u{305}\u{306}\u{307}\u{308}\u{309}\u{30a}\u{30b}\u{30c}\u{30d}\u{30e}\u{30f}\u{310}\u{311}algo\u{489}\u{489}\u{489}\u{489}\u{489}\u{489}",
    "👩\u{200d}👩\u{200d}👧\u{200d}👦 👩🏽\u{200d}🚀 ❤\u{fe0f} 1\u{fe0f}\u{20e3} 🇩🇪",
    "\u{fffd}\u{fffe}\u{ffff}\u{10ffff}\u{e000}",
    "שלום עולם مرحبا בעולם",
    "\u{e0001}\u{e0041}\u{e0042}tags\u{e007f}",
    "\u{115f}\u{3164}\u{ffa0}\u{1160}fillers",
    "\u{2028}\u{2029}separators",
    "so\u{ad}ft\u{34f}\u{17b4}",
    "क्षि 한국어 日本語 Ａ𝕳",
    "1e999999",
    "NaN",
    "-Infinity 00000000000000000000000000001",
    "\u{1}\u{2}\u{3}'; DROP TABLE raw_products; --\\",
];

/// A reviewer's name.
pub const REVIEWER: &str = "eve\u{1b}]0;x\u{7}\u{202e}\u{9b}2J";

/// Attributes: key, label, type, unit.
fn attributes() -> [(String, &'static str, &'static str, Option<&'static str>); 3] {
    [
        (format!("colour{}", TEXTS[1]), TEXTS[0], "choice", None),
        (format!("weight{}", TEXTS[10]), TEXTS[6], "number", Some(TEXTS[3])),
        (format!("name{}", TEXTS[12]), TEXTS[14], "text", None),
    ]
}

pub fn product_key(index: usize) -> String {
    format!("p{index:02} {}", TEXTS[index])
}

/// Returns the key of the attribute that a product lacks.
pub fn attribute_key(index: usize) -> String {
    attributes()[index % 3].0.clone()
}

/// Returns the files of an import.
pub fn directory() -> TempDir {
    let (category, experiments) = (format!("shoes{}", TEXTS[4]), [TEXTS[2], TEXTS[13]]);
    let mut files: Vec<(&str, Vec<Value>)> = vec![
        ("categories", vec![json!({"category_key": category, "category_name": TEXTS[11]})]),
        (
            "attributes",
            attributes()
                .iter()
                .map(|(key, label, kind, unit)| {
                    json!({"attribute_key": key, "label": label, "data_type": kind, "unit": unit})
                })
                .collect(),
        ),
        (
            "experiments",
            experiments
                .iter()
                .map(|key| json!({"experiment": key, "model": TEXTS[5], "description": TEXTS[7]}))
                .collect(),
        ),
    ];
    let mut rows = |name: &'static str, made: &dyn Fn(usize) -> Vec<Value>| {
        files.push((name, (0..TEXTS.len()).flat_map(made).collect()));
    };
    rows("products", &|n| {
        vec![
            json!({"product_key": product_key(n), "product_name": TEXTS[n], "code_type": TEXTS[8], "description": TEXTS[n]}),
        ]
    });
    rows("product_categories", &|n| vec![json!({"product_key": product_key(n), "category_key": category})]);
    rows("product_attribute_gaps", &|n| {
        vec![json!({"product_key": product_key(n), "attribute_key": attribute_key(n)})]
    });
    rows("product_attribute_values", &|n| {
        vec![json!({"product_key": product_key(n), "attribute_key": attribute_key(n + 1), "value": TEXTS[n]})]
    });
    rows("rich_text_sources", &|n| {
        let content = format!("{} and {}", TEXTS[n], TEXTS.concat());
        vec![json!({"product_key": product_key(n), "source": TEXTS[n], "content": content})]
    });
    rows("category_allowable_values", &|n| {
        vec![json!({"category_key": category, "attribute_key": attribute_key(0), "value": TEXTS[n]})]
    });
    #[allow(clippy::cast_precision_loss, reason = "small numbers")]
    rows("predictions", &|n| {
        let sure = [0.0_f64, 1.0, 5e-324][n % 3].max(1.0 - n as f64 / 100.0);
        experiments
            .iter()
            .enumerate()
            .map(|(which, experiment)| {
                json!({"experiment": experiment, "product_key": product_key(n), "attribute_key": attribute_key(n),
                    "value": TEXTS[(n + which) % TEXTS.len()], "confidence": sure, "reasoning": TEXTS.concat()})
            })
            .collect()
    });
    let directory = tempfile::tempdir().expect("a directory");
    for (name, rows) in files {
        let mut text = String::new();
        for row in rows {
            writeln!(text, "{row}").expect("a line");
        }
        std::fs::write(directory.path().join(format!("{name}.jsonl")), text).expect("write");
    }
    directory
}

/// What only plain SQL can store: times that no calendar has, numbers that no machine has, ten megabytes everywhere.
const EXTREMES: &str = "
    UPDATE raw_product_attribute_gaps SET created_at = 'infinity' WHERE product_key LIKE 'p01%';
    UPDATE raw_product_attribute_gaps SET created_at = '294276-12-31 23:59:59+00' WHERE product_key LIKE 'p02%';
    UPDATE raw_product_attribute_gaps SET created_at = '-infinity' WHERE product_key LIKE 'p03%';
    UPDATE raw_product_attribute_gaps SET created_at = '4713-01-01 00:00:00+00 BC' WHERE product_key LIKE 'p04%';
    UPDATE prediction_results SET created_at = 'infinity' WHERE product_key LIKE 'p05%';
    UPDATE prediction_experiments SET metrics = '{\"f1\": 1e400}', completed_at = 'infinity';
    UPDATE raw_products SET product_name = repeat(E'ten \\x1b[2J', 1000000), description = repeat(E'\\u202e mega', 1400000)
        WHERE product_key LIKE 'p00%';
    UPDATE raw_products SET code_type = repeat(E'\\u009b31m', 2000000) WHERE product_key LIKE 'p00%';
    UPDATE prediction_results SET value = repeat(E'v\\u200b', 3000000), reasoning = repeat(E'because \\x07', 1000000)
        WHERE product_key LIKE 'p00%' AND experiment_key LIKE '%clipboard';
    UPDATE raw_rich_text_sources SET content = repeat(E'text \\x1b]0;x\\x07', 1000000) WHERE product_key LIKE 'p00%';
    UPDATE raw_product_attribute_values SET value = repeat(E'known \\u202e', 1000000) WHERE product_key LIKE 'p00%';
    UPDATE raw_categories SET category_name = repeat(E'category \\x1b', 1000000);
    UPDATE raw_attributes SET label = repeat(E'\\u2066label', 1000000), unit = repeat('g', 10000000) WHERE data_type = 'number';
    INSERT INTO human_recommendations (product_key, decision_id, attribute_key, reviewer, action, comment, base_version,
            result_version, policy, seen, decided_at)
        SELECT product_key, gen_random_uuid(), attribute_key, E'eve\\x1b]0;x\\x07\\u202e', 'flag', repeat(E'look \\x1b[2J', 1000000), 0, 1, 'sql',
            '{\"seconds\": 1e400}', 'infinity'
        FROM raw_product_attribute_gaps WHERE product_key LIKE 'p06%'";

/// Makes a database of its own with the corpus in it, brought there by the importer and by plain SQL.
pub async fn database() -> TestDatabase {
    let database = TestDatabase::migrated().await;
    let files = directory();
    let place = files.path().to_str().expect("a UTF-8 path").to_owned();
    let ran = Gapdeck::on(&database).succeeds(&["import", &place]);
    assert!(ran.stdout.contains("products"), "{}", ran.stdout);
    database.client().await.batch_execute(EXTREMES).await.expect("the extremes");
    database
}
