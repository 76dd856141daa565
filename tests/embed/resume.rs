//! An end in the middle: what is embedded is kept, and nothing is embedded twice.

use super::server::{EmbeddingServer, Reply};
use super::*;
use std::process::{Child, Command, Stdio};

/// A server that answers so many requests, and then no more until it is asked by another run.
fn stuck_after(answers: usize) -> EmbeddingServer {
    EmbeddingServer::start(
        move |number, _| {
            if number == answers { Reply::Silence } else { Reply::Vectors(8) }
        },
    )
}

fn started(gapdeck: &Gapdeck, arguments: &[&str]) -> Child {
    let mut command: Command = gapdeck.command(arguments);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Runs once more to the end; every product must then have been embedded once.
async fn finish(gapdeck: &Gapdeck, client: &Client, server: &EmbeddingServer, number: i64) {
    let kept = stored(client).await;
    let report = gapdeck.json(&one_by_one(server));
    assert_eq!(report["embedded"], number - kept);
    assert_eq!(stored(client).await, number);
    let mut embedded = server.embedded();
    embedded.dedup();
    assert_eq!((embedded.len(), server.embedded().len()), (12, 12), "each text once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_run_goes_on_where_it_was_killed() {
    let (_database, client, gapdeck) = products(12).await;
    let server = stuck_after(5);
    let mut child = started(&gapdeck, &one_by_one(&server));
    // The sixth request is sent after the fifth answer was stored.
    server.wait_for(6);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(stored(&client).await, 5);
    finish(&gapdeck, &client, &server, 12).await;
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ctrl_c_ends_cleanly_and_keeps_what_is_embedded() {
    let (_database, client, gapdeck) = products(12).await;
    let server = stuck_after(4);
    let child = started(&gapdeck, &one_by_one(&server));
    server.wait_for(5);
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["interrupted"], &report["embedded"]), (&true.into(), &4.into()));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("what was embedded is kept"), "{told}");
    assert_eq!(stored(&client).await, 4);
    finish(&gapdeck, &client, &server, 12).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn products_deleted_meanwhile_are_passed_over() {
    let (database, client, gapdeck) = products(6).await;
    let url = database.url.clone();
    let server = EmbeddingServer::start(move |_, _| {
        // Between the question and the answer.
        let url = url.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let client = support::server::connect(&url).await;
                client
                    .batch_execute("DELETE FROM raw_products WHERE product_key IN ('p01', 'p04')")
                    .await
                    .unwrap();
            });
        })
        .join()
        .unwrap();
        Reply::Vectors(8)
    });
    let report = gapdeck.json(&["embed", "--json", "--endpoint", &server.url, "--model", "tiny"]);
    assert_eq!(report["embedded"], 4);
    let keys = strings(&client, "SELECT product_key FROM product_embeddings ORDER BY product_key").await;
    assert_eq!(keys, ["p00", "p02", "p03", "p05"]);
}
