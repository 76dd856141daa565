//! The session over a restart, the mouse, the window's title, the user's editor and clipboard.

use super::support::pty::Terminal;
use super::{WIDE, decisions, quit, start};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_session_comes_back_after_a_quit_and_a_signal_and_a_broken_file_stops_nothing() {
    let (_database, gapdeck, mut terminal) = start().await;
    terminal.wait_for_queue();
    terminal.send("s");
    // The order is named at once, its rows come from the database.
    terminal.wait_until("the least confident", |screen| {
        let text = screen.contents();
        text.contains("low first") && text.contains(" 0.25 ")
    });
    terminal.send("jjjI");
    terminal.wait_for("judged predictions by");
    terminal.signal("TERM");
    terminal.wait_for_end();

    let terminal = Terminal::start(&gapdeck, &["demo"], WIDE);
    terminal.wait_for("judged predictions by");
    terminal.send("Q");
    terminal.wait_until("order and place", |screen| {
        let text = screen.contents();
        text.contains("low first") && text.contains("4 of ")
    });
    terminal.send("x/\t\tzzz");
    terminal.send("\x1b\x1bs");
    terminal.wait_for("by uncertainty");
    quit(terminal);

    let sessions = gapdeck.home().join(".local/state/gapdeck/sessions");
    let files: Vec<_> = std::fs::read_dir(sessions)
        .expect("the sessions")
        .map(|entry| entry.expect("a directory").path().join("session.json"))
        .collect();
    let [file] = &files[..] else { panic!("{files:?}") };
    let text = std::fs::read_to_string(file).expect("the session");
    assert!(text.contains("uncertainty"), "{text}");
    std::fs::write(file, "{\"version\": 99}").expect("write");
    let terminal = Terminal::start(&gapdeck, &["demo"], WIDE);
    terminal.wait_for_queue();
    terminal.send("L");
    terminal.wait_for("the last session is not resumed");
    terminal.wait_for("gapdeck.log");
    terminal.send("q");
    terminal.wait_for("high first");
    quit(terminal);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_mouse_works_while_it_is_on_and_is_given_back() {
    let (_database, _gapdeck, mut terminal) = start().await;
    terminal.wait_for_queue();
    assert!(!terminal.written().contains("\x1b[?1000h"), "off by default");
    terminal.send("M");
    terminal.wait_for("The mouse is on");
    terminal.send("\x1b[<0;5;6M\x1b[<0;5;6m");
    terminal.wait_for("3 of ");
    terminal.send("\x1b[<65;5;6M");
    terminal.wait_for("6 of ");
    terminal.send("M");
    terminal.wait_until("the mouse to be off", |screen| {
        screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None
    });
    terminal.send("M");
    terminal.wait_until("the mouse to be on again", |screen| {
        screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None
    });
    terminal.signal("TERM");
    terminal.wait_for_end();
    terminal.assert_restored();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_window_is_called_after_the_database_and_gets_its_title_back() {
    let (_database, _gapdeck, terminal) = start().await;
    terminal.wait_for_queue();
    let written = terminal.written();
    let kept = written.find("\x1b[22;2t").expect("the title is kept");
    let named = written.find("\x1b]2;gapdeck: ").expect("a title");
    assert!(kept < named && named < written.find("\x1b[?1049h").expect("the other screen"));
    quit(terminal);
}

/// Makes a program of a shell script.
fn script(directory: &std::path::Path, name: &str, text: &str) -> std::path::PathBuf {
    use std::os::unix::fs::PermissionsExt;
    let file = directory.join(name);
    std::fs::write(&file, format!("#!/bin/sh\n{text}\n")).expect("write the script");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).expect("make it a program");
    file
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_comment_is_written_in_the_users_editor() {
    let (_database, gapdeck, terminal) = start().await;
    quit(terminal);
    let room = tempfile::tempdir().expect("a directory");
    let drafts = room.path().join("drafts");
    std::fs::create_dir(&drafts).expect("a directory");
    // The editor has a terminal as a shell has it, and what was typed so far.
    let text = "grep -q '^typed$' \"$2\" && stty -a </dev/tty | grep -q ' icanon' && printf 'by %s\\nand checked\\n' $1 > \"$2\"";
    let editor = script(room.path(), "my editor", text);
    let mut command = gapdeck.command(&["demo"]);
    command.env("VISUAL", format!("'{}' hand", editor.display())).env("EDITOR", "false");
    command.env("XDG_RUNTIME_DIR", &drafts);
    let terminal = Terminal::run(&command, WIDE);
    terminal.wait_for_queue();
    terminal.send("ftyped\x18\x05");
    terminal.wait_for("> by hand↵and checked");
    assert_eq!(std::fs::read_dir(&drafts).expect("the drafts").count(), 0);
    terminal.send("\r");
    terminal.wait_for("1 today");
    quit(terminal);
    let decided = decisions(&gapdeck);
    let key = |name: &str| decided[0][name].as_str().expect("a key").to_owned();
    let history = gapdeck.json(&["history", &key("product_key"), &key("attribute_key"), "--json"]);
    assert_eq!(history[0]["comment"], "by hand\nand checked");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_editor_that_fails_leaves_what_was_typed() {
    let (_database, gapdeck, terminal) = start().await;
    quit(terminal);
    let mut command = gapdeck.command(&["demo"]);
    command.env("EDITOR", "f() { echo other > \"$1\"; return 4; }; f");
    let terminal = Terminal::run(&command, WIDE);
    terminal.wait_for_queue();
    terminal.send("ftyped\x18\x05");
    terminal.wait_for("exit status: 4; nothing changed");
    assert!(terminal.screen().contains("> typed"), "{}", terminal.screen());
    terminal.send("\x1b");
    terminal.wait_for("Esc again discards");
    terminal.send("\x1b");
    terminal.wait_until("the question to go", |screen| !screen.contents().contains("> typed"));
    quit(terminal);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_goes_to_the_platforms_program_and_over_ssh_to_the_terminal() {
    let (_database, gapdeck, terminal) = start().await;
    quit(terminal);
    let room = tempfile::tempdir().expect("a directory");
    let taken = room.path().join("taken");
    script(room.path(), "xclip", &format!("cat > '{}'", taken.display()));
    let path = format!("{}:{}", room.path().display(), std::env::var("PATH").unwrap_or_default());
    let mut command = gapdeck.command(&["demo"]);
    command.env("PATH", &path).env("DISPLAY", ":9");
    let terminal = Terminal::run(&command, WIDE);
    terminal.wait_for_queue();
    terminal.send("y");
    terminal.wait_for("by xclip");
    let key = std::fs::read_to_string(&taken).expect("the text");
    assert!(!key.is_empty() && terminal.screen().contains(&format!("Copied the product key {key} by xclip")));
    assert!(!terminal.written().contains("\x1b]52;"));
    quit(terminal);

    command.env("SSH_CONNECTION", "192.0.2.1 1 192.0.2.2 22");
    let terminal = Terminal::run(&command, WIDE);
    terminal.wait_for_queue();
    terminal.send("y");
    terminal.wait_for("by OSC 52");
    assert!(terminal.written().contains("\x1b]52;c;"));
    quit(terminal);
}
