//! The binary on pipes: what scripts see of it.

use super::server::TestDatabase;
use serde_json::Value;
use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// The binary, for one user with a home directory of their own, on one database.
pub struct Gapdeck {
    home: TempDir,
    place: Vec<OsString>,
}

/// What a run of the binary left.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// What may stand in a tester's environment and would change what the binary does.
const STRAY: [&str; 35] = [
    "TMUX",
    "STY",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "WSL_DISTRO_NAME",
    "SSH_CONNECTION",
    "SSH_CLIENT",
    "SSH_TTY",
    "VISUAL",
    "EDITOR",
    "XDG_RUNTIME_DIR",
    "GAPDECK_EMBED_KEY",
    "OPENAI_API_KEY",
    "http_proxy",
    "HTTP_PROXY",
    "ALL_PROXY",
    "DATABASE_URL",
    "GAPDECK_READ_URLS",
    "GAPDECK_MAX_REPLICA_LAG",
    "GAPDECK_DATA_DIR",
    "GAPDECK_REVIEWER",
    "GAPDECK_CONFIG",
    "GAPDECK_COLOR",
    "GAPDECK_GLYPHS",
    "GAPDECK_KEYS",
    "GAPDECK_MOTION",
    "GAPDECK_THEME",
    "NO_COLOR",
    "LC_ALL",
    "LC_CTYPE",
    "LANG",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_STATE_HOME",
    "XDG_CACHE_HOME",
];

impl Gapdeck {
    /// Runs without naming a database.
    pub fn new() -> Self {
        let home = tempfile::tempdir().expect("a home directory");
        // Somebody who has seen the tour: it would lie over what tests read.
        let state = home.path().join(".local/state/gapdeck");
        std::fs::create_dir_all(&state).expect("a directory");
        std::fs::write(state.join("tour-seen"), "").expect("a file");
        Self { home, place: Vec::new() }
    }

    /// Runs on a database of the test server.
    pub fn on(database: &TestDatabase) -> Self {
        Self { place: vec!["--database-url".into(), (&database.url).into()], ..Self::new() }
    }

    /// Runs on an embedded database.
    pub fn in_directory(directory: &Path) -> Self {
        Self { place: vec!["--data-dir".into(), directory.into()], ..Self::new() }
    }

    /// Returns a command with its arguments and environment, for whoever runs it.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gapdeck"));
        for name in STRAY {
            command.env_remove(name);
        }
        // What libpq's users set.
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("PG")) {
            command.env_remove(name);
        }
        command.env("HOME", self.home.path()).env("USER", "ada").env("LOGNAME", "ada");
        command.args(arguments).args(&self.place).stdin(Stdio::null());
        command
    }

    /// Returns the user's home directory.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Runs to the end.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        let output = self.command(arguments).output().expect("run gapdeck");
        Ran {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).expect("UTF-8 on standard output"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8 on standard error"),
        }
    }

    /// Runs a command that must succeed.
    pub fn succeeds(&self, arguments: &[&str]) -> Ran {
        let ran = self.run(arguments);
        assert_eq!(ran.code, 0, "gapdeck {arguments:?}: {}", ran.stderr);
        ran
    }

    /// Runs a command that must succeed and print JSON, and nothing else, on standard output.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let ran = self.succeeds(arguments);
        serde_json::from_str(&ran.stdout)
            .unwrap_or_else(|error| panic!("gapdeck {arguments:?} printed no JSON: {error}\n{}", ran.stdout))
    }

    /// Runs a command that must fail with an exit code, although it prints what it found.
    pub fn fails_with_output(&self, code: i32, arguments: &[&str]) -> Ran {
        let ran = self.run(arguments);
        assert_eq!(ran.code, code, "gapdeck {arguments:?}: {}{}", ran.stdout, ran.stderr);
        ran
    }

    /// Runs a command that must fail with an exit code, print nothing on standard output and say why on standard error.
    pub fn fails(&self, code: i32, arguments: &[&str]) -> String {
        let ran = self.run(arguments);
        assert_eq!(ran.code, code, "gapdeck {arguments:?}: {}{}", ran.stdout, ran.stderr);
        assert_eq!(ran.stdout, "", "gapdeck {arguments:?}");
        assert!(!ran.stderr.trim().is_empty(), "gapdeck {arguments:?} failed silently");
        assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
        ran.stderr
    }
}
