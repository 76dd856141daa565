//! `docs/transfer.md` names every field as the code has it.

use gapdeck::demo::{DemoSize, generate};
use gapdeck::repository::bulk::{Field, Need, Table};
use gapdeck::transfer::export::What;
use serde::Serialize;
use std::fmt::Write as _;
use std::path::Path;

const BEGINS: &str = "<!-- The rest is written by a test (GAPDECK_WRITE_DOCS=1 cargo test --test transfer documentation). -->\n";

fn absent(field: &Field) -> String {
    match field.need {
        Need::Required => "an error".into(),
        Need::Null => "null".into(),
        Need::Or("'{}'") => "`{}`".into(),
        Need::Or("'[]'") => "`[]`".into(),
        Need::Or("''") => "empty".into(),
        Need::Or(sql) => sql.into(),
        Need::Kept("NULL") => "as stored; null in a new row".into(),
        Need::Kept(_) => "as stored; the time of the import in a new row".into(),
        Need::Touched(_) => "as stored; the time of the import in a new or changed row".into(),
        Need::AtFirst => "null; a stored row keeps what it has, whatever is given".into(),
    }
}

fn fields_of(text: &mut String, fields: &[Field], key: &[&str]) {
    text.push_str("\n| field | type | absent or null means | |\n|---|---|---|---|\n");
    for field in fields {
        let is_key = key.contains(&field.column) || (field.column == "value" && key.contains(&"value_md5"));
        let mark = if is_key { " (key)" } else { "" };
        let _ = writeln!(
            text,
            "| `{}`{mark} | {} | {} | {} |",
            field.name,
            field.kind.words(),
            absent(field),
            field.about
        );
    }
}

fn generated() -> String {
    let mut text = String::new();
    for table in Table::ALL {
        let plan = table.plan();
        let _ = write!(text, "\n### {}\n\nTable `{}`.", plan.name, plan.stored);
        if !plan.aliases.is_empty() {
            let names: Vec<String> = plan.aliases.iter().map(|alias| format!("`{alias}`")).collect();
            let _ = write!(text, " Also called {}.", names.join(", "));
        }
        text.push('\n');
        fields_of(&mut text, plan.fields, plan.key);
    }
    text.push_str("\n### accepted_values\n\nOnly written. Every field is there in each row, or null.\n");
    text.push_str("\n| field | type | |\n|---|---|---|\n");
    for field in What::AcceptedValues.fields() {
        let _ = writeln!(text, "| `{}` | {} | {} |", field.name, field.kind.words(), field.about);
    }
    text
}

#[test]
fn the_page_names_every_field() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/transfer.md");
    let page = std::fs::read_to_string(&path).expect("docs/transfer.md");
    let (head, fields) = page.split_once(BEGINS).expect("the line above the generated part");
    if std::env::var_os("GAPDECK_WRITE_DOCS").is_some() {
        std::fs::write(&path, format!("{head}{BEGINS}{}", generated())).expect("write");
        return;
    }
    assert!(
        fields == generated(),
        "docs/transfer.md is behind: GAPDECK_WRITE_DOCS=1 cargo test --test transfer documentation"
    );
}

/// The records that repositories take have no field that files do not have.
#[test]
fn files_have_every_field_of_the_records() {
    let demo = generate(1, DemoSize { products: 40, gaps: 60 }).expect("a catalogue");
    check(Table::Categories, &demo.batch.categories);
    check(Table::Attributes, &demo.batch.attributes);
    check(Table::CategoryAttributes, &demo.batch.category_attributes);
    check(Table::Products, &demo.batch.products);
    check(Table::ProductCategories, &demo.batch.product_categories);
    check(Table::Values, &demo.batch.values);
    check(Table::Gaps, &demo.batch.gaps);
    check(Table::CategoryAllowableValues, &demo.batch.category_allowable_values);
    check(Table::AllowableValuesInEveryCategory, &demo.batch.allowable_values_in_every_category);
    check(Table::RichTexts, &demo.batch.rich_texts);
    check(Table::Experiments, &demo.experiments);
    check(Table::Predictions, &demo.predictions);
    check(Table::Rounds, &demo.rounds);
    check(Table::Recommendations, &demo.recommendations);
    check(Table::Embeddings, &demo.embeddings);
}

fn check<R: Serialize>(table: Table, records: &[R]) {
    let record = serde_json::to_value(records.first().expect("a record")).expect("JSON");
    for name in record.as_object().expect("an object").keys() {
        let known = table.plan().fields.iter().any(|field| field.name == name);
        assert!(known, "{} has no field {name}", table.plan().name);
    }
}
