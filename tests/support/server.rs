//! A real PostgreSQL server with pgvector, and a database of its own for each test.
//!
//! The server is the one that `GAPDECK_TEST_DATABASE_URL` names (its user must be allowed to create databases and
//! extensions), otherwise one that `tests/server.py` installs and starts, and stops when no test uses it any more.

use super::backend;
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio_postgres::{Client, NoTls};
use url::Url;

/// A server, in use as long as this lives.
struct Server {
    url: Url,
    /// Held shared while the process lives; tells the watchdog of `tests/server.py` that the server is needed.
    _in_use: Option<File>,
}

/// Returns the build's target directory.
pub fn target_directory() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("cargo's tmp lies in the target directory").into()
}

fn server() -> &'static Server {
    static SERVER: OnceLock<Result<Server, String>> = OnceLock::new();
    SERVER.get_or_init(find_server).as_ref().unwrap_or_else(|problem| {
        panic!(
            "no PostgreSQL server for the tests: {problem}\n\
             They install and start one by themselves, for which they need python3 (with venv) and, the first time, \
             access to PyPI. Or set GAPDECK_TEST_DATABASE_URL to a server with pgvector whose user may create \
             databases, as in postgres://postgres:secret@localhost/postgres."
        )
    })
}

/// Runs one of the tests' own scripts on the build's target directory, and returns what it prints.
pub fn python(script: &str, arguments: &[&str]) -> Result<String, String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(script);
    let output = Command::new("python3").arg(&script).arg(target_directory()).args(arguments).output();
    let output = output.map_err(|error| format!("cannot run python3: {error}"))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
    }
}

fn find_server() -> Result<Server, String> {
    if let Ok(url) = std::env::var("GAPDECK_TEST_DATABASE_URL") {
        let url = Url::parse(&url).map_err(|error| format!("GAPDECK_TEST_DATABASE_URL: {error}"))?;
        return Ok(Server { url, _in_use: None });
    }
    let home = PathBuf::from(python("server.py", &["--home"])?);
    let in_use = File::create(home.join("users.lock"))
        .and_then(|file| file.lock_shared().map(|()| file))
        .map_err(|error| format!("{}: {error}", home.join("users.lock").display()))?;
    let url = Url::parse(&python("server.py", &[])?).map_err(|error| format!("tests/server.py: {error}"))?;
    Ok(Server { url, _in_use: Some(in_use) })
}

/// Opens a plain connection, as another program would.
pub async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls)
        .await
        .unwrap_or_else(|error| panic!("cannot connect to the test server: {error:?}"));
    tokio::spawn(connection);
    client
}

/// A database of its own, dropped with this.
pub struct TestDatabase {
    pub url: String,
    name: String,
}

impl TestDatabase {
    /// Makes a database with every migration.
    pub async fn migrated() -> Self {
        Self::like("migrated", async |url| backend::migrate(&url).await).await
    }

    /// Makes a database without anything.
    pub async fn empty() -> Self {
        Self::create("template0").await
    }

    /// Makes a copy of a database that `fill` fills once, starting from nothing; `what` names it.
    pub async fn like(what: &str, fill: impl AsyncFnOnce(String)) -> Self {
        let template = format!("gapdeck_{what}_{:016x}", fingerprint());
        let admin = connect(server().url.as_str()).await;
        // Held until `admin` ends: one test at a time looks for the template and fills it.
        admin.execute("SELECT pg_advisory_lock(hashtext($1))", &[&template]).await.expect("lock");
        let found = admin.query_opt("SELECT FROM pg_database WHERE datname = $1", &[&template]).await;
        if found.expect("pg_database").is_none() {
            let building = Self::create("template0").await;
            fill(building.url.clone()).await;
            let quoted = &building.name;
            let lock_out = format!("ALTER DATABASE {quoted} ALLOW_CONNECTIONS false");
            admin.batch_execute(&lock_out).await.expect("ALTER DATABASE");
            end_connections(&admin, quoted).await;
            let rename = format!("ALTER DATABASE {quoted} RENAME TO {template}");
            admin.batch_execute(&rename).await.expect("ALTER DATABASE");
        }
        drop(admin);
        Self::create(&template).await
    }

    async fn create(template: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("gapdeck_test_{}_{count}", std::process::id());
        let admin = connect(server().url.as_str()).await;
        // A leftover of a killed run that had the same process id.
        let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
        admin.batch_execute(&drop).await.expect("DROP DATABASE");
        let create = format!("CREATE DATABASE {name} TEMPLATE {template}");
        admin.batch_execute(&create).await.unwrap_or_else(|error| panic!("{create}: {error:?}"));
        let mut url = server().url.clone();
        url.set_path(&name);
        Self { url: url.into(), name }
    }

    /// Opens a plain connection to it, as another program would.
    pub async fn client(&self) -> Client {
        connect(&self.url).await
    }
}

impl Drop for TestDatabase {
    #[allow(clippy::print_stderr, reason = "a test that fails already must not fail here")]
    fn drop(&mut self) {
        let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let admin = connect(server().url.as_str()).await;
                admin.batch_execute(&drop).await.map_err(std::io::Error::other)
            })
        });
        match thread.join() {
            Ok(Ok(())) => {}
            problem => eprintln!("test database {} stays behind: {problem:?}", self.name),
        }
    }
}

async fn end_connections(admin: &Client, database: &str) {
    let rows = admin
        .query(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1",
            &[&database],
        )
        .await
        .expect("pg_terminate_backend");
    assert!(rows.iter().all(|row| row.get::<_, bool>(0)), "a connection to {database} does not end");
}

/// Returns what tells one state of the migrations and of the demo from another.
fn fingerprint() -> u64 {
    let mut hasher = DefaultHasher::new();
    for directory in ["migrations", "assets", "src/demo", "src/transfer"] {
        hash(&Path::new(env!("CARGO_MANIFEST_DIR")).join(directory), &mut hasher);
    }
    hasher.finish()
}

fn hash(path: &Path, hasher: &mut DefaultHasher) {
    if let Ok(entries) = std::fs::read_dir(path) {
        let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        for path in &paths {
            hash(path, hasher);
        }
    } else if let Ok(bytes) = std::fs::read(path) {
        path.hash(hasher);
        bytes.hash(hasher);
    }
}
