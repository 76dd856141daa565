//! What the binary says when it cannot: clear messages, documented exit codes, no secrets.

use super::*;

#[test]
fn without_a_terminal_plain_gapdeck_says_so_and_names_the_twins() {
    let directory = tempfile::tempdir().expect("a directory");
    for arguments in [&[][..], &["demo"]] {
        let message = Gapdeck::in_directory(directory.path()).fails(7, arguments);
        assert!(message.contains("terminal"), "{message}");
        for twin in ["queue", "decide", "--seed-only"] {
            assert!(message.contains(twin), "{twin} is missing: {message}");
        }
    }
    let entries = std::fs::read_dir(directory.path()).expect("the directory").count();
    assert_eq!(entries, 0, "nothing was made");
}

#[test]
fn wrong_words_are_named_with_those_that_are_right() {
    let gapdeck = Gapdeck::new();
    let message = gapdeck.fails(2, &["queue", "--json", "--state", "closed"]);
    assert!(message.contains("closed") && message.contains("deferred"), "{message}");
    let message = gapdeck.fails(2, &["queue", "--json", "--sort", "colour"]);
    assert!(message.contains("colour") && message.contains("uncertainty"), "{message}");
    let message = gapdeck.fails(2, &["queue", "--json", "--min-confidence", "1.5"]);
    assert!(message.contains("1.5"), "{message}");
    gapdeck.fails(2, &["queue", "--limit", "-1"]);
    gapdeck.fails(2, &["review"]);
}

#[test]
fn help_tells_the_commands_and_the_exit_codes() {
    let help = Gapdeck::new().succeeds(&["--help"]).stdout;
    for word in
        ["demo", "import", "queue", "decide", "history", "neighbours", "migrate", "Exit codes", "--data-dir"]
    {
        assert!(help.contains(word), "{word} is missing: {help}");
    }
    let version = Gapdeck::new().succeeds(&["--version"]).stdout;
    assert_eq!(version.trim(), concat!("gapdeck ", env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_server_that_is_not_there_is_named_without_the_password() {
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|socket| socket.local_addr())
        .expect("a port")
        .port();
    let url = format!("postgres://ada:sEcReT@127.0.0.1:{port}/catalogue");
    let message = Gapdeck::new().fails(4, &["queue", "--json", "--database-url", &url]);
    assert!(message.contains("127.0.0.1"), "{message}");
    assert!(!message.contains("sEcReT"), "{message}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_or_database_is_told_without_the_password() {
    let database = TestDatabase::empty().await;
    let mut url = url::Url::parse(&database.url).expect("a URL");
    url.set_path("gapdeck_there_is_none");
    let message = Gapdeck::new().fails(4, &["queue", "--json", "--database-url", url.as_str()]);
    assert!(message.contains("gapdeck_there_is_none"), "{message}");
    if let Some(password) = url.password() {
        assert!(!message.contains(password), "{message}");
    }
}

#[test]
fn a_url_that_is_none_is_refused_before_anything_is_tried() {
    for url in ["not a url", "mysql://localhost/db", "postgres://u:sEcReT@host:notaport/db"] {
        let message = Gapdeck::new().fails(3, &["queue", "--json", "--database-url", url]);
        assert!(!message.contains("sEcReT"), "{message}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_there_is_named() {
    let (_database, gapdeck) = demo().await;
    let message = gapdeck.fails(6, &["neighbours", "no such product", "--json"]);
    assert!(message.contains("no such product"), "{message}");
    let message = gapdeck.fails(6, &["history", "no such product", "colour", "--json"]);
    assert!(message.contains("no such product"), "{message}");
}

#[test]
fn a_data_directory_that_cannot_be_made_is_named() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let inside = file.path().join("data");
    let message = Gapdeck::in_directory(&inside).fails(4, &["queue", "--json"]);
    assert!(message.contains(&*inside.to_string_lossy()), "{message}");
}

#[cfg(feature = "embedded")]
#[test]
fn the_embedded_demo_is_seeded_queried_decided_and_kept() {
    let directory = tempfile::Builder::new().prefix("gd").tempdir_in("/tmp").expect("a directory");
    let gapdeck = Gapdeck::in_directory(directory.path());
    let ran = gapdeck.succeeds(&["demo", "--seed-only"]);
    assert_eq!(ran.stdout, "", "messages go to standard error");
    let gaps = everything(&gapdeck);
    assert!(gaps.len() >= 8_000, "{} gaps", gaps.len());
    let (product, attribute) = pair(&gaps[0]);
    let told = gapdeck.json(&["decide", &product, &attribute, "accept", "--json"]);
    assert_eq!(text(&told, "state"), "accepted");
    let history = array(gapdeck.json(&["history", &product, &attribute, "--json"]));
    assert_eq!(history.len(), 1);
    let near = array(gapdeck.json(&["neighbours", &product, "--json", "--limit", "3"]));
    assert!(near.len() <= 3);
    gapdeck.succeeds(&["migrate"]);
    let decided = array(gapdeck.json(&["queue", "--json", "--state", "decided"]));
    assert_eq!(decided.iter().map(pair).collect::<Vec<_>>(), [(product, attribute)]);
}
