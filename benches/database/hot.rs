//! What a reviewer waits for, by the number of gaps.

use crate::bare::Bare;
use crate::sample::{Pair, median, quantile, timed};
use crate::support::backend::server_store;
use crate::support::fixture::accept;
use crate::support::server::connect;
use gapdeck::domain::{CursorValue, GapId, ProductKey, QueueCursor, QueueFilter, QueueSort};
use gapdeck::repository::Store;
use std::fmt;

/// What is measured.
const WHAT: [&str; 7] = [
    "queue page",
    "queue page, deep",
    "page of an attribute",
    "card",
    "decision",
    "10 neighbours",
    "page of an attribute by age",
];
const ROWS: usize = 50;

/// The times by number of gaps.
#[derive(Default)]
pub struct Results(Vec<(String, Vec<Pair>)>);

impl fmt::Display for Results {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| what | gaps | gapdeck ms | p95 | bare ms | p95 | ratio | growth |")?;
        writeln!(f, "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")?;
        for (place, what) in WHAT.iter().enumerate() {
            let first = self.0.first().map_or(f64::NAN, |(_, pairs)| median(&pairs[place].gapdeck));
            for (gaps, pairs) in &self.0 {
                let Pair { gapdeck, bare } = &pairs[place];
                let ratio = median(gapdeck) / median(bare);
                writeln!(
                    f,
                    "| {what} | {gaps} | {:.2} | {:.2} | {:.2} | {:.2} | {} | {:.2} |",
                    median(gapdeck),
                    quantile(gapdeck, 0.95),
                    median(bare),
                    quantile(bare, 0.95),
                    if ratio.is_nan() { "–".to_owned() } else { format!("{ratio:.2}") },
                    median(gapdeck) / first
                )?;
            }
        }
        Ok(())
    }
}

/// Measures a database.
pub async fn measure(url: &str, gaps: &str, rounds: usize, results: &mut Results) {
    let store = server_store(url).await;
    let bare = Bare::new(connect(url).await).await;
    bare.client().batch_execute("SET ivfflat.probes = 10; SET hnsw.ef_search = 100").await.expect("SET");
    let mut pairs = vec![Pair::default(); WHAT.len()];
    let open = QueueFilter::default();
    let attribute = QueueFilter { attribute: Some("colour".into()), ..open.clone() };
    let start = place(-1.5, "", "");
    let (rows, deep) = walk(&*store, rounds).await;
    let embedded = embedded(&bare, rounds).await;
    let warm_up = rounds.min(20);
    for round in 0..rounds + warm_up {
        if round == warm_up {
            pairs.iter_mut().for_each(Pair::warmed_up);
        }
        let sort = QueueSort::ConfidenceDescending;
        let far = &deep[round % deep.len()];
        for (place, filter, from, key) in
            [(0, &open, &start, None), (1, &open, far, None), (2, &attribute, far, Some("colour"))]
        {
            let pair = &mut pairs[place];
            let gapdeck = timed(&mut pair.gapdeck, store.page(filter, sort, Some(from), ROWS)).await;
            let found = timed(&mut pair.bare, bare.page(from, key, 51)).await;
            assert_eq!(gapdeck.expect("a page").rows.len(), found.min(ROWS), "both find the same");
        }
        let gap = &rows[round % rows.len()];
        timed(&mut pairs[3].gapdeck, store.card(gap, 8)).await.expect("a card").expect("a gap");
        timed(&mut pairs[3].bare, bare.card(gap, 8)).await;
        // Two gaps each, so that both decide on an open one.
        let (mine, theirs) = (&rows[(2 * round) % rows.len()], &rows[(2 * round + 1) % rows.len()]);
        let (mine, theirs) = (decision(&*store, mine).await, decision(&*store, theirs).await);
        timed(&mut pairs[4].gapdeck, store.decide(&mine)).await.expect("a decision");
        timed(&mut pairs[4].bare, bare.decide(&theirs)).await;
        let product = &embedded[round % embedded.len()];
        let near = timed(&mut pairs[5].gapdeck, store.neighbours(product, None, 10)).await;
        let found = timed(&mut pairs[5].bare, bare.neighbours(product.as_str(), 10)).await;
        assert_eq!(near.expect("neighbours").len(), found.len().min(10), "both find as many");
        timed(&mut pairs[6].gapdeck, store.page(&attribute, QueueSort::Age, None, ROWS))
            .await
            .expect("a page");
    }
    results.0.push((gaps.to_owned(), pairs));
}

fn place(value: f64, product: &str, attribute: &str) -> QueueCursor {
    QueueCursor { value: CursorValue::Number(value), gap: GapId::new(product, attribute) }
}

/// Returns open gaps to decide on, and places all over the order.
async fn walk(store: &dyn Store, rounds: usize) -> (Vec<GapId>, Vec<QueueCursor>) {
    let (mut gaps, mut places) = (Vec::new(), Vec::new());
    for step in 0..10 {
        let from = place(-0.95 + 0.06 * f64::from(step), "SKU-", "");
        let page = store
            .page(&QueueFilter::default(), QueueSort::ConfidenceDescending, Some(&from), rounds / 4 + 20)
            .await;
        let page = page.expect("a page");
        places.push(from);
        gaps.extend(page.rows.into_iter().map(|row| row.gap));
    }
    assert!(gaps.len() >= 2 * rounds, "{} gaps to decide on", gaps.len());
    (gaps, places)
}

async fn decision(store: &dyn Store, gap: &GapId) -> gapdeck::domain::Decision {
    let row = store.row(gap).await.expect("a row").expect("a gap");
    accept((gap.product.as_str(), gap.attribute.as_str()), "Black", row.version)
}

/// Returns products with a vector.
async fn embedded(bare: &Bare, rounds: usize) -> Vec<ProductKey> {
    let limit = i64::try_from(rounds).unwrap_or(i64::MAX);
    let sql = "SELECT product_key FROM product_embeddings ORDER BY md5(product_key) LIMIT $1";
    let rows = bare.client().query(sql, &[&limit]).await.expect("products");
    rows.iter().map(|row| ProductKey::from(row.get::<_, String>(0))).collect()
}
