//! A PgBouncer between gapdeck and the test server.

use super::cluster::{as_nobody, directory_of_nobody, free_port};
use super::server::{self, TestDatabase};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use url::Url;

/// The longest that a test waits for it to start.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running PgBouncer, ended with this.
pub struct PgBouncer {
    /// The database's URL through it.
    pub url: String,
    process: Child,
    directory: TempDir,
}

impl PgBouncer {
    /// Starts one in front of a database; `settings` are lines of its configuration.
    pub async fn before(database: &TestDatabase, settings: &str) -> Self {
        let found = server::python("pgbouncer.py", &[])
            .unwrap_or_else(|problem| panic!("no PgBouncer for the tests: {problem}"));
        let (program, libraries) = found.split_once('\n').unwrap_or((&found, ""));
        let (directory, port) = (directory_of_nobody(), free_port());
        let mut url = Url::parse(&database.url).expect("a URL");
        let configuration = format!(
            "[databases]\n* = host={} port={} user={} password={}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
             listen_port = {port}\nunix_socket_dir =\nauth_type = any\nlogfile = {}\n{settings}\n",
            url.host_str().expect("a host"),
            url.port().unwrap_or(5432),
            url.username(),
            url.password().unwrap_or_default(),
            directory.path().join("log").display(),
        );
        let file = directory.path().join("pgbouncer.ini");
        std::fs::write(&file, configuration).expect("write the configuration");
        let process = as_nobody(program.as_ref())
            .arg(&file)
            .env("LD_LIBRARY_PATH", libraries)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("run setpriv (of util-linux)");
        url.set_port(Some(port)).expect("a port");
        let pgbouncer = Self { url: url.into(), process, directory };
        let deadline = Instant::now() + PATIENCE;
        while let Err(error) = tokio::net::TcpStream::connect(("127.0.0.1", port)).await {
            let log = std::fs::read_to_string(pgbouncer.directory.path().join("log")).unwrap_or_default();
            assert!(Instant::now() < deadline, "PgBouncer does not start: {error}\n{log}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        pgbouncer
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
