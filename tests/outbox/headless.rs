//! `gapdeck decide` and `gapdeck outbox`.

use super::*;
use std::os::unix::fs::PermissionsExt;

/// Names an open gap that has a candidate.
fn a_gap(gapdeck: &Gapdeck) -> (String, String) {
    let gaps = gapdeck.json(&["queue", "--json", "--limit", "1", "--min-confidence", "0.2"]);
    let text = |field: &str| gaps[0][field].as_str().expect(field).to_owned();
    (text("product_key"), text("attribute_key"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_decision_that_the_database_keeps_waiting_rests_in_the_outbox_and_a_conflict_found_later_is_shown()
{
    let (database, gapdeck) = demo().await;
    let (product, attribute) = a_gap(&gapdeck);
    // Somebody holds the row, and does not let go.
    let holder = database.client().await;
    let lock = "SELECT FROM review_queue WHERE product_key = $1 AND attribute_key = $2 FOR UPDATE";
    holder.batch_execute("BEGIN").await.expect("BEGIN");
    holder.query(lock, &[&product, &attribute]).await.expect("lock");

    let message = gapdeck.fails(8, &["decide", &product, &attribute, "accept", "--keep"]);
    assert!(message.contains("the decision rests in the outbox"), "{message}");
    assert!(message.contains("gapdeck outbox send"), "{message}");
    let kept = outbox(&gapdeck);
    assert_eq!(kept.len(), 1);
    assert_eq!((kept[0].1.as_str(), kept[0].2), ("pending", false));
    let message = gapdeck.fails(5, &["outbox", "discard", &kept[0].0]);
    assert!(message.contains("waits to be sent"), "{message}");

    let file = outbox_files(&gapdeck).remove(0);
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let password = url::Url::parse(&database.url).unwrap().password().map(ToOwned::to_owned);
    if let Some(password) = password {
        assert!(!std::fs::read_to_string(&file).unwrap().contains(&password));
        assert!(!file.to_string_lossy().contains(&password));
    }

    // Bob was faster.
    holder.batch_execute("COMMIT").await.expect("COMMIT");
    let bob = Gapdeck::on(&database);
    bob.succeeds(&["decide", &product, &attribute, "reject", "--reviewer", "bob"]);
    let message = gapdeck.fails(5, &["outbox", "send"]);
    assert!(message.contains("the database refused 1 decision"), "{message}");
    let listed = gapdeck.json(&["outbox", "--json"]);
    assert_eq!(listed[0]["status"], "failed");
    assert!(listed[0]["reason"].as_str().unwrap().contains("by bob"), "{listed:#}");
    let shown = gapdeck.succeeds(&["outbox"]).stdout;
    assert!(shown.contains("refused: ") && shown.contains(&kept[0].0), "{shown}");

    gapdeck.succeeds(&["outbox", "discard", &kept[0].0]);
    assert_eq!(outbox(&gapdeck), []);
    assert_eq!(outbox_files(&gapdeck).len(), 0);
    let message = gapdeck.fails(6, &["outbox", "discard", &kept[0].0]);
    assert!(message.contains(&kept[0].0), "{message}");
    assert_eq!(stored(&database.url).await.len(), 1, "bob's alone");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_rests_is_sent_before_the_next_command_decides_and_damage_is_set_aside() {
    let (database, gapdeck) = demo().await;
    let (product, attribute) = a_gap(&gapdeck);
    let holder = database.client().await;
    let lock = "SELECT FROM review_queue WHERE product_key = $1 AND attribute_key = $2 FOR UPDATE";
    holder.batch_execute("BEGIN").await.expect("BEGIN");
    holder.query(lock, &[&product, &attribute]).await.expect("lock");
    gapdeck.fails(8, &["decide", &product, &attribute, "defer"]);
    holder.batch_execute("COMMIT").await.expect("COMMIT");
    let file = outbox_files(&gapdeck).remove(0);
    let mut bytes = std::fs::read(&file).unwrap();
    bytes.extend_from_slice(b"0000012c 5ab0 torn");
    std::fs::write(&file, bytes).unwrap();

    let told = gapdeck.succeeds(&["decide", &product, &attribute, "accept", "--keep", "--json"]);
    assert!(told.stderr.contains("18 bytes could not be read and were set aside"), "{}", told.stderr);
    let told: Value = serde_json::from_str(&told.stdout).expect("JSON");
    assert_eq!(told["version"], 2, "on top of what rested in the outbox");
    let [aside] = &outbox_files(&gapdeck)[..] else { panic!("{:?}", outbox_files(&gapdeck)) };
    assert_eq!(std::fs::read(aside).unwrap(), b"0000012c 5ab0 torn");
    assert!(gapdeck.succeeds(&["outbox"]).stderr.contains(&*aside.to_string_lossy()));
}

#[test]
fn an_outbox_with_nothing_in_it_needs_no_database_and_makes_no_files() {
    let gapdeck = Gapdeck::new();
    let url = "postgres://ada:sEcReT@127.0.0.1:1/catalogue";
    assert_eq!(gapdeck.json(&["outbox", "--json", "--database-url", url]), Value::Array(Vec::new()));
    assert_eq!(outbox_files(&gapdeck).len(), 0);
}
