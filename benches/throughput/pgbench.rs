//! pgbench on a script.

use crate::script::Script;
use crate::support::server::{self, TestDatabase};
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;
use url::Url;

/// What pgbench says of a run.
pub struct Ran {
    /// How often it ran the script.
    pub times: u64,
    /// How often a second, without the time for connecting.
    pub rate: f64,
}

/// Runs a script with so many clients of pgbench.
pub fn run(database: &TestDatabase, script: &Script, clients: usize, lasts: Duration) -> Ran {
    let programs = server::python("server.py", &["--programs"])
        .unwrap_or_else(|problem| panic!("no pgbench for the measurement: {problem}"));
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(script.text.as_bytes()).expect("write the script");
    let url = Url::parse(&database.url).expect("a URL");
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(clients);
    let mut command = Command::new(PathBuf::from(programs).join("pgbench"));
    command
        .args(["--no-vacuum", "--protocol=prepared"])
        .arg(format!("--client={clients}"))
        .arg(format!("--jobs={threads}"))
        .arg(format!("--time={}", lasts.as_secs()))
        .arg(format!("--file={}", file.path().display()))
        .args(script.constants.iter().map(|(name, value)| format!("--define={name}={value}")))
        .arg(url.path().trim_start_matches('/'))
        .env("PGHOST", url.host_str().expect("a host"))
        .env("PGPORT", url.port().unwrap_or(5432).to_string())
        .env("PGUSER", url.username())
        .env("PGPASSWORD", url.password().unwrap_or_default())
        .env("PGSSLMODE", "disable");
    let output = command.output().expect("run pgbench");
    let (text, problems) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && !problems.contains("ERROR"), "pgbench: {text}\n{problems}");
    let number = |before: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(before));
        line.and_then(|line| line.split(' ').next()).unwrap_or_else(|| panic!("no {before}: {text}"))
    };
    Ran {
        times: number("number of transactions actually processed: ").parse().expect("a number"),
        rate: number("tps = ").parse().expect("a rate"),
    }
}
