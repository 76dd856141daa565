//! PostgreSQL inside this process, behind a Unix socket that only this process can open.
//!
//! The engine has one backend: one client at a time. It lives on a plain thread, which takes a client, opens a session for
//! it, carries its messages back and forth until it leaves, and takes the next.

use crate::error::{AppError, ErrorKind};
use crate::private;
use oliphaunt_wasix::session::{
    PostgresConfig, PreparedDatabase, PreparedRuntime, StartupConfig, default_catalog_profile,
};
use oliphaunt_wasix::{DatabaseStorage, Extension, StorageErrorCode};
use std::io::{self, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;

/// The engine's database and its only user.
const NAME: &str = "postgres";

/// How long closing waits for the engine to write its last page.
const STOP: Duration = Duration::from_secs(10);

/// The longest message taken from the client, 1 GiB as in PostgreSQL.
const LONGEST_MESSAGE: usize = 1 << 30;

/// A running engine.
#[derive(Debug)]
pub(super) struct Engine {
    socket_directory: tempfile::TempDir,
    stopping: Arc<AtomicBool>,
    thread: std::sync::Mutex<Option<JoinHandle<()>>>,
}

impl Engine {
    /// Prepares the data directory (created where missing) and starts to listen.
    pub(super) async fn start(directory: &Path) -> Result<Self, AppError> {
        let failed = |reason: String| {
            AppError::new(
                ErrorKind::Unavailable,
                format!("cannot start the embedded database in {}: {reason}", directory.display()),
            )
        };
        // The engine asks for no password: nobody else may reach its socket, whatever the user's umask.
        let socket_directory = private::directory("gapdeck-", &std::env::temp_dir())
            .map_err(|error| failed(error.to_string()))?;
        let listener = UnixListener::bind(socket_directory.path().join(".s.PGSQL.5432"))
            .map_err(|error| failed(error.to_string()))?;
        let stopping = Arc::new(AtomicBool::new(false));
        let (ready, is_ready) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name("postgres".into())
            .spawn({
                let (directory, stopping) = (directory.to_owned(), Arc::clone(&stopping));
                move || run(directory, &listener, &stopping, ready)
            })
            .map_err(|error| failed(error.to_string()))?;
        match is_ready.await {
            Ok(Ok(())) => {
                Ok(Self { socket_directory, stopping, thread: std::sync::Mutex::new(Some(thread)) })
            }
            Ok(Err(Refusal::Busy)) => Err(AppError::new(
                ErrorKind::Unavailable,
                format!("another gapdeck uses the database in {}", directory.display()),
            )
            .hinted("Close the other gapdeck, or give this one a directory of its own with --data-dir.")
            .hinted("Several reviewers at once need a shared server: --database-url.")),
            Ok(Err(Refusal::Failed(reason))) => Err(failed(reason)),
            Err(_) => Err(failed("the engine's thread ended".into())),
        }
    }

    /// Returns how to connect.
    pub(super) fn config(&self) -> tokio_postgres::Config {
        let mut config = tokio_postgres::Config::new();
        config
            .host_path(self.socket_directory.path())
            .user(NAME)
            .dbname(NAME)
            .ssl_mode(tokio_postgres::config::SslMode::Disable);
        config
    }

    /// Waits until the last session has ended and the data directory is released.
    pub(super) async fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        // Wakes the thread if it waits for a client.
        drop(UnixStream::connect(self.socket_directory.path().join(".s.PGSQL.5432")));
        let thread = self.thread.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let joined = tokio::task::spawn_blocking(move || thread.join());
            if tokio::time::timeout(STOP, joined).await.is_err() {
                tracing::warn!("the embedded database did not stop within {} seconds", STOP.as_secs());
            }
        }
    }
}

enum Refusal {
    Busy,
    Failed(String),
}

fn run(
    directory: PathBuf,
    listener: &UnixListener,
    stopping: &AtomicBool,
    ready: oneshot::Sender<Result<(), Refusal>>,
) {
    let parent = directory.parent().unwrap_or(&directory);
    if let Err(error) = std::fs::create_dir_all(parent) {
        let _ = ready.send(Err(Refusal::Failed(error.to_string())));
        return;
    }
    let prepared =
        PreparedDatabase::prepare(DatabaseStorage::Directory(directory), default_catalog_profile(), NAME);
    let mut database = match prepared.map_err(oliphaunt_wasix::Error::from_anyhow) {
        Ok(database) => database,
        Err(error) => {
            let busy = error.storage_error().is_some_and(|details| details.code() == StorageErrorCode::Busy);
            let _ = ready.send(Err(if busy { Refusal::Busy } else { Refusal::Failed(error.to_string()) }));
            return;
        }
    };
    let _ = ready.send(Ok(()));
    for client in listener.incoming() {
        if stopping.load(Ordering::SeqCst) {
            break;
        }
        let served = client.map_err(|error| error.to_string()).and_then(|client| {
            let runtime = database.runtime().map_err(|error| error.to_string())?;
            serve(client, &runtime)
        });
        if let Err(reason) = served {
            tracing::error!("embedded database session: {reason}");
        }
        if stopping.load(Ordering::SeqCst) {
            break;
        }
    }
    if let Err(error) = database.release() {
        tracing::error!("embedded database: {error:#}");
    }
}

/// Serves one client from its start-up packet until it leaves.
fn serve(mut client: UnixStream, runtime: &PreparedRuntime) -> Result<(), String> {
    let Some(packet) = startup_packet(&mut client).map_err(|error| error.to_string())? else { return Ok(()) };
    let mut config = PostgresConfig::default();
    // An ivfflat build at 1536 dimensions needs more than the default 64 MB.
    config.insert("maintenance_work_mem", "200MB");
    let extensions = [oliphaunt_extension_vector::VECTOR, Extension::PG_TRGM, Extension::BTREE_GIN];
    let mut session = runtime
        .open_with_extensions(config, StartupConfig::default(), &extensions)
        .map_err(|error| format!("{error:#}"))?;
    let started = session.startup_with_packet(&packet).map_err(|error| format!("{error:#}"));
    let served = started.and_then(|answer| {
        client.write_all(&answer.output).map_err(|error| error.to_string())?;
        carry(&mut client, |batch| session.send_buffered(batch).map_err(|error| format!("{error:#}")))
    });
    let closed = session.shutdown().map_err(|error| format!("{error:#}"));
    served.and(closed)
}

/// Reads the start-up packet; `None` for a client that leaves, or only asks to cancel.
fn startup_packet(client: &mut UnixStream) -> io::Result<Option<Vec<u8>>> {
    /// The protocol's major version; requests for TLS or to cancel have others.
    const PROTOCOL: u32 = 3;
    let mut head = [0; 8];
    if client.read_exact(&mut head).is_err() {
        return Ok(None);
    }
    let [length, version] =
        [0, 4].map(|at| head[at..].first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes)));
    if version >> 16 != PROTOCOL {
        return Ok(None);
    }
    let length = length as usize;
    if !(8..10_000).contains(&length) {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "start-up packet of a wrong length"));
    }
    let mut packet = head.to_vec();
    packet.resize(length, 0);
    client.read_exact(packet.get_mut(8..).unwrap_or_default())?;
    Ok(Some(packet))
}

/// Carries messages: gathers what the client sends, hands a batch over when the client waits for an answer.
fn carry(
    client: &mut UnixStream,
    mut answer: impl FnMut(&[u8]) -> Result<Vec<u8>, String>,
) -> Result<(), String> {
    let mut reader =
        io::BufReader::with_capacity(1 << 16, client.try_clone().map_err(|error| error.to_string())?);
    let mut batch = Vec::new();
    loop {
        let mut head = [0; 5];
        if reader.read_exact(&mut head).is_err() {
            return Ok(());
        }
        let [tag, a, b, c, d] = head;
        let length = u32::from_be_bytes([a, b, c, d]) as usize;
        if !(4..=LONGEST_MESSAGE).contains(&length) {
            return Err("a message of a wrong length".into());
        }
        batch.extend_from_slice(&head);
        let body = batch.len();
        batch.resize(body + length - 4, 0);
        if reader.read_exact(batch.get_mut(body..).unwrap_or_default()).is_err() {
            return Ok(());
        }
        match tag {
            // Terminate.
            b'X' => return Ok(()),
            // Sync, Query, Flush: the client waits.
            b'S' | b'Q' | b'H' => {
                client.write_all(&answer(&batch)?).map_err(|error| error.to_string())?;
                batch.clear();
            }
            _ => {}
        }
    }
}
