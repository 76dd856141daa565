//! The synchronous face: every method of every repository, for callers without a runtime.
//!
//! `repository!` declares a repository once; the asynchronous trait and the methods of [`Store`] both come from that
//! declaration, so a method cannot be in the one and not in the other.

use super::postgres::PostgresStore;
use crate::database::Database;
use crate::error::{AppError, ErrorKind};
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use tokio::runtime::{Builder, Handle, Runtime};

/// Declares a repository: the asynchronous trait as it is written, and the same methods on [`Store`].
macro_rules! repository {
    (
        $(#[$about:meta])*
        pub trait $repository:ident: Send + Sync {
            $(
                $(#[$doc:meta])*
                async fn $method:ident(&$self:ident $(, $argument:ident: $type:ty)* $(,)?) -> Result<$result:ty> $body:tt
            )*
        }
    ) => {
        $(#[$about])*
        #[async_trait::async_trait]
        pub trait $repository: Send + Sync {
            $(
                $(#[$doc])*
                async fn $method(&$self $(, $argument: $type)*) -> Result<$result> $body
            )*
        }

        #[doc = concat!("[`", stringify!($repository), "`](crate::repository::", stringify!($repository), "), synchronous.")]
        impl $crate::repository::blocking::Store {
            $(
                $(#[$doc])*
                pub fn $method(&$self $(, $argument: $type)*) -> Result<$result> {
                    $self.wait(<dyn $crate::repository::Store as $repository>::$method($self.inner() $(, $argument)*))
                }
            )*
        }
    };
}
pub(super) use repository;

/// All repositories of one database, each method waiting for its answer.
///
/// Methods have the names, arguments and errors of the asynchronous traits.
///
/// # Panics
/// Every method panics when it is called inside an asynchronous task, which must not block: call it from a thread of its
/// own, or from `tokio::task::spawn_blocking`, or use the asynchronous trait.
pub struct Store {
    inner: Arc<dyn super::Store>,
    /// Where the asynchronous work happens.
    handle: Handle,
    /// The runtime made here, to be ended here.
    runtime: Option<OwnRuntime>,
    /// The database opened here, to be closed here.
    database: Option<Database>,
}

impl Store {
    /// Wraps a store whose connections live in a runtime that goes on running elsewhere.
    pub fn on(runtime: Handle, store: Arc<dyn super::Store>) -> Self {
        Self { inner: store, handle: runtime, runtime: None, database: None }
    }

    /// Wraps a store that needs no runtime of its own, such as the in-memory fake.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`] when the system gives no thread.
    pub fn new(store: Arc<dyn super::Store>) -> Result<Self, AppError> {
        Ok(Self::owning(runtime()?, store, None))
    }

    /// Connects to a shared server, whose migrations must have run.
    ///
    /// # Errors
    /// As [`Database::connect`].
    pub fn connect(url: &str) -> Result<Self, AppError> {
        Self::open(|| Database::connect(url))
    }

    /// Starts the embedded database of a directory and brings its tables up to date.
    ///
    /// # Errors
    /// As [`Database::open_embedded`].
    pub fn open_embedded(directory: &Path) -> Result<Self, AppError> {
        Self::open(async || {
            let database = Database::open_embedded(directory).await?;
            database.migrate().await?;
            Ok(database)
        })
    }

    fn open<F: Future<Output = Result<Database, AppError>>>(
        database: impl FnOnce() -> F,
    ) -> Result<Self, AppError> {
        let runtime = runtime()?;
        let database = runtime.block_on(database())?;
        let store: Arc<PostgresStore> = Arc::new(database.store());
        Ok(Self::owning(runtime, store, Some(database)))
    }

    fn owning(runtime: Runtime, store: Arc<dyn super::Store>, database: Option<Database>) -> Self {
        Self {
            inner: store,
            handle: runtime.handle().clone(),
            runtime: Some(OwnRuntime(Some(runtime))),
            database,
        }
    }

    /// Closes the connections and stops the embedded engine, if there is one.
    pub fn close(self) {
        let Self { inner, handle, runtime, database } = self;
        // Its connections keep the engine running.
        drop(inner);
        if let Some(database) = database {
            handle.block_on(database.close());
        }
        drop(runtime);
    }

    /// Returns the asynchronous store.
    pub(super) fn inner(&self) -> &dyn super::Store {
        &*self.inner
    }

    /// Waits for an answer.
    pub(super) fn wait<T>(&self, answer: impl Future<Output = T>) -> T {
        self.handle.block_on(answer)
    }
}

/// Makes a runtime whose one thread keeps the connections alive between two calls.
fn runtime() -> Result<Runtime, AppError> {
    Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("gapdeck-store")
        .enable_all()
        .build()
        .map_err(|error| AppError::new(ErrorKind::Internal, format!("cannot start the runtime: {error}")))
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("database", &self.database).finish_non_exhaustive()
    }
}

/// A runtime made here. One must not be dropped inside an asynchronous task; this way of ending it may.
struct OwnRuntime(Option<Runtime>);

impl Drop for OwnRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
