//! `gapdeck neighbours`.

use super::open::{self, Tables};
use super::output::{json, table};
use crate::config::Config;
use crate::domain::{AttributeKey, Neighbour, ProductKey};
use crate::error::AppError;
use crate::repository::{EmbeddingRepository, InputRepository, RepositoryError};
use clap::Args;
use serde::Serialize;

/// Lists the nearest products.
#[derive(Debug, Args)]
pub struct Neighbours {
    /// The product's key
    product: String,
    /// Print a JSON array
    #[arg(long)]
    json: bool,
    /// How many
    #[arg(long, default_value_t = 10, value_name = "K", value_parser = clap::value_parser!(u16).range(1..=1000))]
    limit: u16,
    /// Their values for an attribute too
    #[arg(long, value_name = "KEY")]
    attribute: Option<String>,
}

/// A neighbour as `neighbours --json` prints it.
#[derive(Serialize)]
struct Near<'a> {
    product_key: &'a ProductKey,
    product_name: &'a str,
    similarity: f64,
    /// The value for the attribute asked for; several joined with "; ", null where it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<serde_json::Value>,
}

pub(super) async fn run(command: Neighbours, config: &Config) -> Result<(), AppError> {
    let product = ProductKey::from(command.product);
    let attribute = command.attribute.map(AttributeKey::from);
    let database = open::database(config, Tables::Expect).await?;
    let loaded = load(&database.store(), &product, attribute.as_ref(), command.limit.into()).await;
    database.close().await;
    let neighbours = loaded?;
    let value = |one: &Neighbour| (!one.values.is_empty()).then(|| one.values.join("; "));
    if command.json {
        let near: Vec<Near<'_>> = neighbours
            .iter()
            .map(|one| Near {
                product_key: &one.product_key,
                product_name: &one.product_name,
                similarity: one.similarity,
                value: attribute.is_some().then(|| value(one).into()),
            })
            .collect();
        return json(&near);
    }
    let rows: Vec<Vec<String>> = neighbours
        .iter()
        .map(|one| {
            vec![
                format!("{:.3}", one.similarity),
                one.product_key.to_string(),
                value(one).unwrap_or_default(),
                one.product_name.clone(),
            ]
        })
        .collect();
    table(&["SIMILARITY", "PRODUCT", "VALUE", "NAME"], &rows)
}

async fn load(
    store: &(impl EmbeddingRepository + InputRepository),
    product: &ProductKey,
    attribute: Option<&AttributeKey>,
    limit: usize,
) -> Result<Vec<Neighbour>, RepositoryError> {
    if store.product(product).await?.is_none() {
        return Err(RepositoryError::NotFound { what: "product", key: product.to_string() });
    }
    store.neighbours(product, attribute, limit).await
}
