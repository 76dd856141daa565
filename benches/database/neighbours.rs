//! Neighbours by index: recall against exact search, and time.

use crate::bare::Bare;
use crate::filled;
use crate::sample::{Pair, median, timed};
use crate::support::backend::server_store;
use crate::support::server::connect;
use gapdeck::demo::fill::Volume;
use gapdeck::domain::ProductKey;
use std::collections::HashSet;
use std::time::Instant;

/// Products whose neighbours are also searched for exactly.
const SAMPLE: i64 = 25;

/// Measures each kind of index over so many vectors and prints a line for each.
pub async fn measure(vectors: u64, rounds: usize) {
    // Five gaps a product, and a vector for every product.
    let volume = Volume::of_gaps(vectors * 5).expect("a number of gaps").with_vectors(vectors);
    let (database, _) = filled(volume).await;
    let client = connect(&database.url).await;
    client.batch_execute("SET maintenance_work_mem = '1GB'; SET jit = off").await.expect("SET");
    let keys = client
        .query("SELECT product_key FROM product_embeddings ORDER BY md5(product_key) LIMIT $1", &[&SAMPLE])
        .await
        .expect("products");
    let keys: Vec<String> = keys.iter().map(|row| row.get(0)).collect();
    let exact = exact(&client, &keys).await;
    let lists = (vectors / 1_000).max(1);
    let kinds = [
        (
            "ivfflat, lists 100".to_owned(),
            "ivfflat (embedding vector_cosine_ops) WITH (lists = 100)".to_owned(),
        ),
        (
            format!("ivfflat, lists {lists}"),
            format!("ivfflat (embedding vector_cosine_ops) WITH (lists = {lists})"),
        ),
        ("hnsw".to_owned(), "hnsw (embedding vector_cosine_ops)".to_owned()),
    ];
    for (name, definition) in kinds {
        client.batch_execute("DROP INDEX product_embeddings_embedding").await.expect("DROP INDEX");
        let began = Instant::now();
        let create =
            format!("CREATE INDEX product_embeddings_embedding ON product_embeddings USING {definition}");
        client.batch_execute(&create).await.unwrap_or_else(|error| panic!("{create}: {error:?}"));
        let built = began.elapsed();
        let size = "SELECT pg_size_pretty(pg_relation_size('product_embeddings_embedding'))";
        let size: String = client.query_one(size, &[]).await.expect("a size").get(0);
        // New connections: the index's kind is read when one begins.
        let store = server_store(&database.url).await;
        let bare = Bare::new(connect(&database.url).await).await;
        bare.client().batch_execute("SET ivfflat.probes = 10; SET hnsw.ef_search = 100").await.expect("SET");
        let (mut pair, mut hits) = (Pair::default(), 0);
        for round in 0..rounds + keys.len() {
            if round == keys.len() {
                pair.warmed_up();
            }
            let place = round % keys.len();
            let product = ProductKey::from(keys[place].clone());
            // Whoever comes second finds the pages in memory: each is first every other time.
            let is_bare_first = (round + round / keys.len()) % 2 == 1;
            if is_bare_first {
                timed(&mut pair.bare, bare.neighbours(product.as_str(), 10)).await;
            }
            let near =
                timed(&mut pair.gapdeck, store.neighbours(&product, None, 10)).await.expect("neighbours");
            if !is_bare_first {
                timed(&mut pair.bare, bare.neighbours(product.as_str(), 10)).await;
            }
            if round < keys.len() {
                hits += near.iter().filter(|one| exact[place].contains(one.product_key.as_str())).count();
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
        let recall = hits as f64 / (10 * keys.len()) as f64;
        println!(
            "| {vectors} | {name} | {:.1} | {size} | 10 or 100 | {recall:.3} | {:.2} | {:.2} | {:.2} |",
            built.as_secs_f64(),
            median(&pair.gapdeck),
            median(&pair.bare),
            median(&pair.gapdeck) / median(&pair.bare)
        );
    }
    println!();
}

async fn exact(client: &tokio_postgres::Client, keys: &[String]) -> Vec<HashSet<String>> {
    let sql = "SELECT o.product_key FROM product_embeddings o, product_embeddings p
                WHERE p.product_key = $1 AND o.product_key <> $1 ORDER BY (o.embedding <=> p.embedding) + 0 LIMIT 10";
    let mut all = Vec::new();
    for key in keys {
        let rows = client.query(sql, &[key]).await.expect("an exact search");
        all.push(rows.iter().map(|row| row.get(0)).collect());
    }
    all
}
