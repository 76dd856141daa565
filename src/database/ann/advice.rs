//! What is wrong with a vector index, and what to do about it.

use super::{INDEX, Method, VectorIndex, Version, lists_for};
use serde::Serialize;

/// From how many embeddings on an index matters: below, every search is quick.
const MATTERS: i64 = 1_000;
/// From how many on the number of lists does.
const LISTS_MATTER: i64 = 20_000;
/// From how many on a search without an index is a burden.
const BURDEN: i64 = 10_000;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Weight {
    Notice,
    Warning,
}

/// Something to be done about an index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Advice {
    pub weight: Weight,
    pub message: String,
    pub remedy: String,
}

fn advice(weight: Weight, message: String, remedy: &str) -> Advice {
    Advice { weight, message, remedy: remedy.to_owned() }
}

/// Judges the vector indexes of a table with so many embeddings.
pub fn judge(indexes: &[VectorIndex], rows: i64, version: Version) -> Vec<Advice> {
    const REBUILD: &str = "gapdeck index rebuild";
    let mut found = Vec::new();
    for index in indexes.iter().filter(|index| !index.valid) {
        found.push(advice(
            Weight::Warning,
            format!("{} is not valid: its build was interrupted or is under way", index.name),
            REBUILD,
        ));
    }
    let Some(index) = indexes.iter().find(|index| index.valid) else {
        if rows >= MATTERS {
            let weight = if rows >= BURDEN { Weight::Warning } else { Weight::Notice };
            let message = format!("there is no vector index: every search reads all {rows} embeddings");
            found.push(advice(weight, message, REBUILD));
        }
        return found;
    };
    for other in indexes.iter().filter(|other| other.valid && other.name != index.name) {
        found.push(advice(
            Weight::Notice,
            format!("{} is a second vector index: every write keeps both, no search needs both", other.name),
            "drop the one that was not meant to stay",
        ));
    }
    if index.method == Method::Hnsw && version < Version(0, 8, 3) {
        let message = format!("pgvector {version} can corrupt HNSW indexes in a parallel build or a vacuum");
        found.push(advice(
            Weight::Warning,
            message,
            "update pgvector to 0.8.3 or newer, then `gapdeck index rebuild --hnsw`",
        ));
    }
    if index.method == Method::Hnsw || rows < MATTERS {
        return found;
    }
    match index.built_on {
        Some(built_on) if built_on < rows / 2 => {
            let on = if built_on == 0 { "an empty table".to_owned() } else { format!("{built_on} rows") };
            let message = format!(
                "{} was built on {on} and now holds {rows}: it overlooks many neighbours",
                index.name
            );
            found.push(advice(Weight::Warning, message, REBUILD));
        }
        None if index.name == INDEX => {
            let message = format!("nobody noted on how many rows {} was built", index.name);
            found.push(advice(
                Weight::Notice,
                message,
                "`gapdeck index` measures its recall; `gapdeck index rebuild` builds it anew",
            ));
        }
        _ => {}
    }
    let (lists, rule) = (index.lists().unwrap_or(100), lists_for(rows));
    if rows >= LISTS_MATTER && (lists > 8 * rule || lists < rule.div_ceil(4)) {
        let message =
            format!("{} has {lists} lists for {rows} rows, where {rule} are recommended", index.name);
        found.push(advice(Weight::Notice, message, REBUILD));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::{Element, IndexNote};
    use super::*;

    fn ivfflat(lists: u32, built_on: Option<i64>) -> VectorIndex {
        VectorIndex {
            name: INDEX.into(),
            method: Method::Ivfflat,
            element: Element::Vector,
            options: vec![format!("lists={lists}")],
            bytes: 0,
            valid: true,
            note: IndexNote::default(),
            built_on,
            definition: String::new(),
        }
    }

    fn told(indexes: &[VectorIndex], rows: i64) -> String {
        judge(indexes, rows, Version(0, 8, 6))
            .iter()
            .map(|one| format!("{:?}: {}", one.weight, one.message))
            .collect::<Vec<_>>()
            .join("\n")
    }

    #[test]
    fn a_good_index_needs_no_advice() {
        assert_eq!(told(&[ivfflat(100, Some(90_000))], 100_000), "");
        assert_eq!(told(&[ivfflat(100, Some(0))], 300), "", "so few are searched without it");
        assert_eq!(told(&[], 10), "");
    }

    #[test]
    fn every_fault_is_told() {
        assert!(
            told(&[ivfflat(100, Some(0))], 5_000)
                .contains("Warning: product_embeddings_embedding was built on an empty table")
        );
        assert!(told(&[ivfflat(100, Some(100))], 5_000).contains("built on 100 rows"));
        assert!(told(&[ivfflat(100, None)], 5_000).contains("Notice: nobody noted"));
        assert!(told(&[ivfflat(10, Some(1_000_000))], 1_000_000).contains("where 1000 are recommended"));
        assert!(told(&[], 5_000).starts_with("Notice: there is no vector index"));
        assert!(told(&[], 50_000).starts_with("Warning: there is no vector index"));
        let invalid = VectorIndex { valid: false, ..ivfflat(100, None) };
        assert!(told(&[invalid], 5_000).contains("Warning: product_embeddings_embedding is not valid"));
        let graph = VectorIndex { method: Method::Hnsw, ..ivfflat(100, None) };
        assert!(judge(std::slice::from_ref(&graph), 10, Version(0, 8, 2))[0].message.contains("corrupt"));
        let second = VectorIndex { name: "theirs".into(), ..graph };
        assert!(
            told(&[ivfflat(100, Some(5_000)), second], 5_000).contains("theirs is a second vector index")
        );
    }
}
