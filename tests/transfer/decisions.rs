//! Decisions that come from another database.

use crate::support::fixture::{gap_id, open_shop, prediction};
use crate::support::server::TestDatabase;
use crate::support::{backend, fixture};
use crate::{exported, imported, open, tables};
use gapdeck::domain::{Action, Policy, Share};
use gapdeck::repository::Store;
use gapdeck::transfer::export::{ExportOptions, Filter, Present, Target, What, export};
use gapdeck::transfer::format::Format;
use gapdeck::transfer::import::{ImportError, Silent};
use serde_json::Value;
use std::future::pending;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

/// A shop with predictions, nobody has decided anything.
async fn shop() -> (TestDatabase, Arc<dyn Store>) {
    let database = TestDatabase::migrated().await;
    let store = backend::server_store(&database.url).await;
    open_shop(&*store).await;
    let predictions = [
        prediction("e1", ("p1", "colour"), "Black", 0.9),
        prediction("e2", ("p1", "colour"), "Red", 0.4),
        prediction("e1", ("p1", "weight"), "100", 0.7),
        prediction("e1", ("p2", "colour"), "Grey", 0.7),
    ];
    store.save_predictions(&predictions).await.expect("save predictions");
    (database, store)
}

/// Accepts, rejects, overrides and undoes.
async fn decide_all(store: &dyn Store) {
    let decide = async |product: &str, attribute: &str, version, action, value: Option<&str>| {
        let mut decision = fixture::decision((product, attribute), action, value, version);
        if action == Action::Undo {
            let history = store.history(&gap_id(product, attribute)).await.expect("the history");
            decision.undoes = gapdeck::domain::Event::in_force(&history).map(|event| event.decision.id);
        }
        store.decide(&decision).await.expect("decide");
    };
    decide("p1", "colour", 0, Action::Accept, Some("Black")).await;
    decide("p1", "weight", 0, Action::Reject, None).await;
    decide("p1", "weight", 1, Action::Undo, None).await;
    decide("p2", "colour", 0, Action::Flag, None).await;
    decide("p2", "colour", 1, Action::Override, Some("Blue")).await;
}

fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).expect("read");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn write(directory: &Path, lines: &[Value]) {
    let text = lines.iter().fold(String::new(), |text, line| text + &line.to_string() + "\n");
    std::fs::write(directory.join("decisions.jsonl"), text).expect("write");
}

/// Exports the decisions of a shop alone.
async fn decisions() -> (TestDatabase, TempDir) {
    let (source, store) = shop().await;
    decide_all(&*store).await;
    let directory = tempfile::tempdir().expect("a directory");
    exported(&open(&source).await, directory.path(), Format::Jsonl, false).await;
    for entry in std::fs::read_dir(directory.path()).expect("list").flatten() {
        if entry.file_name() != "decisions.jsonl" {
            std::fs::remove_file(entry.path()).expect("remove");
        }
    }
    (source, directory)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn decisions_act_on_gaps_and_predictions_that_were_there_before() {
    let (source, directory) = decisions().await;
    let (copy, _) = shop().await;
    let report = imported(&open(&copy).await, directory.path()).await.unwrap();
    assert_eq!(report.files[0].inserted, 5);
    let said = async |database: &TestDatabase| {
        let sql = "SELECT concat_ws('|', product_key, attribute_key, state, version, decision_id, decided_by, decided_value,
                          decided_at) FROM review_queue
                   UNION ALL SELECT concat_ws('|', product_key, attribute_key, experiment_key, is_correct, decision_id)
                          FROM prediction_results
                   UNION ALL SELECT h::text FROM human_recommendations h ORDER BY 1";
        let rows = database.client().await.query(sql, &[]).await.expect("query");
        rows.iter().map(|row| row.get::<_, String>(0)).collect::<Vec<_>>()
    };
    assert_eq!(said(&copy).await, said(&source).await);

    // Sent twice, a decision counts once.
    let before = tables(&copy.client().await).await;
    let report = imported(&open(&copy).await, directory.path()).await.unwrap();
    assert_eq!((report.files[0].inserted, report.files[0].unchanged), (0, 5));
    assert_eq!(tables(&copy.client().await).await, before);
}

/// Returns the queue's decided part and the predictions' marks as texts.
async fn opinions(database: &TestDatabase) -> Vec<String> {
    let sql = "SELECT concat_ws('|', product_key, attribute_key, state, version, decision_id, coalesce(decided_by, '-'),
                      coalesce(first_by, '-')) FROM review_queue
               UNION ALL SELECT concat_ws('|', product_key, attribute_key, experiment_key, is_correct, decision_id)
                      FROM prediction_results ORDER BY 1";
    let rows = database.client().await.query(sql, &[]).await.expect("query");
    rows.iter().map(|row| row.get::<_, String>(0)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn opinions_leave_gaps_where_they_were_whatever_the_policy_of_the_other_database() {
    let (source, store) = shop().await;
    let policy = Policy { second_opinions: Share::ALL, ..Policy::default() };
    store.set_policy(&policy, &"lead".into()).await.expect("the policy");
    let gaps = [("p1", "colour"), ("p1", "weight"), ("p2", "colour"), ("p3", "weight")];
    for pair in gaps {
        store.decide(&fixture::accept(pair, "100", 0)).await.expect("a first opinion");
    }
    let by_bob = |decision| fixture::by("bob", decision);
    store.decide(&by_bob(fixture::accept(gaps[1], "100", 1))).await.expect("the same");
    store.decide(&by_bob(fixture::accept(gaps[2], "Grey", 1))).await.expect("another");
    store.decide(&by_bob(fixture::decision(gaps[3], Action::Flag, None, 1))).await.expect("a flag");
    let directory = tempfile::tempdir().expect("a directory");
    for format in [Format::Jsonl, Format::Csv] {
        let directory = directory.path().join(format!("{format:?}"));
        exported(&open(&source).await, &directory, format, false).await;
        let (copy, _) = shop().await;
        imported(&open(&copy).await, &directory).await.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(opinions(&copy).await, opinions(&source).await);
    }
    let states: Vec<String> = opinions(&source).await;
    let has = |what: &str| states.iter().any(|row| row.contains(what));
    assert!(
        has("p1|colour|second|1") && has("p1|weight|accepted|2") && has("p2|colour|disputed|2"),
        "{states:#?}"
    );
    assert!(has("p3|weight|flagged|2") && has("|bob|ada"), "{states:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn opinions_that_settle_nothing_are_no_accepted_values() {
    let (source, store) = shop().await;
    let policy = Policy { second_opinions: Share::ALL, ..Policy::default() };
    store.set_policy(&policy, &"lead".into()).await.expect("the policy");
    for (pair, second) in
        [(("p1", "colour"), None), (("p1", "weight"), Some("100")), (("p2", "colour"), Some("x"))]
    {
        store.decide(&fixture::accept(pair, "100", 0)).await.expect("a first opinion");
        if let Some(value) = second {
            store.decide(&fixture::by("bob", fixture::accept(pair, value, 1))).await.expect("a second one");
        }
    }
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("accepted.jsonl");
    let options = ExportOptions {
        what: vec![What::AcceptedValues],
        format: Format::Jsonl,
        gzip: false,
        target: Target::File(path.clone()),
        present: Present::Refuse,
        filter: Filter::default(),
    };
    let database = open(&source).await;
    let mut connection = database.connection().await.expect("a connection");
    export(&mut connection, &options, &mut Silent, pending()).await.expect("export");
    let written = lines(&path);
    assert_eq!(written.len(), 1, "{written:#?}");
    assert_eq!((&written[0]["attribute_key"], &written[0]["reviewer"]), (&"weight".into(), &"bob".into()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn predictions_that_come_after_their_decisions_are_judged() {
    let (_, directory) = decisions().await;
    let (copy, _) = shop().await;
    imported(&open(&copy).await, directory.path()).await.unwrap();
    let later = tempfile::tempdir().expect("a directory");
    let text = r#"{"experiment":"e9","product_key":"p1","attribute_key":"colour","value":" black"}
{"experiment":"e9","product_key":"p1","attribute_key":"colour","value":"White"}
{"experiment":"e9","product_key":"p1","attribute_key":"weight","value":"7"}"#;
    std::fs::write(later.path().join("predictions.jsonl"), text).expect("write");
    imported(&open(&copy).await, later.path()).await.unwrap();
    let sql = "SELECT concat_ws('|', value, coalesce(is_correct::text, 'open')) FROM prediction_results
                WHERE experiment_key = 'e9' ORDER BY 1";
    let rows = copy.client().await.query(sql, &[]).await.expect("query");
    let said: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(said, [" black|true", "7|open", "White|false"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn decisions_that_do_not_go_on_where_the_gaps_end_are_refused() {
    let (_, directory) = decisions().await;
    let (copy, _) = shop().await;
    let database = open(&copy).await;
    let all = lines(&directory.path().join("decisions.jsonl"));
    let of = |attribute: &str, version: i64| {
        let found = all.iter().find(|line| {
            line["attribute_key"] == attribute
                && line["result_version"] == version
                && line["product_key"] == "p1"
        });
        found.expect("a decision").clone()
    };
    let refused = async |lines: &[Value]| {
        write(directory.path(), lines);
        match imported(&database, directory.path()).await {
            Err(ImportError::BadLines(report)) => {
                report.bad_lines.iter().map(|bad| format!("{}: {}", bad.line, bad.reason)).collect::<Vec<_>>()
            }
            other => panic!("not refused: {other:?}"),
        }
    };
    // An undo without what it takes back, which is also a hole.
    let said = refused(&[of("weight", 2)]).await;
    assert!(said[0].starts_with("1: undoes: ") && said[0].contains("no earlier decision"), "{said:?}");
    let mut later = of("colour", 1);
    later["base_version"] = 4.into();
    later["result_version"] = 5.into();
    let said = refused(&[later]).await;
    assert_eq!(
        said,
        [
            "1: base_version: decisions on product \"p1\", attribute \"colour\" before this one are neither in decisions nor in the database"
        ]
    );
    let mut other = of("colour", 1);
    other["decision_id"] = "0192f0c1-2345-7000-8000-000000000000".into();
    let said = refused(&[of("colour", 1), other.clone()]).await;
    assert_eq!(said, ["2: result_version: another decision on product \"p1\", attribute \"colour\" has it"]);

    write(directory.path(), &[of("colour", 1)]);
    imported(&database, directory.path()).await.unwrap();
    let before = tables(&copy.client().await).await;
    assert_eq!(refused(&[other]).await.len(), 1);
    let mut changed = of("colour", 1);
    changed["value"] = "White".into();
    let said = refused(&[changed]).await;
    assert!(said[0].ends_with("is in the database with another content"), "{said:?}");
    assert_eq!(tables(&copy.client().await).await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accepted_values_are_those_in_force_with_who_says_so() {
    let (source, store) = shop().await;
    decide_all(&*store).await;
    let database = open(&source).await;
    let directory = tempfile::tempdir().expect("a directory");
    let run = async |filter: Filter, name: &str| {
        let options = ExportOptions {
            what: vec![What::AcceptedValues],
            format: Format::Jsonl,
            gzip: false,
            target: Target::File(directory.path().join(name)),
            present: Present::Refuse,
            filter,
        };
        let mut connection = database.connection().await.expect("a connection");
        export(&mut connection, &options, &mut Silent, pending()).await.expect("export");
        lines(&directory.path().join(name))
    };
    let all = run(Filter::default(), "all.jsonl").await;
    let short: Vec<(String, String)> =
        all.iter().map(|line| (line["product_key"].to_string(), line["value"].to_string())).collect();
    assert_eq!(short, [("\"p1\"".into(), "\"Black\"".into()), ("\"p2\"".into(), "\"Blue\"".into())]);
    for field in
        ["attribute_key", "action", "decision_id", "reviewer", "decided_at", "recorded_at", "sources"]
    {
        assert!(!all[0][field].is_null(), "{field} is missing: {}", all[0]);
    }
    let since = all[1]["recorded_at"].as_str().map(str::to_owned);
    let later = run(Filter { since, ..Filter::default() }, "later.jsonl").await;
    assert_eq!(later, all[1..]);
    let other = run(Filter { attributes: vec!["weight".into()], ..Filter::default() }, "weight.jsonl").await;
    assert!(other.is_empty(), "{other:?}");
}
