//! `gapdeck product`.

use super::open::{self, Tables};
use super::output::{json, print, visible};
use super::refresh::age_of;
use crate::config::Config;
use crate::domain::{ProductDetails, ProductGap, ProductKey, View, ViewState};
use crate::error::AppError;
use crate::repository::{InputRepository, RepositoryError, ViewRepository};
use chrono::{DateTime, Utc};
use clap::Args;
use serde::Serialize;
use std::fmt::Write as _;

/// How many allowed values of a gap are shown to people.
const SHOWN_VALUES: usize = 8;

/// Shows everything the catalogue says of a product.
#[derive(Debug, Args)]
pub struct Product {
    /// The product's key
    product: String,
    /// Print a JSON object: the row of product_details, with the product's gaps
    #[arg(long)]
    json: bool,
}

/// A product as `product --json` prints it.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    details: ProductDetails,
    gaps: Vec<ProductGap>,
    /// When the views that this comes from were refreshed; null where nobody knows.
    refreshed_at: Refreshed,
}

#[derive(Serialize)]
struct Refreshed {
    product_details: Option<DateTime<Utc>>,
    product_gaps: Option<DateTime<Utc>>,
}

/// What was found: the product, or that only the view does not know it yet.
enum Found {
    Here(Box<(ProductDetails, Vec<ProductGap>)>),
    TooNew,
}

pub(super) async fn run(command: Product, config: &Config) -> Result<(), AppError> {
    let product = ProductKey::from(command.product);
    let database = open::database(config, Tables::Expect).await?;
    let loaded = load(&database.store().read_by(&config.reviewer), &product).await;
    database.close().await;
    let (found, states) = loaded?;
    let Found::Here(found) = found else {
        let not_there = RepositoryError::NotFound { what: "product", key: product.to_string() };
        let state = states.iter().find(|state| state.view == View::ProductDetails);
        let age = state.map(age_of).unwrap_or_default();
        let error = AppError::from(not_there);
        return Err(AppError::new(error.kind, format!("{} in the view {age}", error.message))
            .hinted("The product is newer than that: `gapdeck refresh` brings the view up to date."));
    };
    let (details, gaps) = *found;
    if command.json {
        let of = |view| states.iter().find(|state| state.view == view)?.last.map(|last| last.refreshed_at);
        let refreshed_at =
            Refreshed { product_details: of(View::ProductDetails), product_gaps: of(View::ProductGaps) };
        return json(&Shown { details, gaps, refreshed_at });
    }
    print(&text(&details, &gaps, &states))
}

async fn load(
    store: &(impl ViewRepository + InputRepository),
    product: &ProductKey,
) -> Result<(Found, Vec<ViewState>), RepositoryError> {
    let states = store.view_states().await?;
    if let Some(details) = store.product_details(product).await? {
        let gaps = store.product_gaps(product).await?;
        return Ok((Found::Here(Box::new((details, gaps))), states));
    }
    if store.product(product).await?.is_none() {
        return Err(RepositoryError::NotFound { what: "product", key: product.to_string() });
    }
    Ok((Found::TooNew, states))
}

/// Says in words what is known of a product.
fn text(details: &ProductDetails, gaps: &[ProductGap], states: &[ViewState]) -> String {
    let mut text = String::new();
    let name = details.product_name.as_deref().unwrap_or("(no name)");
    let code = details.code_type.as_deref().map(|code| format!(" ({})", visible(code))).unwrap_or_default();
    let _ = writeln!(text, "{}  {}{code}", visible(details.product_key.as_str()), visible(name));
    if let Some(description) = &details.description {
        let _ = writeln!(text, "  {}", visible(description));
    }
    for category in &details.categories {
        let name = category.category_name.as_deref().unwrap_or(category.category_key.as_str());
        let _ = writeln!(text, "  in {}", visible(name));
    }
    let _ = writeln!(text, "\nVALUES");
    for attribute in &details.attributes {
        let label = attribute.label.as_deref().unwrap_or(attribute.attribute_key.as_str());
        let unit = attribute.unit.as_deref().map(|unit| format!(" {}", visible(unit))).unwrap_or_default();
        let values: Vec<String> = attribute.values.iter().map(|value| visible(value)).collect();
        let _ = writeln!(text, "  {}: {}{unit}", visible(label), values.join("; "));
    }
    if details.attributes.is_empty() {
        text.push_str("  none\n");
    }
    let _ = writeln!(text, "\nGAPS");
    for gap in gaps {
        let label = gap.attribute_label.as_deref().unwrap_or(gap.gap.attribute.as_str());
        let allowed: Vec<String> =
            gap.allowable_values.iter().take(SHOWN_VALUES).map(|value| visible(value)).collect();
        let more = gap.allowable_values.len().saturating_sub(SHOWN_VALUES);
        let _ = match (allowed.is_empty(), more) {
            (true, _) => writeln!(text, "  {}", visible(label)),
            (false, 0) => writeln!(text, "  {}: {}", visible(label), allowed.join(", ")),
            (false, more) => writeln!(text, "  {}: {} and {more} more", visible(label), allowed.join(", ")),
        };
    }
    if gaps.is_empty() {
        text.push_str("  none\n");
    }
    if !details.descriptions.is_empty() {
        let _ = writeln!(text, "\nTEXTS");
    }
    for description in &details.descriptions {
        let _ = writeln!(text, "  {}: {}", visible(&description.source), visible(&description.content));
    }
    text.push('\n');
    for state in states.iter().filter(|state| state.view != View::ProductSummary) {
        let _ = writeln!(text, "{}", age_of(state));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{AttributeDetails, CategoryDetails, Description, GapId, Refresh};

    #[test]
    fn a_product_is_shown_with_the_age_of_what_is_shown() {
        let details = ProductDetails {
            product_key: "p1".into(),
            product_name: Some("Lamp\u{7}".into()),
            code_type: Some("EAN".into()),
            description: Some("A lamp.".into()),
            descriptions: vec![Description { source: "datasheet".into(), content: "x".repeat(100) }],
            categories: vec![CategoryDetails {
                category_key: "lamps".into(),
                category_name: Some("Lamps".into()),
                system_name: None,
            }],
            attributes: vec![AttributeDetails {
                attribute_key: "weight".into(),
                label: Some("Weight".into()),
                data_type: Some("number".into()),
                unit: Some("g".into()),
                values: vec!["120".into(), "7".into()],
            }],
        };
        let gap = ProductGap {
            gap: GapId::new("p1", "colour"),
            product_name: None,
            category_key: None,
            attribute_label: Some("Colour".into()),
            data_type: None,
            unit: None,
            allowable_values: (0..10).map(|n| format!("c{n}")).collect(),
            created_at: DateTime::UNIX_EPOCH,
        };
        let state = |view, age| ViewState {
            view,
            last: Some(Refresh { refreshed_at: DateTime::UNIX_EPOCH, seconds: 1.0 }),
            age,
            may_refresh: false,
        };
        let states = [state(View::ProductDetails, Some(7_300.0)), state(View::ProductGaps, None)];
        insta::assert_snapshot!(text(&details, &[gap], &states), @r"
        p1  Lamp␇ (EAN)
          A lamp.
          in Lamps

        VALUES
          Weight: 120; 7 g

        GAPS
          Colour: c0, c1, c2, c3, c4, c5, c6, c7 and 2 more

        TEXTS
          datasheet: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…

        product_details as of 2 hours ago
        product_gaps as of nobody knows when
        ");
    }
}
