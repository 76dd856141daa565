//! `gapdeck config`, and what commands make of a configuration with mistakes.

use super::*;

fn file(text: &str) -> (tempfile::TempDir, String) {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("config.toml");
    std::fs::write(&path, text).expect("write the configuration");
    let path = path.to_str().expect("a UTF-8 path").to_owned();
    (directory, path)
}

#[test]
fn every_value_is_shown_with_where_it_comes_from_and_without_passwords() {
    let (_directory, path) =
        file("reviewer = 'ann'\ndatabase_url = 'postgres://ann:sEcReT@host/db'\n[keys.queue]\nflag = 'P'\n");
    let shown = Gapdeck::new().json(&["config", "show", "--json", "--config", &path, "--theme", "light"]);
    let value = |name: &str| {
        let values = shown.as_array().expect("an array");
        values
            .iter()
            .find(|value| value["name"] == name)
            .unwrap_or_else(|| panic!("{name} in {shown}"))
            .clone()
    };
    assert_eq!(
        (&value("reviewer")["value"], &value("reviewer")["source"]),
        (&"\"ann\"".into(), &format!("{path}:1").into())
    );
    assert_eq!(
        (&value("theme.name")["origin"], &value("theme.name")["source"]),
        (&"flag".into(), &"--theme".into())
    );
    assert_eq!(value("keys.queue.flag")["source"], format!("{path}:4"));
    assert_eq!(value("motion")["origin"], "default");
    assert!(!shown.to_string().contains("sEcReT"), "{shown}");
    let words = Gapdeck::new().succeeds(&["config", "show", "--config", &path]).stdout;
    assert!(words.contains("ann:***@host") && words.contains(&format!("# {path}:2")), "{words}");
}

#[test]
fn no_file_is_written_and_the_default_one_changes_nothing() {
    let gapdeck = Gapdeck::new();
    let ran = gapdeck.succeeds(&["config", "path"]);
    let path = std::path::Path::new(ran.stdout.trim());
    assert!(path.starts_with(gapdeck.home()) && path.ends_with("config.toml") && !path.exists());
    assert!(ran.stderr.contains("no such file"), "{}", ran.stderr);
    let before = gapdeck.json(&["config", "show", "--json"]);
    let default = gapdeck.succeeds(&["config", "default"]).stdout;
    assert!(default.contains("# reviewer = ") && default.contains("# accept = [\"a\"]"), "{default}");
    assert!(!path.exists() && !path.parent().expect("a directory").exists());
    std::fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
    std::fs::write(path, default).expect("a file");
    assert_eq!(gapdeck.json(&["config", "show", "--json"]), before);
}

#[test]
fn what_cannot_be_used_is_named_with_its_line() {
    let (_directory, path) = file("reviewr = 'ann'\n[keys.queue]\naccep = 'a'\n[theme]\nname = 'lihgt'\n");
    let message = Gapdeck::new().fails_with_output(3, &["config", "show", "--config", &path]).stderr;
    for part in [
        "config.toml:1: there is no setting \"reviewr\"; did you mean \"reviewer\"?",
        ":3: there is no action",
        ":5: ",
    ] {
        assert!(message.contains(part), "{part} in {message}");
    }
    let message = Gapdeck::new().fails(3, &["queue", "--json", "--config", &path]);
    assert!(message.contains("reviewr") && !message.contains("accep"), "{message}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mistake_about_the_screen_stops_no_command() {
    let (_database, gapdeck) = demo().await;
    let (_directory, path) =
        file("motion = 7\n[keys]\npreset = 'vi'\n[keys.queue]\nx = 1\n[theme.roles]\ngood = 'gren'\n");
    let listed = gapdeck.json(&["queue", "--json", "--limit", "1", "--config", &path]);
    assert_eq!(listed.as_array().expect("an array").len(), 1);
}
