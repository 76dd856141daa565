//! Vectors of several models in one table cannot be compared: nobody gets there by mistake.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_models_vectors_are_not_mixed_in_by_mistake() {
    let (_database, client, gapdeck) = products(6).await;
    gapdeck.succeeds(&["embed"]);
    client.batch_execute("INSERT INTO raw_products VALUES ('new', 'New one')").await.unwrap();
    let server = EmbeddingServer::good(8);
    let mut arguments = one_by_one(&server);
    let told = gapdeck.fails(3, &arguments);
    assert!(told.contains("6 embeddings are of another model (hashing-1)"), "{told}");
    assert!(told.contains("--all") && told.contains("--mix"), "{told}");
    assert_eq!(server.asked().len(), 0);

    arguments.push("--mix");
    let report = gapdeck.json(&arguments);
    assert_eq!(report["embedded"], 1);
    assert!(report["warnings"][0].as_str().unwrap().contains("cannot be compared"), "{report}");
    arguments.pop();
    arguments.push("--all");
    assert_eq!(gapdeck.json(&arguments)["embedded"], 6, "the seventh is this model's already");
    assert_eq!(strings(&client, "SELECT DISTINCT model FROM product_embeddings").await, ["tiny"]);
    arguments.pop();
    assert_eq!(gapdeck.json(&arguments)["embedded"], 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn vectors_made_elsewhere_stay_unless_all_are_asked_for() {
    let (_database, client, gapdeck) = products(3).await;
    client
        .batch_execute(
            "INSERT INTO product_embeddings (product_key, embedding)
                        SELECT 'p01', array_fill(0.5, ARRAY[1536])::vector",
        )
        .await
        .unwrap();
    let server = EmbeddingServer::good(8);
    let mut arguments = one_by_one(&server);
    let report = gapdeck.json(&arguments);
    assert_eq!(report["embedded"], 2);
    assert!(report["warnings"][0].as_str().unwrap().contains("do not say which model"), "{report}");
    arguments.push("--all");
    assert_eq!(gapdeck.json(&arguments)["embedded"], 1);
    assert_eq!(gapdeck.json(&arguments)["embedded"], 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fewer_dimensions_are_asked_for_and_make_another_model() {
    let (_database, client, gapdeck) = products(2).await;
    let server = EmbeddingServer::good(4);
    let mut arguments = one_by_one(&server);
    arguments.extend(["--dimensions", "4"]);
    assert_eq!(gapdeck.json(&arguments)["model"], "tiny@4");
    assert!(server.asked().iter().all(|asked| asked.body["dimensions"] == 4));
    assert_eq!(
        strings(&client, "SELECT DISTINCT model || dimensions FROM product_embeddings").await,
        ["tiny@44"]
    );
    gapdeck.fails(3, &one_by_one(&server));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_leaves_products_alone_that_another_model_must_embed() {
    let (_database, client, gapdeck) = products(2).await;
    let server = EmbeddingServer::good(4);
    gapdeck.succeeds(&one_by_one(&server));
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(
        directory.path().join("products.jsonl"),
        "{\"product_key\":\"x\",\"product_name\":\"Lamp\"}\n",
    )
    .unwrap();
    let report = gapdeck.json(&["import", directory.path().to_str().unwrap(), "--json"]);
    assert_eq!(report["embedded"], 0);
    let warning = report["warnings"][0].as_str().unwrap();
    assert!(warning.contains("vectors of tiny") && warning.contains("gapdeck embed"), "{report}");
    assert_eq!(stored(&client).await, 2);
}
