//! Embeddings: their index, and whether they can be compared with each other.

use super::{Finding, Level};
use crate::database::Database;
use crate::database::ann::{self, Version, Weight};
use crate::domain::EmbeddingStats;
use crate::error::AppError;
use crate::repository::EmbeddingRepository;

pub(super) async fn check(database: &Database) -> Result<Vec<Finding>, AppError> {
    let stats = database.store().embedding_stats().await?;
    let mut found = models(&stats);
    let mut connection = database.connection().await?;
    let refused = |error| crate::database::refused("the vector index", &error);
    let indexes = ann::indexes(&mut connection).await.map_err(refused)?;
    let told = super::row(
        &mut connection,
        "SELECT ARRAY[extversion::text] AS cells FROM pg_extension WHERE extname = 'vector'",
    );
    let version = Version::parse(told.await?.first().map_or("", String::as_str));
    let rows = i64::try_from(stats.embeddings).unwrap_or(i64::MAX);
    let advice = ann::judge(&indexes, rows, version);
    if advice.is_empty()
        && let Some(index) = indexes.iter().find(|index| index.valid)
    {
        found.push(Finding::ok(
            "vector index",
            format!("{} ({}) serves {rows} embeddings", index.name, index.method.name()),
        ));
    }
    found.extend(advice.into_iter().map(|one| {
        let level = match one.weight {
            Weight::Notice => Level::Notice,
            Weight::Warning => Level::Warning,
        };
        Finding::new(level, "vector index", one.message, one.remedy)
    }));
    Ok(found)
}

fn models(stats: &EmbeddingStats) -> Vec<Finding> {
    let check = "embeddings";
    let mut found = Vec::new();
    let named = |model: &Option<String>, dimensions: Option<i32>| {
        let name = model.as_deref().unwrap_or("nobody knows which");
        match dimensions {
            Some(dimensions) => format!("{name} ({dimensions} numbers)"),
            None => name.to_owned(),
        }
    };
    // A model has one number of dimensions; where nobody said, they may be the others'.
    let mut known: Vec<_> = stats.models.iter().filter(|one| one.model.is_some()).collect();
    known.dedup_by(|a, b| a.model == b.model && a.dimensions == b.dimensions);
    if known.len() > 1 {
        let list: Vec<String> = known
            .iter()
            .map(|one| format!("{} of {}", one.embeddings, named(&one.model, one.dimensions)))
            .collect();
        found.push(Finding::new(
            Level::Warning,
            check,
            format!("embeddings of several models cannot be compared: {}", list.join(", ")),
            "gapdeck embed --all with the model to keep",
        ));
    } else if !known.is_empty() && stats.models.len() > known.len() {
        let unknown: u64 =
            stats.models.iter().filter(|one| one.model.is_none()).map(|one| one.embeddings).sum();
        let model = named(&known[0].model, None);
        found.push(Finding::new(
            Level::Notice,
            check,
            format!("{unknown} embeddings do not say which model made them, the others are of {model}"),
            "if they are of another model: gapdeck embed --all",
        ));
    }
    if stats.products_without > 0 {
        found.push(Finding::new(
            Level::Notice,
            check,
            format!("{} products have no embedding, and so no neighbours", stats.products_without),
            "gapdeck embed",
        ));
    }
    if found.is_empty() {
        found.push(Finding::ok(check, format!("{} embeddings, one for each product", stats.embeddings)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ModelCount;

    fn told(models: &[(Option<&str>, Option<i32>)], products_without: u64) -> Vec<Level> {
        let models = models.iter().map(|(model, dimensions)| ModelCount {
            model: model.map(Into::into),
            dimensions: *dimensions,
            embeddings: 5,
        });
        let stats =
            EmbeddingStats { products_without, models: models.collect(), ..EmbeddingStats::default() };
        super::models(&stats).iter().map(|finding| finding.level).collect()
    }

    #[test]
    fn vectors_that_cannot_be_compared_are_told() {
        assert_eq!(told(&[], 0), [Level::Ok]);
        assert_eq!(told(&[(Some("a"), Some(8))], 0), [Level::Ok]);
        assert_eq!(told(&[(None, None)], 0), [Level::Ok]);
        assert_eq!(told(&[(Some("a"), Some(8)), (Some("b"), Some(8))], 0), [Level::Warning]);
        assert_eq!(told(&[(Some("a"), Some(8)), (Some("a"), Some(9))], 0), [Level::Warning]);
        assert_eq!(told(&[(Some("a"), Some(8)), (None, None)], 3), [Level::Notice, Level::Notice]);
    }
}
