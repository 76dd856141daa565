//! `decide` and `history`.

use super::*;

/// Returns a gap whose best candidate came from an experiment.
fn a_gap(gapdeck: &Gapdeck) -> Value {
    let gaps = array(gapdeck.json(&["queue", "--json", "--limit", "50", "--min-confidence", "0.2"]));
    gaps.into_iter().find(|gap| gap["candidates"][0]["experiment"].is_string()).expect("a predicted gap")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_action_is_decided_and_told() {
    let (_database, gapdeck) = demo().await;
    let gap = a_gap(&gapdeck);
    let (product, attribute) = pair(&gap);
    let best = text(&gap["candidates"][0], "value");
    let steps: [(&str, &[&str], &str, Value); 6] = [
        ("accept", &["--keep"], "accepted", best.into()),
        ("override", &["--value", "my own", "--keep"], "overridden", "my own".into()),
        ("reject", &["--comment", "none of them"], "rejected", Value::Null),
        ("not-applicable", &[], "not_applicable", Value::Null),
        ("defer", &[], "deferred", Value::Null),
        ("flag", &["--comment", "who knows?"], "flagged", Value::Null),
    ];
    for (version, (action, options, state, value)) in (1..).zip(&steps) {
        let arguments = [&["decide", product.as_str(), &attribute, action, "--json"], *options].concat();
        let told = gapdeck.json(&arguments);
        assert_eq!(pair(&told), (product.clone(), attribute.clone()));
        assert_eq!((text(&told, "state"), &told["version"]), (*state, &version.into()), "{told:#}");
        assert_eq!(told["value"], *value);
        let row = array(gapdeck.json(&["queue", "--json", "--state", state, "--text", &product]));
        let row = row.iter().find(|row| pair(row) == pair(&gap)).expect("the gap");
        assert_eq!(row["version"], version);
    }
    let history = array(gapdeck.json(&["history", &product, &attribute, "--json"]));
    let actions: Vec<_> = history.iter().map(|event| text(event, "action").replace('_', "-")).collect();
    assert_eq!(actions, steps.iter().map(|step| step.0).collect::<Vec<_>>());
    for (event, (_, _, _, value)) in history.iter().zip(&steps) {
        assert_eq!((event["value"].clone(), text(event, "reviewer")), (value.clone(), "ada"));
    }
    assert_eq!(text(&history[2], "comment"), "none of them");
    assert_eq!(text(&history[0], "shown_value"), best, "what the reviewer saw is recorded");
}

/// The demo's surest prediction is wrong: all other sizes of the shoe come from another country.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_value_that_something_speaks_against_is_taken_on_purpose_only_and_says_why() {
    let (_database, gapdeck) = demo().await;
    let (product, attribute) = pair(&a_gap(&gapdeck));
    let message = gapdeck.fails(3, &["decide", &product, &attribute, "accept"]);
    assert!(message.contains("products with a code like") && message.contains("--keep"), "{message}");
    gapdeck.succeeds(&["decide", &product, &attribute, "accept", "--keep"]);
    let history = array(gapdeck.json(&["history", &product, &attribute, "--json"]));
    assert_eq!((history.len(), &history[0]["seen"]["kept_on_purpose"]), (1, &true.into()));
    let why = history[0]["seen"]["objections"][0].as_str().expect("a reason");
    assert!(message.contains(why), "{why}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn undo_takes_back_one_decision_after_the_other() {
    let (_database, gapdeck) = demo().await;
    let gap = a_gap(&gapdeck);
    let (product, attribute) = pair(&gap);
    let decide = |action: &str| gapdeck.json(&["decide", &product, &attribute, action, "--keep", "--json"]);
    decide("accept");
    decide("reject");
    assert_eq!(text(&decide("undo"), "state"), "accepted");
    assert_eq!(text(&decide("undo"), "state"), "open");
    gapdeck.fails(5, &["decide", &product, &attribute, "undo"]);
    assert_eq!(text(&decide("defer"), "state"), "deferred");
    let history = array(gapdeck.json(&["history", &product, &attribute, "--json"]));
    let told: Vec<_> =
        history.iter().map(|event| (text(event, "action"), event["undone_by"].is_string())).collect();
    assert_eq!(
        told,
        [("accept", true), ("reject", true), ("undo", false), ("undo", false), ("defer", false)]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_reviewers_decision_is_neither_overwritten_nor_undone_unawares() {
    let (_database, gapdeck) = demo().await;
    let gap = a_gap(&gapdeck);
    let (product, attribute) = pair(&gap);
    gapdeck.succeeds(&["decide", &product, &attribute, "accept", "--keep", "--reviewer", "bob"]);
    let message = gapdeck.fails(5, &["decide", &product, &attribute, "reject"]);
    assert!(message.contains("bob") && message.contains("accepted"), "{message}");
    let message = gapdeck.fails(5, &["decide", &product, &attribute, "undo"]);
    assert!(message.contains("bob"), "{message}");
    let history = array(gapdeck.json(&["history", &product, &attribute, "--json"]));
    assert_eq!(history.len(), 1);
    assert_eq!(text(&history[0], "reviewer"), "bob");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_decision_that_cannot_be_is_refused_with_its_reason() {
    let (_database, gapdeck) = demo().await;
    let gap = a_gap(&gapdeck);
    let (product, attribute) = pair(&gap);
    let message = gapdeck.fails(2, &["decide", &product, &attribute, "approve"]);
    assert!(message.contains("approve") && message.contains("not-applicable"), "{message}");
    gapdeck.fails(2, &["decide", &product, &attribute, "override"]);
    gapdeck.fails(2, &["decide", &product, &attribute, "reject", "--value", "x"]);
    gapdeck.fails(2, &["decide", &product]);
    gapdeck.fails(3, &["decide", &product, &attribute, "override", "--value", "  "]);
    let message = gapdeck.fails(3, &["decide", &product, &attribute, "accept", "--value", "no candidate"]);
    assert!(message.contains("no candidate"), "{message}");
    let message = gapdeck.fails(6, &["decide", &product, "no such attribute", "accept"]);
    assert!(message.contains("no such attribute"), "{message}");
    gapdeck.fails(6, &["decide", "no such product", &attribute, "accept"]);
    let row = array(gapdeck.json(&["queue", "--json", "--state", "decided"]));
    assert!(row.is_empty(), "nothing was decided: {row:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_scripts_deciding_the_same_gap_at_once_do_not_both_win_unawares() {
    let (_database, gapdeck) = demo().await;
    let gap = a_gap(&gapdeck);
    let (product, attribute) = pair(&gap);
    let started: Vec<_> = ["ada", "bob", "eve", "kim"]
        .iter()
        .map(|reviewer| {
            let mut command = gapdeck.command(&[
                "decide",
                &product,
                &attribute,
                "accept",
                "--keep",
                "--reviewer",
                reviewer,
            ]);
            command
                .stdout(std::process::Stdio::null())
                .stderr(std::process::Stdio::null())
                .spawn()
                .expect("run")
        })
        .collect();
    let mut codes: Vec<_> = started
        .into_iter()
        .map(|mut child| child.wait().expect("the end").code().expect("an exit code"))
        .collect();
    codes.sort_unstable();
    assert_eq!(codes, [0, 5, 5, 5]);
    assert_eq!(array(gapdeck.json(&["history", &product, &attribute, "--json"])).len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_opinion_is_given_blind_and_told_by_every_command() {
    let (_database, gapdeck) = demo().await;
    let gap = a_gap(&gapdeck);
    let (product, attribute) = pair(&gap);
    gapdeck.succeeds(&["policy", "--second-opinions", "100%"]);
    let decide = |reviewer: &str, options: &[&str]| {
        let arguments = [&["decide", &product, &attribute], options, &["--reviewer", reviewer]].concat();
        gapdeck.succeeds(&arguments).stderr
    };
    let told = decide("ada", &["override", "--value", "Secret", "--keep", "--comment", "Hush"]);
    assert!(told.contains("keeps your opinion as the first"), "{told}");

    let listed = |reviewer: &str, state: &str| {
        let gaps =
            gapdeck.json(&["queue", "--json", "--state", state, "--text", &product, "--reviewer", reviewer]);
        array(gaps).iter().filter(|one| pair(one) == pair(&gap)).count()
    };
    assert_eq!((listed("ada", "second"), listed("bob", "second"), listed("bob", "open")), (0, 1, 0));
    let reads: [&[&str]; 6] = [
        &["history", &product, &attribute, "--json"],
        &["history", &product, &attribute],
        &["activity", "--json"],
        &["activity"],
        &["queue", "--json", "--state", "all", "--text", &product],
        &["product", &product, "--json"],
    ];
    for read in reads {
        let read_by = |reviewer| gapdeck.succeeds(&[read, &["--reviewer", reviewer]].concat()).stdout;
        let blind = read_by("bob");
        for secret in ["Secret", "Hush", "override", "\"ada\"", "ada "] {
            assert!(!blind.contains(secret), "{read:?} tells \"{secret}\": {blind}");
        }
    }
    let own = gapdeck.succeeds(&["history", &product, &attribute, "--reviewer", "ada"]).stdout;
    assert!(own.contains("Secret") && own.contains("Hush"), "{own}");

    let told = decide("bob", &["accept", "--keep"]);
    assert!(told.contains("is disputed now"), "{told}");
    assert_eq!(listed("cleo", "disputed"), 1);
    let both = gapdeck.succeeds(&["history", &product, &attribute, "--reviewer", "cleo"]).stdout;
    assert!(both.contains("Secret") && both.contains("bob"), "{both}");
    assert!(decide("cleo", &["reject"]).contains("is rejected now"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_opinion_that_is_the_same_says_so() {
    let (_database, gapdeck) = demo().await;
    let (product, attribute) = pair(&a_gap(&gapdeck));
    gapdeck.succeeds(&["policy", "--second-opinions", "1"]);
    let decide = |reviewer: &str| {
        gapdeck.succeeds(&["decide", &product, &attribute, "reject", "--reviewer", reviewer]).stderr
    };
    decide("ada");
    assert!(decide("ada").contains("keeps your opinion as the first"));
    let told = decide("bob");
    assert!(told.contains("is rejected now: the first opinion is the same"), "{told}");
}
