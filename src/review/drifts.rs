//! Which experiments, attributes or categories drifted.

use crate::domain::{JudgedBy, JudgedFilter};
use crate::insight::drift::{Drift, drift};
use crate::repository::{InsightRepository, Result};
use std::collections::BTreeMap;

/// How many of the last decisions are looked at.
const DECISIONS: usize = 20_000;

/// Looks for drift in what the last decisions say; those without one are left out.
///
/// # Errors
/// Those of the repository.
pub async fn drifts(
    store: &(impl InsightRepository + ?Sized),
    filter: &JudgedFilter,
    by: JudgedBy,
) -> Result<BTreeMap<String, Drift>> {
    let lines = store.timelines(filter, by, DECISIONS).await?;
    let mut found = BTreeMap::new();
    for line in lines {
        if let Some(drift) = drift(&line.judgements) {
            found.insert(line.key, drift);
        }
        // A change that is none takes some milliseconds to rule out: others go on meanwhile.
        tokio::task::yield_now().await;
    }
    Ok(found)
}
