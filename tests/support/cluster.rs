//! A primary server and its streaming standby, of a test's own: it may stop, start and pause them.

use super::server;
use std::ffi::OsStr;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A server's user where the tests run as root, which PostgreSQL refuses to: nobody.
const NOBODY: u32 = 65534;

/// The longest that a test waits for a server to start.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server, stopped with this.
pub struct Cluster {
    directory: TempDir,
    programs: PathBuf,
    port: u16,
    process: Option<Child>,
}

impl Cluster {
    /// Makes a server with nothing in it, and starts it.
    pub async fn primary() -> Self {
        let mut cluster = Self::new();
        let data = cluster.data();
        // Anybody who can reach a port of this machine's may log in; it holds what a test wrote.
        cluster.run(
            "initdb",
            &[
                "-D".as_ref(),
                data.as_os_str(),
                "-U".as_ref(),
                "postgres".as_ref(),
                "-A".as_ref(),
                "trust".as_ref(),
                "--no-sync".as_ref(),
                "-E".as_ref(),
                "UTF8".as_ref(),
                "--locale=C.UTF-8".as_ref(),
            ],
        );
        cluster.start().await;
        cluster
    }

    /// Makes a streaming standby of a primary, and starts it.
    pub async fn standby_of(primary: &Self) -> Self {
        let mut cluster = Self::new();
        let (data, source) = (cluster.data(), primary.url("postgres"));
        cluster.run(
            "pg_basebackup",
            &[
                "-d".as_ref(),
                source.as_ref(),
                "-D".as_ref(),
                data.as_os_str(),
                "-R".as_ref(),
                "-X".as_ref(),
                "stream".as_ref(),
                "-c".as_ref(),
                "fast".as_ref(),
                "--no-sync".as_ref(),
            ],
        );
        cluster.start().await;
        cluster
    }

    fn new() -> Self {
        let programs = server::python("server.py", &["--programs"])
            .unwrap_or_else(|problem| panic!("no PostgreSQL for a server of the test's own: {problem}"));
        let (directory, port) = (directory_of_nobody(), free_port());
        Self { directory, programs: programs.into(), port, process: None }
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// Returns the URL of one of its databases.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// Opens a plain connection.
    pub async fn client(&self, database: &str) -> tokio_postgres::Client {
        server::connect(&self.url(database)).await
    }

    /// Starts the server and waits until it answers.
    pub async fn start(&mut self) {
        self.spawn();
        let deadline = Instant::now() + PATIENCE;
        while let Err(error) = tokio_postgres::connect(&self.url("postgres"), tokio_postgres::NoTls).await {
            let log = std::fs::read_to_string(self.directory.path().join("log")).unwrap_or_default();
            assert!(Instant::now() < deadline, "the server does not start: {error:?}\n{log}");
            // What a killed one left behind may still be dying.
            if self.process.as_mut().is_some_and(|process| process.try_wait().is_ok_and(|end| end.is_some()))
            {
                self.spawn();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn spawn(&mut self) {
        let log = std::fs::File::create(self.directory.path().join("log")).expect("the server's log");
        let mut command = self.program("postgres");
        command.arg("-D").arg(self.data()).arg("-p").arg(self.port.to_string());
        for setting in [
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "fsync=off",
            "hot_standby=on",
            "wal_receiver_timeout=5s",
            "wal_retrieve_retry_interval=100ms",
        ] {
            command.args(["-c", setting]);
        }
        let process = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn();
        self.process = Some(process.expect("start postgres"));
    }

    /// Ends the server at once, as a crash would.
    pub fn stop(&mut self) {
        let Some(mut process) = self.process.take() else { return };
        let asked = Command::new("kill").args(["-s", "QUIT", &process.id().to_string()]).status();
        if !asked.is_ok_and(|asked| asked.success()) {
            let _ = process.kill();
        }
        let _ = process.wait();
    }

    /// Kills the server's main process, which cannot tell the others.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().expect("kill postgres");
            let _ = process.wait();
        }
    }

    /// Returns a program of PostgreSQL's, which ends when the test does and does not run as root.
    fn program(&self, name: &str) -> Command {
        as_nobody(&self.programs.join(name))
    }

    fn run(&self, name: &str, arguments: &[&OsStr]) {
        let output = self.program(name).args(arguments).output();
        let output = output.unwrap_or_else(|error| panic!("cannot run setpriv (of util-linux): {error}"));
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Returns a program that ends when the test does, and does not run as root.
pub fn as_nobody(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "INT"]);
    if is_root() {
        command.args([format!("--reuid={NOBODY}"), format!("--regid={NOBODY}"), "--clear-groups".into()]);
    }
    command.arg(program).current_dir("/");
    command
}

/// Makes a directory that such a program may write to.
pub fn directory_of_nobody() -> TempDir {
    let directory =
        tempfile::Builder::new().prefix("gapdeck-cluster").tempdir_in("/var/tmp").expect("a directory");
    if is_root() {
        std::os::unix::fs::chown(directory.path(), Some(NOBODY), Some(NOBODY)).expect("chown");
    }
    directory
}

/// Returns a port that was free a moment ago.
pub fn free_port() -> u16 {
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    socket.local_addr().expect("an address").port()
}

/// Tells whether the tests run as root.
fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(Path::new("/proc/self")).is_ok_and(|process| process.uid() == 0)
}
