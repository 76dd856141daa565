//! Vectors of a file, and those of the offline embedder.

use crate::directory::{Directory, count, dump_with_versions, imported, options, run, strings};
use crate::support::server::TestDatabase;
use gapdeck::transfer::import::{Embed, ImportError, ImportOptions};
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn vectors_are_stored_padded_with_zeros() {
    let (database, directory) = (TestDatabase::migrated().await, Directory::catalogue());
    directory.lines(
        "embeddings.jsonl",
        &[
            json!({"product_key": "p1", "vector": [3, 4.0]}),
            json!({"product_key": "p2", "vector": vec![0.25; 1536]}),
        ],
    );
    imported(&database, &directory).await;
    let client = database.client().await;
    let sql = "SELECT vector_dims(embedding) || ' ' || vector_norm(embedding) FROM product_embeddings ORDER BY product_key";
    assert_eq!(strings(&client, sql).await[0], "1536 5");
    let sql = "SELECT round((embedding <=> (SELECT embedding FROM product_embeddings WHERE product_key = 'p1'))::numeric, 4)::text
                 FROM product_embeddings WHERE product_key = 'p2'";
    assert_eq!(strings(&client, sql).await, ["0.9643"]);
    let before = dump_with_versions(&client).await;
    imported(&database, &directory).await;
    assert_eq!(dump_with_versions(&client).await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn products_without_a_vector_are_embedded() {
    let (database, directory) = (TestDatabase::migrated().await, Directory::catalogue());
    directory.append(
        "products.jsonl",
        &[json!({"product_key": "p3"}), json!({"product_key": "p4", "product_name": "--"})],
    );
    directory.lines("embeddings.jsonl", &[json!({"product_key": "p1", "vector": [1]})]);
    let embedding = ImportOptions { embed: Embed::Missing, ..options(&directory) };
    let report = run(&database, &embedding).await.unwrap();
    // The other two have no word to embed.
    assert_eq!(report.embedded, 1);
    let client = database.client().await;
    let sql = "SELECT product_key || ' ' || coalesce(description, '-') FROM product_embeddings ORDER BY product_key";
    assert_eq!(strings(&client, sql).await, ["p1 -", "p2 Green tea 靴\nGreen tea 靴"]);
    let before = dump_with_versions(&client).await;
    let report = run(&database, &embedding).await.unwrap();
    assert_eq!((report.embedded, dump_with_versions(&client).await), (0, before));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_vector_takes_everything_back() {
    let (database, directory) = (TestDatabase::migrated().await, Directory::catalogue());
    directory.lines(
        "embeddings.jsonl",
        &[
            json!({"product_key": "p1", "vector": [1]}),
            json!({"product_key": "p2", "vector": []}),
            json!({"product_key": "p2", "vector": [0, 0]}),
            json!({"product_key": "p2", "vector": vec![1; 1537]}),
            json!({"product_key": "p2", "vector": [1e300]}),
            json!({"product_key": "p9", "vector": [1]}),
            json!({"product_key": "p2", "vector": [1, null]}),
        ],
    );
    let Err(ImportError::BadLines(report)) = run(&database, &options(&directory)).await else {
        panic!("accepted")
    };
    let reasons: Vec<_> = report.bad_lines.iter().map(|bad| format!("{} {}", bad.line, bad.reason)).collect();
    assert_eq!(
        reasons,
        [
            "2 vector: the vector is empty; give 1 to 1536 numbers",
            "3 vector: every number of the vector is zero; its cosine distance is undefined",
            "4 vector: the vector has 1537 numbers; at most 1536 fit",
            "5 vector: number 1 of the vector is not finite",
            "6 product_key: \"p9\" is neither in products nor in the database",
            "7 vector: invalid type: null, expected f32",
        ]
    );
    let client = database.client().await;
    assert_eq!(count(&client, "raw_products").await + count(&client, "product_embeddings").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_vectors_find_their_neighbours() {
    let (database, directory) = (TestDatabase::migrated().await, Directory::new());
    let names = ["Acme running shoe", "Zen green tea", "Bolt steel hammer"];
    let products: Vec<_> = (0..900)
        .map(|index| json!({"product_key": format!("p{index:03}"), "product_name": format!("{} {index}", names[index % 3])}))
        .collect();
    directory.lines("products.jsonl", &products);
    let embedding = ImportOptions { embed: Embed::Missing, ..options(&directory) };
    assert_eq!(run(&database, &embedding).await.unwrap().embedded, 900);
    let client = database.client().await;
    let index = "SELECT indexdef FROM pg_indexes WHERE indexname = 'product_embeddings_embedding'";
    let index = strings(&client, index).await;
    assert!(index[0].contains("ivfflat (embedding vector_cosine_ops) WITH (lists='100')"), "{index:?}");
    client.batch_execute("SET enable_seqscan = off; SET ivfflat.probes = 10").await.unwrap();
    let sql = "SELECT product_key FROM product_embeddings
                ORDER BY embedding <=> (SELECT embedding FROM product_embeddings WHERE product_key = 'p000') LIMIT 20";
    let near = strings(&client, sql).await;
    let same = near.iter().filter(|key| key[1..].parse::<usize>().unwrap() % 3 == 0).count();
    assert_eq!((near.len(), same), (20, 20));
}
