//! A server that fails: asked again where that may help, given up clearly where it does not.

use super::server::{EmbeddingServer, Reply, answer};
use super::*;
use serde_json::json;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_busy_server_is_asked_again_when_it_says_so() {
    let (_database, client, gapdeck) = products(2).await;
    let server = EmbeddingServer::start(|number, _| match number {
        0 => Reply::Status(429, "Retry-After: 2", "{\"error\": {\"message\": \"slow down\"}}".into()),
        // A date in the past: at once.
        2 => Reply::Status(503, "Retry-After: Fri, 01 Jan 2021 00:00:00 GMT", String::new()),
        _ => Reply::Vectors(8),
    });
    let report = gapdeck.json(&one_by_one(&server));
    assert_eq!((&report["embedded"], &report["retries"]), (&2.into(), &2.into()));
    let asked = server.asked();
    let waited = asked[1].at - asked[0].at;
    assert!((Duration::from_secs(2)..Duration::from_secs(20)).contains(&waited), "{waited:?}");
    assert_eq!((asked[0].texts.clone(), asked.len()), (asked[1].texts.clone(), 4));
    assert_eq!(stored(&client).await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_that_may_pass_is_tried_again() {
    let (_database, client, gapdeck) = products(8).await;
    // Every product's first request fails in its own way.
    let server = EmbeddingServer::start(|number, asked| match number {
        0 => Reply::Status(500, "X-A: b", "oops".into()),
        2 => Reply::Truncated,
        4 => Reply::Body("{\"data\": [{\"embedding\": [1, 2".into()),
        6 => Reply::Body("<html>Welcome to the hotel</html>".into()),
        8 => Reply::Body(json!({"data": []}).to_string()),
        10 => {
            let mut wrong = answer(&asked.texts, 8);
            wrong["data"][0]["index"] = 7.into();
            Reply::Body(wrong.to_string())
        }
        12 => Reply::Silence,
        _ => Reply::Vectors(8),
    });
    let mut arguments = one_by_one(&server);
    arguments.extend(["--timeout", "1"]);
    let report = gapdeck.json(&arguments);
    assert_eq!((&report["embedded"], &report["retries"]), (&8.into(), &7.into()));
    assert_eq!(stored(&client).await, 8);
    assert_eq!(server.embedded().len(), 8, "nothing was embedded twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_fails_on_is_given_up_and_what_was_embedded_is_kept() {
    let (_database, client, gapdeck) = products(5).await;
    let server = EmbeddingServer::start(|number, _| match number {
        0..3 => Reply::Vectors(8),
        _ => Reply::Status(
            502,
            "X-A: b",
            "{\"error\": {\"message\": \"no\\u001b[31m model\\n loaded\"}}".into(),
        ),
    });
    let mut arguments = one_by_one(&server);
    arguments.extend(["--tries", "2"]);
    let ran = gapdeck.run(&arguments);
    assert_eq!(ran.code, 4, "{}", ran.stderr);
    assert!(ran.stderr.contains("failed 2 times") && ran.stderr.contains("502"), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("no[31m model loaded") && ran.stderr.contains("goes on from there"),
        "{}",
        ran.stderr
    );
    assert!(!ran.stderr.contains('\u{1b}'), "{:?}", ran.stderr);
    assert_eq!((stored(&client).await, server.asked().len()), (3, 5));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_not_there_is_named() {
    let (_database, client, gapdeck) = products(1).await;
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let endpoint = format!("http://user:sEcReT@127.0.0.1:{port}/v1");
    let ran = gapdeck.run(&["embed", "--endpoint", &endpoint, "--model", "tiny", "--tries", "1"]);
    assert_eq!((ran.code, stored(&client).await), (4, 0));
    assert!(
        ran.stderr.contains(&format!("127.0.0.1:{port}")) && !ran.stderr.contains("sEcReT"),
        "{}",
        ran.stderr
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn vectors_that_cannot_be_stored_or_compared_are_refused() {
    for (wrong, why) in [(1537, "at most 1536 fit"), (4, "vectors of 8 numbers and of 4")] {
        let (_database, client, gapdeck) = products(3).await;
        let first = if wrong > 8 { wrong } else { 8 };
        let server =
            EmbeddingServer::start(move |number, _| Reply::Vectors(if number == 0 { first } else { wrong }));
        let ran = gapdeck.run(&one_by_one(&server));
        assert_eq!(ran.code, 3, "{}", ran.stderr);
        assert!(ran.stderr.contains(why), "{}", ran.stderr);
        assert_eq!(stored(&client).await, i64::from(wrong == 4));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_without_end_is_cut_off() {
    let (_database, client, gapdeck) = products(1).await;
    let server = EmbeddingServer::start(|_, _| Reply::Endless);
    let ran = gapdeck.run(&one_by_one(&server));
    assert_eq!((ran.code, stored(&client).await), (4, 0), "{}", ran.stderr);
    assert!(ran.stderr.contains("an answer of more than"), "{}", ran.stderr);
    assert_eq!(server.asked().len(), 1, "asking again does not help");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_text_that_the_server_refuses_is_named_and_the_others_are_embedded() {
    let (_database, client, gapdeck) = products(9).await;
    let server = EmbeddingServer::start(|_, asked| {
        if asked.texts.iter().any(|text| text == "Product 6") {
            Reply::Status(400, "X-A: b", "{\"error\": {\"message\": \"too many tokens\"}}".into())
        } else {
            Reply::Vectors(8)
        }
    });
    let ran = gapdeck.run(&["embed", "--json", "--endpoint", &server.url, "--model", "tiny", "--batch", "9"]);
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((&report["embedded"], &report["refused"]), (&8.into(), &1.into()));
    assert_eq!(report["refused_products"][0]["product_key"], "p06");
    assert!(report["refused_products"][0]["reason"].as_str().unwrap().contains("too many tokens"));
    assert_eq!(stored(&client).await, 8);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_takes_nothing_is_not_asked_for_every_product() {
    let (_database, client, gapdeck) = products(40).await;
    let server =
        EmbeddingServer::start(|_, _| Reply::Status(400, "X-A: b", "{\"error\": \"no such model\"}".into()));
    let ran = gapdeck.run(&one_by_one(&server));
    assert_eq!((ran.code, stored(&client).await), (3, 0));
    assert!(ran.stderr.contains("no such model"), "{}", ran.stderr);
    assert!(server.asked().len() <= 4, "{} requests", server.asked().len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_key_goes_to_the_server_and_nowhere_else() {
    let (_database, client, gapdeck) = products(1).await;
    let server = EmbeddingServer::start(|_, asked| {
        let told = format!(
            "{{\"error\": {{\"message\": \"wrong key {}\"}}}}",
            asked.authorization.clone().unwrap_or_default()
        );
        Reply::Status(401, "X-A: b", told)
    });
    let run = |name: &str| {
        let output = gapdeck.command(&one_by_one(&server)).env(name, "sk-sEcReT").output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, told) = run("GAPDECK_EMBED_KEY");
    assert_eq!(code, Some(4), "{told}");
    assert!(told.contains("wrong key Bearer ***") && !told.contains("sEcReT"), "{told}");
    assert_eq!(server.asked()[0].authorization.as_deref(), Some("Bearer sk-sEcReT"));
    assert_eq!(server.asked().len(), 1, "asking again does not help");
    // OpenAI's key is OpenAI's.
    run("OPENAI_API_KEY");
    assert_eq!(server.asked()[1].authorization, None);
    assert_eq!(stored(&client).await, 0);
}
