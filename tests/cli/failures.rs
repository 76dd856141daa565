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

/// Writes a configuration file, and returns its directory and its path.
fn configuration(text: &str) -> (tempfile::TempDir, String) {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("config.toml");
    std::fs::write(&path, text).expect("write the configuration");
    let path = path.to_str().expect("a UTF-8 path").to_owned();
    (directory, path)
}

#[test]
fn a_setting_that_cannot_be_used_is_told_with_the_place_it_comes_from() {
    let (_directory, path) = configuration("database_url = 'mysql://u:sEcReT@host/db'");
    let message = Gapdeck::new().fails(3, &["queue", "--json", "--config", &path]);
    assert!(message.contains(&path) && !message.contains("sEcReT"), "{message}");
    let message =
        Gapdeck::new().fails(3, &["queue", "--json", "--database-url", "nonsense", "--config", &path]);
    assert!(message.contains("comes from --database-url"), "the flag wins over the file: {message}");
    let mut command = Gapdeck::new().command(&["queue", "--json", "--config", &path]);
    let output = command.env("DATABASE_URL", "nonsense").output().expect("run gapdeck");
    let message = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(message.contains("DATABASE_URL in the environment"), "it wins over the file: {message}");

    let (_directory, path) = configuration("reviewer = ''");
    let message = Gapdeck::new().fails(3, &["queue", "--json", "--config", &path]);
    assert!(message.contains(&path) && message.contains("reviewer"), "{message}");
    let (_directory, path) = configuration("max_replica_lag = 0");
    let message = Gapdeck::new().fails(3, &["queue", "--json", "--config", &path]);
    assert!(message.contains(&path) && message.contains("max_replica_lag"), "{message}");
    let (_directory, path) = configuration("data_dri = 'x'");
    let message = Gapdeck::new().fails(3, &["queue", "--json", "--config", &path]);
    assert!(message.contains("data_dri") && message.contains("read_urls"), "{message}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_is_not_there_is_no_error_and_one_that_cannot_be_named_is() {
    let (database, gapdeck) = demo().await;
    let (_directory, path) =
        configuration("read_urls = ['postgres://127.0.0.1:1/none', 'postgres://u:sEcReT@host:port/none']");
    let message = gapdeck.fails(3, &["queue", "--json", "--config", &path]);
    assert!(message.contains(&path) && message.contains("replica"), "{message}");
    assert!(!message.contains("sEcReT"), "{message}");
    // Not a standby, and not there at all: reads go to the primary.
    let urls = format!("postgres://127.0.0.1:1/none {}", database.url);
    let (product, _) = pair(&everything(&gapdeck)[0]);
    let near = array(gapdeck.json(&["neighbours", &product, "--json", "--read-url", &urls]));
    assert!(!near.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_several_hosts_the_first_that_answers_and_may_be_written_is_taken() {
    let (database, _) = demo().await;
    let mut url = url::Url::parse(&database.url).expect("a URL");
    let live = format!("{}:{}", url.host_str().expect("a host"), url.port().unwrap_or(5432));
    // Nobody listens on the first.
    let hosts = format!("127.0.0.1:1,{live}");
    url.set_query(Some("target_session_attrs=read-write"));
    let url = url.as_str().replacen(&live, &hosts, 1);
    assert!(url.contains(&hosts), "{url}");
    let listed = array(Gapdeck::new().json(&["queue", "--json", "--limit", "3", "--database-url", &url]));
    assert_eq!(listed.len(), 3);
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
    let told = gapdeck.json(&["decide", &product, &attribute, "accept", "--keep", "--json"]);
    assert_eq!(text(&told, "state"), "accepted");
    let history = array(gapdeck.json(&["history", &product, &attribute, "--json"]));
    assert_eq!(history.len(), 1);
    let near = array(gapdeck.json(&["neighbours", &product, "--json", "--limit", "3"]));
    assert!(near.len() <= 3);
    gapdeck.succeeds(&["migrate"]);
    let decided = array(gapdeck.json(&["queue", "--json", "--state", "decided"]));
    assert_eq!(decided.iter().map(pair).collect::<Vec<_>>(), [(product, attribute)]);
}
