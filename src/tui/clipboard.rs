//! The clipboard: which program of the platform takes a text, and how the terminal is asked where none does.
//!
//! A program serves the machine that gapdeck runs on. Over ssh that is not where somebody sits: there tmux is asked, which
//! knows the terminal around it, and otherwise the terminal alone (OSC 52).

use super::terminal;
use std::ffi::OsStr;
use std::io;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// How long a program may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// How much GNU screen takes of a sequence in one piece.
const SCREEN_PIECE: usize = 256;

/// A program that takes a text on standard input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tool {
    pub program: &'static str,
    arguments: &'static [&'static str],
    /// Windows' programs read UTF-16.
    is_wide: bool,
}

const fn tool(program: &'static str, arguments: &'static [&'static str]) -> Tool {
    Tool { program, arguments, is_wide: false }
}

/// Returns the programs to try, the best first, as an environment says; `is_there` tells whether a program can be found.
pub fn tools(get: impl Fn(&str) -> bool, is_there: impl Fn(&str) -> bool) -> Vec<Tool> {
    let mut tools = Vec::new();
    let is_remote = ["SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY"].into_iter().any(&get);
    if !is_remote {
        if get("WAYLAND_DISPLAY") {
            tools.push(tool("wl-copy", &["--type", "text/plain;charset=utf-8"]));
        }
        if get("DISPLAY") {
            tools.push(tool("xclip", &["-selection", "clipboard"]));
            tools.push(tool("xsel", &["--clipboard", "--input"]));
        }
        if cfg!(target_os = "macos") {
            tools.push(tool("pbcopy", &[]));
        }
        if cfg!(windows) || get("WSL_DISTRO_NAME") {
            tools.push(Tool { program: "clip.exe", arguments: &[], is_wide: true });
        }
    }
    if get("TMUX") {
        // Into tmux's buffer, and on to the terminal around it, whether programs in tmux may reach that or not.
        tools.push(tool("tmux", &["load-buffer", "-w", "-"]));
    }
    tools.retain(|tool| is_there(tool.program));
    tools
}

/// Returns the programs to try here.
fn here() -> Vec<Tool> {
    let get = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let path = std::env::var_os("PATH").unwrap_or_default();
    tools(get, |program| is_in_path(&path, program))
}

fn is_in_path(path: &OsStr, program: &str) -> bool {
    std::env::split_paths(path)
        .filter(|directory| directory.is_absolute())
        .any(|directory| is_program(&directory.join(program)))
}

#[cfg(unix)]
fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(file).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(file: &Path) -> bool {
    file.is_file()
}

/// Gives a text to the first program that takes it; returns that program's name.
pub async fn copy(text: &str) -> Option<&'static str> {
    for tool in here() {
        match tokio::time::timeout(PATIENCE, run(tool, text)).await {
            Ok(Ok(())) => return Some(tool.program),
            Ok(Err(error)) => tracing::warn!(program = tool.program, %error, "nothing was copied"),
            Err(_) => tracing::warn!(program = tool.program, "nothing was copied: it took too long"),
        }
    }
    None
}

async fn run(tool: Tool, text: &str) -> io::Result<()> {
    let mut child = Command::new(tool.program)
        .args(tool.arguments)
        .stdin(Stdio::piped())
        // Some stay in the background to serve the text; what they hold open must not be the terminal's.
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    if let Some(mut input) = child.stdin.take() {
        let bytes: Vec<u8> = if tool.is_wide {
            text.encode_utf16().flat_map(u16::to_le_bytes).collect()
        } else {
            text.as_bytes().to_vec()
        };
        input.write_all(&bytes).await?;
    }
    let status = child.wait().await?;
    if status.success() { Ok(()) } else { Err(io::Error::other(format!("it ended with {status}"))) }
}

/// Asks the terminal to take a sanitised text, through what is between.
pub fn copy_by_terminal(text: &str) -> io::Result<()> {
    let has = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let sequence = terminal::osc52(text)?;
    terminal::write(&wrapped(&sequence, has("TMUX"), has("STY")))
}

/// Wraps a sequence so that what stands between hands it to the terminal around it.
fn wrapped(sequence: &str, in_tmux: bool, in_screen: bool) -> String {
    if in_tmux {
        // For tmux itself (`set-clipboard on`), and for the terminal around it (`allow-passthrough on`).
        let doubled = sequence.replace('\x1b', "\x1b\x1b");
        return format!("{sequence}\x1bPtmux;{doubled}\x1b\\");
    }
    if !in_screen {
        return sequence.to_owned();
    }
    // The end of the sequence would be taken for screen's own: a bell ends it as well.
    let sequence =
        sequence.strip_suffix("\x1b\\").map_or_else(|| sequence.to_owned(), |body| format!("{body}\x07"));
    // Nothing but ASCII is in it.
    let pieces = sequence.as_bytes().chunks(SCREEN_PIECE);
    let handed_on = |piece: &[u8]| ["\x1bP", &*String::from_utf8_lossy(piece), "\x1b\\"].concat();
    pieces.map(handed_on).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn programs(names: &[&str], missing: &[&str]) -> Vec<&'static str> {
        let tools = tools(|name| names.contains(&name), |program| !missing.contains(&program));
        tools.iter().map(|tool| tool.program).collect()
    }

    #[test]
    #[cfg(not(any(windows, target_os = "macos")))]
    fn the_environment_chooses_the_program() {
        assert_eq!(programs(&[], &[]), Vec::<&str>::new(), "a plain terminal: OSC 52");
        assert_eq!(programs(&["DISPLAY"], &[]), ["xclip", "xsel"]);
        assert_eq!(programs(&["DISPLAY"], &["xclip"]), ["xsel"]);
        assert_eq!(programs(&["WAYLAND_DISPLAY", "DISPLAY"], &[]), ["wl-copy", "xclip", "xsel"]);
        assert_eq!(programs(&["WSL_DISTRO_NAME"], &[]), ["clip.exe"]);
        assert_eq!(programs(&["DISPLAY", "TMUX"], &[]), ["xclip", "xsel", "tmux"]);
    }

    #[test]
    fn over_ssh_no_program_of_that_machine_is_asked() {
        for ssh in ["SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY"] {
            assert_eq!(programs(&["WAYLAND_DISPLAY", "DISPLAY", ssh], &[]), Vec::<&str>::new());
            assert_eq!(programs(&["DISPLAY", ssh, "TMUX"], &[]), ["tmux"]);
        }
    }

    #[test]
    fn what_stands_between_hands_the_sequence_on() {
        let sequence = "\x1b]52;c;YQ==\x1b\\";
        assert_eq!(wrapped(sequence, false, false), sequence);
        assert_eq!(
            wrapped(sequence, true, false),
            format!("{sequence}\x1bPtmux;\x1b\x1b]52;c;YQ==\x1b\x1b\\\x1b\\")
        );
        assert_eq!(wrapped(sequence, false, true), "\x1bP\x1b]52;c;YQ==\x07\x1b\\");
        let long = wrapped(&format!("\x1b]52;c;{}\x1b\\", "A".repeat(600)), false, true);
        let pieces: Vec<&str> = long.split("\x1b\\").filter(|piece| !piece.is_empty()).collect();
        assert_eq!(pieces.len(), 3);
        let body: String = pieces.iter().filter_map(|piece| piece.strip_prefix("\x1bP")).collect();
        assert_eq!(body, format!("\x1b]52;c;{}\x07", "A".repeat(600)));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_program_gets_the_text_on_standard_input_and_its_failure_is_told() {
        let cat = tool("cat", &[]);
        run(cat, "a\nb").await.unwrap();
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("taken");
        let path: &'static str = Box::leak(file.display().to_string().into_boxed_str());
        let arguments: &'static [&'static str] = Box::leak(Box::new([path]));
        run(Tool { program: "tee", arguments, is_wide: false }, "日本 $(rm)").await.unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "日本 $(rm)");
        assert!(run(tool("false", &[]), "").await.is_err());
        assert!(run(tool("no-such-program", &[]), "").await.is_err());
    }
}
