//! The generated parts of the pages in `docs/`, compared with what stands there.

use super::settings::SETTINGS;
use std::fmt::Write;

/// Compares the generated part of a page, between `<!-- begin NAME -->` and `<!-- end NAME -->`, with what it should be; with
/// `UPDATE_DOCS=1` in the environment, writes it.
///
/// # Panics
/// Where they differ, or there is no such page.
pub fn assert_part(file: &str, name: &str, wanted: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(file);
    let page = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let (begin, end) = (format!("<!-- begin {name} -->\n"), format!("<!-- end {name} -->"));
    let (before, rest) = page.split_once(&begin).unwrap_or_else(|| panic!("docs/{file} has no {begin}"));
    let (written, after) = rest.split_once(&end).unwrap_or_else(|| panic!("docs/{file} has no {end}"));
    if std::env::var_os("UPDATE_DOCS").is_some_and(|value| value == "1") {
        std::fs::write(&path, format!("{before}{begin}{wanted}{end}{after}"))
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        return;
    }
    let remedy = "renew it with: UPDATE_DOCS=1 cargo test --lib docs_page";
    assert!(written == wanted, "docs/{file} is out of date; {remedy}");
}

fn table() -> String {
    let mut text = String::from(
        "| setting | takes | default | environment | command line | |\n|---|---|---|---|---|---|\n",
    );
    for setting in SETTINGS {
        let code = |text: &str| format!("`{text}`");
        let default =
            if setting.otherwise.is_empty() { code(setting.default) } else { setting.otherwise.to_owned() };
        let _ = writeln!(
            text,
            "| `{}` | {} | {default} | {} | {} | {} |",
            setting.name,
            setting.takes_in_words(),
            setting.variable.map(code).unwrap_or_default(),
            setting.flag.map(code).unwrap_or_default(),
            setting.doc,
        );
    }
    text
}

#[test]
fn docs_page_of_the_configuration_is_up_to_date() {
    assert_part("configuration.md", "settings", &table());
}
