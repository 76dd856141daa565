//! Completions, manual pages, the version, quiet runs and closed pipes.

use super::*;
use std::io::Read;
use std::process::{Command, Stdio};

/// Lists the subcommands, as the help names them.
fn subcommands() -> Vec<String> {
    let help = Gapdeck::new().succeeds(&["--help"]).stdout;
    let (_, after) = help.split_once("Commands:").expect("commands in the help");
    let (listed, _) = after.split_once("Options:").expect("options after the commands");
    let names: Vec<String> = listed
        .lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .collect();
    assert!(names.len() > 20, "{names:?}");
    names
}

#[test]
fn completions_know_every_command_in_every_shell() {
    let names = subcommands();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish", "nushell"] {
        let script = Gapdeck::new().succeeds(&["completions", shell]).stdout;
        for name in &names {
            assert!(script.contains(name.as_str()), "{shell} does not know {name}");
        }
    }
    let message = Gapdeck::new().fails(2, &["completions", "tcsh"]);
    assert!(message.contains("nushell"), "{message}");
}

#[test]
fn bash_completes_a_command_and_an_option() {
    let script = Gapdeck::new().succeeds(&["completions", "bash"]).stdout;
    let completed = |words: &str, at: usize| {
        let line = format!(
            "{script}\nCOMP_WORDS=({words}); COMP_CWORD={at}; _gapdeck gapdeck \"${{COMP_WORDS[{at}]}}\"; echo \"${{COMPREPLY[@]}}\""
        );
        let output = Command::new("bash").args(["-c", &line]).output().expect("bash (package `bash`)");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8").trim().to_owned()
    };
    assert_eq!(completed("gapdeck qu", 1), "queue");
    assert_eq!(completed("gapdeck queue --max-c", 2), "--max-confidence");
}

#[test]
fn every_command_has_a_manual_page() {
    let page = Gapdeck::new().succeeds(&["man"]).stdout;
    assert!(page.contains(".TH gapdeck 1"), "{page}");
    assert!(page.contains("Exit codes"), "{page}");
    let directory = tempfile::tempdir().expect("a directory");
    let pages = directory.path().join("man1");
    Gapdeck::new().succeeds(&["man", "--output", pages.to_str().expect("UTF-8")]);
    for name in subcommands() {
        let page = std::fs::read_to_string(pages.join(format!("gapdeck-{name}.1"))).expect(&name);
        assert!(page.contains("SYNOPSIS"), "{name}: {page}");
    }
    let file = directory.path().join("file");
    std::fs::write(&file, "").expect("a file");
    let message = Gapdeck::new().fails(3, &["man", "--output", file.to_str().expect("UTF-8")]);
    assert!(message.contains("cannot write to"), "{message}");
}

#[test]
fn the_version_tells_what_was_built_and_where_the_log_is_even_with_a_bad_configuration() {
    let gapdeck = Gapdeck::new();
    let short = gapdeck.succeeds(&["-V"]).stdout;
    assert!(short.starts_with(concat!("gapdeck ", env!("CARGO_PKG_VERSION"))), "{short}");
    assert!(short.contains("compiler:  rustc ") && !short.contains("log:"), "{short}");
    let bad = gapdeck.home().join("bad.toml");
    std::fs::write(&bad, "reviewer = ").expect("a file");
    let told = gapdeck.succeeds(&["--config", bad.to_str().expect("UTF-8"), "--version", "--verbose"]).stdout;
    let log = gapdeck.home().join(".local/state/gapdeck/gapdeck.log");
    #[cfg(target_os = "linux")]
    assert!(told.contains(&format!("log:       {}", log.display())), "{told}");
    assert!(told.contains(&format!("config:    {}", bad.display())), "{told}");
    gapdeck.fails(2, &["--verbose"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn quiet_leaves_words_out_but_neither_data_nor_errors() {
    let database = TestDatabase::migrated().await;
    let gapdeck = Gapdeck::on(&database);
    let told = gapdeck.succeeds(&["migrate"]);
    assert_ne!(told.stderr, "");
    let quiet = gapdeck.succeeds(&["migrate", "-q"]);
    assert_eq!(quiet.stderr, "");
    assert_eq!(gapdeck.json(&["queue", "--json", "-q"]), Value::Array(Vec::new()));
    let message = gapdeck.fails(6, &["-q", "history", "no-such", "thing"]);
    assert!(message.contains("no-such"), "{message}");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut child = Gapdeck::new()
        .command(&["completions", "bash"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("start gapdeck");
    drop(child.stdout.take());
    let mut said = String::new();
    child.stderr.take().expect("standard error").read_to_string(&mut said).expect("UTF-8");
    assert_eq!((child.wait().expect("the exit status").code(), said.as_str()), (Some(0), ""));
}
